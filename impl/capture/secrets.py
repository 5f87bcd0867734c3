"""What of a Phase I SA is known from outside: its suite, and the keys that a key log or a PSK lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from impl.crypto import schedule
from impl.crypto.ciphers import CbcCipher, cipher_of
from impl.crypto.groups import DegenerateValue, group_of
from impl.crypto.hashes import HASHES, HashAlgorithm
from impl.crypto.schedule import Cookies
from impl.wire.numbers import Encryption, Hash, Method, OakleyAttribute, in_digits, name_of
from impl.wire.payloads import (
    AnyPayload,
    Certificate,
    EncryptedBody,
    Identification,
    KeyExchange,
    Nonce,
    encode_payload,
)
from impl.wire.proposals import SecurityAssociation, Transform

_SIGNATURES = (Method.DSS_SIGNATURES, Method.RSA_SIGNATURES, 9, 10, 11, 64221, 65005, 65006)
#: identities and nonces are encrypted with the other end's public key (RFC 2409 5.2, 5.3)
PUBLIC_KEY = (Method.RSA_ENCRYPTION, Method.REVISED_RSA_ENCRYPTION)
_OF_PUBLIC_KEY = (Identification, Nonce)
_OF_REVISED = (Identification, Nonce, KeyExchange, Certificate)
_PRE_SHARED = (Method.PRE_SHARED_KEY, 65001, 65002)  # the latter two are XAUTH's, without Kerberos

#: attributes with the name of an end: the draft's, and the one that Windows 2000 sends besides
GSS_NAMES = (OakleyAttribute.GSS_IDENTITY_NAME, OakleyAttribute.GSS_NAME_WINDOWS)
NO_KEY = "no key is known for these cookies"

#: hands the pre-shared key to a function, so that nobody else holds it
UsePsk = Callable[[Callable[[bytes], bytes]], bytes]


@dataclass(slots=True)
class Side:
    """What one end has sent in Phase I."""

    public: bytes | None = None
    nonce: bytes | None = field(default=None, repr=False)
    id_b: bytes | None = None
    certificate: Certificate | None = None


def with_payloads(side: Side, payloads: Iterable[AnyPayload]) -> Side:
    """What an end has sent, one more message of it counted: the first of each kind but its identity."""
    public, nonce, id_b, certificate = side.public, side.nonce, side.id_b, side.certificate
    for item in payloads:
        if isinstance(item, KeyExchange):
            public = public or item.data
        elif isinstance(item, Nonce):
            nonce = nonce or item.data
        elif isinstance(item, Identification):
            id_b = item.body
        elif isinstance(item, Certificate):
            certificate = certificate or item
    return Side(public, nonce, id_b, certificate)


def with_encrypted(payloads: tuple[AnyPayload, ...], method: int | None) -> tuple[AnyPayload, ...]:
    """The payloads of a Phase I message in clear; with public key encryption some bodies are ciphertext."""
    if method not in PUBLIC_KEY:
        return payloads
    kinds = _OF_REVISED if method == Method.REVISED_RSA_ENCRYPTION else _OF_PUBLIC_KEY
    return tuple(
        EncryptedBody(*encode_payload(item)) if isinstance(item, kinds) else item
        for item in payloads
    )


@dataclass(slots=True)
class Phase1:
    """What both ends have sent in Phase I.

    gss      whether names or tokens of GSS-API were seen
    vendors  what the vendor ids of both ends say, those that tell method 65001 apart
    """

    cookies: Cookies
    initiator: Side = field(default_factory=Side)
    responder: Side = field(default_factory=Side)
    offer: SecurityAssociation | None = None
    choice: Transform | None = None
    gss: bool = False
    vendors: set[str] = field(default_factory=set)

    @property
    def method(self) -> int | None:
        """The authentication method that was chosen; until then the offered one, if there is one only."""
        if self.choice is not None:
            return self.choice.get(OakleyAttribute.AUTHENTICATION)
        offered = {
            item.get(OakleyAttribute.AUTHENTICATION)
            for proposal in (self.offer.proposals if self.offer is not None else ())
            for item in proposal.transforms
        }
        return offered.pop() if len(offered) == 1 else None

    @property
    def kerberos(self) -> bool:
        """Whether authentication is Kerberos. XAUTH has a number with it: names and tokens of GSS-API tell
        them apart, else the vendor ids."""
        if self.method != Method.KERBEROS:
            return self.gss
        return self.gss or self.vendors == {"gss"}

    @property
    def shared_number(self) -> bool | None:
        """What method 65001 means here: True for Kerberos, False for XAUTH, None if nothing tells."""
        if self.kerberos or self.vendors == {"gss"}:
            return True
        return False if "xauth" in self.vendors else None

    @property
    def publics(self) -> tuple[bytes, bytes] | None:
        """g^xi and g^xr, once both were seen."""
        one, other = self.initiator.public, self.responder.public
        return None if one is None or other is None else (one, other)

    @property
    def nonces(self) -> tuple[bytes, bytes] | None:
        """Ni_b and Nr_b, once both were seen."""
        one, other = self.initiator.nonce, self.responder.nonce
        return None if one is None or other is None else (one, other)


@dataclass(slots=True)
class Known:
    """What is known of the keys; None where nothing leads to a value.

    faults    what of the key log cannot be, in words without values
    missing   why messages stay closed; empty if there is a key
    unsupported   the algorithm that is not supported, if one is chosen
    """

    hash: HashAlgorithm | None = None
    cipher: CbcCipher | None = None
    skeyid: bytes | None = field(default=None, repr=False)
    a: bytes | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)
    iv: bytes | None = field(default=None, repr=False)
    faults: list[str] = field(default_factory=list)
    missing: str = ""
    unsupported: str = ""


def known(phase1: Phase1, log: Mapping[str, bytes], psk: UsePsk | None) -> Known:
    """Everything that follows from what was seen, from a key log's values and from a PSK."""
    found = Known()
    if phase1.choice is None:
        found.missing = "the choice of a suite (message 2) is not in the capture"
        return found
    _suite(phase1.choice, found)
    if found.hash is None:
        return found
    try:
        gxy = log.get("G_XY") or _shared(phase1, log, found)
        found.skeyid = _skeyid(phase1, log, psk, gxy, found.hash)
        _derived(phase1, log, gxy, found)
    except ValueError:  # a host's OpenSSL may refuse MD5
        found.faults.append(f"{found.hash.name} is not available on this machine")
    if found.cipher is not None and found.key is None:
        found.missing = _why(phase1, log, psk, found)
    return found


