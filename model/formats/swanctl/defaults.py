"""What `default` proposals contain, by version of strongSwan: measured with two daemons (log level 2).

ESP and AH do not depend on the plugins; IKE does, and is the list of Debian's libstrongswan with
libstrongswan-standard-plugins, which is installed by default. libstrongswan-extra-plugins adds nothing
that IKEv1 can name. Of the IKE proposal for AEAD ciphers nothing can be named in IKEv1, so it is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from model.vocabulary.places import Place
from model.vocabulary.policy import (
    Child,
    Connection,
    Peer,
    Phase1Proposal,
    Phase2Proposal,
    ProtectionProposal,
)
from model.vocabulary.suites import Cipher, Encryption, Group, Hash, Integrity, Protocol

_E = Encryption
_SIZES = (128, 192, 256)


@dataclass(frozen=True, slots=True)
class Defaults:
    """The lists of one version; `build` says of which.

    listed    ESP where a proposal says `default`       unlisted  ESP where none is stated
    """

    version: str
    build: str
    phase1: Phase1Proposal
    listed: tuple[Phase2Proposal, ...]
    unlisted: tuple[Phase2Proposal, ...]
    ah: tuple[Phase2Proposal, ...]


def _sized(kinds: Iterable[Encryption]) -> tuple[Cipher, ...]:
    return tuple(Cipher(kind, bits) for kind in kinds for bits in _SIZES)


_PHASE1 = Phase1Proposal(
    (*_sized((_E.AES_CBC, _E.AES_CTR, _E.CAMELLIA_CBC, _E.CAMELLIA_CTR)), Cipher(_E.TRIPLE_DES)),
    (Hash.SHA2_256, Hash.SHA2_384, Hash.SHA2_512, Hash.AES_XCBC, Hash.AES_CMAC, Hash.SHA1),
    (
        Group.CURVE_25519, Group.CURVE_448, Group.ECP_256, Group.ECP_384, Group.ECP_521,
        Group.ECP_256_BP, Group.ECP_384_BP, Group.ECP_512_BP, Group.MODP_3072, Group.MODP_4096,
        Group.MODP_6144, Group.MODP_8192, Group.MODP_2048,
    ),
    None,
)  # fmt: skip
#: the same without the plugin openssl
_LEAN = replace(
    _PHASE1,
    ciphers=_sized((_E.AES_CBC,)),
    hashes=(Hash.SHA2_256, Hash.SHA2_384, Hash.SHA2_512, Hash.AES_XCBC, Hash.SHA1),
    groups=(
        Group.MODP_3072, Group.MODP_4096, Group.MODP_6144, Group.MODP_8192, Group.MODP_2048,
    ),
)  # fmt: skip
#: plugins that offer algorithms too, in orders that were not measured
_OTHERS = frozenset(("gcrypt", "botan", "wolfssl", "curve25519", "ctr", "camellia", "mgf1-bliss"))
_INTEGRITIES = (
    Integrity.HMAC_SHA2_256, Integrity.HMAC_SHA2_384, Integrity.HMAC_SHA2_512,
    Integrity.HMAC_SHA1, Integrity.AES_XCBC,
)  # fmt: skip


def _phase2(protocol: Protocol, ciphers: tuple[Cipher, ...], *, integrity: bool) -> Phase2Proposal:
    kinds = _INTEGRITIES if integrity else ()
    return Phase2Proposal((ProtectionProposal(protocol, ciphers, kinds),), (), None)


_CBC = _phase2(Protocol.ESP, _sized((_E.AES_CBC,)), integrity=True)
_GCM = _phase2(Protocol.ESP, _sized((_E.AES_GCM_16,)), integrity=False)
_AH = _phase2(Protocol.AH, (), integrity=True)

VERSIONS: dict[str, Defaults] = {
    # the two orders of ESP are as measured: GCM goes first only where nothing is stated
    "5.9.8": Defaults("5.9.8", "Debian 12", _PHASE1, (_CBC, _GCM), (_GCM, _CBC), (_AH,)),
}
#: for peers that state no version
USUAL = "5.9.8"


def defaults_for(version: str, plugins: Iterable[str] | None = None) -> Defaults | None:
    """The lists of a version such as `5.9.8` or `5.9.8-5+deb12u6`; None: not measured.

    plugins   those that strongswan.conf states; None: those that Debian loads
    """
    found = VERSIONS.get(version.partition("-")[0].strip())
    loaded = set(plugins) if plugins is not None else {"openssl"}
    if found is None or "openssl" in loaded:
        return found
    if "gmp" not in loaded or loaded & _OTHERS:
        return None
    return replace(found, build="without the plugin openssl", phase1=_LEAN)


def with_defaults(peer: Peer, version: str) -> Peer:
    """The peer with the exact lists of that version for each `default`. ValueError: not measured."""
    found = defaults_for(version, peer.stack.plugins.value)
    if found is None and defaults_for(version) is not None:
        raise ValueError(
            "the list of default proposals with the plugins of strongswan.conf is not known"
        )
    if found is None:
        known = ", ".join(VERSIONS)
        raise ValueError(
            f"the list of default proposals in strongSwan {version} is not known; known: {known}"
        )
    return replace(peer, connections=tuple(in_connection(x, found) for x in peer.connections))


def in_connection(connection: Connection, found: Defaults) -> Connection:
    """The connection and its children with these lists."""
    proposals = tuple(
        replace(found.phase1, place=item.place) if item.default else item
        for item in connection.proposals
    )
    children = tuple(in_child(item, found) for item in connection.children)
    return replace(connection, proposals=proposals, children=children)


def in_child(child: Child, found: Defaults) -> Child:
    """The child with these lists."""
    made: list[Phase2Proposal] = []
    expanded: set[tuple[Protocol, Place | None]] = set()
    for item in child.proposals:
        protocol = item.protections[0].protocol
        if not item.default:
            made.append(item)
        elif (protocol, item.place) not in expanded:  # one `default` is several proposals
            expanded.add((protocol, item.place))
            esp = found.listed if item.place is not None else found.unlisted
            lists = found.ah if protocol is Protocol.AH else esp
            made += [replace(one, place=item.place) for one in lists]
    return replace(child, proposals=tuple(made))
