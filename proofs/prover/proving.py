"""From promises to verdicts: prove what each rests on, have it checked again, or find the run that
breaks it.

A promise is proved only if every obligation of it, and of every lemma and promise that its proof used,
is unsatisfiable, and every value stays in its sort. Work on one invariant is independent of the others,
so it is given to processes; a verdict is put together from their answers.
"""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from model.language.instance import cardinality
from model.language.specification import Specification
from model.language.terms import Term
from model.promises import Promise, promises
from model.run import Run, fingerprint
from model.spec import specification
from proofs.prover import certificates
from proofs.prover.asking import Asker
from proofs.prover.bounded import Search
from proofs.prover.lemmas import Lemma, lemmas
from proofs.prover.lowering import Lowering
from proofs.prover.obligations import Induction, Made, Obligation, hypothesis
from proofs.prover.runs import Breaks, Found
from proofs.prover.stories import sizes_for, stories
from proofs.prover.verdicts import Part, Proof, Verdict

N = TypeVar("N")
T = TypeVar("T")
_TYPES_OF = "types of "
#: how deep a run is looked for that breaks an unproved promise
DEPTH = 8


@dataclass(frozen=True)
class Question:
    """What is to be proved about the machine.

    off           attacker switches that are off
    profile       profile parameters with their values
    certificates  where to write them; None: nowhere
    seed          of the solver's random choices
    """

    off: tuple[str, ...] = ()
    profile: tuple[tuple[str, bool], ...] = ()
    certificates: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class Answered:
    """One invariant: how many obligations, what they used, who accepted them, what failed."""

    name: str
    obligations: int
    used: tuple[str, ...]
    seconds: float
    rechecked: float
    failed: str = ""
    doubted: str = ""


def assumptions(spec: Specification, question: Question) -> list[Term]:
    """What a question takes as given of the policies of a machine, as terms; of what the machine does
    not have, nothing."""
    given = [*((name, False) for name in question.off), *question.profile]
    return [
        term for name, value in given if name in spec.rigids for term in stated(spec, name, value)
    ]


def stated(spec: Specification, name: str, value: object) -> list[Term]:
    """That a policy parameter has a value, for all of its arguments, which are of enumerations."""
    declared = spec.rigids[name]
    members = [
        [Term("const", (), sort, position) for position in range(cardinality(sort, {}))]
        for sort in declared.arguments
    ]
    op = "apply" if declared.arguments else "rigid"
    rows = (Term(op, row, declared.sort, name) for row in itertools.product(*members))
    return [row.eq(value) for row in rows]


@cache
def everything(machine: str) -> Made:
    """All promises and lemmas of one machine; no two have one name."""
    both: list[Promise | Lemma] = [*promises().values(), *lemmas().values()]
    if len({item.name for item in both}) < len(both):
        raise ValueError("a promise and a lemma have the same name")
    return {item.name: item.formula for item in both if item.machine == machine}


def machine_of(invariant: str) -> str:
    """The machine that a promise or lemma, or the types of one, is about."""
    if invariant.startswith(_TYPES_OF):
        return invariant.removeprefix(_TYPES_OF)
    found = promises().get(invariant) or lemmas()[invariant]
    return found.machine


def types_of(machine: str) -> str:
    """The name under which it is shown that every value of a machine stays in its sort."""
    return f"{_TYPES_OF}{machine}"


@cache
def _induction(question: Question, machine: str) -> tuple[Induction, Asker]:
    spec = specification(machine)
    induction = Induction(Lowering(spec), everything(machine), assumptions(spec, question))
    return induction, Asker(lemmas(), question.seed)


@cache
def _mark(machine: str) -> str:
    return fingerprint(specification(machine))


def answer(name: str, question: Question) -> Answered:
    """Prove one invariant, or the types of a machine (`types_of`)."""
    start = time.perf_counter()
    machine = machine_of(name)
    induction, asker = _induction(question, machine)
    owed = _owed(induction, name, machine)
    return settled(name, owed, asker, question, _mark(machine), start)


def settled(
    name: str,
    obligations: Iterable[Obligation],
    asker: Asker,
    question: Question,
    mark: str,
    start: float,
) -> Answered:
    """Ask obligations, one by one, and have each answer checked; `mark` says of which specification
    they are, `start` when work on them began."""
    used: dict[str, None] = {}
    rechecked, count, failed, doubted = 0.0, 0, "", ""
    for obligation in obligations:
        count += 1
        said = asker.ask(obligation)
        if said.verdict != "unsat":
            failed = failed or f"{obligation.where}: {said.verdict}"
            continue
        used |= dict.fromkeys(said.core)
        before = time.perf_counter()
        doubted = doubted or _checked(obligation, said.core, question, mark)
        rechecked += time.perf_counter() - before
    seconds = time.perf_counter() - start - rechecked
    return Answered(name, count, tuple(used), seconds, rechecked, failed, doubted)


def _owed(induction: Induction, name: str, machine: str) -> Iterator[Obligation]:
    if name != types_of(machine):
        yield from induction.of(name)
        return
    for action in specification(machine).actions.values():
        yield from induction.types(action)
    yield induction.punctual()


