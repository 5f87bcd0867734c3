"""Runs: the one replay format. Diffable text, and everything in it is needed to replay it.

    ikeproof-run 1
    specification ike 3f0c2a91b7d4
    about hq -> branch, child net: no common proposal
    size transform 2
    policy offers true false
    step phase1.offer
    step phase1.accept transform=0
    end responder.state awaits_mm3

`policy` lines hold the values of a table in row order, arguments varying from the right. `end` lines
say what must be so after the last step. Lines that begin with # are comments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from model.language.document import text as document
from model.language.errors import RangeError, SpecificationError, StepError
from model.language.instance import Instance, decode, parse, rows
from model.language.machine import Machine, State, Step
from model.language.specification import Specification
from model.vocabulary.places import Place, PolicyError

VERSION = 1
MAX_LINES = 100_000
_MEND = "take a run that this version of ikeproof wrote"


def fingerprint(spec: Specification) -> str:
    """Twelve hex digits that change whenever the specification says anything else."""
    return hashlib.sha256(document(spec).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Run:
    """A run: which specification, which policies, which steps, and what they end in.

    sizes, policy   text by name, as in the file     steps   (action, parameters) as text
    end             (variable, value) as text     notes   comments for readers
    """

    specification: str
    fingerprint: str
    about: str
    sizes: Mapping[str, str]
    policy: Mapping[str, tuple[str, ...]]
    steps: tuple[tuple[str, Mapping[str, str]], ...]
    end: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()

    @staticmethod
    def of(
        machine: Machine,
        steps: Sequence[Step],
        about: str,
        end: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> Run:
        """The run of a machine from its initial state; `end` names the variables worth keeping."""
        spec, instance = machine.spec, machine.instance
        state = machine.initial
        for step in steps:
            after = machine.apply(state, step)
            if after is None:
                name, _ = machine.describe(step)
                raise StepError(f"{name} cannot be taken: a guard says no")
            state = after
        policy = {
            name: tuple(_text(spec, name, value) for value in instance.rigid[name])
            for name in spec.rigids
        }
        kept = tuple((name, machine.text(machine.slots.index(name), state)) for name in end)
        sizes = {name: str(size) for name, size in instance.sizes.items()}
        described = tuple(machine.describe(step) for step in steps)
        return Run(
            spec.name, fingerprint(spec), about, sizes, policy, described, kept, tuple(notes)
        )

    def text(self) -> str:
        """The run as a file holds it."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield f"ikeproof-run {VERSION}"
        yield f"specification {self.specification} {self.fingerprint}"
        yield f"about {' '.join(self.about.split())}"
        for note in self.notes:
            yield f"# {' '.join(note.split())}"
        for name, size in self.sizes.items():
            yield f"size {name} {size}"
        for name, values in self.policy.items():
            yield f"policy {name} {' '.join(values)}".rstrip()
        for name, params in self.steps:
            yield " ".join(["step", name, *(f"{key}={value}" for key, value in params.items())])
        for name, value in self.end:
            yield f"end {name} {value}"

    @staticmethod
    def parse(text: str, file: str = "run") -> Run:
        """Read a run; PolicyError with the line if it is not valid."""
        return _Parser(file, text).run()

    def instance(self, spec: Specification) -> Instance:
        """The instance the run was made with; PolicyError if the specification has changed."""
        try:
            sizes = {name: int(size) for name, size in self.sizes.items()}
            if set(sizes) != set(spec.domains) or set(self.policy) != set(spec.rigids):
                raise SpecificationError("the policy parameters are not those of this version")
            if any(not 0 <= size <= 10_000 for size in sizes.values()):
                raise SpecificationError("a size is out of range")
            rigid = {}
            for name, declared in spec.rigids.items():
                count = sum(1 for _ in rows(declared, sizes))
                if len(self.policy[name]) != count:
                    raise SpecificationError(f"policy {name} needs {count} values")
                rigid[name] = tuple(parse(declared.sort, v, sizes) for v in self.policy[name])
        except (SpecificationError, ValueError) as error:
            raise PolicyError(f"cannot replay this run: {error}", place=None, mend=_MEND) from None
        return Instance(sizes, rigid)


