"""Known weaknesses by name: what breaks the bare claim of which promise, and under which conditions.

They are found by search, not taken from here (`proofs.prover.weaknesses`). Here are their names, their
texts, and the policies that make an instructive run.
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
            "man-in-the-middle-with-the-shared-key",
            "Who knows the pre-shared key stands between both ends: he puts sound public values of his own into "
            "messages 3 and 4, passes for each to the other, and Quick Mode follows with him.",
            "phase2_is_with_the_peer",
            frozenset(("alters", "knows_secret", "pre_shared_key")),
            {"exchange": "main"},
        ),
        Known(
            "stolen-certificate-key",
            "Who holds the private key of a certificate that is accepted does the same with certificates.",
            "phase2_is_with_the_peer",
            frozenset(("alters", "holds_certificate", "certificate")),
            {"exchange": "main"},
        ),
        Known(
            "stolen-ticket-key",
            "Who holds what a Kerberos ticket is made with does the same with Kerberos.",
            "phase2_is_with_the_peer",
            frozenset(("alters", "holds_ticket", "kerberos")),
            {"exchange": "main"},
        ),
        Known(
            "deleted-by-who-broke-the-group",
            "Who computes Diffie-Hellman secrets reads the keys that certificates authenticate, and sends each "
            "end a Delete that it obeys; with a pre-shared key he needs that too.",
            "nobody_else_ends_phase1",
            frozenset(("breaks_group", "certificate")),
            {"exchange": "main"},
        ),
        Known(
            "lifetime-in-message-2",
            "No hash covers the lifetime in the responder's answer: an attacker on the path can shorten a "
            "Phase I SA unnoticed.",
            "answered_lifetime_is_the_responders",
            frozenset(("alters", "ignores_lifetimes")),
            {"exchange": "main", "takes_shorter": True, "altered_life": 60, **_HOURS},
        ),
        Known(
            "lost-answers-force-clear-text",
            "An attacker who drops the answers to the first message and its five resends makes the initiator "
            "send in clear, if its policy allows that.",
            "clear_only_if_nobody_answers",
            frozenset(("drops", "falls_back")),
            _RETRIES,
        ),
        Known(
            "answered-once-silenced-later",
            "An answer stops the fall-back of its own negotiation only: an attacker who lets one negotiation fail "
            "late and drops everything of the next still forces clear text.",
            "answer_stops_fallback_for_good",
            frozenset(("drops", "falls_back")),
        ),
        Known(
            "kerberos-names-in-clear",
            "With Kerberos the initiator's name is in its offer, and anybody can read it.",
            "kerberos_names_stay_hidden",
            frozenset(("kerberos",)),
        ),
        Known(
            "identity-to-whoever-answers",
            "With certificates message 5 shows the initiator's identity to an attacker who put a public "
            "value into message 4: the responder has proved nothing yet.",
            "initiator_identity_stays_hidden",
            frozenset(("alters", "certificate")),
        ),
        Known(
            "offline-guess-of-the-shared-key",
            "An attacker who answers as the responder receives message 5 under a secret that he knows, and with it "
            "all that an offline guess of the pre-shared key needs.",
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
            "Both directions of Phase I have the same keys: a reflected message 1 verifies at its sender, and "
            "a peer that does not check the message ID completes Quick Mode with itself.",
            "quick_mode_is_not_reflected",
            frozenset(("reflects", "any_message_id")),
        ),
        Known(
            "phase2-outlives-phase1",
            "With lifetimes of 8 h and 2 h a Phase II SA outlives Phase I by less than 2 h if Phase I "
            "ended by its lifetime; after a Delete right after Quick Mode it is the whole 2 h.",
            "overlap_is_not_reached_by_lifetime",
            frozenset(("deletes_early",)),
            _HOURS,
        ),
        Known(
            "forged-refusal",
            "Anybody can send a NO-PROPOSAL-CHOSEN in clear: an implementation that believes it stops.",
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
            "Alternatives are sent before there are keys: an attacker who forges them makes the initiator offer more "
            "than at first.",
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
