"""Client identities of Quick Mode: sets of packets as ID payloads, and back (RFC 2407 4.6.2; R21)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from impl.ike.core import Refused
from impl.wire.numbers import IdType, NotifyType
from impl.wire.payloads import Identification
from model.vocabulary.selectors import ANY_PORTS, Selector

_SINGLE = {4: IdType.IPV4_ADDR, 6: IdType.IPV6_ADDR}
_SUBNET = {4: IdType.IPV4_ADDR_SUBNET, 6: IdType.IPV6_ADDR_SUBNET}
_RANGE = {4: IdType.IPV4_ADDR_RANGE, 6: IdType.IPV6_ADDR_RANGE}


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


def packets_of(identity: Identification) -> Selector:
    """The set of packets that an ID payload names; Refused if it names none."""
    ports = (identity.port, identity.port) if identity.port else ANY_PORTS
    first, last = _addresses(identity)
    return Selector(first, last, identity.protocol, ports)


def _addresses(
    identity: Identification,
) -> tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address]:
    data, type_ = identity.data, identity.type
    try:
        if type_ in _SINGLE.values() and len(data) == _octets(type_, _SINGLE):
            address = ip_address(data)
            return address, address
        size = _octets(type_, _SUBNET) or _octets(type_, _RANGE)
        if size and len(data) == 2 * size:
            one, other = ip_address(data[:size]), ip_address(data[size:])
            if type_ in _RANGE.values():
                if int(one) > int(other):
                    raise ValueError("an empty range")
                return one, other
            network = ip_network(f"{one}/{int(other).bit_count()}", strict=False)
            if network.netmask != other:
                raise ValueError("no netmask")
            return network.network_address, network.broadcast_address
    except ValueError:
        pass
    why = f"client identities of type {type_} and {len(data)} octets name no packets"
    raise Refused("selector", why, NotifyType.INVALID_ID_INFORMATION)


def _octets(type_: int, kinds: dict[int, IdType]) -> int:
    """How long an address of that type is; 0 if the type is none of these."""
    return {kinds[4]: 4, kinds[6]: 16}.get(IdType(type_), 0) if type_ in kinds.values() else 0
