"""What people call the messages, states and acts of the machines, and what a resend sends again.

Charts, lists and sentences are made of these words. A test holds the tables complete, so that a new
action or message cannot be drawn without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Title:
    """A message.

    short  in rows: MM5     long  in sentences: message 5     carries  what is in it, in two or three words
    """

    short: str
    long: str
    carries: str


MESSAGES: Mapping[str, Title] = MappingProxyType(
    {
        "mm1": Title("MM1", "message 1", "offer"),
        "mm2": Title("MM2", "message 2", "choice"),
        "mm3": Title("MM3", "message 3", "key, nonce"),
        "mm4": Title("MM4", "message 4", "key, nonce"),
        "mm5": Title("MM5", "message 5", "ID, proof"),
        "mm6": Title("MM6", "message 6", "ID, proof"),
        "am1": Title("AM1", "Aggressive Mode message 1", "offer, key, ID"),
        "am2": Title("AM2", "Aggressive Mode message 2", "choice, key, proof"),
        "am3": Title("AM3", "Aggressive Mode message 3", "proof"),
        "alternatives": Title("N", "the list of alternatives", "alternatives"),
        "no_proposal": Title("N", "the refusal of the offer", "NO-PROPOSAL-CHOSEN"),
        "auth_refusal": Title("N", "the refusal of the proof", "AUTHENTICATION-FAILED"),
        "am_refusal": Title("N", "the refusal", "refused"),
        "initiator_delete": Title("D", "the initiator's Delete", "Delete of Phase I"),
        "responder_delete": Title("D", "the responder's Delete", "Delete of Phase I"),
        "qm1": Title("QM1", "Quick Mode message 1", "offer, nonce, clients"),
        "qm2": Title("QM2", "Quick Mode message 2", "choice, nonce, clients"),
        "qm3": Title("QM3", "Quick Mode message 3", "proof"),
        "quick_refusal": Title("N", "the refusal of Quick Mode", "refused"),
        "starter_sa_delete": Title("D", "the Delete of the SAs", "Delete of the SAs"),
        "answerer_sa_delete": Title("D", "the Delete of the SAs", "Delete of the SAs"),
        "posed_initiator": Title("MM5", "the attacker's message 5", "forged proof"),
        "posed_responder": Title("MM6", "the attacker's message 6", "forged proof"),
        "posed_refusal": Title("N", "the attacker's refusal of the proof", "forged refusal"),
        "posed_initiator_delete": Title("D", "the attacker's Delete", "forged Delete of Phase I"),
        "posed_responder_delete": Title("D", "the attacker's Delete", "forged Delete of Phase I"),
        "posed_starter_sa_delete": Title("D", "the attacker's Delete", "forged Delete of the SAs"),
        "posed_answerer_sa_delete": Title("D", "the attacker's Delete", "forged Delete of the SAs"),
    }
)

#: states of an end; those that are not listed are shown as they are
STATES: Mapping[str, str] = MappingProxyType(
    {f"awaits_{name}": f"awaits {name.upper()}"
     for name in ("mm2", "mm3", "mm4", "mm5", "mm6", "am2", "am3", "qm2", "qm3")}
    | {"clear": "sends in clear", "under_way": "under way"}
)  # fmt: skip

#: why an end failed, as `reason` has it
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "none": "-",
        "proposal": "no common proposal",
        "altered_answer": "the answer is not in the offer",
        "exchange_mode": "exchange not allowed",
        "auth_method": "authentication method not allowed",
        "psk": "pre-shared key",
        "certificate": "certificate",
        "identity": "identity",
        "selector": "traffic selectors",
        "mode": "tunnel or transport mode",
        "tampered": "altered on the way",
        "timeout": "no answer",
        "no_resources": "too many half-open exchanges",
        "limit": "limit of negotiations",
    }
)

_SENT_BY_INITIATOR = {"awaits_mm2": "mm1", "awaits_mm4": "mm3", "awaits_mm6": "mm5", "awaits_am2": "am1"}  # fmt: skip
_SENT_BY_RESPONDER = {"awaits_mm3": "mm2", "awaits_mm5": "mm4", "awaits_am3": "am2"}


def resent(action: str, state: str) -> str | None:
    """The message that a resend, or a repeated answer, sends again.

    state  of the end that acts, before it; None: the action sends nothing again
    """
    if action == "phase1.resend":
        return _SENT_BY_INITIATOR.get(state)
    if action == "phase1.answer_again":
        return _SENT_BY_RESPONDER.get(state)
    return {"quick.resend": "qm1", "quick.answer_again": "qm2"}.get(action)


#: what an act is called beside a lifeline, in the third person; of a message that is sent, the
#: message's own title stands there
ACTS: Mapping[str, str] = MappingProxyType(
    {
        "phase1.offer": "offers transforms",
        "phase1.accept": "chooses a transform",
        "phase1.name_alternatives": "accepts none, names alternatives",
        "phase1.refuse": "refuses the offer",
        "phase1.offer_anew": "makes another offer",
        "phase1.give_up": "gives up: no offer is acceptable",
        "phase1.doubt_refusal": "notes a refusal in clear, waits on",
        "phase1.refuse_answer": "refuses the answer: it is not in the offer",
        "phase1.take_answer": "takes the answer",
        "phase1.exchange_keys": "takes the public value, derives the keys",
        "phase1.lack_secret": "stops: no pre-shared key for this peer",
        "phase1.prove": "derives the keys, proves itself",
        "phase1.initiator_lacks_secret": "stops: no pre-shared key for this peer",
        "phase1.authenticate_initiator": "verifies the proof",
        "phase1.reject_initiator": "refuses the proof",
        "phase1.authenticate_responder": "verifies the proof: Phase I is up",
        "phase1.reject_responder": "refuses the proof",
        "phase1.hear_refusal": "reads the refusal",
        "phase1.believe_initiator": "verifies the attacker's proof",
        "phase1.believe_responder": "verifies the attacker's proof",
        "phase1.believe_refusal": "reads the attacker's refusal",
        "phase1.initiator_believes_delete": "hears the attacker's Delete: Phase I ends",
        "phase1.responder_believes_delete": "hears the attacker's Delete: Phase I ends",
        "aggressive.offer": "offers transforms",
        "aggressive.answer": "chooses a transform, proves itself",
        "aggressive.refuse": "refuses the peer",
        "aggressive.refuse_offer": "refuses the offer",
        "aggressive.authenticate_responder": "verifies the proof: Phase I is up",
        "aggressive.reject_responder": "refuses the proof",
        "aggressive.hear_refusal": "stops: the responder refused",
        "aggressive.doubt_refusal": "notes a refusal in clear, waits on",
        "aggressive.authenticate_initiator": "verifies the proof: Phase I is up",
        "aggressive.reject_initiator": "refuses the proof",
        "aggressive.believe_responder": "verifies the attacker's proof",
        "quick.offer": "starts Quick Mode",
        "quick.accept": "chooses a transform",
        "quick.refuse": "refuses the negotiation",
        "quick.ignore": "ignores it: no Phase I SA is up",
        "quick.hear_refusal": "stops: the other end refused",
        "quick.take_answer": "takes the answer: its SAs are installed",
        "quick.refuse_answer": "refuses the answer",
        "quick.complete": "verifies the proof: its SAs are installed",
        "quick.refuse_completion": "stops: Phase I has served enough",
        "quick.answer_oneself": "answers its own message, sent back",
        "quick.resend": "resends",
        "quick.answer_again": "answers again",
        "quick.time_out": "gives up: no answer",
        "quick.time_out_under_initiator": "gives up: no answer, and ends Phase I",
        "quick.time_out_under_responder": "gives up: no answer, and ends Phase I",
        "quick.forget": "forgets the negotiation: QM3 does not come",
        "phase1.resend": "resends",
        "phase1.answer_again": "answers again",
        "phase1.wait_briefly": "waits briefly: an answer still counts",
        "phase1.fall_back": "sends in clear: nobody answered",
        "phase1.soft_sa_ends": "ends the soft SA",
        "phase1.time_out": "gives up: it has resent enough",
        "phase1.drop_half_open": "forgets the half-open exchange",
        "phase1.initiator_expires": "ends Phase I: its lifetime is over",
        "phase1.initiator_deletes": "ends Phase I before its time",
        "phase1.initiator_renews": "negotiates another Phase I",
        "phase1.initiator_hears_delete": "hears the Delete: Phase I ends",
        "phase1.responder_expires": "ends Phase I: its lifetime is over",
        "phase1.responder_deletes": "ends Phase I before its time",
        "phase1.responder_renews": "negotiates another Phase I",
        "phase1.responder_hears_delete": "hears the Delete: Phase I ends",
        "flood.open": "opens an exchange for somebody else",
        "flood.close": "ends an exchange of somebody else",
        "driver.starter_expires": "expires the SAs",
        "driver.starter_used_up": "ends the SAs: bytes used up",
        "driver.starter_deletes": "deletes the SAs",
        "driver.starter_hears_delete": "hears the Delete: its SAs end",
        "driver.answerer_expires": "expires the SAs",
        "driver.answerer_used_up": "ends the SAs: bytes used up",
        "driver.answerer_deletes": "deletes the SAs",
        "driver.answerer_hears_delete": "hears the Delete: its SAs end",
        "driver.starter_believes_delete": "hears the attacker's Delete: its SAs end",
        "driver.answerer_believes_delete": "hears the attacker's Delete: its SAs end",
        "attacker.write_offer": "alters the offer in MM1",
        "attacker.write_answer": "alters the choice in MM2",
        "attacker.write_lifetime": "alters the lifetime in MM2",
        "attacker.write_am_lifetime": "alters the lifetime in AM2",
        "attacker.name_alternatives": "forges the list of alternatives",
        "attacker.refuse_main": "forges a refusal",
        "attacker.refuse_aggressive": "forges a refusal",
        "attacker.attacker_for_initiator": "puts its own key into MM3",
        "attacker.attacker_for_responder": "puts its own key into MM4",
        "attacker.degenerate_for_initiator": "puts a degenerate key into MM3",
        "attacker.degenerate_for_responder": "puts a degenerate key into MM4",
        "attacker.aggressive_attacker_for_initiator": "puts its own key into AM1",
        "attacker.aggressive_attacker_for_responder": "puts its own key into AM2",
        "attacker.aggressive_degenerate_for_initiator": "puts a degenerate key into AM1",
        "attacker.aggressive_degenerate_for_responder": "puts a degenerate key into AM2",
        "attacker.initiator_for_responder": "sends the initiator's own key back in MM4",
        "attacker.write_aggressive_offer": "alters the offer in AM1",
        "attacker.write_aggressive_answer": "alters the choice in AM2",
        "attacker.pose_as_initiator": "proves to be the initiator",
        "attacker.pose_as_responder": "proves to be the responder",
        "attacker.write_qm1": "forges QM1",
        "attacker.write_qm2": "forges QM2",
        "attacker.write_qm3": "forges QM3",
        "attacker.write_quick_refusal": "forges a refusal of Quick Mode",
        "attacker.refuse_as_responder": "forges a refusal of the proof",
        "attacker.delete_as_initiator": "forges the initiator's Delete of Phase I",
        "attacker.delete_as_responder": "forges the responder's Delete of Phase I",
        "attacker.delete_sas_as_starter": "forges a Delete of the SAs",
        "attacker.delete_sas_as_answerer": "forges a Delete of the SAs",
        "sa.install": "installs the pair of SAs",
        "outbound.protect": "protects a packet",
        "inbound.pick": "a packet arrives",
        "inbound.verify": "verifies the ICV",
        "inbound.take": "accepts the packet, moves the window",
        "sa.soft_lifetime_ends": "asks for a new SA: the soft lifetime is over",
        "sa.expire_by_time": "expires the SA: its lifetime is over",
        "sa.expire_by_sending": "expires the SA: no bytes left to send",
        "sa.expire_by_receiving": "expires the SA: no bytes left to receive",
        "sa.delete": "deletes the pair",
        "others.change": "another SA has the same SPI, or ends",
        "others.pick": "a packet of another SA arrives",
        **{
            f"{end}.{name}": says
            for end, peer in (("a", "b"), ("b", "a"))
            for name, says in {
                "packet": "has a packet to send: asks for an SA",
                "takes_clear": "takes a packet in clear, answers with IPsec",
                "reuse": "has what it asks for",
                "negotiate": "starts Phase I",
                "start_quick": "starts Quick Mode",
                "fall_back": "sends in clear: nobody answered",
                "gives_up": "gives Phase I up",
                "soft_sa_ends": "ends the soft SA",
                "rekey": "asks for another SA: the soft lifetime is over",
                "end_phase1": "ends Phase I, sends a Delete",
                "lifetime": "ends Phase I: its lifetime is over",
                "hears_delete": "hears the Delete: Phase I ends",
                "quick_refused": "hears that Quick Mode is refused",
                "first_timeout": "gives the first Quick Mode up: no answer",
                "late_timeout": "gives a later Quick Mode up, ends Phase I",
                "is_answered": f"answers the first message of {end}",
                "hears": "hears an answer",
                "is_refused": "hears a refusal: blocked",
                "is_authenticated": "has Phase I up as responder",
                "authenticates": "has Phase I up as initiator",
                "quick_is_answered": f"answers the Quick Mode of {end}",
                "takes_answer": "takes the answer: its SAs are installed",
                "is_completed": "hears message 3: its SAs are installed",
                "quick_is_forgotten": f"forgets the Quick Mode of {end}",
                "sa_ends": f"has an SA ended by the driver ({peer} may keep its own)",
            }.items()
        },
    }
)  # fmt: skip


def state_words(state: str) -> str:
    """A state as people say it: `awaits_mm2` is "awaits MM2"."""
    return STATES.get(state, state.replace("_", " "))


def message_named(text: str) -> str | None:
    """The message that a person means: `mm5`, `MM5`; None if there is none of that name."""
    name = text.strip().lower()
    return name if name in MESSAGES else None
