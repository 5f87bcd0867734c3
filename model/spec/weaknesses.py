"""Known weaknesses by name: what breaks the bare claim of which promise, and under which conditions.

They are found by search, not taken from here (`proofs.prover.weaknesses`); here stand their names, what
to say of them, and the policies that make a telling run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Known:
    """A weakness with a name.

    promise   whose bare claim it breaks      needs   the fewest conditions, by name
    given     values of policy parameters, for the run that is shown; all rows of a table alike
    """

    name: str
    says: str
    promise: str
    needs: frozenset[str]
    given: Mapping[str, int | str | bool] = field(default_factory=dict)


#: times as Windows 2000 has them: five resends, three seconds; Phase I of 8 h, Phase II of 2 h
_RETRIES = {"resends": 5, "interval": 3, "brief": 3, "slack": 0}
_HOURS = {"life": 8 * 3600, "life2": 2 * 3600, "horizon": 24 * 3600, "slack": 0}

KNOWN = {
    item.name: item
    for item in (
        Known(
            "lifetime-in-message-2",
            "No hash covers the lifetime in the responder's answer: who writes on the wire shortens a "
            "Phase I SA unseen.",
            "answered_lifetime_is_the_responders",
            frozenset(("alters", "ignores_lifetimes")),
            {"exchange": "main", "takes_shorter": True, "altered_life": 60, **_HOURS},
        ),
        Known(
            "lost-answers-force-clear-text",
            "Whoever drops the answers to the first message and to its five resends has the initiator "
            "send in clear, where its policy allows it.",
            "clear_only_if_nobody_answers",
            frozenset(("drops", "falls_back")),
            _RETRIES,
        ),
        Known(
            "answered-once-silenced-later",
            "An answer stops the fall-back of its own negotiation only: who lets one negotiation fail "
            "late, and silences the next from its first message, has forced clear text all the same.",
            "answer_stops_fallback_for_good",
            frozenset(("drops", "falls_back")),
        ),
        Known(
            "kerberos-names-in-clear",
            "With Kerberos the initiator's name stands in its offer, for anyone to read.",
            "kerberos_names_stay_hidden",
            frozenset(("kerberos",)),
        ),
        Known(
            "identity-to-whoever-answers",
            "With certificates message 5 shows the initiator's identity to whoever put its own public "
            "value into message 4: the responder has proved nothing yet.",
            "initiator_identity_stays_hidden",
            frozenset(("alters", "certificate")),
        ),
        Known(
            "offline-guess-of-the-shared-key",
            "Whoever answers as the responder gets message 5 under a secret that it knows, and with it "
            "all that a guess of the pre-shared key needs.",
            "shared_key_cannot_be_guessed_offline",
            frozenset(("alters", "pre_shared_key")),
        ),
        Known(
            "aggressive-mode-guess",
            "In Aggressive Mode HASH_R travels in clear: listening is enough to guess the key offline.",
            "shared_key_cannot_be_guessed_offline",
            frozenset(("aggressive", "takes_aggressive", "pre_shared_key")),
        ),
        Known(
            "reflected-quick-mode",
            "Both directions of Phase I have the same keys: an own message 1 that comes back verifies, and "
            "a peer that does not look at the message id completes Quick Mode with itself.",
            "quick_mode_is_not_reflected",
            frozenset(("reflects", "any_message_id")),
        ),
        Known(
            "phase2-outlives-phase1",
            "With Phase I of 8 h and Phase II of 2 h an SA outlives Phase I by less than 2 h where Phase I "
            "ended by its lifetime; a Delete right after Quick Mode lets it reach the whole 2 h.",
            "overlap_is_not_reached_by_lifetime",
            frozenset(("deletes_early",)),
            _HOURS,
        ),
        Known(
            "forged-refusal",
            "A NO-PROPOSAL-CHOSEN in clear can be anybody's: a stack that believes it stops.",
            "initiator_hears_a_true_refusal",
            frozenset(("forges", "believes_refusals")),
        ),
        Known(
            "one-secret-opens-everything",
            "Without session key PFS the Diffie-Hellman secret of Phase I, obtained afterwards, opens every "
            "SA made under it since Phase I began.",
            "session_key_secret",
            frozenset(("obtains_secret", "no_pfs", "certificate")),
        ),
        Known(
            "equal-spis",
            "KEYMAT is made of the SPI and what both ends share: equal SPIs give both directions one key, "
            "and a packet could be reflected.",
            "pair_of_sas",
            frozenset(("equal_spis",)),
        ),
        Known(
            "weaker-second-offer",
            "Alternatives come before there are keys: who forges them has the initiator offer anew, and "
            "more widely than at first.",
            "alternatives_only_where_needed",
            frozenset(("forges", "reoffers")),
        ),
        Known(
            "replay-without-a-window",
            "Where the receiver does not check for replays, a recorded packet is accepted again.",
            "no_replay_accepted",
            frozenset(("no_anti_replay",)),
        ),
    )
}
