"""Commands that move the cursor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from explorer.session.commands.registry import Reply, command, number, wants
from explorer.session.moments import Choice, Refused, Take
from explorer.session.session import Session
from explorer.session.times import since_start
from explorer.session.tree import MOST_NODES, Node

#: labels of an end that say what went wrong, although Phase I is up
PROBLEMS = ("REFUSED", "WRONG PROOF", "NO ANSWER")
_TIME = re.compile(r"(?:(\d+):)?(\d+):(\d\d)|\+?(\d+(?:\.\d+)?)\s*(ms|s|min|h|)")
_UNITS = {"ms": Fraction(1, 1000), "s": Fraction(1), "": Fraction(1), "min": Fraction(60), "h": Fraction(3600)}  # fmt: skip


def seconds(text: str) -> Fraction:
    """A point in time or a duration: 18, +18s, 2:00:00, 8h. Refused: it is none."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise Refused(f"{text!r} is not a time; write 18s, 90min, 8h or 7:59:59")
    if match[2] is not None:
        return Fraction(int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3]))
    return Fraction(match[4]) * _UNITS[match[5]]


def here(session: Session) -> Reply:
    """Where the cursor stands, in a line."""
    verdict, node = session.verdict(), session.now
    return Reply(
        (f"step {node.depth}, {since_start(node.moment.at)}: {verdict.badge}. {verdict.first}",)
    )


@command("step", "Move", "take the next step", usage="step [N]", keys=("enter", "n", "f10", "down", "j"), changes=True)  # fmt: skip
def step(session: Session, args: Sequence[str]) -> Reply:
    """Take the next step: what lies ahead, else the likeliest. N steps if a number is given."""
    wants(args, 0, 1, "step [N]")
    for _ in range(number(args[0], "a number of steps", 1000) if args else 1):
        if session.forward() is None:
            raise Refused("nothing can happen any more; back steps back")
    return here(session)


@command("back", "Move", "step back", usage="back [N]", keys=("N", "shift+f10", "up", "k"), changes=True)  # fmt: skip
def back(session: Session, args: Sequence[str]) -> Reply:
    """Go one step back, or N. What followed stays, until something else is done."""
    wants(args, 0, 1, "back [N]")
    session.back(number(args[0], "a number of steps") if args else 1)
    return here(session)


@command("run", "Move", "run", usage="run [N]", keys=("c", "f5"), changes=True)
def run(session: Session, args: Sequence[str]) -> Reply:
    """Run until a breakpoint, a broken promise, or both ends are up and quiet or have failed."""
    wants(args, 0, 1, "run [N]")
    stop = session.run(number(args[0], "a number of steps") if args else 1000)
    reply = here(session)
    return Reply((*reply.lines, f"stopped: {stop.value}"))


@command("reverse", "Move", "run back", keys=("C", "shift+f5"), changes=True)
def reverse(session: Session, args: Sequence[str]) -> Reply:
    """Run back to the breakpoint before, or to the start."""
    wants(args, 0, 0, "reverse")
    session.run_back()
    return here(session)


@command("timer", "Move", "to the next timer", keys=("t",), changes=True)
def timer(session: Session, args: Sequence[str]) -> Reply:
    """Let time pass to the next timer, and let the act that is due then happen."""
    wants(args, 0, 0, "timer")
    choice = next((item for item in session.choices() if item.group == "time"), None)
    if choice is None:
        raise Refused("no timer runs, or an act is due now")
    session.do(choice.act)
    return here(session)


@command("until", "Move", "let time pass until", usage="until TIME", keys=("T",), changes=True)
def until(session: Session, args: Sequence[str]) -> Reply:
    """Go on until a point in time: what is due before happens, then time passes to it."""
    wants(args, 1, 1, "until TIME")
    goal = seconds(args[0])
    if goal < session.now.moment.at:
        raise Refused(f"it is {since_start(session.now.moment.at)} already; back goes back")
    while (coming := session.coming()) is not None:
        if isinstance(coming, Node):
            if coming.moment.at > goal:
                break
            session.go(coming)
        elif _ends(session, coming) > goal:
            break
        else:
            session.do(coming.act)
    _pass(session, goal - session.now.moment.at)
    return here(session)


def _ends(session: Session, choice: Choice) -> Fraction:
    """The point in time at which a choice is over."""
    source = session.specified
    if source is None or not isinstance(choice.act, Take):
        return session.now.moment.at
    machine = source.machine(session.now.moment)
    ticks = sum(s[1][0] for s in choice.act.steps if s[0] == len(machine.actions))
    return session.now.moment.at + Fraction(ticks, machine.tick)


