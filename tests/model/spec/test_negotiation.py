"""The negotiation of Phase I and II, requirement by requirement, over all reachable states."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from model.language.generate import DELAY
from model.language.machine import Machine, State
from model.spec.clock import TIMED

Ike = Callable[..., Machine]


def reachable(machine: Machine, *, late: bool = False) -> dict[State, list[str]]:
    """All states, and the actions that can be taken in each; nothing comes late unless it may."""
    found: dict[State, list[str]] = {}
    todo = [machine.initial]
    while todo:
        state = todo.pop()
        if state in found:
            continue
        found[state] = []
        for step in machine.enabled(state):
            name = machine.describe(step)[0]
            if not late and (name in TIMED or name.startswith("flood.") or name == DELAY):
                continue
            found[state].append(name)
            after = machine.apply(state, step)
            assert after is not None
            todo.append(after)
    assert len(found) > 3
    return found


def text(machine: Machine, state: State, name: str) -> str:
    return machine.text(machine.slots.index(name), state)


def values(machine: Machine, name: str) -> set[str]:
    return {text(machine, state, name) for state in reachable(machine)}


def test_r2_both_ends_reach_both_phases(ike: Ike) -> None:
    m = ike()
    for name in ("initiator.state", "responder.state", "starter[0].state", "answerer[0].state"):
        assert "established" in values(m, name)
        assert "failed" not in values(m, name)


def test_r7_the_responder_chooses_only_what_was_offered_and_is_acceptable(ike: Ike) -> None:
    m = ike(3, offers=lambda t: t < 2, accepts=lambda t: t > 0)
    assert values(m, "responder.chosen") == {"none", "1"}
    assert values(m, "initiator.chosen") == {"none", "1"}


def test_r7_an_answer_outside_the_offer_is_refused(ike: Ike) -> None:
    m = ike(3, offers=lambda t: t < 2, alters=True, reoffers=False)
    assert "2" not in values(m, "initiator.chosen")
    assert "altered_answer" in values(m, "initiator.reason")


def test_r7_a_swap_inside_the_offer_never_establishes(ike: Ike) -> None:
    m = ike(2, alters=True)
    for state in reachable(m):
        if text(m, state, "responder.state") == "established":
            assert text(m, state, "initiator.chosen") == text(m, state, "responder.chosen")


def test_r7_alternatives_lead_to_one_new_offer(ike: Ike) -> None:
    m = ike(2, offers=lambda t: t == 0, accepts=lambda t: t == 1)
    assert values(m, "alternatives.sent") == {"false", "true"}
    assert values(m, "initiator.round") == {"0", "1"}
    assert "established" in values(m, "initiator.state")


@pytest.mark.parametrize(
    ("policy", "reason"),
    [({"accepts": False}, "proposal"), ({"takes_method": False}, "auth_method")],
)
def test_r7_alternatives_the_own_policy_forbids_end_it_with_their_reason(
    ike: Ike, policy: dict[str, object], reason: str
) -> None:
    m = ike(**policy)
    assert values(m, "initiator.reason") == {"none", reason}
    assert "established" not in values(m, "responder.state")


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"accepts": False, "names_alternatives": False}, "proposal"),
        ({"takes_exchange": False}, "exchange_mode"),
        ({"takes_exchange": False, "exchange_checked_first": False}, "exchange_mode"),
        ({"takes_method": False, "names_alternatives": False}, "auth_method"),
        ({"takes_method": False, "exchange_checked_first": False}, "auth_method"),
        ({"secrets_agree": False}, "psk"),
        ({"has_secret": lambda role: role == "initiator"}, "psk"),
        ({"identity_accepted": lambda role: role == "responder"}, "identity"),
        (
            {"method": "certificate", "credential_holds": lambda role, _m: role == "responder"},
            "certificate",
        ),
        (
            {"method": "kerberos", "credential_holds": lambda role, _m: role == "responder"},
            "certificate",
        ),
    ],
)
@pytest.mark.parametrize("exchange", ["main", "aggressive"])
def test_r5_a_fault_ends_phase1_with_its_reason_and_nothing_goes_on(
    ike: Ike, policy: dict[str, object], reason: str, exchange: str
) -> None:
    m = ike(exchange=exchange, **policy)
    states = reachable(m)
    reasons = {text(m, s, "responder.reason") for s in states}
    if not (exchange == "aggressive" and policy == {"secrets_agree": False}):
        assert reasons == {"none", reason}
    else:  # HASH_R comes first here: the initiator notices
        assert values(m, "initiator.reason") == {"none", "psk"}
    assert not any(text(m, s, "responder.state") == "established" for s in states)
    assert not any(text(m, s, "starter_driver[0].state") == "installed" for s in states)


def test_r5_the_initiator_refuses_the_wrong_responder_and_deletes(ike: Ike) -> None:
    m = ike(identity_accepted=lambda role: role == "initiator")
    assert values(m, "initiator.reason") == {"none", "identity"}
    assert values(m, "initiator_delete.sent") == {"false", "true"}
    assert "ended" in values(m, "responder.state")


def test_r4_only_public_values_travel_before_the_keys(ike: Ike) -> None:
    m = ike()
    clear = {g.name for g in m.spec.messages if not g.protected and g.domain is None}
    assert {"mm1", "mm2", "mm3", "mm4"} <= clear
    contents = {f.name for n in ("mm3", "mm4") for f in m.spec.groups[n].fields}
    assert contents == {"sent", "public"}


def test_r11_success_installs_a_pair_crosswise_with_different_spis(ike: Ike) -> None:
    m = ike()
    seen = 0
    for state in reachable(m):
        ends = [text(m, state, f"{end}_driver[0].state") for end in ("starter", "answerer")]
        if ends == ["installed", "installed"]:
            seen += 1
            one_in, one_out, two_in, two_out = (
                text(m, state, f"{end}_driver[0].{way}_spi")
                for end in ("starter", "answerer")
                for way in ("inbound", "outbound")
            )
            assert (one_in, one_out) == (two_out, two_in)
            assert one_in != one_out
    assert seen


def test_r14_without_phase1_a_quick_mode_message_changes_nothing(ike: Ike) -> None:
    # The responder is established first, so its Quick Mode may come before message 6.
    m = ike()
    ignored = [s for s, actions in reachable(m).items() if "quick.ignore" in actions]
    assert ignored
    number = m.numbers["quick.ignore"]
    assert all(m.apply(state, (number, (0,))) == state for state in ignored)


def test_r16_either_peer_starts_any_number_of_negotiations(ike: Ike) -> None:
    m = ike(1, negotiations=2)
    both = [
        s
        for s in reachable(m)
        if text(m, s, "starter[0].state") == text(m, s, "starter[1].state") == "established"
    ]
    roles = {(text(m, s, "starter[0].role"), text(m, s, "starter[1].role")) for s in both}
    assert roles == {(a, b) for a in ("initiator", "responder") for b in ("initiator", "responder")}


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"accepts2": False}, "proposal"),
        ({"clients_taken": False}, "selector"),
        ({"mode_taken": False}, "mode"),
        ({"pfs": True, "key_exchange_fits": False}, "proposal"),
    ],
)
def test_r10_r12_r21_phase2_faults_end_with_their_reason(
    ike: Ike, policy: dict[str, object], reason: str
) -> None:
    m = ike(1, **policy)
    assert values(m, "answerer[0].reason") == {"none", reason}
    assert values(m, "starter_driver[0].state") == {"absent"}
    assert "established" in values(m, "initiator.state")
