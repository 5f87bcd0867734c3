"""Addresses that are leased, and what `dynamic` stands for then: as two strongSwan 5.9.8 daemons did."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

import pytest

from model.vocabulary.places import PolicyError
from model.vocabulary.policy import Peer
from proofs.verify.leases import Leases, leases

PeerOf = Callable[..., Peer]
ADDRESSES = {"a": ip_address("192.0.2.1"), "b": ip_address("192.0.2.2")}
POOLS = (
    "pools { p { addrs = 10.3.0.0/28\n } six { addrs = fec3::/120\n } one { addrs = 10.5.0.1/32\n }"
    " range { addrs = 10.6.0.5-10.6.0.6\n } inside { addrs = 10.8.0.7/28\n } pair { addrs = 10.9.0.6/31\n } }"
)
STALLS, FAILS = "Quick Mode never starts", "no selectors in common"
P, SIX = "10.3.0.1-10.3.0.14", "fec3::1-fec3::fe"
#: client, server, what each direction gives as the client's end (client starts, server starts)
CASES = [
    ("vips = 0.0.0.0", "pools = p", P, P),
    ("vips = %any", "pools = p", P, P),
    ("vips = 0.0.0.0", "", "192.0.2.1/32", "192.0.2.1/32"),
    ("", "pools = p", FAILS, STALLS),
    ("", "", "192.0.2.1/32", "192.0.2.1/32"),
    ("vips = 0.0.0.0", "pools = nowhere", FAILS, STALLS),
    ("vips = 0.0.0.0", "pools = nowhere, p", P, P),
    ("vips = 0.0.0.0", "pools = six", FAILS, STALLS),
    ("vips = ::", "pools = p", FAILS, STALLS),
    ("vips = ::", "pools = six", SIX, SIX),
    ("vips = %any6", "pools = p, six", SIX, SIX),
    ("vips = ::", "", "192.0.2.1/32", "192.0.2.1/32"),
    ("vips = 0.0.0.0, ::", "pools = p", P, P),
    ("vips = 0.0.0.0, ::", "pools = p, six", P, P),
    ("vips = 0.0.0.0, ::", "pools = six", SIX, SIX),
    ("vips = 10.3.0.7", "pools = p", P, P),
    ("vips = 10.99.0.7", "pools = p", P, P),
    ("vips = 10.99.0.7", "", "192.0.2.1/32", "192.0.2.1/32"),
    ("vips = fec3::5", "pools = p", FAILS, STALLS),
    ("vips = 0.0.0.0", "pools = one", "10.5.0.1/32", "10.5.0.1/32"),
    ("vips = 0.0.0.0", "pools = range", "10.6.0.5-10.6.0.6", "10.6.0.5-10.6.0.6"),
    ("vips = 0.0.0.0", "pools = inside", "10.8.0.7-10.8.0.14", "10.8.0.7-10.8.0.14"),
    ("vips = 0.0.0.0", "pools = pair", "10.9.0.6/31", "10.9.0.6/31"),
    ("vips = 0.0.0.0\npull = no", "pools = p", STALLS, STALLS),
    ("vips = 0.0.0.0", "pools = p\npull = no", P, P),
    ("vips = 0.0.0.0\npull = no", "pools = p\npull = no", P, P),
    ("vips = 0.0.0.0\npull = no", "", STALLS, "192.0.2.1/32"),
    ("vips = 0.0.0.0\npull = no", "pull = no", STALLS, "192.0.2.1/32"),
    ("vips = 0.0.0.0\npull = no", "pools = nowhere\npull = no", STALLS, FAILS),
    ("", "pools = p\npull = no", FAILS, FAILS),
    ("vips = 0.0.0.0\npools = six", "pools = p\nvips = 0.0.0.0", STALLS, STALLS),
    ("vips = 0.0.0.0", "pools = p\nvips = 0.0.0.0", P, P),
    ("vips = 0.0.0.0\npools = one", "pools = p", STALLS, P),
    ("pools = one", "pools = p", STALLS, STALLS),
]


def policy(end: str, conn: str, child: str) -> str:
    return (
        f"connections {{ c {{ version = 1\n{conn}\n local {{ auth = psk\n }}\n remote {{ auth = psk\n }}\n"
        f" children {{ net {{ {child} }} }}\n }} }}\n{POOLS}\n"
    )


def client_selector(
    found: Leases, initiator: tuple[Peer, str], responder: tuple[Peer, str], client: str
) -> str:
    """What the two ends agree on for the client: the first that is offered, narrowed."""
    if found.fault:
        assert found.place is not None and found.mend
        return STALLS
    offering, answering = (peer.connections[0].children[0] for peer, _ in (initiator, responder))
    if initiator[1] == client:
        offer, ours = (
            (offering.local, found.initiator_local),
            (answering.remote, found.responder_remote),
        )
    else:
        offer, ours = (
            (offering.remote, found.initiator_remote),
            (answering.local, found.responder_local),
        )
    address = ADDRESSES[client]
    offered = [x for s in offer[0] for x in offer[1].resolved(s.value, address)]
    taken = [x for s in ours[0] for x in ours[1].resolved(s.value, address)]
    met = [m for x in taken if offered and (m := offered[0].meet(x)) is not None]
    return str(met[0]) if met else FAILS


@pytest.mark.parametrize(("client", "server", "client_starts", "server_starts"), CASES)
def test_what_a_client_is_leased(
    peer_of: PeerOf, client: str, server: str, client_starts: str, server_starts: str
) -> None:
    a = peer_of("a", policy("a", client, "remote_ts = 10.2.0.0/16\n"))
    b = peer_of("b", policy("b", server, "local_ts = 10.2.0.0/16\n"))
    for first, second, expected in ((a, b, client_starts), (b, a, server_starts)):
        found = leases(first, first.connections[0], second, second.connections[0])
        ends = ((first, first.name), (second, second.name))
        assert client_selector(found, *ends, "a") == expected
        assert bool(found.leased) is bool(found.server and not found.fault)
        assert expected is not FAILS or found.note


EXPLICIT = [  # the client's local_ts, the server's remote_ts; client starts, server starts
    ("", "remote_ts = 10.3.0.0/28\n", P, P),
    ("", "remote_ts = 10.99.0.0/24\n", FAILS, FAILS),
    ("", "remote_ts = dynamic, 10.99.0.0/24\n", P, P),
    ("local_ts = 10.77.1.0/24\n", "", FAILS, FAILS),
    ("local_ts = 10.3.0.0/28\n", "", P, P),
    ("local_ts = 0.0.0.0/0\n", "", P, P),
    ("", "remote_ts = 0.0.0.0/0\n", P, P),
    ("local_ts = dynamic[tcp/80]\n", "remote_ts = dynamic[tcp]\n", f"{P}[6/80]", f"{P}[6/80]"),
]


@pytest.mark.parametrize(("local", "remote", "client_starts", "server_starts"), EXPLICIT)
def test_selectors_that_are_stated_are_narrowed_as_ever(
    peer_of: PeerOf, local: str, remote: str, client_starts: str, server_starts: str
) -> None:
    a = peer_of("a", policy("a", "vips = 0.0.0.0", f"{local}remote_ts = 10.2.0.0/16\n"))
    b = peer_of("b", policy("b", "pools = p", f"{remote}local_ts = 10.2.0.0/16\n"))
    for first, second, expected in ((a, b, client_starts), (b, a, server_starts)):
        found = leases(first, first.connections[0], second, second.connections[0])
        assert client_selector(found, (first, first.name), (second, second.name), "a") == expected


def test_two_clients_and_no_pool_is_a_race(peer_of: PeerOf) -> None:
    a, b = (peer_of(name, policy(name, "vips = 0.0.0.0", "")) for name in "ab")
    assert "requests first" in leases(a, a.connections[0], b, b.connections[0]).needs[0]


def test_what_a_plugin_leases_is_not_known(peer_of: PeerOf) -> None:
    a = peer_of("a", policy("a", "vips = 0.0.0.0", ""))
    b = peer_of("b", policy("b", "pools = dhcp", ""))
    assert leases(a, a.connections[0], b, b.connections[0]).needs == (
        "what the plugin dhcp of b leases",
    )


@pytest.mark.parametrize(
    "fault",
    [
        "addrs = foo",
        "dns = 10.0.0.1",
        "addrs = 10.3.0.9-10.3.0.1",
        "addrs = 10.3.0.0/28\nfoo = 1.2.3.4",
    ],
)
def test_a_pool_that_swanctl_does_not_load_keeps_it_from_all_connections(
    peer_of: PeerOf, fault: str
) -> None:
    text = policy("b", "pools = p", "").replace("six {", f"bad {{ {fault}\n }} six {{")
    with pytest.raises(PolicyError, match="pool bad, stops there, and loads no connection"):
        peer_of("b", text)


def test_vips_that_are_no_address_discard_the_connection(peer_of: PeerOf) -> None:

    with pytest.raises(PolicyError, match="not an IP address"):
        peer_of("a", policy("a", "vips = %config", ""))
