"""Stories: orders of actions that most runs keep to, so that runs are found without much search.

A story says nothing about the specification: what is found along it is a run that replays, what is not
found there is looked for elsewhere. Each step of it may be left out.
"""

from __future__ import annotations

from model.language.generate import DELAY

_CLOCK = (DELAY, "phase1.resend", DELAY, "phase1.wait_briefly", DELAY, "phase1.fall_back")
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
    DELAY,
)
_QUICK = (
    "attacker.write_qm1",
    "quick.accept",
    "quick.offer",
    "attacker.write_qm1",
    "quick.ignore",
    "quick.accept",
    "quick.refuse",
    "quick.hear_refusal",
    "attacker.write_qm2",
    "quick.take_answer",
    "quick.refuse_answer",
    "attacker.write_qm3",
    "quick.complete",
)
_FLOOD = ("flood.open", "phase1.answer_again", "flood.close")

MAIN = (*_FLOOD, *_OFFERS, *_CLOCK, *_KEYS, *_ENDS)
AGGRESSIVE = (*_FLOOD, *_AGGRESSIVE, *_CLOCK, *_ENDS)
QUICK = (*_AGGRESSIVE, *_QUICK, *_ENDS)
MAIN_QUICK = (*_OFFERS, *_KEYS, *_QUICK)


def _phase1(end: str) -> tuple[str, ...]:
    """A negotiation of Phase I, to any of its ends."""
    steps = ("is_answered", "hears", "is_authenticated", "is_forgotten", "authenticates", "fails")
    return tuple(f"{end}.{step}" for step in ("negotiate", *steps))


def _phase2(end: str) -> tuple[str, ...]:
    """A negotiation of Phase II, to any of its ends."""
    steps = ("quick_is_answered", "takes_answer", "is_completed", "quick_is_forgotten")
    ends = ("quick_refused", "first_timeout", "late_timeout")
    return tuple(f"{end}.{step}" for step in ("start_quick", *steps, *ends))


def _end(end: str) -> tuple[str, ...]:
    """What ends Phase I and the SAs at an end."""
    steps = ("lifetime", "end_phase1", "hears_delete", "rekey_with_phase1", "sa_ends", "sa_ends")
    return tuple(f"{end}.{step}" for step in steps)


_SILENT = ("a.negotiate", "a.fall_back", "a.give_up")
_ASKS = ("a.packet", "b.packet", DELAY)
_TOGETHER = ("a.negotiate", *_phase1("b"), *_phase1("a"), "a.use_peers", "b.use_peers")
FLOW = (*_ASKS, *_TOGETHER, *_phase2("a"), *_phase2("b"), "a.reuse", "b.reuse")
AGAIN = ("a.rekey", "b.rekey", "a.start_quick", *_phase2("b"), *_phase2("a"))
#: both start, and rekey; one falls back while or after the other has an SA; late silence
FLOW_STORIES = {
    "together": (*FLOW, *AGAIN, *_end("a"), *_end("b"), "a.packet", "b.packet", *_TOGETHER),
    "clear": (*FLOW, *_end("a"), *_end("b"), "a.packet", *_SILENT, "b.takes_clear", DELAY),
}
#: by machine and name
STORIES = {
    "ike": {"main": MAIN, "main_quick": MAIN_QUICK, "aggressive": AGGRESSIVE, "quick": QUICK},
    "flow": FLOW_STORIES,
}


def stories(machine: str) -> dict[str, tuple[str, ...]]:
    """The stories about a machine, by name."""
    return STORIES[machine]


def stories_for(action: str) -> list[tuple[str, ...]]:
    """The stories in which an action may matter, it standing between all other steps besides."""
    kind = action.split(".")[0]
    if kind in ("a", "b"):
        return [_sprinkled(story, action) for story in stories("flow").values()]
    if kind == "quick" or action.startswith("attacker.write_qm"):
        chosen = ["quick"]
    elif kind == "aggressive" or "aggressive" in action:
        chosen = ["aggressive", "quick"]
    else:
        chosen = ["main", "aggressive"]
    return [_sprinkled(stories("ike")[name], action) for name in chosen]


def _sprinkled(story: tuple[str, ...], action: str) -> tuple[str, ...]:
    found: list[str] = []
    for step in story:
        found += [step] if step == action else [action, step]
    return (*found, action)
