"""The packets that a policy selects (RFC 4301 section 4.4.1.1), as sets with an intersection."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, summarize_address_range

ANY_PROTOCOL = 0
ANY_PORTS = (0, 65535)
OPAQUE_PORTS = (65535, 0)  # ports that cannot be known (RFC 7296 section 3.13.1)

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Selector:
    """Addresses `first` to `last`, an IP protocol (0 is any), ports `ports[0]` to `ports[1]`.

    `own_address` means the address of that end on the wire, known only when it negotiates
    (strongSwan's `dynamic`, Windows' `me`); `first` and `last` then span everything.
    """

    first: Address
    last: Address
    protocol: int = ANY_PROTOCOL
    ports: tuple[int, int] = ANY_PORTS
    own_address: bool = False

    def at(self, address: Address) -> Selector:
        """The same with `own_address` resolved to `address`."""
        if not self.own_address:
            return self
        return Selector(address, address, self.protocol, self.ports)

    def meet(self, other: Selector) -> Selector | None:
        """The packets that both select, or None if there are none."""
        if self.first.version != other.first.version:
            return None
        first, last = max(self.first, other.first), min(self.last, other.last)
        if first > last:  # type: ignore[operator]
            return None
        if ANY_PROTOCOL not in (self.protocol, other.protocol) and self.protocol != other.protocol:
            return None
        ports = _meet_ports(self.ports, other.ports)
        if ports is None:
            return None
        own = self.own_address and other.own_address
        return Selector(first, last, self.protocol or other.protocol, ports, own)

    @property
    def is_everything(self) -> bool:
        """Whether it is for every address of its family."""
        return int(self.first) == 0 and int(self.last) == (1 << self.last.max_prefixlen) - 1

    def is_host(self, address: Address) -> bool:
        """Whether it is for this one address."""
        return self.first == self.last == address

    def covers(self, other: Selector) -> bool:
        """Whether every packet of `other` is one of ours."""
        return self.meet(other) == other

    def __str__(self) -> str:
        if self.own_address:
            text = "own address"
        elif self.first == self.last:
            text = f"{self.first}/{self.first.max_prefixlen}"
        else:
            blocks = list(summarize_address_range(self.first, self.last))
            text = str(blocks[0]) if len(blocks) == 1 else f"{self.first}-{self.last}"
        if self.protocol == ANY_PROTOCOL and self.ports == ANY_PORTS:
            return text
        protocol = str(self.protocol) if self.protocol else "any"
        return f"{text}[{protocol}{_ports_text(self.ports)}]"


def _ports_text(ports: tuple[int, int]) -> str:
    if ports == ANY_PORTS:
        return ""
    if ports == OPAQUE_PORTS:
        return "/opaque"
    low, high = ports
    return f"/{low}" if low == high else f"/{low}-{high}"


def _meet_ports(mine: tuple[int, int], theirs: tuple[int, int]) -> tuple[int, int] | None:
    if OPAQUE_PORTS in (mine, theirs):
        pair = {mine, theirs}
        return OPAQUE_PORTS if pair <= {OPAQUE_PORTS, ANY_PORTS} else None
    low, high = max(mine[0], theirs[0]), min(mine[1], theirs[1])
    return (low, high) if low <= high else None


EVERYWHERE_4 = Selector(ip_address("0.0.0.0"), ip_address("255.255.255.255"))
OWN_ADDRESS = Selector(EVERYWHERE_4.first, EVERYWHERE_4.last, own_address=True)
