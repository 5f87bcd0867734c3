"""IKEv2 from outside: the header's numbers and the chain of payloads, no further (RFC 7296 3.1, 3.2)."""

from __future__ import annotations

from enum import IntFlag
from struct import Struct
from typing import NamedTuple

from impl.wire.errors import WireError
from impl.wire.message import HEADER_SIZE, MAX_PAYLOADS, Header

MAJOR = 2
_GENERIC = Struct("!BBH")
_CRITICAL = 0x80
#: encrypted, and encrypted fragments (RFC 7383): what follows is inside
SK, SKF = 46, 53
#: exchange types up to this one are IKEv1's, and reserved
LAST_RESERVED = 33
EXCHANGES = {
    34: "IKE_SA_INIT",
    35: "IKE_AUTH",
    36: "CREATE_CHILD_SA",
    37: "INFORMATIONAL",
    38: "IKE_SESSION_RESUME",
    43: "IKE_INTERMEDIATE",
    44: "IKE_FOLLOWUP_KE",
}
PAYLOADS = {
    33: "SA",
    34: "KE",
    35: "IDi",
    36: "IDr",
    37: "CERT",
    38: "CERTREQ",
    39: "AUTH",
    40: "NONCE",
    41: "N",
    42: "D",
    43: "V",
    44: "TSi",
    45: "TSr",
    SK: "SK",
    47: "CP",
    48: "EAP",
    SKF: "SKF",
    54: "PS",
}


class Flag2(IntFlag):
    """Header flags; I: from the end that began the IKE SA."""

    INITIATOR = 0x08
    VERSION = 0x10
    RESPONSE = 0x20


class Element(NamedTuple):
    """One payload of a chain: its type, its length with its header, and what its header says besides.

    then   the type that follows; of an encrypted one, the first inside it
    """

    type: int
    length: int
    critical: bool
    then: int


def chain_of(header: Header, datagram: bytes) -> tuple[Element, ...]:
    """The payloads of an IKEv2 message; WireError if they do not fill it."""
    if header.exchange <= LAST_RESERVED:
        problem = f"{header.exchange}, which is reserved in IKEv2"
        raise WireError(18, "exchange type", problem, "RFC 7296 3.1")
    found: list[Element] = []
    at, type_, size = HEADER_SIZE, header.next_payload, len(datagram)
    while type_:
        if len(found) == MAX_PAYLOADS:
            raise WireError(at, "payload", f"more than {MAX_PAYLOADS}", "RFC 7296 3.2")
        if at + 4 > size:
            raise WireError(at, "payload", "cut off", "RFC 7296 3.2")
        then, flags, length = _GENERIC.unpack_from(datagram, at)
        if length < 4 or at + length > size:
            raise WireError(at + 2, "payload length", f"{length} does not fit", "RFC 7296 3.2")
        found.append(Element(type_, length, bool(flags & _CRITICAL), then))
        at += length
        if type_ in (SK, SKF):
            break  # the last one (RFC 7296 3.14)
        type_ = then
    if at != size:
        problem = f"{size - at} octets after the last payload"
        raise WireError(at, "payloads", problem, "RFC 7296 3.2")
    return tuple(found)
