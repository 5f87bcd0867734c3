"""Pairs of configurations, one field changed at a time, for two real strongSwans to decide.

A change is a piece of swanctl.conf after the base: later values replace, sections merge. Bases are the
rig's configurations (tests/data/swanctl), `$` fields filled in for each side. The kinds are in
`phase1_cases`, `authentication_cases` and `phase2_cases`.
"""

from __future__ import annotations

import hashlib
import re
import string
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.interop.pki import PKI

DATA = Path(__file__).resolve().parents[1] / "data"
SIDES = {
    "peer": {"IP": "192.0.2.1", "NET": "10.77.1.0/24", "ID": "peer.rig.test"},
    "cmd": {"IP": "192.0.2.2", "NET": "10.77.2.0/24", "ID": "cmd.rig.test"},
}
#: the address that a side has itself where it is behind a NAT: `$LOCAL_IP` is that, `$REMOTE_IP` the public one
NAT_IP = {"peer": "10.65.0.2", "cmd": "10.66.0.2"}

# Bases.
DES3 = "psk-3des-sha1-modp1024"  # identities are the addresses
AES = "psk-aes128-sha256-modp2048-pfs"  # identities are names
WEAK = "psk-des-md5-modp768"
HOST = "psk-host-tunnel"
LIVES = "psk-lifetimes"
TRANSPORT = "psk-esp-transport"
AH = "psk-ah-transport"
CERT = "cert-rsa"
_HASH = re.compile(r"\$(WHOLE|INFO|BITS)_OF_(\w+)")


@dataclass(frozen=True)
class Start:
    """What one side initiates: children of one connection, one after the other."""

    side: str
    connection: str = "rig"
    children: tuple[str, ...] = ("net",)

    @property
    def key(self) -> str:
        """Its name in a record: the side, and what it starts unless that is `net` of `rig`."""
        named = f"{self.connection}/{'+'.join(self.children)}"
        return self.side if named == "rig/net" else f"{self.side} {named}"


@dataclass(frozen=True)
class Case:
    """One pair.

    name, kind    what is changed; the kind is the row of the table
    base          the rig's configuration that both start from; none: each side's text is all
    peer, cmd     what follows it on either side
    certificates  which certificates a side has, (file, name in the PKI); in the texts `$FOLDER` is where
                  they are, and `$INFO_OF_NAME`, `$BITS_OF_NAME`, `$WHOLE_OF_NAME` are the SHA-1 hashes of a
                  SubjectPublicKeyInfo, of the key alone, and of the certificate
    initiators    who can initiate the child `net`
    starts        what is initiated, where that is not `net` of the connection `rig`
    behind        the sides that are behind a NAT, which changes ports; their private addresses are NAT_IP
    forwarded     whether ports 500 and 4500 come in through it
    addresses     of a side that has others than SIDES and 2001:db8::1 or ::2: with prefix, the primary first
    settings      of a side's strongswan.conf: KEY=VALUE
    hosts         names that both can resolve, and what to
    """

    name: str
    kind: str
    base: str
    peer: str = ""
    cmd: str = ""
    peer_certificates: tuple[tuple[str, str], ...] = ()
    cmd_certificates: tuple[tuple[str, str], ...] = ()
    initiators: tuple[str, ...] = ("peer", "cmd")
    starts: tuple[Start, ...] = ()
    behind: tuple[str, ...] = ()
    forwarded: bool = False
    addresses: tuple[tuple[str, tuple[str, ...]], ...] = ()
    settings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    hosts: tuple[tuple[str, str], ...] = ()

    @property
    def started(self) -> tuple[Start, ...]:
        """Everything that is initiated, each with nothing left of the one before."""
        return self.starts or tuple(Start(side) for side in self.initiators)

    @property
    def translated(self) -> dict[str, str]:
        """The public address of each side that is behind a NAT."""
        return {side: SIDES[side]["IP"] for side in self.behind}

    def text(self, side: str) -> str:
        """One side's swanctl.conf."""
        change = self.peer if side == "peer" else self.cmd
        own = NAT_IP[side] if side in self.behind else ""
        if not self.base:
            return filled(change, side, own)
        base = text_of(self.base)
        return filled(f"{base}\n{change}\n" if change else base, side, own)

    def files(self, pki: PKI, *, private: bool) -> dict[str, dict[str, bytes]]:
        """What swanctl finds on each side; private keys only where asked for."""
        found: dict[str, dict[str, bytes]] = {}
        for side in SIDES:
            files = {"swanctl.conf": _HASH.sub(partial(_hashed, pki), self.text(side)).encode()}
            for file, name in self.certificates(side):
                if file.startswith("private/") and not private:
                    continue
                files[file] = pki.certificate(name)
                if private and file.startswith("x509/") and not name.startswith("text:"):
                    stem = file.removeprefix("x509/").removesuffix(".crt")
                    files[f"private/{stem}.key"] = pki.key(name)
            found[side] = files
        return found

    def certificates(self, side: str) -> tuple[tuple[str, str], ...]:
        """(file, name in the PKI) of one side."""
        own = self.peer_certificates if side == "peer" else self.cmd_certificates
        return certified(side) if self.base == CERT and not own else own

    def digest(self) -> str:
        """What a record was made of; a changed case asks for a new record."""
        parts = [part for side in SIDES for part in (self.text(side), *self.certificates(side))]
        around = (self.behind, self.forwarded, self.addresses, self.settings, self.hosts)
        started = [item.key for item in self.started]
        return hashlib.sha256(repr((parts, around, started)).encode()).hexdigest()[:16]


def _hashed(pki: PKI, found: re.Match[str]) -> str:
    return pki.hash(found[1], found[2])


def certified(
    side: str, own: str = "", anchors: tuple[str, ...] = ("ca",), *more: tuple[str, str]
) -> tuple[tuple[str, str], ...]:
    """The certificates of a side: its own (a name in the PKI), and its trust anchors."""
    found = [(f"x509/{side}.crt", own or side), *((f"x509ca/{ca}.crt", ca) for ca in anchors)]
    return (*found, *more)


def text_of(base: str) -> str:
    """One of the rig's configurations, `$` fields and all."""
    return (DATA / "swanctl" / f"{base}.swanctl.conf").read_text()


def filled(text: str, side: str, address: str = "") -> str:
    """A configuration with its `$` fields filled in for one side, which may have another address."""
    other = "cmd" if side == "peer" else "peer"
    fields = {f"LOCAL_{key}": value for key, value in SIDES[side].items()}
    fields["LOCAL_IP"] = address or SIDES[side]["IP"]
    fields |= {f"REMOTE_{key}": value for key, value in SIDES[other].items()}
    return string.Template(text).safe_substitute(fields, SIDE=side, OTHER_SIDE=other)


def rig(text: str) -> str:
    """A change in the connection."""
    return f"connections {{ rig {{\n{text}\n}} }}"


def net(text: str) -> str:
    """A change in its child."""
    return rig(f"children {{ net {{\n{text}\n}} }}")


def ike(text: str) -> str:
    """A change of the IKE proposals."""
    return rig(f"proposals = {text}")


def esp(text: str) -> str:
    """A change of the ESP proposals."""
    return net(f"esp_proposals = {text}")


def secrets(text: str) -> str:
    """More pre-shared keys."""
    return f"secrets {{\n{text}\n}}"