def _suite(choice: Transform, found: Known) -> None:
    hash_, encryption = choice.get(OakleyAttribute.HASH), choice.get(OakleyAttribute.ENCRYPTION)
    bits = choice.get(OakleyAttribute.KEY_LENGTH)
    found.hash = HASHES.get(hash_ or 0)
    found.cipher = cipher_of(encryption or 0, bits)
    if found.hash is None:
        found.unsupported = f"the hash {name_of(Hash, hash_ or 0)}"
    elif found.cipher is None:
        length = (
            f" with {in_digits(bits)} bits" if bits and encryption == Encryption.AES_CBC else ""
        )
        found.unsupported = f"the cipher {name_of(Encryption, encryption or 0)}{length}"
    if found.unsupported:
        found.missing = f"{found.unsupported} is not supported"


def _shared(phase1: Phase1, log: Mapping[str, bytes], found: Known) -> bytes | None:
    """g^xy from an exponent of the key log."""
    number = phase1.choice.get(OakleyAttribute.GROUP) if phase1.choice else None
    for name, own, peer in (
        ("DH_PRIVATE_I", phase1.initiator, phase1.responder),
        ("DH_PRIVATE_R", phase1.responder, phase1.initiator),
    ):
        if name not in log or own.public is None or peer.public is None:
            continue
        group = group_of(number or 0)
        if group is None:
            said = in_digits(number or 0)
            found.faults.append(f"{name} cannot be used: group {said} is not supported")
            continue
        secret = group.known(int.from_bytes(log[name], "big"))
        if secret.public != own.public:
            found.faults.append(f"{name} does not belong to the public value that was sent")
            continue
        try:
            return secret.shared(peer.public)
        except DegenerateValue:
            found.faults.append(f"{name} cannot be used: the other public value is degenerate")
    return None


