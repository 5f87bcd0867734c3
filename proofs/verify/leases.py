"""What address a peer is leased, and what happens to `dynamic` selectors (Mode Config; strongSwan 5.9.8).

Every rule was measured on two daemons, in both directions. The client is the end with `vips`, the server
the one with `pools`; either may start Phase I.

- The client's own `dynamic` is its leased address, else its address.
- The server's `dynamic` for the client is what was leased. If a server with pools leased nothing it is
  empty, so that a client without a lease does not match it. A server without pools uses the address.
- Each requested address is leased from the first pool of its family; a request for a particular address
  is only a wish.
- Pull (the default): the client requests. Push (`pull = no`): the server begins. A client that waits for
  a push never starts Quick Mode. Neither does a server that starts and waits for a request, or has no
  address to lease, nor do two ends that both request and lease.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.vocabulary.places import Place
from model.vocabulary.policy import Connection, Peer, Pool
from model.vocabulary.selectors import Address, Selector

#: pools that a plugin of the daemon serves, whatever `pools` in swanctl.conf contains
_ELSEWHERE = ("dhcp", "radius")


@dataclass(frozen=True, slots=True)
class Dynamic:
    """What `dynamic` means at one end: its address, the pools it was leased from, or nothing."""

    pools: tuple[Pool, ...] = ()
    nothing: bool = False

    def resolved(self, selector: Selector, address: Address | None) -> tuple[Selector, ...]:
        """A selector with `dynamic` replaced, in the order in which it is offered: a lease is one
        address between the ends of its pool. Unchanged where the address is not known."""
        if not selector.own_address:
            return (selector,)
        if self.nothing:
            return ()
        if self.pools:
            return tuple(
                Selector(item.first, item.last, selector.protocol, selector.ports)
                for item in self.pools
            )
        return (selector.at(address),) if address is not None else (selector,)


ADDRESS, NOTHING = Dynamic(), Dynamic(nothing=True)


@dataclass(frozen=True, slots=True)
class Leases:
    """The result for two connections.

    initiator_local, initiator_remote, responder_local, responder_remote
             what `dynamic` means in local_ts and remote_ts of either end
    leased   the pools that the client has an address of, in the order of its requests
    server   the name of the peer that leases; empty if none does
    fault    why Quick Mode never starts although Phase I is up; empty if it does
    note     why nothing is leased, if that decides about a `dynamic`; else empty
    needs    what must be known to decide
    place, mend   of the fault or the note: the line, and what to write
    """

    initiator_local: Dynamic = ADDRESS
    initiator_remote: Dynamic = ADDRESS
    responder_local: Dynamic = ADDRESS
    responder_remote: Dynamic = ADDRESS
    leased: tuple[Pool, ...] = ()
    server: str = ""
    fault: str = ""
    note: str = ""
    needs: tuple[str, ...] = ()
    place: Place | None = None
    mend: str = ""


def leases(
    initiator: Peer, connection: Connection, responder: Peer, answering: Connection
) -> Leases:
    """What happens to `vips` and `pools` of an initiator's connection and the responder's."""
    starts, answers = _Side(initiator, connection), _Side(responder, answering)
    if starts.asks and answers.asks:
        if starts.leases and answers.leases:
            return Leases(
                fault=f"{initiator.name} and {responder.name} both request an address, and each waits "
                "for the other",
                place=connection.virtual_addresses.place,
                mend="remove vips at the end that leases the addresses",
            )
        if not starts.leases and not answers.leases:
            return Leases(
                needs=("which of the two requests first: both have vips, and neither has pools",)
            )
    if starts.leases and starts.pulls and not (answers.asks and answers.finds(starts)):
        note, place, mend = _nothing_leased(answers, starts, ())
        fault = f"{note}: {initiator.name} waits and does not start Quick Mode"
        return Leases(fault=fault, place=place, mend=mend, server=initiator.name)
    if starts.asks and answers.leases:
        return _with_client(starts, answers, client_starts=True)
    if answers.asks and starts.leases:
        return _with_client(answers, starts, client_starts=False)
    if starts.asks or answers.leases:
        return _with_client(starts, answers, client_starts=True)
    if answers.asks or starts.leases:
        return _with_client(answers, starts, client_starts=False)
    return Leases()


@dataclass(frozen=True, slots=True)
class _Side:
    peer: Peer
    connection: Connection

    @property
    def asks(self) -> bool:
        return bool(self.connection.virtual_addresses.value)

    @property
    def leases(self) -> bool:
        return bool(self.connection.pools.value)

    @property
    def pulls(self) -> bool:
        return self.connection.pulls.value

    def finds(self, server: _Side) -> tuple[Pool, ...]:
        """What a server leases to this end, for each address that it requests."""
        return server.found([item.version for item in self.connection.virtual_addresses.value])

    def found(self, versions: list[int]) -> tuple[Pool, ...]:
        """A pool for each requested address, by IP version: the first of its family."""
        by_name = {pool.name: pool for pool in self.peer.pools}
        named = [by_name[name] for name in self.connection.pools.value if name in by_name]
        firsts = [next((x for x in named if x.first.version == item), None) for item in versions]
        return tuple(item for item in firsts if item is not None)


def _with_client(client: _Side, server: _Side, *, client_starts: bool) -> Leases:
    wants = client.connection.virtual_addresses
    elsewhere = [name for name in server.connection.pools.value if name in _ELSEWHERE]
    if elsewhere and client.asks:
        name = server.peer.name
        return Leases(needs=(f"what the plugin {elsewhere[0]} of {name} leases",), server=name)
    waiting = _waiting(client, server, client_starts=client_starts)
    if waiting is not None:
        return waiting
    versions: list[int] = [item.version for item in wants.value]
    # a server pushes whether or not the client wants it
    if not client.asks and server.leases and not server.pulls:
        versions = [4]
    found = server.found(versions) if server.leases else ()
    own = Dynamic(found) if found and client.asks else ADDRESS
    seen = Dynamic(found) if found else NOTHING if server.leases else ADDRESS
    note, place, mend = _nothing_leased(client, server, found)
    name = server.peer.name if found else ""
    if client_starts:
        return Leases(
            own, responder_remote=seen, leased=found, server=name, note=note, place=place, mend=mend
        )
    return Leases(
        initiator_remote=seen, responder_local=own, leased=found, server=name, note=note,
        place=place, mend=mend,
    )  # fmt: skip


def _waiting(client: _Side, server: _Side, *, client_starts: bool) -> Leases | None:
    """A client waits for an address that nobody pushes."""
    if not client.asks or client.pulls:
        return None
    pushed = server.leases and not server.pulls
    stuck = client_starts if not server.leases else not pushed
    if pushed and client_starts:
        stuck = not client.finds(server)
    if not stuck:
        return None
    return Leases(
        fault=f"{client.peer.name} waits for {server.peer.name} to push an address (pull = no), which it does not do",
        place=client.connection.pulls.place,
        mend="remove pull = no, so that it requests the address",
        server=server.peer.name,
    )


def _nothing_leased(
    client: _Side, server: _Side, found: tuple[Pool, ...]
) -> tuple[str, Place | None, str]:
    """Why a server with pools leased nothing; empty if it leased, or has no pools."""
    if not server.leases or (found and client.asks):
        return "", None, ""
    there, here = server.peer.name, client.peer.name
    if not client.asks:
        return (
            f"{there} leases addresses (pools), and {here} requests none (vips)",
            server.connection.pools.place,
            f"write vips = 0.0.0.0 in connection {client.connection.name} of {here}, or remove pools",
        )
    known = {pool.name for pool in server.peer.pools}
    missing = [name for name in server.connection.pools.value if name not in known]
    if missing:
        return (
            f"{there} has no pool {missing[0]}",
            server.connection.pools.place,
            f"add pools {{ {missing[0]} {{ addrs = ... }} }}",
        )
    versions = sorted({item.version for item in client.connection.virtual_addresses.value})
    return (
        f"{there} has no pool for IPv{versions[0]}, which {here} requests",
        server.connection.pools.place,
        f"add a pool of IPv{versions[0]} addresses",
    )
