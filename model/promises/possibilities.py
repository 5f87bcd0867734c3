"""What must remain possible: a run that takes these steps, each of them, and ends so.

A promise says what never happens, and a machine that does nothing keeps them all. A possibility says that
an attacker who has written on the wire has not thereby stopped what comes after him, that each of his
powers is one, and that what was full has room again. It is shown by a run, for some policies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from model.language.specification import Message
from model.language.terms import Term
from model.spec import MACHINES, Ike
from model.spec.flow import Flow

_MAIN = (
    *("phase1.accept", "phase1.take_answer", "phase1.exchange_keys", "phase1.prove"),
    *("phase1.authenticate_initiator", "phase1.authenticate_responder"),
)
_PROOFS = ("aggressive.authenticate_responder", "aggressive.authenticate_initiator")
_UP = ("aggressive.offer", "aggressive.answer", *_PROOFS)


@dataclass(frozen=True)
class Possibility:
    """A named possibility.

    requirements   the numbers of docs/requirements.md
    says           its docstring
    machine        the name of the machine that it is about
    steps          the actions of the run, in order
    made           builds what holds at its end for that machine
    """

    name: str
    requirements: tuple[str, ...]
    says: str
    machine: str
    steps: tuple[str, ...]
    made: Callable[[Any], Term]

    @property
    def term(self) -> Term:
        """What holds at the end of the run."""
        return self.made(MACHINES[self.machine]())


POSSIBILITIES: dict[str, Possibility] = {}
_Made = TypeVar("_Made", bound=Callable[[Any], Term])


def possible(requirements: str, *steps: str, of: str = "ike") -> Callable[[_Made], _Made]:
    """Register a possibility, about the machine of that name, under its function's name."""

    def register(made: _Made) -> _Made:
        name, says = made.__name__, " ".join((made.__doc__ or "").split())
        assert says and name not in POSSIBILITIES, name
        given = tuple(requirements.split())
        POSSIBILITIES[name] = Possibility(name, given, says, of, steps, made)
        return made

    return register


def possibilities(machine: str) -> dict[str, Possibility]:
    """Those of a machine, by name."""
    return {name: item for name, item in POSSIBILITIES.items() if item.machine == machine}


def _message(ike: Ike, name: str) -> Message:
    group = ike.spec.groups[name]
    return Message(group) if group.domain is None else Message(group)[ike.phase2.n]


def _both_stand(ike: Ike) -> Term:
    ends = ike.phase1
    return ends.initiator.state.eq("established") & ends.responder.state.eq("established")


# ---- who comes after an attacker
@possible("R7", "attacker.write_offer", "phase1.offer", *_MAIN)
def an_offer_replaces_a_forged_one(ike: Ike) -> Term:
    """An offer that was forged before the initiator's own does not stop Main Mode: the genuine one
    arrives whole."""
    return _both_stand(ike)


@possible(
    "R7",
    *("phase1.offer", "phase1.name_alternatives", "attacker.write_offer", "phase1.offer_anew"),
    *_MAIN,
)
def a_new_offer_replaces_an_altered_one(ike: Ike) -> Term:
    """A first offer that was altered after it was answered does not stop the second: that one arrives
    whole."""
    return _both_stand(ike)


@possible(
    "R7", "attacker.write_aggressive_offer", "aggressive.offer", "aggressive.answer", *_PROOFS
)
def an_aggressive_offer_replaces_a_forged_one(ike: Ike) -> Term:
    """An offer that was forged before the initiator's own does not stop Aggressive Mode."""
    return _both_stand(ike)


@possible("R7", "attacker.write_answer", "attacker.write_lifetime", "phase1.offer", *_MAIN)
def an_answer_replaces_a_forged_one(ike: Ike) -> Term:
    """An answer that was forged, with a lifetime of the attacker's, before the responder's own does not
    spoil that one."""
    return _both_stand(ike) & ~ike.phase1.initiator.life_altered


@possible(
    "R7",
    *("attacker.write_aggressive_answer", "attacker.write_am_lifetime"),
    *_UP,
)
def an_aggressive_answer_replaces_a_forged_one(ike: Ike) -> Term:
    """An Aggressive Mode answer that was forged before the responder's own does not spoil that one."""
    return _both_stand(ike) & ~ike.phase1.initiator.life_altered


# ---- what an attacker can do: each power is one
@possible("R7", "attacker.write_aggressive_offer", "aggressive.answer")
def a_responder_answers_a_forged_aggressive_offer(ike: Ike) -> Term:
    """A responder answers an Aggressive Mode message 1 that nobody but the attacker made."""
    return ~ike.phase1.responder.offer_intact


@possible("R7", "phase1.offer", "attacker.refuse_main", "phase1.give_up")
def an_initiator_believes_a_forged_refusal(ike: Ike) -> Term:
    """An initiator that believes refusals in clear stops because of one that no responder made."""
    return ike.phase1.responder.state.eq("idle")


