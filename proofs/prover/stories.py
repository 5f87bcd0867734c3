"""Stories: orders of actions that most runs keep to, so that runs are found without much search.

A story says nothing about the specification: what is found along it is a run that replays, what is not
found there is looked for elsewhere. Each step of it may be left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from model.language.generate import DELAY

_CLOCK = (
    *(DELAY, "phase1.resend", "phase1.answer_again", DELAY, "phase1.wait_briefly"),
    *(DELAY, "phase1.fall_back"),
)
_OFFERS = (
    "attacker.name_alternatives",
    "phase1.offer",
    "attacker.write_offer",
    "phase1.name_alternatives",
    "phase1.offer_anew",
    "attacker.name_alternatives",
    "phase1.accept",
    "phase1.refuse",
    "attacker.write_answer",
    "attacker.write_lifetime",
    "attacker.refuse_main",
    "phase1.doubt_refusal",
    "phase1.give_up",
    "phase1.refuse_answer",
    "phase1.take_answer",
)
_KEYS = (
    "attacker.attacker_for_initiator",
    "attacker.degenerate_for_initiator",
    "phase1.lack_secret",
    "phase1.exchange_keys",
    "attacker.attacker_for_responder",
    "attacker.degenerate_for_responder",
    "phase1.initiator_lacks_secret",
    "phase1.prove",
    "attacker.pose_as_initiator",
    "phase1.authenticate_initiator",
    "phase1.believe_initiator",
    "phase1.reject_initiator",
    "phase1.hear_refusal",
    "attacker.refuse_as_responder",
    "phase1.believe_refusal",
    "attacker.pose_as_responder",
    "phase1.authenticate_responder",
    "phase1.believe_responder",
    "phase1.reject_responder",
)
_AGGRESSIVE = (
    "aggressive.offer",
    "attacker.write_aggressive_offer",
    "attacker.aggressive_attacker_for_initiator",
    "attacker.aggressive_degenerate_for_initiator",
    "aggressive.answer",
    "aggressive.refuse",
    "aggressive.refuse_offer",
    "attacker.write_aggressive_answer",
    "attacker.write_am_lifetime",
    "attacker.aggressive_attacker_for_responder",
    "attacker.aggressive_degenerate_for_responder",
    "attacker.refuse_aggressive",
    "aggressive.doubt_refusal",
    "aggressive.hear_refusal",
    "aggressive.authenticate_responder",
    "aggressive.reject_responder",
    "aggressive.believe_responder",
    "attacker.pose_as_initiator",
    "aggressive.authenticate_initiator",
    "aggressive.reject_initiator",
    "phase1.believe_initiator",
)
_ENDS = (
    DELAY,
    "phase1.time_out",
    "phase1.soft_sa_ends",
    "phase1.drop_half_open",
    "phase1.initiator_expires",
    "phase1.responder_expires",
    "phase1.initiator_deletes",
    "phase1.responder_deletes",
    "phase1.initiator_hears_delete",
    "phase1.responder_hears_delete",
    "attacker.delete_as_responder",
    "phase1.initiator_believes_delete",
    "attacker.delete_as_initiator",
    "phase1.responder_believes_delete",
    "phase1.initiator_renews",
    "phase1.responder_renews",
    DELAY,
)
_QUICK = (
    "attacker.delete_sas_as_starter",
    "attacker.delete_sas_as_answerer",
    "attacker.write_qm1",
    "quick.accept",
    "quick.offer",
    "attacker.write_qm1",
    "quick.ignore",
    "quick.answer_oneself",
    "quick.accept",
    "quick.refuse",
    "attacker.write_quick_refusal",
    "quick.hear_refusal",
    "attacker.write_qm2",
    "quick.take_answer",
    "quick.refuse_answer",
    "attacker.write_qm3",
    "quick.complete",
    "quick.refuse_completion",
)
_WAITS = (
    DELAY,
    "quick.resend",
    "quick.answer_again",
    DELAY,
    "quick.time_out",
    "quick.time_out_under_initiator",
    "quick.time_out_under_responder",
    "quick.forget",
)
_SAS = (
    "driver.starter_deletes",
    "driver.answerer_deletes",
    "driver.starter_hears_delete",
    "driver.answerer_hears_delete",
    "attacker.delete_sas_as_answerer",
    "driver.starter_believes_delete",
    "attacker.delete_sas_as_starter",
    "driver.answerer_believes_delete",
    DELAY,
    "driver.starter_expires",
    "driver.answerer_expires",
    "driver.starter_used_up",
    "driver.answerer_used_up",
)
_FLOOD = ("flood.open", "flood.close")

_ARRIVES = ("inbound.pick", "inbound.verify", "inbound.take")
_PAIR_ENDS = (
    DELAY,
    "sa.soft_lifetime_ends",
    DELAY,
    "sa.expire_by_sending",
    "sa.expire_by_receiving",
    "sa.expire_by_time",
    "sa.delete",
)

#: one pair of SAs: what it sends, what it receives, how it ends; what comes too late
SENDS = (
    "sa.install",
    "outbound.protect",
    "outbound.protect",
    *_PAIR_ENDS,
    "sa.install",
    "outbound.protect",
)
RECEIVES = ("sa.install", *_ARRIVES, *_ARRIVES, "inbound.verify", *_PAIR_ENDS, *_ARRIVES)
BESIDE_OTHERS = (
    "others.change",
    "sa.install",
    "others.change",
    "others.pick",
    "sa.expire_by_time",
    "others.change",
    "sa.install",
)
MAIN = (*_FLOOD, *_OFFERS, *_CLOCK, *_KEYS, *_ENDS)
AGGRESSIVE = (*_FLOOD, *_AGGRESSIVE, *_CLOCK, *_ENDS)
QUICK = (*_AGGRESSIVE, *_QUICK, *_WAITS, *_ENDS, *_SAS)
MAIN_QUICK = (*_OFFERS, *_KEYS, *_QUICK)
SAS = (*_OFFERS, *_KEYS, DELAY, *_QUICK, DELAY, *_ENDS, *_SAS)
#: another negotiation before the one that is followed
_BEFORE = (
    *("quick.offer[1]", "quick.accept[1]", "quick.accept", "quick.take_answer[1]"),
    "quick.complete[1]",
)
#: two negotiations with a man in the middle
MIDDLE = (
    *("aggressive.offer", "attacker.aggressive_attacker_for_initiator", "aggressive.answer"),
    *("aggressive.believe_responder", "attacker.pose_as_initiator", "phase1.believe_initiator"),
    *("attacker.write_qm1[1]", "quick.accept[1]", "quick.offer", "attacker.write_qm1"),
    *("quick.accept", "attacker.write_qm2", "quick.take_answer", "attacker.write_qm3[1]"),
    *("quick.complete[1]", "quick.refuse_completion"),
)
#: nothing but silence, with as many resends as Windows 2000 has
SILENCE = (
    "phase1.offer",
    "phase1.accept",
    *(DELAY, "phase1.resend") * 5,
    *(DELAY, "phase1.wait_briefly", DELAY, "phase1.fall_back"),
)
SECOND = (
    "aggressive.offer",
    "aggressive.answer",
    "aggressive.authenticate_responder",
    "aggressive.authenticate_initiator",
    "quick.offer",
    *_BEFORE,
    *_QUICK,
    *_WAITS,
    *_ENDS,
    *_SAS,
)


def _of_flow() -> dict[str, tuple[str, ...]]:
    """One end falls back, before or after it was answered; or while its peer has an SA; both start, and
    rekey, at once; Phase I is renewed; its initiator begins again while the responder holds the old one."""

    def each(*steps: str) -> tuple[str, ...]:
        return tuple(f"{end}.{step}" for step in steps for end in ("a", "b"))

    def phase1(end: str) -> tuple[str, ...]:
        steps = ("negotiate", "is_answered", "hears", "is_authenticated", "authenticates")
        return tuple(f"{end}.{step}" for step in (*steps, "is_refused", "gives_up"))

    def phase2(end: str) -> tuple[str, ...]:
        steps = ("start_quick", "quick_is_answered", "takes_answer", "is_completed")
        ends = ("quick_is_forgotten", "quick_refused", "first_timeout", "late_timeout")
        return tuple(f"{end}.{step}" for step in (*steps, *ends))

    def once(end: str) -> tuple[str, ...]:
        return (*each("packet"), *phase1(end), *phase2(end))

    late = ("a.rekey", "a.start_quick", "a.first_timeout", "a.late_timeout")
    asks = (*each("packet"), DELAY)
    clear = (*asks, *each("negotiate", "fall_back", "gives_up"), *each("takes_clear"), DELAY)
    together = ("a.negotiate", *phase1("b"), *phase1("a"))
    protected = (*asks, *together, *phase2("a"), *phase2("b"), *each("reuse"))
    rekeyed = (*each("rekey"), "a.start_quick", *phase2("b"), *phase2("a"))
    ends = each("lifetime", "end_phase1", "hears_delete", "sa_ends", "sa_ends")
    return {
        "silence": (*asks, *phase1("a"), *phase1("b"), *clear, *together, *each("soft_sa_ends")),
        "clear": (*protected, *ends, *clear),
        "together": (*protected, *rekeyed, *ends, *asks, *together),
        "renewed": (*once("a"), *each("rekey"), *once("a"), *phase2("b"), *ends),
        "stale": (*once("b"), "b.rekey", "b.lifetime", "b.negotiate", *late, *ends),
    }


def _mirrored(story: Sequence[str]) -> tuple[str, ...]:
    """A story of the flow with its ends exchanged."""
    other = {"a.": "b.", "b.": "a."}
    return tuple(other.get(step[:2], step[:2]) + step[2:] for step in story)


#: what an attacker does in Phase II
_AT_PHASE2 = ("attacker.write_q", "attacker.delete_sas")

#: by machine and name
STORIES: dict[str, dict[str, tuple[str, ...]]] = {
    "ike": {
        "main": MAIN,
        "main_quick": MAIN_QUICK,
        "sas": SAS,
        "aggressive": AGGRESSIVE,
        "quick": QUICK,
        "second": SECOND,
        "middle": MIDDLE,
        "silence": SILENCE,
    },
    "driver": {"sends": SENDS, "receives": RECEIVES, "beside_others": BESIDE_OTHERS},
    "flow": _of_flow(),
}


def stories(machine: str) -> dict[str, tuple[str, ...]]:
    """The stories about a machine, by name."""
    return STORIES[machine]


def sizes_for(story: Sequence[str]) -> dict[str, int]:
    """How large the families must be for a story: two negotiations where it speaks of a second."""
    return {"negotiation": 2} if any(step.endswith("[1]") for step in story) else {}


def stories_for(action: str, machine: str = "ike") -> list[tuple[str, ...]]:
    """The stories in which an action of a machine may matter, it standing between all other steps
    besides."""
    kind = action.split(".")[0]
    if machine != "ike":
        chosen = list(stories(machine))
    elif kind in ("quick", "driver") or action.startswith(_AT_PHASE2):
        chosen = ["quick", "middle"]
    elif kind == "aggressive" or "aggressive" in action:
        chosen = ["aggressive", "quick"]
    else:
        chosen = ["main", "aggressive"]
    told: list[tuple[str, ...]] = [stories(machine)[name] for name in chosen]
    if machine == "flow" and kind == "b":
        told = [_mirrored(story) for story in told]
    return [_sprinkled(story, action) for story in told]


def _sprinkled(story: tuple[str, ...], action: str) -> tuple[str, ...]:
    found: list[str] = []
    for step in story:
        found += [step] if step == action else [action, step]
    return (*found, action)
