"""State diagrams read off the actions: who moves an Enum variable from which member to which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from model.language.errors import SpecificationError
from model.language.sorts import BOOL, Enum
from model.language.specification import Action, Specification
from model.language.terms import Term


@dataclass(frozen=True, slots=True)
class Edge:
    """One arrow of a state diagram."""

    source: str
    target: str
    action: str


def edges(spec: Specification, group: str, field: str) -> list[Edge]:
    """The arrows for one Enum variable, in the order of actions.

    A source is every member that the action's guards on this variable alone do not rule out.
    """
    declared = spec.groups[group].field(field)
    if not isinstance(declared.sort, Enum):
        raise SpecificationError(f"{group}.{field} is a {declared.sort}, it has no state diagram")
    found = []
    for action in spec.actions.values():
        for target, value in action.updates:
            if target.data == (group, field):
                sources = _sources(action, target, declared.sort)
                found += [
                    Edge(source, declared.sort.members[position], action.name)
                    for position in sorted(_constants(value))
                    for source in sources
                ]
    return found


def machines(spec: Specification) -> list[tuple[str, str]]:
    """Every variable (record, field) worth a diagram: named `state` or ending in `_state`."""
    return [
        (group.name, field.name)
        for group in spec.groups.values()
        for field in group.fields
        if isinstance(field.sort, Enum) and field.name.endswith("state")
    ]


def mermaid(spec: Specification, group: str, field: str) -> str:
    """A Mermaid state diagram."""
    declared = spec.groups[group].field(field)
    assert isinstance(declared.sort, Enum)
    lines = ["stateDiagram-v2", f"  [*] --> {declared.sort.members[declared.initial.data]}"]
    for (source, target), names in _bundled(edges(spec, group, field)):
        lines.append(f"  {source} --> {target}: {', '.join(names)}")
    return "\n".join(lines) + "\n"


def dot(spec: Specification, group: str, field: str) -> str:
    """The same for Graphviz."""
    lines = [f'digraph "{group}.{field}" {{', "  rankdir=TB;"]
    for (source, target), names in _bundled(edges(spec, group, field)):
        label = "\\n".join(names)
        lines.append(f'  "{source}" -> "{target}" [label="{label}"];')
    return "\n".join([*lines, "}"]) + "\n"


def _bundled(arrows: Iterable[Edge]) -> list[tuple[tuple[str, str], list[str]]]:
    bundles: dict[tuple[str, str], list[str]] = {}
    for edge in arrows:
        bundles.setdefault((edge.source, edge.target), []).append(edge.action)
    return list(bundles.items())


def _constants(value: Term) -> set[int]:
    if value.op == "const":
        return {value.data}
    if value.op == "ite":
        return _constants(value.args[1]) | _constants(value.args[2])
    return set()


def _sources(action: Action, variable: Term, sort: Enum) -> list[str]:
    return [
        member
        for position, member in enumerate(sort.members)
        if all(_possible(item.term, variable, position) for item in action.guards)
    ]


def _possible(term: Term, variable: Term, position: int) -> bool:
    """Whether a Bool term can hold where the variable has that member (unknowns may be either)."""
    return True in _truths(term, variable, position)


def _truths(term: Term, variable: Term, position: int) -> set[bool]:
    if term.op == "const" and term.sort == BOOL:
        return {term.data}
    if term.op == "eq" and any(item is variable for item in term.args):
        other = term.args[1] if term.args[0] is variable else term.args[0]
        return {other.data == position} if other.op == "const" else {True, False}
    if term.op == "not":
        return {not value for value in _truths(term.args[0], variable, position)}
    if term.op in ("and", "or"):
        parts = [_truths(item, variable, position) for item in term.args]
        unit = term.op == "and"
        zero = not unit
        some = {zero} if any(zero in part for part in parts) else set()
        return some | ({unit} if all(unit in part for part in parts) else set())
    return {True, False}
