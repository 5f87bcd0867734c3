"""Whole configurations as values, for cases that have little in common with the rig's own.

A `Site` is a connection with its children, `Secret` a pre-shared key; `text` writes a side's swanctl.conf.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

#: networks behind the two sides
NETS = {"peer": "10.77.1.0/24", "cmd": "10.77.2.0/24"}
IKE, ESP = "aes128-sha256-modp2048", "aes128-sha256"


@dataclass(frozen=True)
class Kid:
    """A child; empty values are left out of the text."""

    name: str = "net"
    local: str = ""
    remote: str = ""
    esp: str = ESP
    ah: str = ""
    mode: str = ""
    more: str = ""

    def lines(self) -> Iterator[str]:
        """Its section."""
        yield f"{self.name} {{"
        yield from _settings(
            local_ts=self.local, remote_ts=self.remote, esp_proposals="" if self.ah else self.esp,
            ah_proposals=self.ah, mode=self.mode,
        )  # fmt: skip
        yield from _more(self.more)
        yield "}"


@dataclass(frozen=True)
class Site:
    """A connection; empty values are left out of the text.

    own, other   what local and remote say besides auth and id        more   further lines of the connection
    """

    local: str = "$LOCAL_IP"
    remote: str = "$REMOTE_IP"
    id: str = ""
    peer_id: str = ""
    name: str = "rig"
    auth: str = "psk"
    ike: str = IKE
    kids: tuple[Kid, ...] = field(
        default_factory=lambda: (Kid("net", "$LOCAL_NET", "$REMOTE_NET"),)
    )
    own: str = ""
    other: str = ""
    more: str = ""

    def lines(self) -> Iterator[str]:
        """Its section."""
        yield f"{self.name} {{"
        yield "version = 1"
        yield from _settings(local_addrs=self.local, remote_addrs=self.remote, proposals=self.ike)
        for end, identity, more in (
            ("local", self.id, self.own),
            ("remote", self.peer_id, self.other),
        ):
            yield f"{end} {{"
            yield from _settings(auth=self.auth, id=identity)
            yield from _more(more)
            yield "}"
        yield "children {"
        for kid in self.kids:
            yield from kid.lines()
        yield "}"
        yield from _more(self.more)
        yield "}"


@dataclass(frozen=True)
class Secret:
    """A pre-shared key and its owners."""

    value: str
    owners: tuple[str, ...] = ()


def text(
    sites: Iterable[Site], secrets: Iterable[Secret] = (Secret("correct horse"),), more: str = ""
) -> str:
    """A swanctl.conf, indented by section."""
    lines = ["connections {", *(line for site in sites for line in site.lines()), "}", "secrets {"]
    for number, secret in enumerate(secrets, 1):
        lines += [f"ike-{number} {{", f'secret = "{secret.value}"']
        lines += [f"id-{n} = {owner}" for n, owner in enumerate(secret.owners)]
        lines.append("}")
    lines += ["}", *_more(more)]
    depth, found = 0, []
    for line in lines:
        depth -= line.endswith("}")
        found.append("  " * depth + line)
        depth += line.endswith("{")
    return "\n".join(found) + "\n"


def _settings(**values: Any) -> Iterator[str]:
    for key, value in values.items():
        if value:
            yield f"{key} = {value}"


def _more(text_: str) -> Iterator[str]:
    yield from (line.strip() for line in text_.splitlines() if line.strip())


#: of a case: both sides have a certificate by `ca`, and that as their trust anchor
CERTIFIED: dict[str, Any] = {
    f"{side}_certificates": ((f"x509/{side}.crt", side), ("x509ca/ca.crt", "ca"))
    for side in ("peer", "cmd")
}
