"""Client identities of Quick Mode: sets of packets as ID payloads, and back (RFC 2407 4.6.2; R21)."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from impl.ike.core import Refused
from impl.wire.numbers import IdType, NotifyType
from impl.wire.payloads import Identification
from model.vocabulary.selectors import ANY_PORTS, Selector

_SINGLE = {4: IdType.IPV4_ADDR, 6: IdType.IPV6_ADDR}
_SUBNET = {4: IdType.IPV4_ADDR_SUBNET, 6: IdType.IPV6_ADDR_SUBNET}
_RANGE = {4: IdType.IPV4_ADDR_RANGE, 6: IdType.IPV6_ADDR_RANGE}
#: what a type names, and the octets of its addresses
_KINDS = {
    int(kinds[version]): (kinds, size)
    for kinds in (_SINGLE, _SUBNET, _RANGE)
    for version, size in ((4, 4), (6, 16))
}


@lru_cache(maxsize=256)
def client_id(selector: Selector) -> Identification:
    """The ID payload of a set of packets: an address, a subnet or a range, with protocol and port.

    IKEv1 names one port or all: a range of ports is named as all of them, and narrowed by the policy.
    """
    first, last = selector.first, selector.last
    low, high = selector.ports
    port = low if low == high else 0
    if first == last:
        return Identification(_SINGLE[first.version], selector.protocol, port, first.packed)
    host_bits = int(first) ^ int(last)
    if not host_bits & (host_bits + 1) and not int(first) & host_bits:
        every = (1 << first.max_prefixlen) - 1
        netmask = (every ^ host_bits).to_bytes(len(first.packed), "big")
        data = first.packed + netmask
        return Identification(_SUBNET[first.version], selector.protocol, port, data)
    return Identification(
        _RANGE[first.version], selector.protocol, port, first.packed + last.packed
    )


@lru_cache(maxsize=256)
def packets_of(identity: Identification) -> Selector:
    """The set of packets that an ID payload names; Refused if it names none."""
    ports = (identity.port, identity.port) if identity.port else ANY_PORTS
    first, last = _addresses(identity)
    return Selector(first, last, identity.protocol, ports)


def _addresses(
    identity: Identification,
) -> tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address]:
    data, type_ = identity.data, identity.type
    kinds, size = _KINDS.get(type_, (None, 0))
    if kinds is _SINGLE and len(data) == size:
        address = ip_address(data)
        return address, address
    if kinds is not None and len(data) == 2 * size:
        one, other = (int.from_bytes(half, "big") for half in (data[:size], data[size:]))
        if kinds is _SUBNET:
            # a netmask: ones, and then zeroes only
            hosts = other ^ ((1 << 8 * size) - 1)
            one, other = (one & other, one | hosts) if not hosts & (hosts + 1) else (1, 0)
        if one <= other:
            first, last = one.to_bytes(size, "big"), other.to_bytes(size, "big")
            return ip_address(first), ip_address(last)
    why = f"client identities of type {type_} and {len(data)} octets name no packets"
    raise Refused("selector", why, NotifyType.INVALID_ID_INFORMATION)