@possible("R4", "attacker.aggressive_degenerate_for_initiator", "aggressive.answer")
def a_responder_takes_a_degenerate_value(ike: Ike) -> Term:
    """A responder that does not look at public values takes a degenerate one in Aggressive Mode."""
    return ike.phase1.responder.peer_public.eq("degenerate")


@possible(
    "R7", "aggressive.offer", "attacker.write_aggressive_answer", "aggressive.reject_responder"
)
def an_initiator_refuses_a_forged_aggressive_answer(ike: Ike) -> Term:
    """An initiator gets an Aggressive Mode message 2 that no responder made, and refuses it."""
    return ike.phase1.initiator.state.eq("failed")


@possible(
    "R7",
    *("aggressive.offer", "aggressive.answer", "attacker.write_am_lifetime"),
    "aggressive.authenticate_responder",
)
def an_aggressive_answers_lifetime_is_altered_unseen(ike: Ike) -> Term:
    """No hash covers the lifetime in an Aggressive Mode message 2: an altered one is accepted."""
    return ike.phase1.initiator.life_altered


def _swapped(ike: Ike) -> Term:
    return ike.phase1.initiator.reason.eq("tampered")


_SWAPPED = ("aggressive.offer", "aggressive.answer"), ("aggressive.reject_responder",)


@possible("R4", *_SWAPPED[0], "attacker.aggressive_attacker_for_responder", *_SWAPPED[1])
def an_initiator_notices_a_swapped_value(ike: Ike) -> Term:
    """An attacker's public value in the responder's answer makes HASH_R wrong."""
    return _swapped(ike)


@possible("R4", *_SWAPPED[0], "attacker.aggressive_degenerate_for_responder", *_SWAPPED[1])
def an_initiator_notices_a_degenerate_value(ike: Ike) -> Term:
    """A degenerate public value in the responder's answer makes HASH_R wrong."""
    return _swapped(ike)


@possible(
    "R4",
    *("phase1.offer", "phase1.accept", "phase1.take_answer", "attacker.initiator_for_responder"),
    "phase1.prove",
)
def an_initiator_gets_its_own_value_back(ike: Ike) -> Term:
    """An initiator takes its own public value, sent back to it, for the responder's."""
    return ike.phase1.initiator.peer_public.eq("initiator")


@possible("R12 R14", *_UP, "quick.offer", "attacker.write_qm1", "quick.accept")
def an_answerer_takes_an_attackers_value(ike: Ike) -> Term:
    """An attacker who knows the keys of Phase I puts his own public value into Quick Mode message 1."""
    return ike.phase2.answerer.peer_public.eq("attacker")


@possible(
    "R12 R14",
    *(*_UP, "quick.offer", "quick.accept", "attacker.write_qm2", "quick.take_answer"),
)
def a_starter_takes_an_attackers_value(ike: Ike) -> Term:
    """An attacker who knows the keys of Phase I puts his own public value into Quick Mode message 2."""
    return ike.phase2.starter.peer_public.eq("attacker")


# ---- who has passed for a peer is one to it
_POSED = ("attacker.pose_as_initiator", "phase1.believe_initiator")
_MIDDLE = (
    *("phase1.offer", "phase1.accept", "phase1.take_answer", "attacker.attacker_for_initiator"),
    *("phase1.exchange_keys", "attacker.attacker_for_responder", "phase1.prove", *_POSED),
    *("attacker.pose_as_responder", "phase1.believe_responder"),
)


def _fooled(ike: Ike) -> Term:
    i, r = ike.phase1.initiator, ike.phase1.responder
    return i.peer.eq("attacker") & r.peer.eq("attacker") & ~ike.phase1.attacker.breaks_group


@possible("R4 R5", *_MIDDLE)
def a_whole_main_mode_has_a_man_in_the_middle(ike: Ike) -> Term:
    """An attacker with a credential stands between both ends of Main Mode: each has established Phase I with
    him, by public values that are sound."""
    return _both_stand(ike) & _fooled(ike)


@possible(
    "R4 R5",
    *("aggressive.offer", "attacker.aggressive_attacker_for_initiator", "aggressive.answer"),
    *("aggressive.believe_responder", *_POSED),
)
def a_whole_aggressive_mode_has_a_man_in_the_middle(ike: Ike) -> Term:
    """The same in Aggressive Mode."""
    return _both_stand(ike) & _fooled(ike)


@possible("R14", *_MIDDLE, "quick.offer", "attacker.write_qm2", "quick.take_answer")
def a_starter_gets_sas_with_the_man_in_the_middle(ike: Ike) -> Term:
    """Quick Mode follows: the starter gets SAs with the attacker, who knows nothing of the other end's keys
    but his own share."""
    return ike.driver.starter[ike.phase2.n].state.eq("installed") & _fooled(ike)


