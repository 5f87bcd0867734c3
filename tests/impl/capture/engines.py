"""Runs of two of our engines as captures, with the key log of either end."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from impl.capture.conclusion import conclude
from impl.capture.conversation import Conversation, Secrets, follow
from impl.capture.datagrams import datagrams
from impl.capture.ending import Conclusion
from impl.capture.files import frames
from impl.capture.keylog import KeyLog
from impl.capture.packets import Endpoint
from impl.capture.writer import PcapWriter
from impl.crypto.schedule import Cookies, Keys
from impl.ike.settings import Address
from impl.link.network import Sent
from tests.impl.auth.authorities import credentials, trust
from tests.impl.ike.conftest import A, B, Pair, pair_of
from tests.impl.ike.test_certificates import ONE, ROOT, TWO
from tests.impl.ike.test_certificates import end as certified_end

#: ends with certificates
RSA_A = certified_end(credentials(ONE, trust(ROOT)))
RSA_B = certified_end(credentials(TWO, trust(ROOT)))

Keep = Callable[[Sent], bool]


def _logging(log: KeyLog) -> Callable[[Cookies, Keys], None]:
    def keep(cookies: Cookies, keys: Keys) -> None:
        values = {"SKEYID": keys.skeyid, "SKEYID_A": keys.a, "KEY": keys.encryption}
        log.values[cookies.initiator, cookies.responder] = values

    return keep


@dataclass
class Recorded:
    """A pair of engines, and the key log of each end."""

    pair: Pair
    logs: dict[Address, KeyLog] = field(default_factory=dict)

    def capture(self, keep: Keep = lambda sent: True) -> bytes:
        """Everything that was sent and is kept, as a pcap."""
        stream = io.BytesIO()
        writer = PcapWriter(stream)
        for sent in self.pair.network.log:
            if keep(sent):
                source, target = (
                    Endpoint(ip_address(host), port) for host, port in (sent.source, sent.target)
                )
                writer.write(round(sent.time * 10**9), source, target, sent.datagram)
        return stream.getvalue()

    def conclusions(
        self, end: Address | None = None, keep: Keep = lambda sent: True
    ) -> list[Conclusion]:
        """What decode concludes, with the keys of an end or without."""
        secrets = Secrets(self.logs[end]) if end is not None else None
        return concluded(self.capture(keep), secrets, round(self.pair.network.now * 10**9))[1]


def concluded(
    capture: bytes, secrets: Secrets | None = None, until_ns: int | None = None
) -> tuple[list[Conversation], list[Conclusion]]:
    """The conversations of a capture, and what happened to them."""
    found = list(datagrams(frames(capture)))
    conversations, _ = follow(found, secrets)
    last = max((item.time_ns for item in found), default=0)
    return conversations.all, conclude(conversations.all, last if until_ns is None else until_ns)


def recorded_pair(**changes: Any) -> Recorded:
    """`pair_of` with a key log at both ends."""
    made = Recorded(pair_of(**changes))
    for address, name in ((A, "a"), (B, "b")):
        log = made.logs[address] = KeyLog()
        engine = getattr(made.pair, name)
        engine = type(engine)(engine.settings, os.urandom, _logging(log))
        setattr(made.pair, name, engine)
        made.pair.network.join(address, engine)
    return made


def established(**changes: Any) -> Recorded:
    """A pair after its first Quick Mode."""
    run = recorded_pair(**changes)
    run.pair.start()
    run.pair.run(5)
    return run


def octets_of(sent: Sent) -> bytes:
    """A message without the marker of port 4500."""
    return sent.datagram.removeprefix(bytes(4))
