"""Terms as Python functions of a state, in the very text that runs the machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from model.language.errors import SpecificationError
from model.language.generate import Source
from model.language.instance import cardinality
from model.language.machine import Machine, State
from model.language.sorts import Bool, Duration, Int, Sort
from model.language.specification import Specification
from model.language.terms import Term, subterms

Predicate = Callable[[State], bool]


def predicate(machine: Machine, term: Term) -> Predicate:
    """Whether a Bool term holds in a state, for some values of its parameters if it has any.

    `machine.value` says the same, slower. SpecificationError: see `parameters`.
    """
    params = parameters(machine.spec, term)
    text = _source(machine).expression(term)
    if params:
        spans = ((item.data, span(item.sort, machine.instance.sizes)) for item in params)
        loops = " ".join(f"for p_{name} in {values!r}" for name, values in spans)
        text = f"any({text} {loops})"
    made: Predicate = eval(f"lambda s: {text}", _tables(machine))
    return made


def parameters(spec: Specification, condition: Term) -> tuple[Term, ...]:
    """The parameters of a condition, by name.

    SpecificationError: it is no Bool, it reads what the specification does not declare, or two of its
    parameters have one name.
    """
    if not isinstance(condition.sort, Bool):
        raise SpecificationError(f"{condition} is a {condition.sort}, no condition")
    found: dict[str, Term] = {}
    for item in subterms(condition):
        if item.op in ("rigid", "apply") and item.data not in spec.rigids:
            raise SpecificationError(f"{spec.name} has no policy parameter {item.data!r}")
        if item.op in ("var", "cell"):
            if item.data[0] not in spec.groups:
                raise SpecificationError(f"{spec.name} has no record {item.data[0]!r}")
            spec.field_of(item)
        if item.op == "param" and found.setdefault(str(item.data), item) is not item:
            raise SpecificationError(f"{condition}: two parameters are named {item.data!r}")
    return tuple(found[name] for name in sorted(found))


def span(sort: Sort, sizes: Mapping[str, int]) -> range:
    """The values that a parameter takes."""
    low = sort.low if isinstance(sort, Int) else 0
    return range(low, low + cardinality(sort, sizes))


@lru_cache(4)  # many predicates of one machine
def _source(machine: Machine) -> Source:
    """The machine's own text generator, its layout taken from the machine."""
    spec, sizes = machine.spec, machine.instance.sizes
    places = {}
    for group in spec.groups.values():
        width = len(group.fields) if group.domain is not None else 0
        for field in group.fields:
            places[group.name, field.name] = machine.slot(group.name, field.name), width
    strides = {}
    for name, declared in spec.rigids.items():
        row, step = [], 1
        for sort in reversed(declared.arguments):
            row.append(step)
            step *= cardinality(sort, sizes)
        strides[name] = tuple(reversed(row))
    return Source(spec, machine.instance, places, strides, machine.tick)


@lru_cache(4)
def _tables(machine: Machine) -> dict[str, object]:
    """What the text calls `r_NAME`: tables of rigid values, durations in ticks."""
    scope: dict[str, object] = {}
    for name, values in machine.instance.rigid.items():
        is_duration = isinstance(machine.spec.rigids[name].sort, Duration)
        factor = machine.tick if is_duration else 1
        scope[f"r_{name}"] = tuple(int(v * factor) if is_duration else v for v in values)
    return scope
