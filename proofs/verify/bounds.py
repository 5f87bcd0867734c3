"""Lifetime overlap and exposure of a pair, by closed form (R12, R16, R20; modelling notes 2).

overlap   A Phase II SA can be made at the last moment of its Phase I SA, and outlives it by at most
          its own lifetime. Where Phase I ends by its lifetime the bound is approached, not reached.
exposure  Without PFS one Phase I Diffie-Hellman secret opens every Phase II SA made under it: from the
          start of Phase I until the last of them ends, both directions, as many as policy allows.
          With PFS each Quick Mode has a secret of its own.

Each is what proved promises say for all policies, applied to these lifetimes and without the slack of
timers: `THEOREMS` names them.
"""

from __future__ import annotations

from model.vocabulary.outcomes import Exposure, Overlap
from model.vocabulary.policy import Child, Connection, Life
from model.vocabulary.profiles import Lifetimes, Phase2AtPhase1End, StackProfile
from model.vocabulary.suites import Phase2Suite

Limit = int | None  # None: no limit

#: what the closed forms rest on: promises, by what they are about
THEOREMS = {
    "overlap": ("overlap_is_bounded", "overlap_is_not_reached_by_lifetime"),
    "exposure": (
        "exposure_is_bounded",
        "session_key_secret",
        "phase1_serves_no_more_than_allowed",
        "no_packet_after_expiry",
    ),
    "clear-after-silence": ("clear_only_after_silence", "no_clear_beside_live_sa"),
}


def shorter(*limits: Limit) -> Limit:
    """The smaller limit; None if there is none."""
    return min((item for item in limits if item is not None), default=None)


def longer(*limits: Limit) -> Limit:
    """The larger limit; None, which is no limit, is larger than any."""
    return None if None in limits else max(item for item in limits if item is not None)


def in_force(
    initiator: tuple[Life, Lifetimes], responder: tuple[Life, Lifetimes], what: str
) -> tuple[Limit, Limit]:
    """The limit that each end applies: `what` is "seconds" or "kilobytes"."""
    (ours, our_rule), (theirs, their_rule) = initiator, responder

    def hard(life: Life) -> Limit:
        value: Limit = getattr(life, f"hard_{what}").value
        return value

    offered: Limit = getattr(ours, f"offered_{what}").value
    at_responder = hard(theirs)
    answered = offered
    if their_rule is Lifetimes.SHORTER:
        at_responder = answered = shorter(at_responder, offered)
    at_initiator = hard(ours)
    if our_rule is Lifetimes.SHORTER:
        at_initiator = shorter(at_initiator, answered)
    return at_initiator, at_responder


def overlap(
    initiator: tuple[StackProfile, Child], responder: tuple[StackProfile, Child]
) -> Overlap:
    """How long a Phase II SA can outlive its Phase I SA at either end."""
    (our_profile, ours), (their_profile, theirs) = initiator, responder
    limits = in_force(
        (ours.life, our_profile.phase2_lifetime),
        (theirs.life, their_profile.phase2_lifetime),
        "seconds",
    )
    found = [
        0 if profile.phase2_at_phase1_end is Phase2AtPhase1End.ENDS_TOO else limit
        for profile, limit in zip((our_profile, their_profile), limits, strict=True)
    ]
    bound = longer(*found)
    return Overlap(bound, reached=bound == 0)


def exposure(
    initiator: tuple[StackProfile, Connection, Child],
    responder: tuple[StackProfile, Connection, Child],
    suite: Phase2Suite,
) -> Exposure:
    """What one Diffie-Hellman secret can open: seconds, and kilobytes in both directions."""
    (our_profile, a, ours), (their_profile, b, theirs) = initiator, responder
    phase2 = (
        (ours.life, our_profile.phase2_lifetime),
        (theirs.life, their_profile.phase2_lifetime),
    )
    at_ends = in_force(*phase2, "seconds")
    # Either end stops an SA that has carried too much, so the smaller limit holds for both.
    kilobytes = shorter(*in_force(*phase2, "kilobytes"))
    if suite.pfs_group is not None:
        seconds = longer(*at_ends)
        return Exposure(seconds, 2 * kilobytes if kilobytes is not None else None)
    phase1 = in_force(
        (a.life, our_profile.phase1_lifetime), (b.life, their_profile.phase1_lifetime), "seconds"
    )
    profiles = (our_profile, their_profile)
    total = longer(*map(_since_phase1, profiles, phase1, at_ends))
    count = shorter(*map(negotiations, (a, b)))
    volume = 2 * kilobytes * count if kilobytes is not None and count is not None else None
    return Exposure(total, volume)


def _since_phase1(profile: StackProfile, phase1: Limit, phase2: Limit) -> Limit:
    """How long an SA at one end can exist, from the start of its Phase I SA."""
    if profile.phase2_at_phase1_end is Phase2AtPhase1End.ENDS_TOO:
        return phase1
    return phase1 + phase2 if phase1 is not None and phase2 is not None else None


def negotiations(connection: Connection) -> Limit:
    """How many Phase II negotiations one Phase I SA serves; None: no limit (R12, R16)."""
    return 1 if connection.master_key_pfs.value else connection.phase2_limit.value