def _skeyid(
    phase1: Phase1,
    log: Mapping[str, bytes],
    psk: UsePsk | None,
    gxy: bytes | None,
    hash_: HashAlgorithm,
) -> bytes | None:
    if "SKEYID" in log:
        return log["SKEYID"]
    nonces, method = phase1.nonces, phase1.method
    if nonces is None:
        return None
    if method in _PRE_SHARED and not phase1.kerberos:
        if psk is None:
            return None
        return psk(lambda octets: schedule.skeyid_of_psk(hash_, octets, *nonces))
    if method in _SIGNATURES or phase1.kerberos:
        return None if gxy is None else schedule.skeyid_of_signatures(hash_, *nonces, gxy)
    return None


def _derived(phase1: Phase1, log: Mapping[str, bytes], gxy: bytes | None, found: Known) -> None:
    """SKEYID_a, the cipher's key and the first IV: as the key log says, else from SKEYID."""
    hash_, cipher, publics = found.hash, found.cipher, phase1.publics
    assert hash_ is not None
    found.a, found.key = log.get("SKEYID_A"), log.get("KEY")
    if cipher is None:
        return
    if publics is not None:
        found.iv = hash_.digest(*publics)[: cipher.block]
    if found.skeyid is not None and gxy is not None and publics is not None:
        try:
            keys = schedule.derive(hash_, cipher, found.skeyid, gxy, phase1.cookies, publics)
        except schedule.WeakKey:
            found.faults.append(
                "the derived key is weak, and must not be used (RFC 2409 appendix A)"
            )
        else:
            found.a, found.key = found.a or keys.a, found.key or keys.encryption
    if found.key is None and "SKEYID_E" in log:
        found.key = schedule.expanded(hash_, log["SKEYID_E"], cipher.key_size)
    if found.key is not None and len(found.key) != cipher.key_size:
        said = f"KEY has {len(found.key)} octets where {cipher.name} takes {cipher.key_size}"
        found.faults.append(said)
        found.key = None
    if "IV" in log:
        if len(log["IV"]) == cipher.block:
            found.iv = log["IV"]
        else:
            said = f"IV has {len(log['IV'])} octets where {cipher.name} takes {cipher.block}"
            found.faults.append(said)


def _why(phase1: Phase1, log: Mapping[str, bytes], psk: UsePsk | None, found: Known) -> str:
    """Why there is no key."""
    if found.faults:
        return found.faults[0]
    leads = "G_XY, DH_PRIVATE_I, DH_PRIVATE_R, SKEYID_E or KEY"
    method = phase1.method
    if psk is not None and found.skeyid is not None:
        return (
            "the pre-shared key alone does not decrypt: the Diffie-Hellman secret is needed too "
            f"(in a key log: {leads})"
        )
    if psk is not None and not log:
        said = name_of(Method, method or 0).lower()
        return f"the pre-shared key does not help: the method is {said} (key log: {leads})"
    if not log:
        return NO_KEY
    if {"G_XY", "DH_PRIVATE_I", "DH_PRIVATE_R"} & set(log) and found.skeyid is None:
        need = "SKEYID" if method not in _PRE_SHARED else "the pre-shared key, or SKEYID"
        return f"the Diffie-Hellman secret is known; {need} is missing"
    return f"the key log has no value for these cookies that leads to a key ({leads})"
