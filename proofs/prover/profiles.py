"""A stack profile as what the proof takes as given: both peers are of it."""

from __future__ import annotations

from model.vocabulary.profiles import Lifetimes, Order, Phase2AtPhase1End, StackProfile


def parameters(profile: StackProfile) -> tuple[tuple[str, bool], ...]:
    """The machine's policy parameters that a profile decides, by name."""
    return (
        ("prefers_own", profile.order is Order.RESPONDER),
        ("names_alternatives", profile.answers_alternatives),
        ("reoffers", profile.reoffers),
        ("exchange_checked_first", profile.checks_method_first),
        ("compares_lifetimes", profile.compares_lifetimes),
        ("takes_shorter", profile.phase1_lifetime is Lifetimes.SHORTER),
        ("ends_with_phase1", profile.phase2_at_phase1_end is Phase2AtPhase1End.ENDS_TOO),
    )