@possible(
    "R14", *_MIDDLE, "attacker.write_qm1", "quick.accept", "attacker.write_qm3", "quick.complete"
)
def an_answerer_gets_sas_with_the_man_in_the_middle(ike: Ike) -> Term:
    """He begins Quick Mode himself, and the answerer gets SAs with him."""
    return ike.driver.answerer[ike.phase2.n].state.eq("installed") & _fooled(ike)


@possible("R18", *_MIDDLE, "attacker.delete_as_responder", "phase1.initiator_believes_delete")
def an_initiator_obeys_the_man_in_the_middle(ike: Ike) -> Term:
    """He ends the initiator's Phase I SA, and the responder's stands."""
    return ike.phase1.responder.state.eq("established") & _fooled(ike)


@possible("R18", *_MIDDLE, "attacker.delete_as_initiator", "phase1.responder_believes_delete")
def a_responder_obeys_the_man_in_the_middle(ike: Ike) -> Term:
    """He ends the responder's Phase I SA, and the initiator's stands."""
    return ike.phase1.initiator.state.eq("established") & _fooled(ike)


@possible(
    "R18",
    *(*_UP, "quick.offer", "quick.accept", "quick.take_answer"),
    *("attacker.delete_sas_as_answerer", "driver.starter_believes_delete"),
)
def a_starters_sas_are_deleted_by_who_knows_the_keys(ike: Ike) -> Term:
    """Who knows the keys deletes the SAs at the starter; the answerer has sent no Delete."""
    return ~_message(ike, "answerer_sa_delete").sent


@possible(
    "R18",
    *(*_UP, "quick.offer", "quick.accept", "quick.take_answer", "quick.complete"),
    *("attacker.delete_sas_as_starter", "driver.answerer_believes_delete"),
)
def an_answerers_sas_are_deleted_by_who_knows_the_keys(ike: Ike) -> Term:
    """Who knows the keys deletes the SAs at the answerer; the starter has sent no Delete."""
    return ~_message(ike, "starter_sa_delete").sent


@possible("R10", *_UP, "quick.offer", "attacker.write_quick_refusal", "quick.hear_refusal")
def a_starter_stops_for_who_knows_the_keys(ike: Ike) -> Term:
    """Who knows the keys refuses a Quick Mode that the answerer has not seen."""
    return ike.phase2.answerer.state.eq("idle")


@possible(
    "R5",
    *("phase1.offer", "phase1.accept", "phase1.take_answer", "phase1.exchange_keys"),
    *("attacker.attacker_for_responder", "phase1.prove", "attacker.refuse_as_responder"),
    "phase1.believe_refusal",
)
def an_initiator_stops_for_whoever_answered(ike: Ike) -> Term:
    """With certificates anybody who answers in the responder's place can refuse, under keys that he shares
    with the initiator and without a credential."""
    a = ike.phase1.attacker
    return ~a.knows_secret & ~a.holds_certificate & ~a.holds_ticket & ~a.breaks_group


# ---- what was full has room again
@possible("R9", "flood.open", "flood.close", "phase1.offer", "phase1.accept")
def a_place_that_is_free_is_used(ike: Ike) -> Term:
    """A responder with room for one half-open exchange answers the next one after the first has ended."""
    return ike.phase1.timing.half_open_limit.eq(1)


# ---- exchanges of the flow
_ANSWERED = ("a.packet", "a.negotiate", "a.is_answered")


@possible("R5 R8", *_ANSWERED, "a.is_refused", "a.is_authenticated", of="flow")
def a_refused_exchange_may_be_established_at_the_peer(flow: Flow) -> Term:
    """The peer may have established, or still establish, an exchange that the initiator has given up."""
    return flow.a.started.responder_up


@possible("R5", *_ANSWERED, "a.authenticates", "a.is_authenticated", of="flow")
def an_initiator_may_be_first_to_establish(flow: Flow) -> Term:
    """In Aggressive Mode the initiator establishes first, and its peer after it."""
    return flow.a.started.responder_up & flow.a.started_up


def _mirrored(steps: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("b" + step[1:] for step in steps)


@possible("R5 R8", *_mirrored((*_ANSWERED, "a.is_refused", "a.is_authenticated")), of="flow")
def a_refused_exchange_of_b_may_be_established_at_a(flow: Flow) -> Term:
    """The same the other way round: a may establish what b has given up."""
    return flow.b.started.responder_up


@possible("R5", *_mirrored((*_ANSWERED, "a.authenticates", "a.is_authenticated")), of="flow")
def b_as_initiator_may_be_first_to_establish(flow: Flow) -> Term:
    """The same the other way round: b establishes before a does."""
    return flow.b.started.responder_up & flow.b.started_up
