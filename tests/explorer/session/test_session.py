"""The session without a screen: what each story of its users asks of it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.cli.explore import Asked, opened
from explorer.session.commands import execute, lines_of
from explorer.session.commands.script import executed
from explorer.session.moments import Kind, Refused, Take
from explorer.session.scenarios import SCENARIOS, scenario
from explorer.session.session import Session, Stop
from explorer.session.tree import Node
from model.language.machine import Machine

ROOT = Path(__file__).resolve().parents[3]


def session(name: str = "main-psk", script: str = "") -> Session:
    made = Session(scenario(name).source())
    for _ in executed(made, lines_of(script)):
        pass
    return made


def times(name: str) -> tuple[int, int, int]:
    """What the scenario states: interval, resends, half-open time."""
    scalar = scenario(name).source().instance.scalar
    return int(scalar("interval")), int(scalar("resends")), int(scalar("half_open_life"))


# ---- the reviewer's story


def test_enter_alone_walks_through_a_whole_negotiation() -> None:
    made = session()
    while not made.verdict().over:
        assert made.forward() is not None
    names = [node.event.name for node in made.rows() if node.event.name]
    assert names == ["MM1", "MM2", "MM3", "MM4", "MM5", "MM6", "QM1", "QM2", "QM3"]
    assert made.verdict().badge == "ESTABLISHED" and made.now.moment.at == 0


def test_r8_five_lost_messages_5_still_establish() -> None:
    interval, resends, _ = times("main-psk")
    made = session(script="drop mm5 x5; run")
    assert made.verdict().badge == "ESTABLISHED"
    assert made.now.moment.at == interval * resends  # the sixth sending arrives
    assert [node.event.lost for node in made.rows() if node.event.lost] == [
        f"lost {n} of 5" for n in range(1, 6)
    ]


def test_r8_r9_six_lost_messages_5_fail_and_the_responder_forgets() -> None:
    interval, resends, half_open = times("main-psk")
    made = session(script="drop mm5 x6; run")
    failed = next(node for node in made.rows() if node.event.action == "phase1.time_out")
    assert failed.moment.at == interval * (resends + 1)
    assert made.now.event.action == "phase1.drop_half_open" and made.now.moment.at == half_open
    made.go(failed)
    ((answer, clause),) = made.why()[0].answers
    assert clause == "R8" and "resent enough" in answer
    assert {(v.name, v.text) for v in made.why()[0].values} == {
        ("initiator.tries", str(resends)), ("resends", str(resends))
    }  # fmt: skip
    wrote = next(v.step for v in made.why()[0].values if v.step is not None)
    assert wrote.moment.at == interval * resends and wrote.event.again
    assert "six times" in made.verdict().first and "R8" in made.verdict().first


def test_the_two_are_compared_in_one_command() -> None:
    made = session(script="run; goto 5; drop x5; run; goto 5; drop x6; run")
    assert list(made.tree.branches) == ["baseline", "MM5 lost ×5", "MM5 lost ×6"]
    reply = execute(made, "compare")
    assert reply.view == "compare" and reply.of == ("MM5 lost ×5", "MM5 lost ×6")


def test_what_follows_stays_until_something_else_is_done() -> None:
    made = session(script="run; goto 5")
    ahead = list(made.now.ahead())
    assert ahead and made.coming() is ahead[0]
    execute(made, "drop mm5")
    assert made.now.branch != "baseline" and ahead[-1] in made.branch("baseline").tip.path()
    execute(made, "branch baseline")
    assert made.now is ahead[-1]


def test_doing_the_same_again_forks_nothing() -> None:
    made = session(script="run; goto 3")
    ahead = next(made.now.ahead())
    execute(made, "take phase1.exchange_keys t=0")  # what happened here before, said by name
    assert made.now is ahead and len(made.tree.branches) == 1


# ---- the other scenarios


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_opens_and_its_script_runs(name: str) -> None:
    item = scenario(name)
    made = session(name, item.script or "run")
    assert made.tree.count > 4 and item.says and item.shows


def test_r20_an_sa_outlives_phase_1_by_almost_two_hours() -> None:
    made = session("overlap-8h-2h", scenario("overlap-8h-2h").script)
    ended = next(node for node in made.rows() if node.event.action == "phase1.initiator_expires")
    assert ended.moment.at == 8 * 3600
    made.go(ended)
    verdict = made.verdict()
    assert verdict.badge == "OVERLAP" and "1 h 59 min 59 s" in verdict.first
    gone = [node for node in made.rows() if node.event.action in
            ("driver.starter_expires", "driver.answerer_expires")][-1]  # fmt: skip
    assert gone.moment.at == 10 * 3600 - 1


def test_r8_clear_text_comes_after_every_resend_and_the_brief_interval() -> None:
    interval, resends, _ = times("fall-back")
    made = session("fall-back", "drop mm1 x6; run")
    assert made.verdict().badge == "IN CLEAR"
    assert made.now.moment.at == interval * (resends + 1) + 3


def test_r12_one_branch_has_pfs_and_the_other_none() -> None:
    made = session("quick-pfs", scenario("quick-pfs").script)
    said = {
        name: next(n.event.says for n in branch.tip.path() if n.event.name == "QM1")
        for name, branch in made.tree.branches.items()
    }
    assert "key" in said["with PFS"] and "key" not in said["without PFS"]


def test_a_reflected_quick_mode_breaks_a_promise_and_stops_the_run() -> None:
    made = session("reflected-quick", "run 8; take quick.answer_oneself n=0 t=0 spi=2")
    assert made.run() is Stop.BROKEN
    assert [item.name for item in made.broken(made.now)] == ["quick_mode_is_not_reflected"]
    assert made.verdict().badge == "BROKEN"


# ---- the network


def test_a_duplicate_is_answered_again_or_ignored_and_changes_no_outcome() -> None:
    made = session(script="step; duplicate mm1")
    assert [copy.message for copy in made.now.moment.flight] == ["mm1", "mm1"]
    made.run()
    assert made.verdict().badge == "ESTABLISHED"


def test_r8_a_lost_answer_is_sent_again_when_the_message_comes_again() -> None:
    made = session(script="drop mm2; run")
    names = [node.event.name for node in made.rows() if node.event.name]
    assert names[:4] == ["MM1", "MM2", "MM1", "MM2"] and made.verdict().badge == "ESTABLISHED"


def test_copies_change_their_order() -> None:
    made = session(script="step; duplicate mm1; step")
    before = [copy.message for copy in made.now.moment.flight]
    execute(made, f"later {before[0]}")
    assert [copy.message for copy in made.now.moment.flight] == before[::-1]


def test_a_power_lets_the_attacker_act_and_is_shown() -> None:
    made = session(script="step")
    assert not any(item.group == "attacker" for item in made.choices())
    execute(made, "power forges on")
    assert any(item.group == "attacker" for item in made.choices())
    assert made.now.event.kind is Kind.NETWORK
    execute(made, "take attacker.name_alternatives")
    assert made.now.event.forged and made.now.event.to == 0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("drop", "name one"), ("drop mm9", "not a message"), ("deliver mm5", "not in flight"), ("goto x", "step"),
        ("take phase1.prove t=0", "awaits_mm4|arrived|wait"), ("power sees on", "no power"), ("until x", "not a time"),
        ("branch nope", "no branch"), ("compare", "one branch"), ("why nothing", "nothing is called"),
        ("nonsense", "no command"), ("break here x", "not at"), ("jump a", "no mark"), ("s", "can be"),
        ("find zzz", "no step fits"), ('branch "open', "quote"), ("take phase1.offer t=0", "takes"),
        ("choose 99", "entries"), ("power", ""), ("writer x", "no field"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(line: str, says: str) -> None:
    made = session()
    before = made.now
    if not says:
        assert execute(made, line).view == "powers"
        return
    with pytest.raises(Refused) as caught:
        execute(made, line)
    assert any(part in str(caught.value) for part in says.split("|")), caught.value
    assert made.now is before and made.tree.count == 1


# ---- asking


def test_why_names_the_message_that_has_not_arrived() -> None:
    made = session(script="drop mm5 x6; run; back")
    answer = execute(made, "why mm6").lines
    assert "has not arrived: lost 6 of 6" in answer[1]


def test_why_of_a_field_names_the_step_that_wrote_it() -> None:
    made = session(script="run 4")
    answer = execute(made, "why responder.state").lines
    assert "since step 4" in answer[1]
    execute(made, "writer initiator.state")
    assert made.now.depth == 3


def test_runs_stop_at_what_they_are_told_to() -> None:
    for stop, depth in (
        ("message mm5", 5),
        ("state responder=established", 6),
        ("field initiator.tries", 0),
    ):
        made = session(script=f"break {stop}")
        assert (made.run() is Stop.BREAKPOINT) == bool(depth)
        assert not depth or made.now.depth == depth


def test_r8_a_run_stops_where_a_timer_has_run_out() -> None:
    interval, _, half_open = times("main-psk")
    made = session(script="drop mm5 x6; break timer initiator.due")
    assert made.run() is Stop.BREAKPOINT and made.now.moment.at == interval
    made = session(script="drop mm5 x6; break timer responder.half_open")
    assert made.run() is Stop.BREAKPOINT and made.now.moment.at == half_open
    with pytest.raises(Refused, match="no field"):
        execute(made, "break timer nobody.due")


def test_find_goes_through_states_fields_and_texts() -> None:
    made = session(script="run; first")
    for text, depth in (("state:awaits_mm6", 5), ("field:responder.chosen", 2), ("QM2", 9)):
        execute(made, f"find {text}")
        assert made.now.depth == depth
        made.first()


# ---- laws

_COMMANDS = ["step", "step 3", "run", "drop mm5 x2", "drop", "duplicate", "later", "timer", "until 20s", "back",
             "back 2", "power forges on", "power alters on", "choose 3", "choose 5", "expire 1", "inject mm1"]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(_COMMANDS), max_size=12), st.integers(1, 9))
def test_back_and_forward_again_gives_the_same_moments(lines: list[str], steps: int) -> None:
    made = session()
    for line in lines:
        try:
            execute(made, line)
        except Refused:
            continue
    here, rows = made.now, list(made.rows())
    made.back(steps)
    while made.now is not here:
        assert made.forward() is not None
    assert [node.moment for node in made.rows()] == [node.moment for node in rows]
    assert made.rows()[made.row_of(here)] is here


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_random_runs_through_the_session_are_those_of_the_plain_interpreter(
    data: st.DataObject,
) -> None:
    name = data.draw(st.sampled_from(["main-psk", "fall-back", "reflected-quick"]))
    made = session(name)
    source = made.specified
    assert source is not None
    machine: Machine = source.machine(made.now.moment)
    state = machine.initial
    for _ in range(data.draw(st.integers(1, 30))):
        found = made.choices()
        if not found:
            break
        node: Node = made.do(found[data.draw(st.integers(0, len(found) - 1))].act)
        act = node.act
        for step in act.steps if isinstance(act, Take) else ():
            after = machine.walk_apply(state, step)
            assert after is not None
            state = after
        assert node.moment.state == state
        assert node.moment.at >= Fraction(0)


def test_every_choice_of_the_interpreter_is_a_choice_of_the_session() -> None:
    made = session("main-psk", "run 5")
    source = made.specified
    assert source is not None
    machine = source.machine(made.now.moment)
    acts = {
        step for step in machine.enabled(made.now.moment.state) if step[0] < len(machine.actions)
    }
    shown = {item.act.steps[-1] for item in made.choices() if isinstance(item.act, Take)}
    assert acts <= shown


# ---- what it loads


def test_the_session_loads_no_screen_no_solver_and_no_capture_library() -> None:
    code = (
        "import sys\nfrom explorer.session.scenarios import scenario\nfrom explorer.session.session import Session\n"
        "from explorer.session.commands import execute\ns = Session(scenario('main-psk').source())\n"
        "execute(s, 'run'); execute(s, 'why'); s.standing()\n"
        "print(sorted({'textual', 'rich', 'scapy', 'z3', 'networkx', 'cryptography'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_guard_that_only_contains_another_one_that_refuses_is_not_named() -> None:
    """Not acceptable is the reason; that it is not the best of the acceptable ones follows from it."""
    made = Session(replace(scenario("main-psk"), policy={"accepts2": False}).source())
    made.run()
    refused = next(node for node in made.rows() if node.event.action == "quick.refuse")
    made.go(refused)
    assert made.why()[0].answers == (("Its policy does not accept it.", "R10"),)


#: what is lost or refused, by commands, and how the answer to `why` begins after it
ASKED = {
    "goto 8; drop qm1": ("Why does Quick Mode message 1 not arrive?", "A rule of this session"),
    "goto 8; drop qm1; step": ("Why has hq not gone on?", "Quick Mode message 1 was lost at step 8."),
    "goto 8; drop qm1 x6; run": ("Why is Quick Mode message 1 not sent again?", "It has resent enough."),
    "goto 9; drop qm2 x6; step": ("Why has hq not gone on?", "Quick Mode message 2 has not arrived: lost 1 of 6."),
    "goto 9; drop qm2 x6; run": ("Why is Quick Mode message 1 not sent again?", "It has resent enough."),
    "goto 9; drop qm2 x6; run; step": ("Why is Quick Mode message 1 not sent again?", "It has resent enough."),
    "goto 10; drop qm3; step": ("Why does branch forget the negotiation?", "Quick Mode message 3 has not arrived: lost."),
    "drop mm5 x6; run": ("Why is message 5 not sent again?", "It has resent enough."),
    "goto 2; duplicate; drop mm2": ("Why does message 2 not arrive?", "It was dropped in this session"),
}  # fmt: skip


@pytest.mark.parametrize("script", ASKED)
def test_why_begins_with_the_loss_that_kept_the_negotiation_from_going_on(script: str) -> None:
    made = session("main-psk", script)
    question, answer = ASKED[script]
    found = made.why()[0]
    assert found.question == question
    assert found.answers[0][0].startswith(answer)


def test_why_names_the_loss_and_the_negotiation_that_is_asked_about() -> None:
    made = Session(scenario("main-psk").source())
    for command in ("goto 9", "drop qm2 x6", "run"):
        execute(made, command)
    assert "lost 6 of 6" in execute(made, "why qm3").lines[1]
    again = execute(made, "why qm2").lines
    assert again[1] == "Quick Mode message 2 was lost (6 of 6) at step 19."
    assert any("answerer[0].answers" in line for line in again)
    assert execute(made, "why qm1").lines[1] == "It has resent enough.  R15"
    for command in ("goto 8", "drop qm1", "step"):
        execute(made, command)
    assert execute(made, "why qm1").lines[1].startswith("It is on its way")
    assert "was lost at step 8" in execute(made, "why").lines[1]


def test_why_after_a_refusal_of_quick_mode_is_about_the_policy_also_some_steps_later() -> None:
    made = opened(Asked(example="branch-office", finding="P2-PROPOSAL"))
    for _ in range(4):
        assert "policy" in made.why()[0].answers[0][0], made.now.event
        if made.forward() is None:
            break
