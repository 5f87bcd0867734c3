"""Refinement on small machines: what refines is shown, and a wrong one fails at the action at fault.
The declared ones hold, and what they rest on is proved (R13, R19)."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from pathlib import Path

import pytest

from model.language.errors import SpecificationError
from model.language.instance import Instance
from model.language.machine import Machine, State
from model.language.sorts import BOOL, DURATION, TIMER, Enum, Int
from model.language.specification import Guard, Specification, guard, urgent_timer
from model.language.terms import Term, arm, ite, lift, param
from model.promises import Always
from model.spec.agreeing import SMALL_PAIR
from proofs.prover.obligations import hypothesis
from proofs.prover.proving import Question, answer, types_of
from proofs.prover.refinement import Accepts, Is, Simulation, check, refinements, shown
from proofs.search import explore

DOOR = Enum("Door", ("new", "open", "shut"))


def _guards(change: str, **terms: Term) -> list[Guard]:
    """Guards by name; `change` is the name of one to leave out."""
    return [
        guard(name, term, f"not {name}", "R1") for name, term in terms.items() if name != change
    ]


def house(change: str = "") -> Specification:
    """Somebody with a key opens a door, for a while and for as many as he says."""
    spec = Specification("house")
    spec.actor("owner", "who has the key")
    spec.actor("door", "the door itself")
    long = spec.rigid("how_long", DURATION, "how long it stays open")
    owner = spec.record("owner", "The owner.", has_key=BOOL, guests=Int(0, 3))
    door = spec.record("door", "The door.", state=DOOR, end=urgent_timer(), uses=Int(0, 3))
    guests, new = param("guests", Int(1, 3)), door.state.eq("new")
    spec.action(
        "owner.prepare",
        "owner",
        "Find the key, and say how many may pass.",
        requirements="R1",
        params=[guests],
        guards=_guards(change, at_home=new),
        updates={owner.has_key: True, owner.guests: guests},
    )
    spec.action(
        "owner.open",
        "owner",
        "Open the door.",
        requirements="R1",
        guards=_guards(change, key=owner.has_key, new=new),
        updates={door.state: "open", door.end: arm(long), door.uses: 0},
    )
    spec.action(
        "door.shut",
        "door",
        "Shut: the time is over.",
        requirements="R1",
        guards=_guards(change, over=door.end.expired),
        updates={door.state: "shut", door.end: None},
    )
    few = door.uses < owner.guests
    if change == "polite":
        few = few & owner.has_key
    spec.action(
        "door.pass",
        "door",
        "Let somebody through.",
        requirements="R1",
        guards=_guards(change, open=door.state.eq("open"), few=few),
        updates={door.uses: door.uses + 1},
    )
    return spec


def bolt(change: str = "") -> Specification:
    """The door as it is built: a bolt, a spring, and a count of those who may still pass."""
    spec = Specification("bolt")
    spec.actor("owner", "who has the key")
    spec.actor("bolt", "the mechanism")
    tension = spec.rigid("tension", DURATION, "how long the spring lasts")
    places = spec.rigid("places", Int(1, 3), "how many may pass")
    bolt = spec.record(
        "bolt",
        "It.",
        drawn=BOOL,
        used=BOOL,
        spring=TIMER if change == "weak spring" else urgent_timer(),
        left=(Int(0, 3), places),
        oiled=BOOL,
    )
    drawn: dict[Term, object] = {bolt.drawn: True, bolt.spring: arm(tension), bolt.left: places}
    drawn[bolt.used] = True
    lost = {"spring not set": bolt.spring, "not refilled": bolt.left}
    spec.action(
        "bolt.draw",
        "owner",
        "Draw it, and set the spring.",
        requirements="R1",
        guards=_guards(change, unused=~bolt.used),
        updates={k: v for k, v in drawn.items() if k is not lost.get(change)},
    )
    spec.action(
        "bolt.spring_back",
        "bolt",
        "The spring shuts it.",
        requirements="R1",
        guards=_guards(change, drawn=bolt.drawn, over=bolt.spring.expired),
        updates={bolt.drawn: False, bolt.spring: None},
    )
    spec.action(
        "bolt.turn",
        "bolt",
        "Let one through.",
        requirements="R1",
        guards=_guards(change, drawn_still=bolt.drawn, free=bolt.left > 0),
        updates={bolt.left: bolt.left - 1},
    )
    spec.action(
        "bolt.oil",
        "bolt",
        "Nobody sees it.",
        requirements="R1",
        guards=_guards(change),
        updates={bolt.oiled: ~bolt.oiled},
    )
    return spec


def var(spec: Specification, group: str, name: str) -> Term:
    return Term("var", (), spec.groups[group].field(name).sort, (group, name))


def rigid(spec: Specification, name: str) -> Term:
    return Term("rigid", (), spec.rigids[name].sort, name)


def simulation(concrete: str = "", abstract: str = "") -> Simulation:
    a, c = house(abstract), bolt(concrete)
    drawn, left, places = var(c, "bolt", "drawn"), var(c, "bolt", "left"), rigid(c, "places")
    used = var(c, "bolt", "used")
    few = (left <= places) & drawn.implies(used)
    door = var(a, "door", "state")
    return Simulation(
        c,
        a,
        {"few": Always(few, drawn)},
        {
            door: ite(drawn, lift("open", DOOR), ite(used, lift("shut", DOOR), "new")),
            var(a, "door", "end"): var(c, "bolt", "spring"),
            var(a, "door", "uses"): places - left,
        },
        {
            "bolt.draw": [Is("owner.open")],
            "bolt.spring_back": [Is("door.shut")],
            "bolt.turn": [Is("door.pass")],
        },
        {rigid(a, "how_long"): rigid(c, "tension"), var(a, "owner", "guests"): places},
        joint=frozenset({"bolt.draw"}),
        accepts=[Accepts("owner.open", "bolt.draw")],
        needed=door.ne("new"),
    )


def failed(made: Simulation) -> str:
    return shown("toy", made, Question()).failed


def test_a_refinement_is_shown_by_both_solvers_and_says_what_it_rests_on() -> None:
    found = shown("toy", simulation(), Question())
    assert (found.failed, found.doubted) == ("", "")
    assert found.used == ("few",)  # else the number of uses might be negative
    # start, four actions, delay, the range of uses, one request, the caller's one action
    assert found.obligations == 9


def test_what_is_left_to_the_caller_is_said() -> None:
    assert simulation().left_to_the_caller() == {"bolt.draw": ("owner.open: key",)}


WRONG = [
    ("unused", "", "bolt.draw"),  # for others then, of whom the bolt knows nothing
    ("over", "", "bolt.spring_back"),
    ("drawn_still", "", "bolt.turn"),
    ("free", "", "bolt.turn"),
    ("spring not set", "", "bolt.draw"),
    ("not refilled", "", "bolt.draw"),
    ("weak spring", "", "delay"),
    ("", "at_home", "owner.prepare keeps inputs"),
    ("", "new", "accepts owner.open"),
]


@pytest.mark.parametrize(("concrete", "abstract", "where"), WRONG)
def test_a_dropped_guard_or_a_lost_update_fails_at_its_action(
    concrete: str, abstract: str, where: str
) -> None:
    assert failed(simulation(concrete, abstract)) == f"{where}: sat"


def test_a_wrong_mapping_fails_at_the_start_or_where_it_is_wrong() -> None:
    made = simulation()
    state, end, uses = made.mapping
    spring, left = made.mapping[end], var(made.concrete, "bolt", "left")
    never = {**made.mapping, state: lift("new", DOOR)}
    assert failed(replace(made, mapping=never)) == "bolt.draw: sat"
    stopped = {**made.mapping, end: ite(spring.running, spring, None)}
    assert failed(replace(made, mapping=stopped)).startswith("bolt.draw")  # the time may be 0
    counted_down = {**made.mapping, uses: left}
    assert failed(replace(made, mapping=counted_down)) == "start: sat"


def test_an_action_that_nobody_named_is_no_step_of_the_part() -> None:
    made = simulation()
    other = {**made.may_be, "bolt.turn": [Is("door.shut")], "bolt.oil": [Is("door.pass")]}
    assert failed(replace(made, may_be=other)) == "bolt.turn: sat"


def test_what_is_handed_over_is_read_after_it_was_and_handed_over_once() -> None:
    made = simulation()
    state = var(made.abstract, "door", "state")
    assert failed(replace(made, needed=state.eq("open"))) == "bolt.spring_back: sat"
    assert failed(replace(made, needed=state.eq("shut"))) == "bolt.turn: sat"


def test_a_refusal_that_is_declared_is_no_failure() -> None:
    made = simulation("", "new")
    used = var(made.concrete, "bolt", "used")
    accepts = [replace(made.accepts[0], unless=used)]
    assert failed(replace(made, accepts=accepts)) == ""


def test_what_a_caller_sees_to_is_shown_of_the_caller() -> None:
    for change, where in (("", ""), ("new", "owner.open asks in time: sat")):
        made = simulation("", change)
        when = var(made.abstract, "door", "state").eq("new")
        assert failed(replace(made, accepts=[replace(made.accepts[0], when=when)])) == where


def test_declarations_that_do_not_fit_are_refused() -> None:
    made = simulation()
    few = {name: items for name, items in made.may_be.items() if name != "bolt.turn"}
    with pytest.raises(SpecificationError, match=r"door\.pass writes the part"):
        replace(made, may_be=few)
    with pytest.raises(SpecificationError, match="is not a joint action"):
        replace(made, joint=frozenset())
    with pytest.raises(SpecificationError, match=r"door\.pass needs the caller: few"):
        simulation("", "polite")  # the door would ask for a key that the bolt does not see
    with pytest.raises(SpecificationError, match="reads what is not mapped"):
        replace(made, inputs={})
    with pytest.raises(SpecificationError, match="image"):
        replace(
            made, mapping={**made.mapping, var(made.abstract, "door", "state"): lift(1, Int(0, 1))}
        )


def test_without_its_invariants_a_refinement_is_not_shown() -> None:
    made = simulation()
    drawn, used = var(made.concrete, "bolt", "drawn"), var(made.concrete, "bolt", "used")
    less = Always(drawn.implies(used), drawn)
    assert failed(replace(made, proved={})) == "bolt.draw: sat"
    assert failed(replace(made, proved={"less": less})) == "range of door.uses: sat"


# ---- the declared ones
@pytest.mark.parametrize("name", list(refinements()))
def test_r19_a_declared_refinement_is_shown_and_what_it_rests_on_is_proved(name: str) -> None:
    found = check(name)
    assert (found.failed, found.doubted) == ("", "")
    declared = refinements()[name]
    assert found.obligations > len(declared.made().concrete.actions)
    todo, done = [*found.used, types_of(declared.concrete), types_of(declared.abstract)], set[str]()
    while todo:
        item = hypothesis(todo.pop())
        if item not in done:
            part = answer(item, Question())
            assert (part.failed, part.doubted) == ("", ""), item
            done.add(item)
            todo += part.used


@pytest.mark.parametrize("name", [n for n, r in refinements().items() if r.concrete == "driver"])
def test_explicit_states_take_only_steps_that_are_named_and_each_of_them(name: str) -> None:
    # The same question asked without a solver: every step that small limits allow.
    made = refinements()[name].made()
    sizes, small = {"packet": 2, "spi": 2, "address": 1}, {"most_bytes": 2, "soft_bytes": 1}
    machine = Machine(made.concrete, Instance.of(made.concrete, sizes, {**SMALL_PAIR, **small}))
    taken: set[tuple[str, str]] = set()
    for before, step, after in explore(machine).transitions():
        action, _ = machine.describe(step)
        if action == "delay" or _part(made, machine, before) == _part(made, machine, after):
            continue
        ways = [
            way for way in made.may_be.get(action, ()) if _is(made, machine, way, before, after)
        ]
        assert ways, action
        taken |= {(action, way.action) for way in ways}
    assert taken == {(action, way.action) for action, ways in made.may_be.items() for way in ways}


def _part(made: Simulation, machine: Machine, state: State) -> dict[tuple[str, str], object]:
    return {key: machine.value(term, state, {}) for key, term in made.part.items()}


def _is(made: Simulation, machine: Machine, way: Is, before: State, after: State) -> bool:
    action = made.abstract.actions[way.action]
    guards = [made.mapped(g.term) for g in action.guards if made.is_mapped(g.term)]
    written = {t.data: made.mapped(v) for t, v in action.updates if t.data in made.part}
    values = {key: machine.value(term, before, {}) for key, term in written.items()}
    expected = {**_part(made, machine, before), **values}
    return expected == _part(made, machine, after) and all(
        machine.value(term, before, {}) for term in guards
    )


def test_a_driver_that_forgets_its_limits_is_no_refinement() -> None:
    made = refinements()["the_driver_is_the_starters_end"].made()
    for action, lost in (("sa.expire_by_time", "due"), ("sa.delete", "installed")):
        old = made.concrete.actions[action]
        spec = copy(made.concrete)
        guards = tuple(item for item in old.guards if item.name != lost)
        spec.actions = {**spec.actions, action: replace(old, guards=guards)}
        assert failed(replace(made, concrete=spec)) == f"{action}: sat"


def test_each_obligation_of_a_refinement_has_a_certificate_that_both_solvers_accept(
    tmp_path: Path,
) -> None:
    found = check("the_driver_is_the_answerers_end", Question(certificates=str(tmp_path)))
    files = list(tmp_path.rglob("*.smt2"))
    assert found.doubted == "" and len(files) == found.obligations
    text = (tmp_path / found.name / "sa.install.smt2").read_text("utf-8")
    assert "refines" in text and "must be unsatisfiable" in text
