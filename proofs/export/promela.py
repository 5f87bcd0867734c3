"""One instance as Promela, for SPIN: an independent search that must find what `proofs.search` finds.

    spin -o2 -a ike.pml && gcc -O1 -DNOREDUCE -DSAFETY -o pan pan.c && ./pan -m1000000 -c0 -E

What SPIN counts, and what it must be equal to:

states, stored   the reachable states, exactly. There is one process; between two steps it is always at
                 the one control state at the head of its `do`; each step is one d_step, of which SPIN
                 stores no state in between; a state of the machine is one value of the global
                 variables and the other way round; `hidden` variables are not part of a state
transitions      (stored + matched) edges + 1, as the initial state is stored without a transition; each
                 state that breaks an invariant adds one more: the step to itself that reports it
errors           with -c0 -E: pairs of a state and an invariant that it breaks. Without -E, and without
                 invariants: states without successor ("invalid end state")

-o2, since SPIN otherwise leaves variables that are written and never read (ghosts, say) out of its states,
and then counts fewer; -DNOREDUCE, since partial order reduction leaves out states; the exhaustive search,
since -DBITSTATE and -DHC count hashes (the lossless -DCOLLAPSE is fine); no -DBFS, which knows no hidden
variables. -m must exceed the longest path without a repeated state, or pan says "max search depth too
small". SPIN and gcc take some seconds for 1,000 options of the loop (actions times parameters that the
policy does not rule out), and a minute for 4,000.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from model.language.errors import SpecificationError
from model.language.instance import Instance, cardinality, decode
from model.language.machine import Machine
from model.language.sorts import Bool, Domain, Enum, Int, Maybe, Sort, Timer
from model.language.specification import Action, Specification
from model.language.terms import Term, interval
from proofs.export.folding import INT_MAX, Folded, Folder, both, either, literal, negation
from proofs.search.predicates import parameters, span

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WORD = re.compile(r"[a-z]\w*")
_NONE: Mapping[str, Term] = {}


def promela(spec: Specification, instance: Instance, invariants: Mapping[str, Term] = _NONE) -> str:
    """The Promela text of one instance.

    invariants  conditions by name (lower-case words joined by _); with parameters: for all their
                values. Where NAME is broken, pan says `assertion violated !(Broken_NAME)`
    SpecificationError: a number that Promela cannot hold, a name that it cannot take.
    """
    return "\n".join(_Model(Machine(spec, instance), invariants).lines()) + "\n"


def broken(report: str) -> frozenset[str]:
    """The invariants that are broken according to what pan printed (run with -c0)."""
    return frozenset(re.findall(r"assertion violated +!\( *Broken_(\w+)", report))


class _Model:
    """The text under construction."""

    def __init__(self, machine: Machine, invariants: Mapping[str, Term]) -> None:
        for name in invariants:
            if not _NAME.fullmatch(name):
                raise SpecificationError(f"invariant {name!r}: lower-case words joined by _")
        self._machine, self._invariants = machine, invariants
        # The slot's number keeps names apart from each other and from Promela's keywords.
        self._names = [
            f"{re.sub(r'[^a-z0-9_]+', '_', slot)}_{number}"
            for number, slot in enumerate(machine.slots)
        ]
        self._folder = Folder(machine, self._names)

    def lines(self) -> Iterator[str]:
        """The whole model."""
        machine = self._machine
        sizes = ", ".join(f"{name}: {size}" for name, size in machine.instance.sizes.items())
        yield f"/* {machine.spec.name} ({sizes}); ticks a second: {machine.tick} */"
        options = [line for option in self._options() for line in option]
        text = "\n".join(options)
        for number, field in enumerate(machine.fields):
            kind = _kind(field.sort, machine.instance.sizes)
            start = literal(machine.initial[number])
            yield f"{kind} {self._names[number]} = {start}; /* {_said(field.sort)} */"
        # Hidden: no part of a state. They hold values between the halves of one step.
        for number in sorted({int(n) for n in re.findall(r"\bNew_(\d+)", text)}):
            yield f"hidden int New_{number};"
        if "Least" in text:
            yield "hidden int Least;"
        for name in self._invariants:
            if f"Broken_{name} =" in text:
                yield f"hidden byte Broken_{name};"
        yield "active proctype machine() {"
        yield "  do"
        yield from options or ["  :: false"]
        yield "  od"
        yield "}"

    def _options(self) -> Iterator[list[str]]:
        for action in self._machine.actions:
            for params in self._rows(action.params):
                yield self._action(action, params)
        yield self._delay()
        for name, term in self._invariants.items():
            yield self._report(name, term)

    def _rows(self, params: tuple[Term, ...]) -> Iterator[tuple[int, ...]]:
        sizes = self._machine.instance.sizes
        return itertools.product(*(span(item.sort, sizes) for item in params))

    # ---- actions
    def _action(self, action: Action, params: tuple[int, ...]) -> list[str]:
        """One option of the loop; none if the policy rules it out."""
        values = {str(p.data): v for p, v in zip(action.params, params, strict=True)}
        fold = self._folder.fold
        guards = both(*(fold(item.term, values) for item in action.guards))
        if guards is False:
            return []
        said = [f"{p.data}={decode(p.sort, v)}" for p, v in zip(action.params, params, strict=True)]
        updates = [self._update(target, value, values) for target, value in action.updates]
        return _option(" ".join([action.name, *said]), guards, list(_simultaneous(updates)))

    def _update(
        self, target: Term, value: Term, values: Mapping[str, int]
    ) -> tuple[str, str, tuple[int, int] | None]:
        """Variable, new value, and the range to check if the value may leave it."""
        name = literal(self._folder.fold(target, values))  # indexed by parameters only
        bounds = None
        if isinstance(target.sort, Int):
            (low, high), (least, most) = interval(value), interval(target)
            if low < least or high > most:
                bounds = least, most
        return name, literal(self._folder.fold(value, values)), bounds

    # ---- time
    def _delay(self) -> list[str]:
        """Time passes to the next moment that `enabled` offers; it does not pass an urgent deadline."""
        fields = list(zip(self._names, self._machine.fields, strict=True))
        timers = [name for name, field in fields if isinstance(field.sort, Timer)]
        urgent = [name for name, field in fields if field.urgent]
        if not timers:
            return []
        running = either(*(f"({name} > 0)" for name in timers))
        # The next moment is never beyond a deadline: only an urgent one that has come stops time.
        free = both(*(f"({name} != 0)" for name in urgent))
        body = [f"Least = {INT_MAX}"]
        for moment in [*timers, *self._windows()]:
            body.append(f"Least = (({moment} > 0) && ({moment} < Least) -> {moment} : Least)")
        for name in timers:
            body.append(f"{name} = ({name} > 0 -> {name} - Least : {name})")
        return _option("delay to the next moment", both(running, free), body)

    def _windows(self) -> list[str]:
        """When the time left of a timer becomes as little as a guard asks."""
        found = []
        spec, sizes = self._machine.spec, self._machine.instance.sizes
        for timer, least in spec.windows():
            domain = spec.groups[timer.data[0]].domain
            for index in range(sizes[domain.name] if domain else 1):
                group, field = timer.data
                name = self._names[self._machine.slot(group, field, index)]
                found.append(f"({name} - {literal(self._folder.fold(least, {}))})")
        return found

    # ---- invariants
    def _report(self, name: str, term: Term) -> list[str]:
        """An option that is there only where the invariant is broken, and changes nothing."""
        params = parameters(self._machine.spec, term)
        keys = [str(item.data) for item in params]
        values = [dict(zip(keys, row, strict=True)) for row in self._rows(params)]
        holds = both(*(self._folder.fold(term, each) for each in values))
        if holds is True:
            return []
        flag = f"Broken_{name}"
        body = [f"{flag} = 1", f"assert(!{flag})", f"{flag} = 0"]
        return _option(f"invariant {name}", negation(holds), body)


def _option(said: str, guards: Folded, body: list[str]) -> list[str]:
    steps = "; ".join(body or ["skip"])
    return [f"  /* {said} */", f"  :: d_step {{ {literal(guards)} -> {steps} }}"]


def _simultaneous(updates: list[tuple[str, str, tuple[int, int] | None]]) -> Iterator[str]:
    """Assignments, one after the other, that all read the old values."""
    written = {name for name, _, _ in updates}
    late = []
    for name, value, bounds in updates:
        if bounds is None and not (set(_WORD.findall(value)) & written - {name}):
            late.append(f"{name} = {value}")
            continue
        new = f"New_{name.rpartition('_')[2]}"
        yield f"{new} = {value}"
        if bounds is not None:  # outside it the machine raises RangeError
            yield f"assert(({new} >= {literal(bounds[0])}) && ({new} <= {literal(bounds[1])}))"
        late.append(f"{name} = {new}")
    yield from late


def _kind(sort: Sort, sizes: Mapping[str, int]) -> str:
    """The smallest type of Promela for a variable of that sort."""
    if isinstance(sort, Bool):
        return "bool"
    if isinstance(sort, Timer):
        return "int"
    low, high = _bounds(sort, sizes)
    for kind, least, most in (("byte", 0, 255), ("short", -(2**15), 2**15 - 1)):
        if least <= low and high <= most:
            return kind
    if low < -INT_MAX or high > INT_MAX:
        raise SpecificationError(f"{sort} does not fit into an int of Promela")
    return "int"


def _bounds(sort: Sort, sizes: Mapping[str, int]) -> tuple[int, int]:
    if isinstance(sort, Int):
        return sort.low, sort.high
    if isinstance(sort, Maybe):
        return -1, sizes[sort.domain.name] - 1
    return 0, cardinality(sort, sizes) - 1


def _said(sort: Sort) -> str:
    """What the numbers stand for, safe inside a comment."""
    text = str(sort)
    if isinstance(sort, Enum):
        text = ", ".join(f"{number} {member}" for number, member in enumerate(sort.members))
    elif isinstance(sort, Timer):
        text = "ticks left, -1 off"
    elif isinstance(sort, Maybe | Domain):
        text = f"{text}, -1 none" if isinstance(sort, Maybe) else text
    return text.replace("*/", "")
