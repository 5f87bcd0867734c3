"""Messages of other versions of IKE than 1.0: named, and of IKEv2 the chain of payloads, never opened."""

from __future__ import annotations

from dataclasses import dataclass

from impl.capture.datagrams import Datagram
from impl.capture.ending import Conclusion, Ending, Evidence, Outcome, Reason
from impl.capture.packets import Endpoint
from impl.crypto.schedule import Cookies
from impl.wire.errors import WireError
from impl.wire.ikev2 import MAJOR, Element, Flag2, chain_of
from impl.wire.message import HEADER_SIZE, NO_COOKIE, VERSION, Header, read_header


@dataclass(frozen=True, slots=True)
class OtherSeen:
    """One message. `chain` is empty where the version is not 2; `repeats`: the frame that first held it."""

    datagram: Datagram
    header: Header
    chain: tuple[Element, ...]
    from_initiator: bool | None
    repeats: int | None = None


@dataclass(slots=True)
class OtherConversation:
    """Messages of one version with one initiator's cookie (IKEv2 calls it SPI)."""

    version: int
    cookies: Cookies
    initiator: Endpoint
    responder: Endpoint
    messages: list[OtherSeen]

    @property
    def major(self) -> int:
        """The major version."""
        return self.version >> 4

    def conclusion(self) -> Conclusion:
        """It is out of scope."""
        frames = tuple(item.datagram.frame for item in self.messages)
        ending = Ending(Outcome.OUT_OF_SCOPE, Reason.IKE_VERSION, Evidence.MESSAGES, frames=frames)
        return Conclusion(ending)


def other_version(octets: bytes) -> Header | None:
    """The header of a message of another version; None if it is of ours, or too short to tell. WireError if
    it is not as long as it says, or has no initiator: such a message is not valid in any version."""
    if len(octets) < HEADER_SIZE or octets[17] == VERSION:
        return None
    header = read_header(octets)
    said = f"version {header.version >> 4}.{header.version & 15}"
    if header.length != len(octets):
        problem = f"{header.length} in a datagram of {len(octets)} octets, {said}"
        raise WireError(24, "length", problem, "RFC 7296 3.1")
    if header.initiator_cookie == NO_COOKIE:
        raise WireError(0, "initiator cookie", f"zero, {said}", "RFC 7296 3.1")
    return header


class Others:
    """Sorts messages of other versions into conversations, in their order."""

    def __init__(self) -> None:
        self.all: list[OtherConversation] = []
        self._by_cookie: dict[tuple[int, bytes], OtherConversation] = {}
        self._before: dict[bytes, int] = {}

    def see(self, datagram: Datagram, header: Header) -> tuple[OtherConversation, OtherSeen]:
        """Take in one message; WireError if its payloads are malformed."""
        assert datagram.source is not None and datagram.destination is not None
        second = header.version >> 4 == MAJOR
        chain = chain_of(header, datagram.octets) if second else ()
        by_initiator = bool(header.flags & Flag2.INITIATOR) if second else None
        key = header.version, header.initiator_cookie
        found = self._by_cookie.get(key)
        cookies = Cookies(header.initiator_cookie, header.responder_cookie)
        if found is None:
            ends = datagram.source, datagram.destination
            if by_initiator is False:
                ends = ends[1], ends[0]
            found = self._by_cookie[key] = OtherConversation(header.version, cookies, *ends, [])
            self.all.append(found)
        elif found.cookies.responder == NO_COOKIE:
            found.cookies = cookies
        repeats = self._before.setdefault(datagram.octets, datagram.frame)
        again = repeats if repeats != datagram.frame else None
        seen = OtherSeen(datagram, header, chain, by_initiator, again)
        found.messages.append(seen)
        return found, seen
