"""The configuration of a peer, independent of the format of its file.

A format (model.formats) fills these classes; choice, verify and the implementation read them. Every value
that a finding may point at is `Stated`, and so keeps its file and line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from model.vocabulary.findings import Finding
from model.vocabulary.identities import Identity
from model.vocabulary.places import Place, Stated
from model.vocabulary.profiles import StackProfile
from model.vocabulary.secrets import Secret
from model.vocabulary.selectors import Address, Selector
from model.vocabulary.stack import UNSTATED, StackOptions
from model.vocabulary.suites import (
    AuthMethod,
    Cipher,
    Exchange,
    Group,
    Hash,
    Integrity,
    Mode,
    Protocol,
)


@dataclass(frozen=True, slots=True)
class Phase1Proposal:
    """Phase I algorithms in order of preference, one from each kind to be agreed on (R3).

    prfs     pseudo-random functions, where the format names them apart from the hash
    default  the format's word for the built-in proposals: the lists then contain every algorithm
             that may be in them, and none is certain
    unusable words that no IKEv1 proposal can contain: nothing matches it; empty: none
    """

    ciphers: tuple[Cipher, ...]
    hashes: tuple[Hash, ...]
    groups: tuple[Group, ...]
    place: Place | None
    prfs: tuple[Hash, ...] = ()
    default: bool = False
    unusable: str = ""


@dataclass(frozen=True, slots=True)
class ProtectionProposal:
    """One protocol of a Phase II proposal; AH has no ciphers, an AEAD cipher needs no integrity.

    sequences   whether extended (64-bit) sequence numbers are accepted, and whether plain ones are
    """

    protocol: Protocol
    ciphers: tuple[Cipher, ...]
    integrities: tuple[Integrity, ...]
    sequences: tuple[bool, ...] = (False,)


@dataclass(frozen=True, slots=True)
class Phase2Proposal:
    """Phase II algorithms in order of preference (R10).

    protections  one, or several that are applied together (AH and ESP in a bundle)
    groups       PFS groups; None among them means "or without PFS"; empty: no PFS
    default      as in Phase1Proposal
    """

    protections: tuple[ProtectionProposal, ...]
    groups: tuple[Group | None, ...]
    place: Place | None
    default: bool = False


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """A certificate or public key that a policy names: DER octets, or None and why they could not be read.

    by_hash   a public key of nobody: it counts for an identity that is its key ID, and for no other
    """

    name: str
    place: Place | None
    der: bytes | None = field(repr=False, default=None)
    missing: str | None = None
    by_hash: bool = False


_NO_NAMES: Stated[tuple[str, ...]] = Stated(())


@dataclass(frozen=True, slots=True)
class Strength:
    """What a policy requires of the keys and signatures in a certification path.

    least_bits   of RSA keys; None: as in the profile
    hashes       that signatures may use; empty: as in the profile
    """

    least_bits: int | None = None
    hashes: tuple[Hash, ...] = ()


@dataclass(frozen=True, slots=True)
class Credentials:
    """One side of an authentication, as one peer's policy states it.

    identity      as the local side: what it sends; as the other: what is expected. None: the address
    certificates  the local certificates, or (the other side) exactly the ones accepted
    anchors       trust anchors that the other's certificate must chain to; empty: `Peer.anchors`
    secret        a pre-shared key bound to this very policy; None: looked up in `Peer.secrets`
    keys          private keys, of which one belongs to the local certificate
    revocation    as the other: the required revocation check, in the format's word; None: its default
    strength      as the other: requirements on keys and signatures; None: as in the profile
    place         the section that contains all this
    groups        as the other: groups of which it must prove to be a member of one
    policies      as the other: certificate policies, of which one must be in every certificate of the path
    authority     as the other: the subject of an authority that must be in the path
    eap_identity  as the other: an identity that only EAP could prove, which IKEv1 does not have
    unnamed       as the local side: no certificate is named; those of the daemon are in `certificates`
    """

    identity: Stated[Identity | None]
    certificates: tuple[CertificateFile, ...] = ()
    anchors: tuple[CertificateFile, ...] = ()
    secret: Secret | None = None
    keys: tuple[Secret, ...] = ()
    revocation: Stated[str] | None = None
    strength: Stated[Strength] | None = None
    place: Place | None = None
    groups: Stated[tuple[str, ...]] = _NO_NAMES
    policies: Stated[tuple[str, ...]] = _NO_NAMES
    authority: Stated[Identity] | None = None
    eap_identity: Stated[Identity] | None = None
    unnamed: bool = False


@dataclass(frozen=True, slots=True)
class Authentication:
    """One way for the two sides to authenticate each other.

    method    as initiator
    answers   as responder, seen from its own side as an initiator's is; None: the same
    """

    method: Stated[AuthMethod]
    own: Credentials
    other: Credentials
    answers: AuthMethod | None = None

    @property
    def answering(self) -> AuthMethod:
        """The method as responder."""
        return self.answers or self.method.value


@dataclass(frozen=True, slots=True)
class Life:
    """Lifetimes of an SA, in seconds and kilobytes (1000 octets); None is "no such limit".

    offered   the lifetime in an offer      hard   when the SA ends at this peer
    soft      when this peer starts to replace it, before jitter
    jitter    up to how many seconds earlier it may start
    """

    offered_seconds: Stated[int | None]
    hard_seconds: Stated[int | None]
    soft_seconds: Stated[int | None]
    offered_kilobytes: Stated[int | None]
    hard_kilobytes: Stated[int | None]
    jitter_seconds: int = 0


class Action(Enum):
    """What a policy does with the packets it selects."""

    NEGOTIATE = "negotiate"
    PERMIT = "permit"
    BLOCK = "block"


class WithoutSA(Enum):
    """What happens to an outbound packet while no SA protects it (policy-formats 3.7)."""

    CLEAR = "clear"
    CLEAR_AFTER_SILENCE = "clear-after-silence"
    DROPPED = "dropped"


class WhenDead(Enum):
    """What happens when the peer of a pair of SAs is dead and the pair was deleted."""

    CLEAR = "clear"  # nothing
    TRAP = "trap"  # it is negotiated again as soon as a packet asks for it
    RESTART = "restart"  # it is negotiated again at once


_CLEARS = Stated(WhenDead.CLEAR)
_NO_LABEL: Stated[str | None] = Stated(None)


@dataclass(frozen=True, slots=True)
class DeadPeerDetection:
    """How a dead peer is detected (RFC 3706), in seconds.

    delay    idle time before R-U-THERE is sent, and between two of them; None: it is not sent
    timeout  idle time after which the peer is dead
    """

    delay: Stated[int | None]
    timeout: Stated[int | None]


NO_DETECTION = DeadPeerDetection(Stated(None), Stated(None))


@dataclass(frozen=True, slots=True)
class Child:
    """What Phase II protects: packets, protocol suites, mode, lifetimes (R10, R12, R13).

    without_sa    outbound packets while no SA is up; `inbound_clear` whether clear ones are let in
    starts        whether this peer brings it up by itself (at start or on a packet)
    when_dead     what happens when its peer is dead
    label         a security label that packets must have; IKEv1 has none, so that as responder
                  nothing matches
    proxy         transport mode that leaves the selectors as they are, for other hosts too
    """

    name: str
    place: Place
    action: Stated[Action]
    mode: Stated[Mode]
    proposals: tuple[Phase2Proposal, ...]
    local: tuple[Stated[Selector], ...]
    remote: tuple[Stated[Selector], ...]
    life: Life
    without_sa: Stated[WithoutSA]
    inbound_clear: Stated[bool]
    starts: Stated[bool]
    when_dead: Stated[WhenDead] = _CLEARS
    label: Stated[str | None] = _NO_LABEL
    proxy: bool = False


@dataclass(frozen=True, slots=True)
class AddressPattern:
    """Addresses a connection is for: `first` to `last`, or a DNS name that only the host resolves.

    first and last are None for a name; `%any` spans all of IPv4 (and matches IPv6 too).
    """

    text: str
    first: Address | None
    last: Address | None
    anything: bool = False

    @property
    def single(self) -> Address | None:
        """The address, if the pattern is exactly one."""
        return self.first if self.first is not None and self.first == self.last else None

    def holds(self, address: Address) -> bool:
        """Whether the pattern matches the address; a DNS name matches none for certain."""
        if self.anything:
            return True
        if self.first is None or self.last is None or self.first.version != address.version:
            return False
        return int(self.first) <= int(address) <= int(self.last)


_NO_ADDRESSES: Stated[tuple[Address, ...]] = Stated(())
_PULLS = _ASKS = Stated(True)
_NO = Stated(False)
_PORT = Stated(500)
_OWN_PORT: Stated[int | None] = Stated(None)


class Shows(Enum):
    """When an end sends its certificate."""

    IF_ASKED = "if it is asked"
    ALWAYS = "always"
    NEVER = "never"


_SHOWS = Stated(Shows.IF_ASKED)


@dataclass(frozen=True, slots=True)
class Connection:
    """One Phase I policy towards one peer (or any), with the Phase II policies under it.

    versions         IKE versions it takes part in; `initiates` the one it starts with
    phase2_limit     Phase II negotiations per Phase I SA (R16); None: no limit
    master_key_pfs   a Phase I SA serves one Phase II negotiation only (R12)
    authentications  in order of preference
    detection        how it detects that the peer is dead
    virtual_addresses  addresses that it requests from its peer (Mode Config); unspecified ones (0.0.0.0,
                     ::) leave the choice to the peer
    pools            names of the pools from which its peer gets an address, in order
    pulls            the end that needs an address requests it; False: the other end pushes it
    local_port, remote_port   the UDP ports that it starts from (None: the daemon's), and calls
    mediation        it only mediates between other peers, and starts nothing
    shows_certificate  when it sends its certificate
    asks_certificate   asks its peer for its certificate
    """

    name: str
    place: Place
    versions: Stated[frozenset[int]]
    initiates: int
    exchange: Stated[Exchange]
    local_addresses: Stated[tuple[AddressPattern, ...]]
    remote_addresses: Stated[tuple[AddressPattern, ...]]
    proposals: tuple[Phase1Proposal, ...]
    authentications: tuple[Authentication, ...]
    life: Life
    children: tuple[Child, ...]
    phase2_limit: Stated[int | None]
    master_key_pfs: Stated[bool]
    detection: DeadPeerDetection = NO_DETECTION
    virtual_addresses: Stated[tuple[Address, ...]] = _NO_ADDRESSES
    pools: Stated[tuple[str, ...]] = _NO_NAMES
    pulls: Stated[bool] = _PULLS
    local_port: Stated[int | None] = _OWN_PORT
    remote_port: Stated[int] = _PORT
    mediation: Stated[bool] = _NO
    shows_certificate: Stated[Shows] = _SHOWS
    asks_certificate: Stated[bool] = _ASKS


@dataclass(frozen=True, slots=True)
class Pool:
    """Addresses that are leased: `first` to `last`; `text` is as the policy has it."""

    name: str
    place: Place
    text: str
    first: Address
    last: Address


@dataclass(frozen=True, slots=True)
class SharedSecret:
    """A pre-shared key and its owners; no owners: for any peer.

    cut     why the text in the file is probably not the whole secret, in words that show none of it
    place   the section that states it
    """

    owners: tuple[Identity, ...]
    secret: Secret
    cut: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Discarded:
    """A connection that the daemon does not load.

    calls   what its remote_addrs say
    """

    name: str
    place: Place
    why: str
    mend: str = ""
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nat:
    """A source NAT in front of a peer.

    public     the address that the other end sees, and calls if there is forwarding
    forwarded  whether the NAT forwards UDP 500 and 4500 to the peer
    """

    public: Address
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Peer:
    """One peer: the connections of its policy, and what they depend on.

    name      file name or parent folder, as the command line and all output call it
    files     every file read, in order
    anchors   trust anchors for all connections that name none of their own
    lists     certificate revocation lists
    findings  findings about the files
    nat       the NAT in front of it, if one is stated
    discarded connections that the daemon does not load, and why
    pools     addresses to lease, by name
    stack     options of its daemon outside the policy
    kept      end certificates that it has, its own and others: a peer does not need to send these
    raw_keys  public keys that it has without a certificate, its own and others
    """

    name: str
    files: tuple[str, ...]
    format: str
    profile: StackProfile
    connections: tuple[Connection, ...]
    secrets: tuple[SharedSecret, ...] = ()
    anchors: tuple[CertificateFile, ...] = ()
    findings: tuple[Finding, ...] = ()
    lists: tuple[CertificateFile, ...] = ()
    nat: Stated[Nat] | None = None
    discarded: tuple[Discarded, ...] = ()
    pools: tuple[Pool, ...] = ()
    stack: StackOptions = UNSTATED
    kept: tuple[CertificateFile, ...] = ()
    raw_keys: tuple[CertificateFile, ...] = ()