def _checked(obligation: Obligation, used: tuple[str, ...], question: Question, mark: str) -> str:
    """Have an obligation checked by the second solver, and saved where asked; what it doubts."""
    if question.certificates is None and not certificates.has_cvc5():
        return ""
    text = certificates.text(obligation, used, mark)
    if question.certificates is not None:
        certificates.save(Path(question.certificates), obligation, text)
    fresh = question.certificates is not None
    for opinion in certificates.again(text, fresh=fresh):
        if opinion.verdict != "unsat":
            return f"{obligation.where}: {opinion.solver} says {opinion.verdict}"
    return ""


def prove(names: Sequence[str], question: Question, jobs: int) -> Iterator[Verdict]:
    """The verdict on each promise, as soon as it is known; KeyError for an unknown promise.

    jobs   processes; with one, no other is started
    """
    known = promises()
    wanted = [known[name] for name in names]
    if jobs <= 1:
        done: dict[str, Answered] = {}
        for item in wanted:
            for name in _needed(item.name, done):
                done[name] = answer(name, question)
            yield _verdict(item, done, question)
        return
    with _processes(jobs) as pool:
        yield from _together(wanted, question, pool)


@contextmanager
def _processes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes to work in. They are waited for, else the program could end while their pipes are being
    closed; but not where it is interrupted."""
    pool = ProcessPoolExecutor(jobs, initializer=_quietly)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown(cancel_futures=True)


def _quietly() -> None:
    """Ctrl-C is for the process that asked; it stops the others by closing their queue."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _together(
    wanted: Sequence[Promise], question: Question, pool: ProcessPoolExecutor
) -> Iterator[Verdict]:
    """What is asked is begun at once, what it rests on as soon as that is known; a promise is due
    when all of it is there."""
    begun: dict[str, Future[Answered]] = {}

    def begin(name: str) -> Future[Answered]:
        if name not in begun:
            begun[name] = pool.submit(answer, name, question)
        return begun[name]

    # What every promise rests on comes first, so that the first verdict is soon there; lemmas too, if all
    # of them will be needed.
    every_one = len(wanted) == len(promises())
    first = [types_of(machine) for machine in dict.fromkeys(item.machine for item in wanted)]
    for name in [*first, *(lemmas() if every_one else ()), *(item.name for item in wanted)]:
        begin(name)
    done: dict[str, Answered] = {}
    for item in wanted:
        for name in _needed(item.name, done):
            done[name] = begin(name).result()
            for more in done[name].used:
                begin(hypothesis(more))
        yield _verdict(item, done, question)


def in_order(work: Callable[[N], T], names: Sequence[N], jobs: int) -> Iterator[T]:
    """The work on each name, by so many processes, in the order of the names."""
    if jobs <= 1 or len(names) == 1:
        yield from map(work, names)
        return
    with _processes(jobs) as pool:
        yield from pool.map(work, names)


def _needed(name: str, done: Mapping[str, Answered]) -> Iterator[str]:
    """What a promise rests on and nobody has answered yet; what is answered meanwhile may add more."""
    todo, seen = [types_of(machine_of(name)), name], set()
    while todo:
        this = todo.pop()
        if this in seen:
            continue
        seen.add(this)
        if this not in done:
            yield this
        todo += [hypothesis(item) for item in done[this].used]


def _rests_on(name: str, done: Mapping[str, Answered]) -> list[Answered]:
    todo, seen = [types_of(machine_of(name)), name], dict[str, Answered]()
    while todo:
        this = todo.pop()
        if this not in seen:
            seen[this] = done[this]
            todo += [hypothesis(item) for item in done[this].used]
    return list(seen.values())


def _verdict(item: Promise, done: Mapping[str, Answered], question: Question) -> Verdict:
    parts, own = _rests_on(item.name, done), (item.name, types_of(item.machine))
    failed = next((f"{part.name}, {part.failed}" for part in parts if part.failed), "")
    doubted = next((f"{part.name}, {part.doubted}" for part in parts if part.doubted), "")
    second = ("cvc5",) if certificates.has_cvc5() and not doubted else ()
    run, proof, why, depth = None, Proof.PROVED, doubted, None
    if failed:
        run, depth = broken(item, question)
        bounded = Proof.UNKNOWN if depth is None else Proof.BOUNDED
        proof, why = (Proof.BROKEN if run else bounded), failed
    return Verdict(
        item.name,
        item.requirements,
        proof,
        ("z3", *second) if proof is Proof.PROVED else (),
        sum(part.obligations for part in parts),
        tuple(sorted(part.name for part in parts if part.name not in own)),
        tuple(Part(part.name, part.seconds, part.rechecked) for part in parts),
        why,
        depth,
        run,
        question.seed,
        certificates.versions(),
    )


def broken(item: Promise, question: Question) -> tuple[Run | None, int | None]:
    """A run that breaks a promise, if one is found along the stories or within a few steps; without
    one, up to how many steps there is none with two transforms (None: the solver gave up)."""
    spec, goal = specification(item.machine), Breaks(item.formula)
    given = assumptions(spec, question)
    for story in stories(item.machine).values():
        along = Search(spec, sizes_for(story), given).story({item.name: goal}, story)
        if isinstance(along, Found):
            return run_of(along, f"{item.name} is broken"), None
    found = Search(spec, assuming=given).shortest(goal, DEPTH)
    if isinstance(found, Found):
        return run_of(found, f"{item.name} is broken"), None
    return None, None if found.why else found.depth


def run_of(found: Found, about: str) -> Run:
    """What a search found, as the one replay format."""
    keep = [slot for slot in found.machine.slots if slot.endswith(".state")]
    return Run.of(found.machine, found.steps, about, keep)
