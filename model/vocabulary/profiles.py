"""How implementations differ, as parameters (DESIGN.md section 3; policy-formats 3.6, 3.7, 4).

No rule depends on a vendor's name, only on these parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Order(Enum):
    """Whose order of preference decides which offer wins."""

    RESPONDER = "the responder's own order"
    INITIATOR = "the initiator's order"


class Sends(Enum):
    """What an initiator sends of a proposal that lists several algorithms of one kind."""

    FIRST_OF_EACH_KIND = "the first of each kind"
    EVERY_COMBINATION = "every combination"


class Selectors(Enum):
    """What a responder does with selectors that differ from its own."""

    NARROWED = "narrowed to what both ends select"
    EXACT = "rejected unless equal"


class Lifetimes(Enum):
    """Which lifetime a peer applies if the two ends differ."""

    OWN = "its own"
    SHORTER = "the shorter of the two"


class Identities(Enum):
    """How a peer checks the other's ID payload against its policy."""

    STATED = "the identity must be the one that the policy states"
    PROVED = "any identity that the credential proves"


class Certificates(Enum):
    """What is required of certificates if the policy says nothing, in addition to a path through CAs to a trust
    anchor, all valid now, and a certificate that may sign and is not revoked."""

    PLAIN = "nothing more: any key, hash and purpose; an invalid revocation list is ignored"
    STRICT = "RSA keys of 2048 bits, SHA-2, purposes that allow IPsec, valid revocation lists"


class Phase2AtPhase1End(Enum):
    """What happens to Phase II SAs when their Phase I SA ends by lifetime (R19)."""

    LIVES_ON = "remains until it expires"
    ENDS_TOO = "is deleted with it"


@dataclass(frozen=True, slots=True)
class StackProfile:
    """One peer's implementation, where implementations differ.

    sends                  what an initiator sends of a proposal with several algorithms of one kind
    order                  whose order of preference the responder follows
    one_pfs_group          an initiator offers Quick Mode proposals of one PFS group only: the group of
                           Phase I if a proposal has it, else the first one
    one_protocol           an initiator offers Quick Mode proposals of one protocol only, the first one's
    checks_method_first    the responder checks exchange mode and authentication method with message 1,
                           not after the initiator has sent its identity
    answers_alternatives   a responder that accepts no offer answers with alternatives (R7)
    reoffers               an initiator that receives alternatives offers again, once (R7)
    compares_lifetimes     an initiator compares the Phase I answer with its offer, lifetimes included,
                           and rejects a different one (neither implementation is known to)
    compares_mode          tunnel or transport mode must match the responder's setting
    transport_for_hosts    in transport mode a selector is narrowed to the peer's address
    selectors              what a responder does with selectors that differ from its own
    identities             how the peer's ID payload is checked against the policy
    refuses_own_identity   a peer that sends the local identity is rejected, whatever it proves (R5)
    certificates           the requirements on certificates (not known for Windows: ikeproof's own rules)
    phase1_lifetime, phase2_lifetime    which lifetime applies if the two ends differ
    renews_phase1          Phase I is renewed before it ends, by the timer of each end, even if the other
                           end has renewed it; the old SA remains until it expires
    rekeys_in_time         a Phase II SA gets a successor shortly before the shorter lifetime of both ends is
                           over, whatever the policy says
    phase2_at_phase1_end   what happens to Phase II SAs when their Phase I SA ends (R19)
    resends                how often a message is resent (R8)
    nat_traversal          supports NAT traversal: detects NAT, encapsulates ESP in UDP (RFC 3947, 3948)
    dead_peer_detection    supports dead peer detection (RFC 3706)
    """

    name: str
    sends: Sends
    order: Order
    one_pfs_group: bool
    one_protocol: bool
    checks_method_first: bool
    answers_alternatives: bool
    reoffers: bool
    compares_lifetimes: bool
    compares_mode: bool
    transport_for_hosts: bool
    selectors: Selectors
    identities: Identities
    refuses_own_identity: bool
    certificates: Certificates
    phase1_lifetime: Lifetimes
    phase2_lifetime: Lifetimes
    renews_phase1: bool
    rekeys_in_time: bool
    phase2_at_phase1_end: Phase2AtPhase1End
    resends: int
    dead_peer_detection: bool
    nat_traversal: bool


WINDOWS2000 = StackProfile(
    name="windows2000",
    sends=Sends.EVERY_COMBINATION,
    order=Order.INITIATOR,
    one_pfs_group=True,
    one_protocol=False,
    checks_method_first=True,
    answers_alternatives=True,
    reoffers=True,
    compares_lifetimes=False,
    compares_mode=True,
    transport_for_hosts=False,
    selectors=Selectors.EXACT,
    identities=Identities.PROVED,
    refuses_own_identity=True,
    certificates=Certificates.STRICT,
    phase1_lifetime=Lifetimes.SHORTER,
    phase2_lifetime=Lifetimes.SHORTER,
    renews_phase1=False,
    rekeys_in_time=True,
    phase2_at_phase1_end=Phase2AtPhase1End.LIVES_ON,
    resends=5,
    dead_peer_detection=False,
    nat_traversal=False,
)

CHARON = StackProfile(
    name="charon",
    sends=Sends.FIRST_OF_EACH_KIND,
    order=Order.RESPONDER,
    one_pfs_group=True,
    one_protocol=True,
    checks_method_first=False,
    answers_alternatives=False,
    reoffers=False,
    compares_lifetimes=False,
    compares_mode=True,
    transport_for_hosts=True,
    selectors=Selectors.NARROWED,
    identities=Identities.STATED,
    refuses_own_identity=False,
    certificates=Certificates.PLAIN,
    phase1_lifetime=Lifetimes.OWN,
    phase2_lifetime=Lifetimes.OWN,
    renews_phase1=True,
    rekeys_in_time=False,
    phase2_at_phase1_end=Phase2AtPhase1End.ENDS_TOO,
    resends=5,
    dead_peer_detection=True,
    nat_traversal=True,
)

PROFILES: dict[str, StackProfile] = {p.name: p for p in (WINDOWS2000, CHARON)}
