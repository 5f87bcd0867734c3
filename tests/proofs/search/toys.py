"""Small machines with everything a search or an export can get wrong, and IKE made small."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from hypothesis import strategies as st

from model.language.instance import Instance
from model.language.machine import Machine
from model.language.sorts import (
    BOOL,
    DURATION,
    TIMER,
    Bool,
    Domain,
    Duration,
    Enum,
    Int,
    Maybe,
    Sort,
)
from model.language.specification import Message, Record, Specification, ghost, guard, urgent_timer
from model.language.terms import (
    Term,
    arm,
    every,
    ite,
    lift,
    maximum,
    minimum,
    param,
    some,
)
from model.spec import specification
from model.spec.agreeing import AGREEING

COLOUR = Enum("Colour", ("red", "green", "blue"))


def lamp() -> tuple[Machine, dict[str, Term]]:
    """Timers, urgent and patient, one asked for its time left, one for nothing; a ghost.

    Its invariants by name: those that begin with `false` are broken.
    """
    spec = Specification("lamp")
    spec.actor("user", "presses")
    glow = spec.rigid("glow", DURATION, "how long it shines")
    pause = spec.table("pause", [BOOL], DURATION, "how long it rests, tired or not")
    box = spec.record(
        "box",
        "the lamp",
        off=urgent_timer(),
        rest=TIMER,
        cool=TIMER,
        tired=BOOL,
        presses=ghost(Int(0, 3)),
        warned=BOOL,
    )
    _lamp_actions(spec, box, glow, pause)
    policy = {"glow": Fraction(3, 2), "pause": lambda tired: 7 if tired else Fraction(1, 2)}
    invariants = {
        "dark_while_resting": ~(box.off.armed & box.rest.running),
        "false_never_tired": ~box.tired,
        "short_light": box.off.left <= glow + Fraction(1, 2),
        "false_short_rest": box.rest.left <= glow,
    }
    return Machine(spec, Instance.of(spec, {}, policy)), invariants


def _lamp_actions(spec: Specification, box: Record, glow: Term, pause: Callable[..., Term]) -> None:
    off, rest, tired = box.off, box.rest, box.tired
    free = guard("free", ~off.armed & ~rest.running, "it shines or rests", "R0")
    presses = minimum(box.presses + 1, 3)
    spec.action(
        "lamp.press",
        "user",
        "Switch it on.",
        requirements="R0",
        guards=[free],
        updates={
            off: arm(glow + Fraction(1, 2)),
            box.presses: presses,
            box.warned: False,
            box.cool: arm(6),
        },
    )
    soon = off.armed & (off.left <= lift(Fraction(1, 2), DURATION)) & ~box.warned
    spec.action(
        "lamp.warn",
        "user",
        "It flickers before it goes out.",
        requirements="R0",
        guards=[guard("soon", soon, "it shines for long yet", "R0")],
        updates={box.warned: True},
    )
    spec.action(
        "lamp.out",
        "user",
        "It goes out, and rests.",
        requirements="R0",
        guards=[guard("due", off.expired, "it is not due", "R0")],
        updates={off: None, rest: arm(maximum(pause(tired), glow)), tired: ~tired},
    )


def shop(jobs: int = 2, items: int = 3) -> tuple[Machine, dict[str, Term]]:
    """A family, a message, Maybe, a Domain that indexes tables and the family, two names swapped."""
    spec = Specification("shop")
    spec.actor("clerk", "serves")
    item, job = spec.domain("item"), spec.domain("job")
    likes = spec.table("likes", [item], BOOL, "it is liked")
    weight = spec.table("weight", [item, COLOUR], Int(-4, 300), "what it weighs in a colour")
    paint = spec.table("paint", [item], COLOUR, "its colour")
    desk = spec.record("desk", "one desk", left=item, right=(Maybe(item), None), load=Int(-4, 300))
    many = spec.family("jobs", job, "many jobs", colour=COLOUR, done=BOOL, shown=job)
    j, i = param("j", job), param("i", item)
    call = spec.message(
        "call",
        "a call",
        sender="clerk",
        receiver="clerk",
        family=job,
        contents={"what": (Maybe(item), None)},
    )
    first = Term("const", (), job, 0)
    _serve(spec, desk, many[j], i, j)
    _call(spec, desk, many[j], call[j], (likes, weight, paint))
    policy = {
        "likes": lambda i: i != 1,
        "weight": lambda i, c: {"red": i - 2, "green": 300 * (i == 0), "blue": 7}[c],
        "paint": lambda i: COLOUR.members[i % 3],
    }
    invariants = {
        "desk_liked": every(item, lambda u: desk.right.eq(u).implies(likes(u))),
        "each_call_liked": call[j].what.is_none
        | some(item, lambda u: call[j].what.eq(u) & likes(u)),
        "false_each_job_open": ~many[j].done,
        "false_shown_is_red": many[many[first].shown].colour.ne("blue"),
    }
    return Machine(spec, Instance.of(spec, {"item": items, "job": jobs}, policy)), invariants


def _serve(spec: Specification, desk: Record, mine: Record, i: Term, j: Term) -> None:
    spec.action(
        "swap",
        "clerk",
        "Swap the two sides: both values are the old ones.",
        requirements="R0",
        params=[i],
        guards=[guard("there", desk.right.eq(i), "nothing to swap", "R0")],
        updates={desk.left: i, desk.right: desk.left},
    )
    spec.action(
        "show",
        "clerk",
        "Show a job that is done.",
        requirements="R0",
        params=[j],
        guards=[guard("done", mine.done, "it is not done", "R0")],
        updates={mine.shown: j, mine.done: ite(desk.load > 100, lift(True, BOOL), ~mine.done)},
    )
    spec.action(
        "rest",
        "clerk",
        "Nothing changes.",
        requirements="R0",
        guards=[guard("busy", desk.load.one_of(-2, -1, 300), "it is idle", "R0")],
    )


def _call(
    spec: Specification,
    desk: Record,
    mine: Record,
    call: Message,
    tables: tuple[Callable[..., Term], Callable[..., Term], Callable[..., Term]],
) -> None:
    likes, weight, paint = tables
    item = spec.domains["item"]
    j, i = param("j", spec.domains["job"]), param("i", item)
    spec.action(
        "pick",
        "clerk",
        "Pick the first liked item, and call it.",
        requirements="R0",
        params=[j, i],
        guards=[
            guard("liked", likes(i), "it is not liked", "R0"),
            guard(
                "first", every(item, lambda u: likes(u).implies(weight(i, "red") <= 5)), "", "R0"
            ),
            guard("new", desk.right.ne(i), "it is on the desk", "R0"),
        ],
        updates={desk.right: i, desk.load: weight(desk.left, mine.colour)},
        sends=[call.carrying(what=i)],
    )
    spec.action(
        "hear",
        "clerk",
        "Paint a job in the item's colour, once.",
        requirements="R0",
        params=[j],
        receives=call,
        guards=[guard("open", ~mine.done & desk.load.ne(0), "it is done", "R0")],
        updates={mine.colour: paint(desk.left), mine.done: desk.load >= 0},
    )


def counter(high: int) -> Machine:
    """A counter to `high` and no further."""
    spec = Specification("counter")
    spec.actor("a", "acts")
    box = spec.record("box", "a box", n=Int(0, high))
    room = guard("room", box.n < high, "full", "R0")
    spec.action("more", "a", "Add.", requirements="R0", guards=[room], updates={box.n: box.n + 1})
    spec.action("never", "a", "No.", requirements="R0", guards=[guard("no", box.n < 0, "", "R0")])
    return Machine(spec, Instance.of(spec, {}, {}))


def dead_ends() -> Machine:
    """One choice among six, two of them negative, and then nothing."""
    spec = Specification("dead_ends")
    spec.actor("a", "acts")
    n = param("n", Int(-2, 3))
    box = spec.record("box", "a box", n=Int(-2, 3), done=BOOL)
    spec.action(
        "choose",
        "a",
        "Choose.",
        requirements="R0",
        params=[n],
        guards=[guard("open", ~box.done, "it is done", "R0")],
        updates={box.n: n, box.done: True},
    )
    return Machine(spec, Instance.of(spec, {}, {}))


def overflow() -> Machine:
    """A counter whose specification forgot its end."""
    spec = Specification("overflow")
    spec.actor("a", "acts")
    box = spec.record("box", "a box", n=Int(0, 3))
    spec.action("more", "a", "Add.", requirements="R0", guards=[], updates={box.n: box.n + 1})
    return Machine(spec, Instance.of(spec, {}, {}))


# ---- IKE made small
def small_ike(sizes: Mapping[str, int] | None = None, **policy: object) -> Machine:
    """The IKE specification: two agreeing policies, every parameter they do not name at its least.

    Names that the specification does not have (any more) are left out.
    """
    spec = specification()
    chosen: dict[str, object] = {
        name: _least(declared.sort) for name, declared in spec.rigids.items()
    }
    for given in (AGREEING, policy):
        chosen |= {name: value for name, value in given.items() if name in spec.rigids}
    numbers = {name: (sizes or {}).get(name, 1) for name in spec.domains}
    return Machine(spec, Instance.of(spec, numbers, chosen))


def _least(sort: Sort) -> object:
    if isinstance(sort, Bool):
        return False
    if isinstance(sort, Enum):
        return sort.members[0]
    if isinstance(sort, Int):
        return sort.low
    if isinstance(sort, Maybe):
        return None
    return 1 if isinstance(sort, Duration) else 0  # a timer armed with 0 s is a case of its own


# ---- random machines
def _numbers(leaves: Mapping[str, list[Term]], depth: int) -> st.SearchStrategy[Term]:
    here = st.sampled_from(leaves["int"])
    if not depth:
        return here
    two = st.tuples(_numbers(leaves, depth - 1), _numbers(leaves, depth - 1))
    return st.one_of(
        here,
        two.map(lambda p: p[0] + p[1]),
        two.map(lambda p: p[0] - p[1]),
        two.map(lambda p: minimum(*p)),
        two.map(lambda p: maximum(*p)),
        st.tuples(_truths(leaves, depth - 1), two).map(lambda p: ite(p[0], *p[1])),
    )


def _truths(leaves: Mapping[str, list[Term]], depth: int) -> st.SearchStrategy[Term]:
    here = st.sampled_from(leaves["bool"])
    if not depth:
        return here
    one = _truths(leaves, depth - 1)
    two = st.tuples(one, one)
    numbers = st.tuples(_numbers(leaves, depth - 1), _numbers(leaves, depth - 1))
    return st.one_of(
        here,
        one.map(lambda p: ~p),
        two.map(lambda p: p[0] & p[1]),
        two.map(lambda p: p[0] | p[1]),
        two.map(lambda p: p[0].implies(p[1])),
        two.map(lambda p: p[0].eq(p[1])),
        numbers.map(lambda p: p[0] <= p[1]),
        numbers.map(lambda p: p[0].eq(p[1])),
        one.map(lambda p: every(_ITEM, lambda u: p | Term("apply", (u,), BOOL, "likes"))),
        one.map(lambda p: some(_ITEM, lambda u: p & Term("apply", (u,), BOOL, "likes"))),
    )


_ITEM = Domain("item")


def _random_actions(
    draw: st.DrawFn,
    spec: Specification,
    leaves: Mapping[str, list[Term]],
    targets: Mapping[str, Term],
) -> None:
    c, i = (param(name, spec.domains[name[:4]]) for name in ("cell", "item"))
    one_m, due, many_p = targets["m"], targets["due"], targets["many_p"]
    for number in range(draw(st.integers(1, 3))):
        guards = [guard("g", draw(_truths(leaves, 2)), "no", "none")]
        spec.action(
            f"a{number}",
            "someone",
            "Do it.",
            requirements="R0",
            params=[c, i],
            guards=guards,
            updates={
                targets["p"]: draw(_truths(leaves, 2)),
                targets["x"]: maximum(minimum(draw(_numbers(leaves, 2)), 2), -1),
                one_m: draw(st.sampled_from([i, one_m, None])),
                many_p: draw(_truths(leaves, 1)),
                due: draw(st.sampled_from([due, None, arm(1), arm(Fraction(1, 2))])),
            },
        )


@st.composite
def random_machines(draw: st.DrawFn) -> tuple[Machine, Term]:
    """A random machine with a record, a family, timers and a table; and a condition on its states."""
    spec = Specification("random")
    spec.actor("someone", "acts")
    item, cell = spec.domain("item"), spec.domain("cell")
    likes = spec.table("likes", [item], BOOL, "a table")
    level = spec.rigid("level", Int(-1, 1), "a number")
    one = spec.record(
        "one",
        "a record",
        p=BOOL,
        x=Int(-1, 2),
        m=(Maybe(item), None),
        due=urgent_timer() if draw(st.booleans()) else TIMER,
    )
    many = spec.family("many", cell, "a family", p=BOOL)
    c, i = param("cell", cell), param("item", item)
    number = Term("const", (), Int(1, 1), 1)
    states = {
        "bool": [one.p, one.m.is_none, one.due.expired, one.due.running],
        "int": [one.x, number],
    }
    leaves = {
        "bool": [*states["bool"], many[c].p, likes(i), one.m.eq(i)],
        "int": [*states["int"], level],
    }
    targets = {"p": one.p, "x": one.x, "m": one.m, "due": one.due, "many_p": many[c].p}
    _random_actions(draw, spec, leaves, targets)
    goal = draw(_truths(states, 2))
    size = draw(st.integers(1, 2))
    bits = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    policy = {"likes": lambda k: bits[k], "level": draw(st.integers(-1, 1))}
    sizes = {"item": size, "cell": draw(st.integers(1, 2))}
    return Machine(spec, Instance.of(spec, sizes, policy)), goal