def _pass(session: Session, wait: Fraction) -> None:
    source = session.specified
    if not wait:
        return
    if source is None:
        raise Refused("time is the capture's: it cannot be chosen")
    machine = source.machine(session.now.moment)
    ticks = wait * machine.tick
    if ticks.denominator != 1:
        raise Refused(f"time goes in steps of 1/{machine.tick} s here")
    session.do(Take(((len(machine.actions), (int(ticks),)),)))


@command("goto", "Move", "go to a step (5G)", usage="goto STEP [BRANCH]", changes=True)
def goto(session: Session, args: Sequence[str]) -> Reply:
    """Go to a step of this line, or of a branch. What has not happened yet is taken on the way. Saved
    sessions name an event by its number in the order in which events were made: goto @12."""
    wants(args, 1, 9, "goto STEP [BRANCH]")
    if args[0].startswith("@"):
        return _goto_event(session, number(args[0][1:], "the number of an event", MOST_NODES))
    depth = number(args[0], "the number of a step", 1000)
    if len(args) > 1:
        session.go(session.branch(" ".join(args[1:])).tip)
    node = next((x for x in session.rows() if x.depth == depth), None)
    if node is not None:
        session.go(node)
        return here(session)
    session.last()
    while session.now.depth < depth:
        if session.forward() is None:
            raise Refused(f"nothing can happen after step {session.now.depth}")
    return here(session)


def _goto_event(session: Session, wanted: int) -> Reply:
    node = session.tree.numbered(wanted)
    if node is None:
        raise Refused(f"there is no event {wanted}")
    session.go(node)
    return here(session)


@command("first", "Move", "first step", keys=("g", "home"), changes=True)
def first(session: Session, args: Sequence[str]) -> Reply:
    """Go to the start."""
    session.first()
    return here(session)


@command("last", "Move", "last step", keys=("G", "end"), changes=True)
def last(session: Session, args: Sequence[str]) -> Reply:
    """Go to the end of what lies ahead."""
    session.last()
    return here(session)


@command("problem", "Move", "next problem", usage="problem [back]", keys=("}",), changes=True)
def problem(session: Session, args: Sequence[str]) -> Reply:
    """Go to the next loss, failure or broken promise on this line; `problem back` to the one before."""
    wants(args, 0, 1, "problem [back]")
    backwards = bool(args) and args[0] == "back"
    at, rows = session.row_of(session.now), session.rows()
    nodes = list(rows[:at])[::-1] if backwards else list(rows[at + 1 :])
    for node in nodes:
        if _is_problem(session, node):
            session.go(node)
            return here(session)
    raise Refused(f"no problem {'before' if backwards else 'after'} this step")


def _is_problem(session: Session, node: Node) -> bool:
    if node.parent is None:
        return False
    worse = [
        before != after and (after.life.value == "failed" or after.label in PROBLEMS)
        for before, after in zip(
            session.source.ends(node.parent.moment), session.source.ends(node.moment), strict=True
        )
    ]
    return bool(node.event.lost) or any(worse) or bool(session.broken(node))


@command("mark", "Move", "set a mark", usage="mark LETTER", keys=("m",), changes=True)
def mark(session: Session, args: Sequence[str]) -> Reply:
    """Remember this step under a letter; `jump` goes there."""
    wants(args, 1, 1, "mark LETTER")
    session.marks[args[0]] = session.now
    return Reply((f"mark {args[0]}: step {session.now.depth}",))


@command("jump", "Move", "go to a mark", usage="jump LETTER", keys=("apostrophe",), changes=True)
def jump(session: Session, args: Sequence[str]) -> Reply:
    """Go to a mark."""
    wants(args, 1, 1, "jump LETTER")
    if args[0] not in session.marks:
        raise Refused(f"no mark {args[0]}; there are {', '.join(session.marks) or 'none'}")
    session.go(session.marks[args[0]])
    return here(session)


@command("branch", "Move", "go to a branch, or name this one", usage="branch NAME | branch name NEW", changes=True)  # fmt: skip
def branch(session: Session, args: Sequence[str]) -> Reply:
    """Go to the end of a branch; `branch name NEW` gives this one a name."""
    wants(args, 1, 12, "branch NAME, or branch name NEW")
    if args[0] == "name" and len(args) > 1:
        session.tree.rename(session.now.branch, " ".join(args[1:]))
        return Reply((f"this branch is called {session.now.branch}",))
    session.go(session.branch(" ".join(args)).tip)
    return here(session)
