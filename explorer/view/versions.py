"""Messages of IKEv2 and of unknown versions, as text and as JSON shows them."""

from __future__ import annotations

from impl.capture.conversation import CLEAR, CLOSED
from impl.capture.versions import OtherConversation, OtherSeen
from impl.wire.ikev2 import EXCHANGES, MAJOR, PAYLOADS, SK, SKF, Element, Flag2
from impl.wire.message import Header


def version_name(version: int) -> str:
    """`IKEv2`, or `IKE version 3.0`."""
    major, minor = version >> 4, version & 15
    return f"IKEv{major}" if (major, minor) == (MAJOR, 0) else f"IKE version {major}.{minor}"


def other_sentence(conversation: OtherConversation) -> str:
    """The conclusion of a conversation that is not IKEv1."""
    name = version_name(conversation.version)
    if conversation.major == MAJOR:
        return f"{name}, out of scope of ikeproof: headers and payload chain only"
    return f"{name}, unsupported: header only"


def other_exchange(header: Header) -> str:
    """The name of an exchange type, in IKEv2."""
    known = EXCHANGES if header.version >> 4 == MAJOR else {}
    return known.get(header.exchange, f"exchange type {header.exchange}")


def other_state(seen: OtherSeen) -> str:
    """`closed` if a payload is encrypted, else `clear`."""
    return CLOSED if any(item.type in (SK, SKF) for item in seen.chain) else CLEAR


def other_name(seen: OtherSeen) -> str:
    """`IKEv2 IKE_AUTH request 1`: the exchange, and which message of it."""
    header = seen.header
    if header.version >> 4 != MAJOR:
        name = f"exchange type {header.exchange} [{header.message_id:08x}]"
        return f"{version_name(header.version)}, {name}, flags 0x{header.flags:02x}"
    name = other_exchange(header)
    what = "response" if header.flags & Flag2.RESPONSE else "request"
    known = Flag2.INITIATOR | Flag2.RESPONSE | Flag2.VERSION
    rest = header.flags & ~int(known)
    flags = [item.name.lower() for item in Flag2 if header.flags & item and item.name]
    flags += [f"0x{rest:02x}"] if rest else []
    said = f", flags {' '.join(flags)}" if flags else ", no flags"
    return f"{version_name(header.version)} {name} {what} {header.message_id}{said}"


def other_lines(seen: OtherSeen) -> list[str]:
    """The chain of payloads: those in clear, then the encrypted one."""
    names = [element_name(item) for item in seen.chain if item.type not in (SK, SKF)]
    lines = [", ".join(names)] if names else []
    for item in seen.chain:
        if item.type in (SK, SKF):
            lines.append(f"{element_name(item)} {_inside(item)}")
    return lines or ["no payload" if seen.header.version >> 4 == MAJOR else "payloads are not read"]


def element_name(item: Element) -> str:
    """The name of a payload type."""
    return PAYLOADS.get(item.type, f"payload type {item.type}")


def _inside(item: Element) -> str:
    first = PAYLOADS.get(item.then, f"payload type {item.then}") if item.then else "no payload"
    return f"encrypted, {item.length - 4} octets; the first payload inside is {first}"


def other_payloads(seen: OtherSeen) -> list[dict[str, object]]:
    """The chain as JSON shows it."""
    return [
        {
            "type": item.type,
            "name": element_name(item),
            "length": item.length,
            "critical": item.critical,
            "words": [_inside(item)] if item.type in (SK, SKF) else [],
        }
        for item in seen.chain
    ]
