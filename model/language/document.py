"""A specification as text: terms in the notation of the trade, actions as a reader wants them."""

from __future__ import annotations

from collections.abc import Iterator

from model.language.sorts import Bool, Enum, Maybe, Timer
from model.language.specification import Action, Group, Specification
from model.language.terms import Term

_INFIX = {"eq": "=", "lt": "<", "le": "<=", "add": "+", "sub": "-", "implies": "=>"}
_BEFORE = {"left": "time left of"}
_AFTER = {"is_none": "is none", "armed": "is armed", "running": "is running"}


def show(term: Term) -> str:
    """A term as text; parentheses wherever an operand is itself compound."""
    op, args = term.op, term.args
    if op == "const":
        return _constant(term)
    if op in ("param", "bound", "rigid"):
        return str(term.data)
    if op == "var":
        return f"{term.data[0]}.{term.data[1]}"
    if op == "cell":
        return f"{term.data[0]}[{show(args[0])}].{term.data[1]}"
    if op in ("apply", "min", "max", "arm"):
        return f"{term.data if op == 'apply' else op}({', '.join(map(show, args))})"
    if op == "not":
        inner = args[0]
        if inner.op == "eq":
            return f"{_operand(inner.args[0])} != {_operand(inner.args[1])}"
        return f"not {_operand(inner)}"
    if op in ("and", "or"):
        return f" {op} ".join(map(_operand, args))
    if op == "ite":
        condition, then, otherwise = map(_operand, args)
        return f"{then} if {condition} else {otherwise}"
    if op in ("every", "some"):
        variable = args[0]
        return f"{op} {variable.data} of {variable.sort}: {_operand(args[1])}"
    if op == "expired":
        return f"{show(args[0])} has expired"
    if op in _BEFORE:
        return f"{_BEFORE[op]} {show(args[0])}"
    if op in _AFTER:
        return f"{show(args[0])} {_AFTER[op]}"
    return f"{_operand(args[0])} {_INFIX[op]} {_operand(args[1])}"


def _operand(term: Term) -> str:
    compound = term.op in ("and", "or", "implies", "ite", "every", "some", "eq", "lt", "le", "not")
    return f"({show(term)})" if compound else show(term)


def _constant(term: Term) -> str:
    if isinstance(term.sort, Bool):
        return "true" if term.data else "false"
    if isinstance(term.sort, Enum):
        return term.sort.members[int(term.data)]
    if isinstance(term.sort, Maybe) and term.data < 0:
        return "none"
    return "off" if isinstance(term.sort, Timer) else str(term.data)


def text(spec: Specification) -> str:
    """The whole specification as Markdown: parameters, variables, messages, actions."""
    return "\n".join(_document(spec)) + "\n"


def _document(spec: Specification) -> Iterator[str]:
    yield f"# {spec.name}"
    yield ""
    yield "## Actors"
    yield ""
    for name, says in spec.actors.items():
        yield f"- `{name}`: {says}"
    yield ""
    yield "## Policy parameters"
    yield ""
    yield "Fixed for a whole run; a proof holds for all of their values."
    yield ""
    for rigid in spec.rigids.values():
        arguments = f"({', '.join(map(str, rigid.arguments))})" if rigid.arguments else ""
        yield f"- `{rigid.name}{arguments}: {_sort(rigid.sort)}` {rigid.says}"
    yield ""
    yield "## State"
    for group in spec.groups.values():
        if not group.message:
            yield from _group(group)
    yield ""
    yield "## Messages"
    yield ""
    yield "A message once sent may arrive any number of times, at any time, or never."
    for group in spec.messages:
        yield from _group(group)
    yield ""
    yield "## Actions"
    for action in spec.actions.values():
        yield from _action(action)


def _sort(sort: object) -> str:
    return " | ".join(sort.members) if isinstance(sort, Enum) else str(sort)


def _group(group: Group) -> Iterator[str]:
    yield ""
    index = f"[{group.domain}]" if group.domain else ""
    yield f"### {group.name}{index}"
    yield ""
    if group.message:
        kind = "protected" if group.protected else "in clear"
        yield f"{group.sender} to {group.receiver}, {kind}. {group.says}"
    else:
        yield group.says
    yield ""
    for field in group.fields:
        marks = "".join([", ghost" if field.ghost else "", ", urgent" if field.urgent else ""])
        yield f"- `{field.name}: {_sort(field.sort)}`, at first `{show(field.initial)}`{marks}"


def _action(action: Action) -> Iterator[str]:
    yield ""
    yield f"### {action.name}"
    yield ""
    params = ", ".join(f"{item.data}: {item.sort}" for item in action.params)
    head = f"{action.actor}{f', for some {params}' if params else ''}"
    yield f"{action.says} ({head}; {', '.join(action.requirements)})"
    if action.guards:
        yield ""
        yield "| guard | condition | otherwise | clause |"
        yield "|---|---|---|---|"
        for item in action.guards:
            condition = show(item.term).replace("|", "\\|")
            yield f"| {item.name} | `{condition}` | {item.reason} | {item.clause} |"
    if action.updates:
        yield ""
        for target, value in action.updates:
            yield f"- `{show(target)} := {show(value)}`"
    if action.sends:
        yield ""
        yield f"Sends {', '.join(action.sends)}."
