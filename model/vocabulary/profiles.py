"""How implementations differ, as parameters (DESIGN.md section 3; policy-formats 3.6, 3.7, 4).

Nothing asks for a vendor's name: rules ask for one of these parameters.
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
    """What a responder makes of selectors that differ from its own."""

    NARROWED = "narrowed to what both select"
    EXACT = "refused unless equal"


class Lifetimes(Enum):
    """Which lifetime a peer puts into force when the two sides state different ones."""

    OWN = "its own"
    SHORTER = "the shorter of both"


class Identities(Enum):
    """How a peer holds the other's ID payload against its policy."""

    STATED = "the identity must be the one the policy states"
    PROVED = "any identity that the credential proves"


class Certificates(Enum):
    """What is asked of certificates where the policy does not say, beyond a path to a trust anchor that
    is in its time, through authorities, to a certificate that may sign and is not revoked."""

    PLAIN = "nothing more: any key, hash and purpose; a revocation list that does not count is none"
    STRICT = "RSA keys of 2048 bits, SHA-2, purposes that allow IPsec, revocation lists that count"


class Phase2AtPhase1End(Enum):
    """What becomes of Phase II SAs when their Phase I SA ends by lifetime (R19)."""

    LIVES_ON = "lives on until its own expiry"
    ENDS_TOO = "ends with it"


@dataclass(frozen=True, slots=True)
class StackProfile:
    """One peer's implementation, where implementations differ.

    sends                  of a proposal with several algorithms of a kind
    order                  whose preference decides, seen from the responder
    one_pfs_group          an initiator offers Quick Mode proposals of one PFS group only: that of
                           Phase I if it names it, else its first
    one_protocol           an initiator offers Quick Mode proposals of the first one's protocol only
    checks_method_first    exchange and authentication method are checked with the first message,
                           not only when the initiator has shown its identity
    answers_alternatives   a responder that accepts no offer names its own instead (R7)
    reoffers               an initiator that is named alternatives offers anew, once (R7)
    compares_lifetimes     an initiator compares the answer in Phase I with its offer, lifetimes
                           included, and refuses another one (neither stack is known to)
    compares_mode          tunnel or transport must equal the responder's own setting
    transport_for_hosts    in transport mode a selector shrinks to the peer's own address
    selectors              what a responder makes of selectors that are not its own
    identities             how the other end's ID payload is held against the policy
    refuses_own_identity   who shows the own identity is refused, whatever it proves (R5)
    certificates           what is asked of certificates (of Windows that is not known: our own rules)
    phase1_lifetime, phase2_lifetime    which lifetime counts where the two sides differ
    renews_phase1          makes a successor before Phase I ends, each end by its own timer, also where
                           the other end has made one; the old SA stands until its own end
    phase2_at_phase1_end   what becomes of Phase II SAs when their Phase I SA ends (R19)
    resends                timer-driven resends of one message (R8)
    nat_traversal          detects a NAT and puts ESP into UDP (RFC 3947, 3948)
    dead_peer_detection    understands dead peer detection (RFC 3706): answers it, and asks where told to
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
    phase2_at_phase1_end=Phase2AtPhase1End.ENDS_TOO,
    resends=5,
    dead_peer_detection=True,
    nat_traversal=True,
)

PROFILES: dict[str, StackProfile] = {p.name: p for p in (WINDOWS2000, CHARON)}
