"""What two policies say to each other, as the specification reads it: actors, sorts, tables.

A transform is a number; what it stands for, who offers it and who takes it are tables. So a proof
holds for all policies, and a concrete pair of policies is one choice of the tables
(`proofs.verify.instance`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from model.language.sorts import BOOL, DURATION, Domain, Enum, Int, Sort
from model.language.specification import Specification
from model.language.terms import Term, ite, lift
from model.winning import RANK

ROLE = Enum("Role", ("initiator", "responder"))
EXCHANGE = Enum("Exchange", ("main", "aggressive"))
METHOD = Enum("Method", ("pre_shared_key", "certificate", "kerberos"))
#: whose Diffie-Hellman public value it is; degenerate: one whose secret anybody knows (0, 1, p - 1)
PUBLIC = Enum("Public", ("none", "initiator", "responder", "attacker", "degenerate"))
PARTY = Enum("Party", ("none", "initiator", "responder", "attacker"))
#: whose public value of a Quick Mode with PFS it is
QUICK_PUBLIC = Enum("QuickPublic", ("none", "starter", "answerer", "attacker"))
#: which offer a message 1 holds: the first, the one after true alternatives, or after forged ones
ROUND = Int(0, 2)
MAX_RESENDS = 10
#: negotiations of Phase II that one Phase I SA serves; no policy states more
MAX_SERVED = 65535
REASON = Enum(
    "Reason",
    (
        "none",
        "proposal",
        "altered_answer",
        "exchange_mode",
        "auth_method",
        "psk",
        "certificate",
        "identity",
        "selector",
        "mode",
        "tampered",
        "timeout",
        "no_resources",
        "limit",
    ),
)

#: what a refusal under keys can say: of the initiator's proof, and of message 1 of Quick Mode
PROOF_REFUSALS = ("identity", "certificate", "auth_method", "exchange_mode", "tampered")
QUICK_REFUSALS = ("selector", "mode", "proposal", "limit")

Table = Callable[..., Term]


@dataclass(frozen=True)
class Phase1Policy:
    """Tables of Phase I. Roles are those of Phase I: the initiator sent its first message."""

    transform: Domain
    exchange: Term
    takes_exchange: Table
    exchange_checked_first: Term
    offers: Table
    offer_rank: Table
    accepts: Table
    accept_rank: Table
    allows: Table
    prefers_own: Term
    names_alternatives: Term
    reoffers: Term
    method: Table
    takes_method: Table
    has_secret: Table
    secrets_agree: Term
    credential_holds: Table
    identity_accepted: Table
    believes_refusals: Term
    checks_public: Term
    compares_lifetimes: Term
    takes_shorter: Term
    deletes_early: Table
    falls_back: Term


def phase1_policy(spec: Specification) -> Phase1Policy:
    """Declare them."""
    transform = spec.domain("transform")
    t = [transform]
    return Phase1Policy(
        transform=transform,
        exchange=spec.rigid("exchange", EXCHANGE, "the exchange that the initiator uses"),
        takes_exchange=spec.table(
            "takes_exchange", [EXCHANGE], BOOL, "the responder's policy allows this exchange"
        ),
        exchange_checked_first=spec.rigid(
            "exchange_checked_first",
            BOOL,
            "the responder checks exchange and method at the first message, not at the identity",
        ),
        offers=spec.table("offers", t, BOOL, "the initiator offers it in its first message"),
        offer_rank=spec.table("offer_rank", t, RANK, "its position in the offer"),
        accepts=spec.table("accepts", t, BOOL, "the responder's policy accepts its algorithms"),
        accept_rank=spec.table("accept_rank", t, RANK, "its position in the responder's policy"),
        allows=spec.table("allows", t, BOOL, "the initiator's policy allows it, offered or not"),
        prefers_own=spec.rigid("prefers_own", BOOL, "the responder's order decides (profile)"),
        names_alternatives=spec.rigid(
            "names_alternatives",
            BOOL,
            "a responder that accepts no offer names what it would accept (profile)",
        ),
        reoffers=spec.rigid(
            "reoffers", BOOL, "an initiator that is named alternatives offers again (profile)"
        ),
        method=spec.table("method", t, METHOD, "its authentication method"),
        takes_method=spec.table(
            "takes_method", [METHOD], BOOL, "the responder authenticates in this way"
        ),
        has_secret=spec.table(
            "has_secret", [ROLE], BOOL, "this end finds a pre-shared key for the other"
        ),
        secrets_agree=spec.rigid(
            "secrets_agree", BOOL, "the pre-shared keys that the two ends find are the same"
        ),
        credential_holds=spec.table(
            "credential_holds",
            [ROLE, METHOD],
            BOOL,
            "what this end shows (certificate, ticket, or a mere secret) satisfies the other end",
        ),
        identity_accepted=spec.table(
            "identity_accepted", [ROLE], BOOL, "this end's identity is one the other end expects"
        ),
        believes_refusals=spec.rigid(
            "believes_refusals", BOOL, "the initiator believes a refusal in clear (profile)"
        ),
        checks_public=spec.rigid(
            "checks_public", BOOL, "degenerate public values are refused (profile)"
        ),
        compares_lifetimes=spec.rigid(
            "compares_lifetimes",
            BOOL,
            "the initiator compares the answer with its offer, lifetimes included (profile)",
        ),
        takes_shorter=spec.rigid(
            "takes_shorter",
            BOOL,
            "the initiator puts the shorter of its own and the answered lifetime into force "
            "(profile)",
        ),
        deletes_early=spec.table(
            "deletes_early",
            [ROLE],
            BOOL,
            "this end may end Phase I before its lifetime: idle, its limit reached, on demand",
        ),
        falls_back=spec.rigid(
            "falls_back", BOOL, "the initiator's policy lets silence lead to clear text (R8)"
        ),
    )


@dataclass(frozen=True)
class Timing:
    """Times and counts of Phase I; durations in seconds. Each act has `slack` to be late in."""

    resends: Term
    answers: Term
    interval: Term
    brief: Term
    slack: Term
    soft_life: Term
    half_open_life: Term
    half_open_limit: Term
    life: Table
    altered_life: Term
    horizon: Term


def timing(spec: Specification) -> Timing:
    """Declare them."""
    count = Int(0, MAX_RESENDS)
    return Timing(
        resends=spec.rigid("resends", count, "how often the initiator resends a message (R8)"),
        answers=spec.rigid(
            "answers", count, "how often the responder answers a message that it gets again"
        ),
        interval=spec.rigid("interval", DURATION, "how long it waits before it resends"),
        brief=spec.rigid("brief", DURATION, "the brief interval after the last resend (R8)"),
        slack=spec.rigid("slack", DURATION, "how late an act may be after its time"),
        soft_life=spec.rigid("soft_life", DURATION, "how long clear text is allowed (soft SA)"),
        half_open_life=spec.rigid(
            "half_open_life", DURATION, "how long the responder keeps a half-open exchange"
        ),
        half_open_limit=spec.rigid(
            "half_open_limit", Int(1, 65535), "how many half-open exchanges it keeps (R9)"
        ),
        life=spec.table("life", [ROLE], DURATION, "lifetime of the Phase I SA at this end (R17)"),
        altered_life=spec.rigid(
            "altered_life", DURATION, "the lifetime that the attacker writes into an answer"
        ),
        horizon=spec.rigid(
            "horizon", DURATION, "how long a stopwatch of the observer runs; any length"
        ),
    )


@dataclass(frozen=True)
class Attacker:
    """Switches. Whatever they say, he reads, delays, repeats and reorders everything: a message once
    sent may arrive at any time. Without `drops` an answer to a first message that was sent arrives
    before the initiator gives the peer up.

    A compromise is what the outsider holds; without one he holds nothing that an end would accept.
    """

    drops: Term
    alters: Term
    forges: Term
    names: Table
    knows_secret: Term
    holds_certificate: Term
    holds_ticket: Term
    breaks_group: Term
    obtains_secret: Term
    reflects: Term

    @property
    def switches(self) -> dict[str, Term]:
        """By name."""
        return {
            "drops": self.drops,
            "alters": self.alters,
            "forges": self.forges,
            "knows_secret": self.knows_secret,
            "holds_certificate": self.holds_certificate,
            "holds_ticket": self.holds_ticket,
            "breaks_group": self.breaks_group,
            "obtains_secret": self.obtains_secret,
            "reflects": self.reflects,
        }


def attacker_switches(spec: Specification, transform: Domain) -> Attacker:
    """Declare them."""

    def switch(name: str, says: str) -> Term:
        return spec.rigid(name, BOOL, f"switch: the attacker {says}")

    return Attacker(
        drops=switch("drops", "drops messages"),
        alters=switch("alters", "alters what no key protects"),
        forges=switch("forges", "makes messages that no key protects"),
        names=spec.table("names", [transform], BOOL, "forged alternatives name it"),
        knows_secret=switch("knows_secret", "knows the pre-shared key"),
        holds_certificate=switch("holds_certificate", "holds the key of a trusted certificate"),
        holds_ticket=switch("holds_ticket", "holds what a Kerberos ticket is made with"),
        breaks_group=switch("breaks_group", "computes Diffie-Hellman secrets from public values"),
        obtains_secret=switch(
            "obtains_secret",
            "obtains the Diffie-Hellman secret of Phase I when all is over, to read what he recorded",
        ),
        reflects=switch("reflects", "sends messages back to their sender"),
    )


@dataclass(frozen=True)
class Phase2Policy:
    """Tables of Phase II. The role that an entry takes is the one that starts the negotiation."""

    protection: Domain
    negotiation: Domain
    offers: Table
    offer_rank: Table
    accepts: Table
    accept_rank: Table
    prefers_own: Table
    pfs: Table
    key_exchange_fits: Table
    clients_taken: Table
    mode_taken: Table
    timed: Table
    counted: Table
    life: Table
    limit: Table
    ends_with_phase1: Table
    checks_spi: Term
    checks_message_ids: Term


def phase2_policy(spec: Specification) -> Phase2Policy:
    """Declare them."""
    protection, negotiation = spec.domain("protection"), spec.domain("negotiation")
    by: list[Sort] = [ROLE, protection]
    at: list[Sort] = [ROLE, ROLE]
    return Phase2Policy(
        protection=protection,
        negotiation=negotiation,
        offers=spec.table("offers2", by, BOOL, "this role, when it starts, offers it"),
        offer_rank=spec.table("offer_rank2", by, RANK, "its position in that offer"),
        accepts=spec.table("accepts2", by, BOOL, "the other end accepts it from this role"),
        accept_rank=spec.table(
            "accept_rank2", by, RANK, "its position in the policy of the other end"
        ),
        prefers_own=spec.table(
            "prefers_own2", [ROLE], BOOL, "the order of the other end decides (profile)"
        ),
        pfs=spec.table("pfs", [protection], BOOL, "it asks for a second Diffie-Hellman (R12)"),
        key_exchange_fits=spec.table(
            "key_exchange_fits",
            by,
            BOOL,
            "the public value that this role sends is of the transform's group",
        ),
        clients_taken=spec.table(
            "clients_taken",
            [ROLE],
            BOOL,
            "the client identities that this role sends (or, where it sends none, the two "
            "addresses) are selected by the other end's policy (R21)",
        ),
        mode_taken=spec.table(
            "mode_taken", [ROLE], BOOL, "the other end takes the mode that this role asks for"
        ),
        timed=spec.table(
            "timed2",
            at,
            BOOL,
            "SAs that the first role started have a lifetime at the second's end",
        ),
        counted=spec.table("counted2", at, BOOL, "they have a limit in bytes there"),
        life=spec.table("life2", at, DURATION, "their lifetime there (R19)"),
        limit=spec.table(
            "limit",
            [ROLE],
            Int(1, MAX_SERVED),
            "how many negotiations one Phase I SA serves at this end; 1: master key PFS (R12, R16)",
        ),
        ends_with_phase1=spec.table(
            "ends_with_phase1", [ROLE], BOOL, "at this end SAs end with their Phase I SA (profile)"
        ),
        checks_spi=spec.rigid("checks_spi", BOOL, "an SPI equal to its own is refused"),
        checks_message_ids=spec.rigid(
            "checks_message_ids",
            BOOL,
            "a message 1 with the message ID of one of its own negotiations is refused",
        ),
    )


def other_role(role: Term) -> Term:
    """The other end."""
    return ite(role.eq("initiator"), lift("responder", ROLE), "initiator")
