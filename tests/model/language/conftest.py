"""A small machine with everything the language has, and random machines."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import strategies as st

from model.language.instance import Instance
from model.language.machine import Machine
from model.language.sorts import BOOL, DURATION, TIMER, Domain, Enum, Int, Maybe
from model.language.specification import Specification, ghost, guard, urgent_timer
from model.language.terms import Term, arm, every, ite, maximum, minimum, param, some

PHASE = Enum("Phase", ("idle", "trying", "done"))


def make_toy() -> Specification:
    """Families, a message, timers, a ghost, quantifiers over a policy table."""
    spec = Specification("toy")
    worker = spec.actor("worker", "does things")
    item, job = spec.domain("item"), spec.domain("job")
    likes = spec.table("likes", [item], BOOL, "the policy likes it")
    patience = spec.rigid("patience", DURATION, "how long to wait")
    bench = spec.record("bench", "the one bench", tries=Int(0, 3), picked=(Maybe(item), None))
    clock = spec.record(
        "clock", "its timers", due=urgent_timer(), idle=TIMER, seen=ghost(Int(0, 3))
    )
    jobs = spec.family("jobs", job, "many jobs", phase=PHASE, count=Int(0, 2))
    j, i = param("j", job), param("i", item)
    call = spec.message(
        "call", "a call", sender="worker", receiver="worker", contents={"what": (Maybe(item), None)}
    )
    spec.action(
        "pick",
        worker,
        "Pick the first liked item.",
        requirements="R1",
        params=[i],
        guards=[
            guard("liked", likes(i), "it is not liked", "R1"),
            guard("none_before", every(item, lambda u: likes(u).implies(likes(i))), "no", "R1"),
            guard("room", bench.tries < 3, "no tries left", "R1"),
        ],
        updates={
            bench.tries: bench.tries + 1,
            bench.picked: i,
            clock.due: arm(patience),
            clock.idle: None,
            clock.seen: minimum(bench.tries + 1, 3),
        },
        sends=[call.carrying(what=i)],
    )
    spec.action(
        "work",
        worker,
        "Work on a job.",
        requirements="R2",
        params=[j],
        receives=call,
        guards=[
            guard("open", jobs[j].phase.ne("done"), "it is done", "R2"),
            guard("liked_some", some(item, likes), "nothing is liked", "R2"),
        ],
        updates={
            jobs[j].phase: ite(jobs[j].phase.eq("idle"), _phase("trying"), "done"),
            jobs[j].count: maximum(jobs[j].count, 1),
            clock.idle: arm(Fraction(1, 2)),
        },
    )
    spec.action(
        "tire",
        worker,
        "Give up when the time has come.",
        requirements="R3",
        guards=[guard("due", clock.due.expired, "it is not due", "R3")],
        updates={clock.due: None, bench.tries: 0},
    )
    return spec


def _phase(name: str) -> Term:
    return Term("const", (), PHASE, PHASE.position(name))


@pytest.fixture(scope="session")
def toy() -> Specification:
    """The small specification."""
    return make_toy()


@pytest.fixture
def toy_machine(toy: Specification) -> Machine:
    """Three items of which two are liked, two jobs, 1.5 s of patience."""
    policy = {"likes": lambda i: i != 1, "patience": Fraction(3, 2)}
    return Machine(toy, Instance.of(toy, {"item": 3, "job": 2}, policy))


def _numbers(leaves: dict[str, list[Term]], depth: int) -> st.SearchStrategy[Term]:
    """Random Int terms over the given leaves."""
    here = st.sampled_from(leaves["int"])
    if depth == 0:
        return here
    pair = st.tuples(_numbers(leaves, depth - 1), _numbers(leaves, depth - 1))
    return st.one_of(
        here,
        pair.map(lambda p: p[0] + p[1]),
        pair.map(lambda p: p[0] - p[1]),
        pair.map(lambda p: minimum(*p)),
        pair.map(lambda p: maximum(*p)),
        st.tuples(_truths(leaves, depth - 1), pair).map(lambda p: ite(p[0], *p[1])),
    )


def _truths(leaves: dict[str, list[Term]], depth: int) -> st.SearchStrategy[Term]:
    """Random Bool terms over the given leaves."""
    here = st.sampled_from(leaves["bool"])
    if depth == 0:
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
        numbers.map(lambda p: p[0] < p[1]),
        numbers.map(lambda p: p[0] <= p[1]),
        numbers.map(lambda p: p[0].eq(p[1])),
        one.map(lambda p: every(_ITEM, lambda u: p | Term("apply", (u,), BOOL, "likes"))),
        one.map(lambda p: some(_ITEM, lambda u: p & Term("apply", (u,), BOOL, "likes"))),
    )


_ITEM = Domain("item")


@st.composite
def _machines(draw: st.DrawFn) -> Machine:
    """A random specification of a few actions over records, a family and a table, and an instance."""
    spec = Specification("random")
    actor = spec.actor("someone", "acts")
    item, cell = spec.domain("item"), spec.domain("cell")
    likes = spec.table("likes", [item], BOOL, "a table")
    level = spec.rigid("level", Int(-2, 2), "a number")
    flag = spec.rigid("flag", BOOL, "a switch")
    one = spec.record(
        "one", "a record", p=BOOL, q=(BOOL, True), x=Int(-3, 3), m=(Maybe(item), None)
    )
    many = spec.family("many", cell, "a family", p=BOOL, y=Int(0, 4))
    c, i = param("c", cell), param("i", item)
    leaves = {
        "bool": [one.p, one.q, flag, many[c].p, likes(i), one.m.eq(i), one.m.is_none],
        "int": [one.x, level, many[c].y, Term("const", (), Int(1, 1), 1)],
    }
    for number in range(draw(st.integers(1, 4))):
        bools, ints = _truths(leaves, 2), _numbers(leaves, 2)
        guards = [guard(f"g{k}", draw(bools), "no", "none") for k in range(draw(st.integers(0, 2)))]
        wide = draw(ints)
        spec.action(
            f"a{number}",
            actor,
            "Do it.",
            requirements="R0",
            params=[c, i],
            guards=guards,
            updates={
                one.p: draw(bools),
                one.x: maximum(minimum(wide, 3), -3),
                one.m: draw(st.sampled_from([i, None])),
                many[c].p: draw(bools),
                many[c].y: maximum(minimum(draw(ints), 4), 0),
            },
        )
    size = draw(st.integers(1, 3))
    bits = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    policy = {
        "likes": lambda k: bits[k],
        "level": draw(st.integers(-2, 2)),
        "flag": draw(st.booleans()),
    }
    instance = Instance.of(spec, {"item": size, "cell": draw(st.integers(1, 2))}, policy)
    return Machine(spec, instance)


@pytest.fixture(scope="session")
def machines() -> st.SearchStrategy[Machine]:
    """Random machines."""
    return _machines()
