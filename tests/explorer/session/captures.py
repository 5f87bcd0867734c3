"""Two policies that our engines carry out, written as a capture and a key log; and captures made by hand."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from explorer.cli.reader import FileReader
from impl.capture.packets import Endpoint
from impl.capture.writer import PcapWriter
from impl.daemon.keyfile import KeyFile
from impl.ike.engine import Engine
from impl.ike.settings import Address
from impl.link.network import Network, Sent
from impl.translate import plan
from impl.wire.message import Header, Message, encode_message
from impl.wire.payloads import (
    Certificate,
    CertificateRequest,
    Identification,
    Notification,
    Unknown,
    VendorId,
)
from impl.wire.proposals import Attribute, Proposal, SecurityAssociation, Transform
from model.formats import load

HQ, BRANCH = "192.0.2.10", "192.0.2.20"
SECRET = "a secret of nobody"
_POLICY = """
connections {{
  {other} {{
    version = 1
    local_addrs = {own_address}
    remote_addrs = {other_address}
    proposals = {ike}
    local {{
      auth = psk
      id = {own}.example.com
    }}
    remote {{
      auth = psk
      id = {other}.example.com
    }}
    children {{
      net {{
        local_ts = {own_net}
        remote_ts = {other_net}
        esp_proposals = {esp}
        start_action = trap
      }}
    }}
  }}
}}
secrets {{
  ike-both {{
    secret = "{secret}"
  }}
}}
"""


@dataclass(frozen=True)
class Story:
    """What an engineer has at hand: both policies, a capture, and the key log of one end."""

    hq: Path
    branch: Path
    capture: Path
    keylog: Path

    @property
    def arguments(self) -> tuple[str, ...]:
        """Of `ikeproof explore`."""
        return str(self.hq), str(self.branch), "--capture", str(self.capture), "--keylog", str(self.keylog)  # fmt: skip


def story(
    folder: Path,
    esp: tuple[str, str] = ("3des-sha1,aes128-sha256", "3des-md5"),
    ike: tuple[str, str] = ("3des-sha1-modp768", "3des-sha1-modp768"),
    secrets: tuple[str, str] = (SECRET, SECRET),
) -> Story:
    """Policies of hq and branch, of which hq calls, and what was sent between them."""
    ends = ("hq", HQ, "10.1.0.0/16"), ("branch", BRANCH, "10.2.0.0/16")
    files = []
    for side, (own, other) in enumerate((ends, ends[::-1])):
        file = folder / f"{own[0]}.conf"
        file.write_text(
            _POLICY.format(
                own=own[0], own_address=own[1], own_net=own[2],
                other=other[0], other_address=other[1], other_net=other[2],
                ike=ike[side], esp=esp[side], secret=secrets[side],
            )
        )  # fmt: skip
        files.append(file)
    made = Story(files[0], files[1], folder / "refused.pcap", folder / "refused.keys")
    network = _carried_out(made)
    with made.capture.open("wb") as stream:
        written(PcapWriter(stream), network.log)
    return made


def _carried_out(made: Story) -> Network:
    network, keys = Network(seed=1), KeyFile(str(made.keylog))
    engines = []
    for number, (file, host) in enumerate(((made.hq, HQ), (made.branch, BRANCH))):
        settings = plan(load(str(file), file.stem, FileReader()), ip_address(host)).settings
        logs = (keys,) if number == 0 else ()
        engines.append(Engine(settings, random.Random(number).randbytes, *logs))
        network.join((host, 500), engines[-1])
    engines[0].start(engines[0].settings.connections[0], (BRANCH, 500), 0.0)
    network.run(30.0)
    return network


def written(writer: PcapWriter, log: list[Sent]) -> None:
    """Everything that was sent, as packets."""
    for sent in log:
        ends = [_endpoint(item) for item in (sent.source, sent.target)]
        writer.write(round(sent.time * 10**9), ends[0], ends[1], sent.datagram)


def _endpoint(address: Address) -> Endpoint:
    return Endpoint(ip_address(address[0]), address[1])


#: ESC, C1, DEL and bidi controls around a word
NASTY = "\x1b]0;OWNED\x07\x1b[2J\x9b31m\x7f\u202e\u2066\u200fend"
#: what of it must not reach a terminal
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def hostile(file: Path) -> Path:
    """A capture with control characters in every text: identities, vendor ids, notifications, names."""
    octets, wide = NASTY.encode(), NASTY.encode("utf-16-le")
    attributes = (Attribute(1, 5), Attribute(2, 2), Attribute(3, 65001), Attribute(4, 2),
                  Attribute(16384, wide), Attribute(32001, wide))  # fmt: skip
    offer = SecurityAssociation((Proposal(1, 1, b"", (Transform(1, 1, attributes),)),))
    name = _der(0x30, _der(0x31, _der(0x30, bytes.fromhex("0603550403") + _der(0x0C, octets))))
    texts = (
        Identification(2, 0, 0, octets), Identification(3, 0, 0, octets),
        Identification(9, 0, 0, name), Identification(11, 0, 0, octets), Identification(2, 0, 0, wide),
        VendorId(octets), VendorId(wide), CertificateRequest(4, name), Certificate(4, octets),
        Notification(14, 1, b"", octets), Notification(9999, 1, b"", wide), Unknown(200, wide),
    )  # fmt: skip
    ends = [_endpoint((host, 500)) for host in (HQ, BRANCH)]
    with file.open("wb") as stream:
        writer = PcapWriter(stream)
        for number, payloads in enumerate(((offer, *texts), texts)):
            head = Header(b"\x1b[31mabc", b"\x9b\x9b\x9bdefgh" if number else bytes(8), 0, 5 if number else 4, 0, 0, 0)  # fmt: skip
            message = encode_message(Message(head, payloads))
            writer.write(number * 10**7, ends[number], ends[1 - number], message)
    return file


def _der(tag: int, body: bytes) -> bytes:
    return bytes((tag, len(body))) + body