def _text(spec: Specification, name: str, value: int | Fraction) -> str:
    return decode(spec.rigids[name].sort, value)


class _Parser:
    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines = text.split("\n")
        self._number = 0

    def _wrong(self, problem: str) -> PolicyError:
        return PolicyError(problem, place=Place(self._file, max(self._number, 1)), mend=_MEND)

    def run(self) -> Run:
        head: dict[str, list[str]] = {}
        sizes: dict[str, str] = {}
        policy: dict[str, tuple[str, ...]] = {}
        steps: list[tuple[str, Mapping[str, str]]] = []
        end: list[tuple[str, str]] = []
        notes: list[str] = []
        if len(self._lines) > MAX_LINES:
            raise self._wrong(f"more than {MAX_LINES} lines")
        for number, line in enumerate(self._lines, 1):
            self._number = number
            words = line.split()
            if not words or words[0].startswith("#"):
                if words:
                    notes.append(line.strip().removeprefix("#").strip())
                continue
            key, rest = words[0], words[1:]
            if key in ("ikeproof-run", "specification", "about") and key not in head:
                head[key] = rest
            elif key == "size" and len(rest) == 2 and rest[0] not in sizes:
                sizes[rest[0]] = rest[1]
            elif key == "policy" and rest and rest[0] not in policy:
                policy[rest[0]] = tuple(rest[1:])
            elif key == "step" and rest and all("=" in item[1:] for item in rest[1:]):
                steps.append((rest[0], dict(_pair(item) for item in rest[1:])))
            elif key == "end" and len(rest) == 2:
                end.append((rest[0], rest[1]))
            else:
                raise self._wrong("no line of a run, or one too many of its kind")
            if number == 1 and rest != [str(VERSION)]:
                raise self._wrong(f"expected `ikeproof-run {VERSION}`")
        if "ikeproof-run" not in head or len(head.get("specification", [])) != 2:
            raise self._wrong("the lines `ikeproof-run 1` and `specification NAME HASH` are needed")
        name, mark = head["specification"]
        about = " ".join(head.get("about", []))
        return Run(name, mark, about, sizes, policy, tuple(steps), tuple(end), tuple(notes))


def _pair(item: str) -> tuple[str, str]:
    key, _, value = item.partition("=")
    return key, value


@dataclass(frozen=True)
class Replay:
    """What replaying a run gave.

    states       before the first step and after each one taken
    diverged_at  number of the first step that could not be taken (from 1), or of the steps plus one
                 if the end differs; None if the run replays
    why          in words; empty if the run replays
    """

    machine: Machine
    states: tuple[State, ...]
    diverged_at: int | None
    why: str


def replay(spec: Specification, run: Run) -> Replay:
    """Take a run's steps one by one; PolicyError if it is a run of something else altogether."""
    if run.specification != spec.name:
        raise PolicyError(
            f"a run of the specification {run.specification!r}, not of {spec.name!r}",
            place=None,
            mend=_MEND,
        )
    machine = Machine(spec, run.instance(spec))
    states = [machine.initial]
    for number, (name, params) in enumerate(run.steps, 1):
        try:
            step = machine.step(name, **params)
            after = machine.apply(states[-1], step)
        except (StepError, SpecificationError, RangeError) as error:
            return Replay(machine, tuple(states), number, str(error))
        if after is None:
            refusals = machine.explain(states[-1], name, step[1]).refusals
            why = "; ".join(f"{item.guard.reason} ({item.guard.clause})" for item in refusals)
            return Replay(machine, tuple(states), number, f"{name}: {why}")
        states.append(after)
    for name, value in run.end:
        found = (
            machine.text(machine.slots.index(name), states[-1])
            if name in machine.slots
            else "no such variable"
        )
        if found != value:
            why = f"at the end {name} is {found}, the run says {value}"
            return Replay(machine, tuple(states), len(run.steps) + 1, why)
    return Replay(machine, tuple(states), None, "")
