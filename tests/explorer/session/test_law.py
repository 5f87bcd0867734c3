"""What a loss, a switch of power or a refusal leads to, and that no sentence about it is false."""

from __future__ import annotations

from dataclasses import replace

import pytest

from explorer.session.answers import Why
from explorer.session.commands import execute, lines_of
from explorer.session.commands.script import executed
from explorer.session.moments import Kind, Refused
from explorer.session.scenarios import scenario
from explorer.session.session import Session


def session(script: str, **policy: object) -> Session:
    item = scenario("main-psk")
    made = Session(replace(item, policy={**item.policy, **policy}).source())
    for _ in executed(made, lines_of(script)):
        pass
    return made


def first(made: Session) -> Why:
    return made.why()[0]


# ---- powers


def test_promises_are_judged_where_a_power_was_used_and_then_taken_away() -> None:
    script = "run 2; power alters on; take attacker.write_offer; power alters off; run"
    made = session(script)
    held = session(script.replace("power alters off; ", ""))
    one, other = made.standing(), held.standing()
    assert one is not None and other is not None
    assert one == other  # what was altered while he could is not held against the policy afterwards


# ---- losses


def test_a_dropped_delete_is_done_again_and_lost_and_nothing_else_happens() -> None:
    made = session("run; expire 2; drop")
    assert made.now.depth == 12 and made.now.moment.at == 0 and made.now.event.lost == "lost"
    assert made.now.event.action == "driver.starter_deletes"


def test_a_wished_quick_mode_is_lost_as_often_as_is_asked() -> None:
    made = session("run; take quick.offer n=1 role=responder spi=1; drop x2; drop x3; run")
    lost = [node.event.lost for node in made.rows() if node.event.lost]
    assert lost == ["lost 1 of 3", "lost 2 of 3", "lost 3 of 3"]
    assert made.verdict().badge == "ESTABLISHED" and made.now.moment.at == 9


def test_x_on_a_duplicate_takes_a_copy_that_is_in_flight() -> None:
    made = session("run 3; duplicate; drop")
    assert [copy.message for copy in made.now.moment.flight] == ["mm3"]
    assert made.now.event.kind is Kind.NETWORK and not made.now.moment.rules


@pytest.mark.parametrize("names", [True, False])
def test_r7_a_refusal_that_is_lost_is_not_heard(names: bool) -> None:
    refusal = "alternatives" if names else "no_proposal"
    policy = {"accepts": False, "names_alternatives": names}
    heard = session("run", **policy)
    assert heard.now.event.action == "phase1.give_up" and heard.now.moment.at == 0
    assert not any("ignored" in node.event.says for node in heard.rows())
    lost = session(f"drop {refusal} x20; run", **policy)
    assert lost.now.event.action == "phase1.time_out" and lost.now.moment.at == 21


# ---- verdicts


@pytest.mark.parametrize(
    ("lost", "says"),
    [
        ("mm1", "Message 1 was lost six times; R8 allows no seventh sending."),
        ("mm2", "Message 2 was lost six times; R8 allows no seventh sending of message 1."),
        ("mm4", "Message 4 was lost six times; R8 allows no seventh sending of message 3."),
        ("mm5", "Message 5 was lost six times; R8 allows no seventh sending."),
        ("mm6", "Message 6 was lost once; R8 allows no seventh sending of message 5."),
    ],
)
def test_r8_the_verdict_counts_what_was_lost(lost: str, says: str) -> None:
    made = session(f"drop {lost} x20; run")
    assert made.verdict().badge == "FAILED" and made.verdict().first == says


def test_losses_of_both_directions_are_counted_apart() -> None:
    says = session("drop mm3 x2; drop mm4 x8; run").verdict().first
    assert says.startswith("Message 3 was lost twice, message 4 was lost four times; R8 allows no")


def test_the_end_that_is_up_is_not_said_to_have_failed() -> None:
    made = session("drop mm6; until 18")
    assert made.now.moment.at == 18
    assert made.verdict().second == "hq gives up; branch takes Phase I to be up for 7:59:42 more."


def test_r9_a_responder_that_forgets_has_not_resent_too_often() -> None:
    made = session("drop mm5 x6; run", half_open_life=10)
    forgets = next(x for x in made.rows() if x.event.action == "phase1.drop_half_open")
    assert made.verdict(forgets).first == "branch forgot the half-open exchange."


def test_the_cause_outlives_the_silence_that_follows_it() -> None:
    made = session("run", secrets_agree=False)
    assert made.now.event.action == "phase1.time_out"
    assert made.verdict().first == "branch stopped: pre-shared key."


@pytest.mark.parametrize(
    "script", ["run; expire 2", "run; expire 2; drop", "run; until 1:00:00; N"]
)
def test_sas_at_one_end_only_are_not_established(script: str) -> None:
    made = session(script.removesuffix("; N"))
    if script.endswith("N"):
        made.back()
    verdict = made.verdict()
    assert verdict.badge == "ONE-SIDED" and not verdict.over
    assert verdict.first.startswith("Only branch holds SAs")


def test_no_other_quick_mode_is_made_up_where_message_3_is_lost() -> None:
    verdict = session("drop qm3; run").verdict()
    assert verdict.badge == "FAILED"
    assert (
        verdict.second
        == "Only hq holds SAs, for 0:59:39 more: branch cannot open what they protect."
    )


# ---- why


def test_nothing_is_said_of_a_message_that_has_not_arrived_but_that() -> None:
    made = session("run 1", exchange="aggressive")
    assert [says for says, _ in first(made).answers] == [
        "Aggressive Mode message 2 has not arrived."
    ]


def test_a_wrong_key_is_not_also_called_an_alteration() -> None:
    answers = first(session("run 6", secrets_agree=False)).answers
    assert len(answers) == 1 and "a wrong pre-shared key" in answers[0][0]


def test_an_initiator_that_gives_up_is_not_asked_why_it_is_not_idle() -> None:
    says, clause = first(session("run", accepts=False)).answers[0]
    assert (says, clause) == ("Its policy allows none of them.", "R7")


def test_a_refusal_that_was_heard_leads_to_its_reason() -> None:
    assert first(session("run", accepts2=False)).question == "Why does branch not go on?"


@pytest.mark.parametrize(
    ("script", "clause"),
    [
        ("run; expire 1; step; step", "R19"),
        ("drop mm6; run", "R15, R17"),
        ("run; until 7:59:59; take quick.offer n=1 role=initiator spi=1; run", ""),
    ],
)
def test_the_clause_of_a_due_act_is_the_acts_own(script: str, clause: str) -> None:
    answers = [
        x.answers[0] for x in session(script).why() if x.question == "Why does time not pass?"
    ]
    assert [found for _, found in answers] == ([clause] if clause else [])


def test_message_6_is_not_sent_again_as_no_exchange_is_half_open() -> None:
    reply = execute(session("drop mm6; run 8"), "why mm6")
    assert reply.lines[1] == "Message 6 was lost at step 6."
    assert "No exchange is half open." in reply.lines[2]


# ---- commands


def test_no_timer_that_only_proofs_read_is_waited_for() -> None:
    made = session("run; until 8:00:00; run")
    with pytest.raises(Refused, match="no timer runs"):
        execute(made, "timer")


def test_a_semicolon_in_quotes_ends_no_command() -> None:
    assert session("branch name 'a;b'; step").now.branch == "a;b"
    assert [x for _, x in lines_of("a 'b;c' ; d").commands] == ["a 'b;c'", "d"]
