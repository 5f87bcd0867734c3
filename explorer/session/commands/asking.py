"""Commands that ask, and stop where something is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explorer.session.answers import Why
from explorer.session.commands.registry import (
    COMMANDS,
    GROUPS,
    Reply,
    command,
    found,
    on_screen,
    wants,
)
from explorer.session.compare import compare, other_branch
from explorer.session.moments import Refused
from explorer.session.session import Breakpoint, Session
from explorer.session.times import since_start
from explorer.session.tree import Node

if TYPE_CHECKING:
    from model.promises import Promise


@command("why", "Ask", "why", usage="why [MESSAGE | ACTION | FIELD | time]", keys=("w",))
def why(session: Session, args: Sequence[str]) -> Reply:
    """Say why something did not happen: the guard that refuses, its clause, and who wrote what it reads."""
    wants(args, 0, 1, "why [MESSAGE | ACTION | FIELD | time]")
    answers = session.why(args[0] if args else "")
    if not answers:
        return Reply(("Nothing here asks for a reason.",))
    return Reply(why_lines(answers[0]))


def why_lines(answer: Why) -> tuple[str, ...]:
    """An answer as plain lines."""
    lines = [answer.question]
    lines += [f"{says}  {clause}".rstrip() for says, clause in answer.answers]
    for value in answer.values:
        where = (
            "policy"
            if value.step is None
            else f"since step {value.step.depth}, {since_start(value.step.moment.at)}"
        )
        lines.append(f"  {value.name} = {value.text}   {where}")
    lines += [f"  guard: {item}" for item in answer.formula]
    lines += [f"  {label:<8} {text}" for label, text in answer.notes]
    return tuple(lines)


@command("writer", "Ask", "who last wrote a field", usage="writer FIELD", keys=("[",), changes=True)
def writer(session: Session, args: Sequence[str]) -> Reply:
    """Go to the step that last changed a field, such as initiator.state."""
    wants(args, 1, 1, "writer FIELD")
    node = session.wrote(args[0])
    session.go(node)
    return Reply(
        (f"{args[0]} was last changed at step {node.depth}, {since_start(node.moment.at)}",)
    )


@command("changes", "Ask", "what this step changed", keys=("D",))
def changes(session: Session, args: Sequence[str]) -> Reply:
    """List what the last step changed: field, old value, new value."""
    wants(args, 0, 0, "changes")
    made = session.changes(session.now)
    return Reply(tuple(f"{name}: {old} → {new}" for name, old, new in made) or ("nothing changed",))


@command("find", "Ask", "find", usage="find TEXT | state:X | field:X | promise:X", keys=("/",), changes=True)  # fmt: skip
def find(session: Session, args: Sequence[str]) -> Reply:
    """Go to the next step that fits: a text of its row, state:awaits_mm6, field:initiator.tries, promise:NAME.
    After the last one it starts at the first again."""
    wants(args, 1, 8, "find TEXT")
    text = " ".join(args)
    rows = session.rows()
    at = session.row_of(session.now)
    for node in (*rows[at + 1 :], *rows[: at + 1]):
        if fits(session, node, text):
            session.go(node)
            return Reply((f"step {node.depth}: {node.event.name} {node.event.says}".rstrip(),))
    raise Refused(f"no step fits {text!r}")


def fits(session: Session, node: Node, text: str) -> bool:
    """Whether a step fits a search."""
    kind, colon, what = text.partition(":")
    if colon and kind in ("state", "field", "promise"):
        if kind == "promise":
            return any(what in item.name for item in session.broken(node))
        made = session.changes(node)
        if kind == "state":
            return any(name.endswith(".state") and what.lower() in new for name, _, new in made)
        return any(what in name for name, _, _ in made)
    event = node.event
    row = " ".join((event.name, event.says, event.lost, event.action or ""))
    return text.lower() in row.lower()


@command("break", "Ask", "stop here", usage="break message|state|field|promise|timer WHAT[=VALUE]", keys=("b", "f9"), changes=True)  # fmt: skip
def set_break(session: Session, args: Sequence[str]) -> Reply:
    """Stop runs at a message, a state (initiator=awaits_mm6), a field, a promise or a timer. Without
    arguments: at the message of this row. The same again takes it away."""
    if not args and session.now.event.message is not None:
        args = ("message", session.now.event.message.message)
    wants(args, 2, 2, "break message|state|field|promise|timer WHAT[=VALUE]")
    kind, (what, _, value) = args[0], args[1].partition("=")
    if kind not in ("message", "state", "field", "promise", "timer"):
        raise Refused(f"a stop is at a message, state, field, promise or timer, not at {kind!r}")
    if kind == "state":
        kind, what = "field", what if what.endswith(".state") else f"{what}.state"
    if kind in ("field", "timer") and what not in session.source.fields(session.now.moment):
        raise Refused(f"no field {what!r}")
    if kind == "promise" and what not in _promises():
        raise Refused(f"no promise {what!r}; ikeproof spec --promises lists them")
    stop = Breakpoint(kind, what, value)
    if stop in session.breakpoints:
        session.breakpoints.remove(stop)
        return Reply((f"no longer stops at {stop}",))
    session.breakpoints.append(stop)
    return Reply((f"stops at {stop}",))


@command("breaks", "Ask", "all stops", usage="breaks [clear]", keys=("B",), changes=True)
def breaks(session: Session, args: Sequence[str]) -> Reply:
    """List the stops; `breaks clear` takes them all away."""
    wants(args, 0, 1, "breaks [clear]")
    if args:
        session.breakpoints.clear()
    return Reply(
        tuple(f"{n}  {item}" for n, item in enumerate(session.breakpoints, 1)) or ("no stops",)
    )


@command("choices", "Ask", "what can happen now")
def choices(session: Session, args: Sequence[str]) -> Reply:
    """List what can happen now, the likeliest first; `choose N` does one of them."""
    wants(args, 0, 0, "choices")
    return Reply(
        tuple(
            f"{n:>3}  {item.group:<12} {item.says}" for n, item in enumerate(session.choices(), 1)
        )
        or ("nothing can happen any more",)
    )


@command("promise", "Ask", "a promise, and its weakness", usage="promise [NAME]")
def promise(session: Session, args: Sequence[str]) -> Reply:
    """Say what a promise says, how it stands here, and which weakness shows its edge; without a name: the
    broken ones."""
    wants(args, 0, 1, "promise [NAME]")
    standing = session.standing()
    if standing is None:
        raise Refused("promises are about the specification, not about a capture")
    if not args:
        said = [f"broken: {item.name}" for item in standing.broken]
        return Reply((*said, f"kept {len(standing.kept)}, open {len(standing.open)}"))
    from explorer.session.kept import weaknesses_of

    known = _promises().get(args[0])
    if known is None:
        raise Refused(f"no promise {args[0]!r}")
    broken = next((item for item in standing.broken if item.name == known.name), None)
    where = "kept" if known.name in standing.kept else "open: nothing has spoken of it yet"
    lines = [known.says, f"Here: {'broken' if broken else where}."]
    if broken is not None and broken.excepted:
        lines.append("Its text admits this: an exception holds here.")
    lines += [
        f"A known weakness: {name}; ikeproof explore weakness:{name} opens it."
        for name in weaknesses_of(known.name)
    ]
    return Reply(tuple(lines))


@command(
    "assert",
    "Ask",
    "check in a script",
    usage="assert BADGE | FIELD=VALUE | time=T | step=N | promises",
)
def assert_(session: Session, args: Sequence[str]) -> Reply:
    """Fail the script unless the verdict has that badge, the field that value, or no promise is broken;
    `outcome=BADGE` leaves broken promises aside."""
    wants(args, 1, 3, "assert BADGE, FIELD=VALUE, time=+15s or promises")
    text = " ".join(args)
    name, equals, value = text.partition("=")
    if name == "promises":
        standing = session.standing()
        broken = [item.name for item in standing.broken] if standing else []
        return _checked(not broken, f"broken: {', '.join(broken)}")
    if name == "time" and equals:
        at = since_start(session.now.moment.at)
        return _checked(at in (value, f"+{value}", value.replace("s", " s")), f"it is {at}")
    if name == "step" and equals:
        return _checked(value == str(session.now.depth), f"it is step {session.now.depth}")
    if name == "outcome" and equals:
        outcome = session.source.verdict(session.now).badge
        return _checked(outcome == value, f"it is {outcome}")
    if equals:
        have = session.source.fields(session.now.moment).get(name)
        return _checked(have == value, f"{name} is {have}")
    badge = session.verdict().badge
    return _checked(badge.lower() == text.lower(), f"it is {badge}")


def _promises() -> dict[str, Promise]:
    """All promises: importing them takes long, and few commands need them."""
    from model.promises import promises

    return promises()


def _checked(holds: bool, instead: str) -> Reply:
    return (
        Reply(("as asserted",)) if holds else Reply((f"assertion failed: {instead}",), failed=True)
    )


@command("help", "See", "keys and commands", usage="help [COMMAND]")
def help_(session: Session, args: Sequence[str]) -> Reply:
    """List the commands, or explain one."""
    wants(args, 0, 1, "help [COMMAND]")
    if args:
        item = found(args[0])
        return Reply((item.usage or item.name, item.help))
    lines = []
    for group in GROUPS:
        lines.append(group)
        lines += [
            f"  {item.usage or item.name:<44} {item.title}"
            for item in COMMANDS.values()
            if item.group == group and not item.screen
        ]
    return Reply(tuple(lines))


@command("compare", "Ask", "compare two branches", usage="compare [A [B]]", keys=("|",))
def compare_(session: Session, args: Sequence[str]) -> Reply:
    """Put two branches side by side, aligned by event: this one and another, or the two that are named."""
    wants(args, 0, 2, "compare [A [B]]; put names with blanks into quotes")
    one = args[0] if args else other_branch(session)
    other = args[1] if len(args) > 1 else session.now.branch
    compare(session, one, other)  # refuses here, not on the screen
    return Reply(view="compare", of=(one, other))


def _view(name: str, title: str, says: str, keys: tuple[str, ...] = ()) -> None:
    def run(session: Session, args: Sequence[str]) -> Reply:
        wants(args, 0, 0, name)
        return Reply(view=name)

    run.__doc__ = says
    command(name, "See", title, keys=keys)(run)


_view("chart", "sequence chart", "Draw the sequence chart.")
_view("peers", "both peers", "Show the state of both peers.")
_view("sadb", "security associations", "List the SAs of both peers.")
_view("timers", "timers", "List the timers that run.")
_view("promises", "promises", "Show how the promises stand.")
_view("network", "network", "Show what is in flight, and the rules.")
_view("branches", "branches", "Show the branches, and how each ends.")
_view("axis", "time axis", "Show how long each SA lasts, to scale.")
_view("states", "states nearby", "Show the states before and after this one.")
_view("packet", "packet", "Show the message of this step.")


@command("glossary", "See", "glossary", usage="glossary [TERM]", keys=("h", "f2"))
def glossary(session: Session, args: Sequence[str]) -> Reply:
    """Explain the terms of the screens; with a term, those that have it."""
    wants(args, 0, 6, "glossary [TERM]")
    return Reply(view="glossary", of=tuple(args))


@command("clear-rule", "Change the network", "end a rule", usage="clear-rule", changes=True)
def clear_rule(session: Session, args: Sequence[str]) -> Reply:
    """Go back to before the last rule began: the branch with it stays."""
    node: Node | None = session.now
    while node is not None and not node.event.says.startswith("rule "):
        node = node.parent
    if node is None or node.parent is None:
        raise Refused("no rule is in force")
    session.go(node.parent)
    return Reply((f"back at step {session.now.depth}, before the rule",))


on_screen("pane", "See", "go to a pane", "Go to a pane by its number.", [str(n) for n in range(10)])
on_screen("next-pane", "See", "next pane", "Go to the next pane.", ["tab"])
on_screen("zoom", "See", "this pane alone", "Show the pane with the focus alone.", ["z"])
on_screen("into", "Move", "into a step", "Unfold the guards and changes of a step.", ["s", "f11"])
on_screen("out", "Move", "out of a step", "Fold them again.", ["S", "shift+f11"])
on_screen("edit", "Change the network", "edit it", "Alter a message as an attacker could.", ["e"])
on_screen("presenter", "See", "presenter mode", "Large letters, no secrets.", ["P"])
on_screen("quit", "See", "quit", "Leave the explorer.", ["q"])
on_screen("keys", "See", "keys", "Show all keys.", ["?"])
on_screen("pane-help", "See", "help on this pane", "Explain the pane with the focus.", ["f1"])
on_screen("command-line", "See", "command line", "Type a command.", [":"])


@command("next-field", "See", "next field of the packet", keys=("J",))
def next_field(session: Session, args: Sequence[str]) -> Reply:
    """Choose the next field of a captured message: its octets are marked."""
    wants(args, 0, 0, "next-field")
    return _chosen(session, 1)


@command("previous-field", "See", "field before it", keys=("K",))
def previous_field(session: Session, args: Sequence[str]) -> Reply:
    """Choose the field before this one of a captured message."""
    wants(args, 0, 0, "previous-field")
    return _chosen(session, -1)


def _chosen(session: Session, by: int) -> Reply:
    found = session.choose_field(by)
    if found is None:
        raise Refused("only the messages of a capture have fields to choose")
    return Reply((f"{found.name}  {found.value}",))
