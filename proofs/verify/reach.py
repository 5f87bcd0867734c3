"""Whether message 1 can be sent and arrive: ports, mediation, daemons that answer nobody (strongSwan 5.9.8,
measured in both directions)."""

from __future__ import annotations

from dataclasses import dataclass

from model.vocabulary.places import Place
from model.vocabulary.policy import Connection, Peer


@dataclass(frozen=True, slots=True)
class Unreached:
    """Why nobody answers message 1: in words, the line, and the fix."""

    why: str
    place: Place | None
    mend: str


def unreached(initiator: Peer, connection: Connection, responder: Peer) -> Unreached | None:
    """Why a start by this connection gets no answer of the responder; None: it may get one.

    Addresses are judged elsewhere. A daemon has two sockets, one for IKE and one for NAT traversal with a
    marker in its packets: each reaches only a socket of the same kind.
    """
    if connection.mediation.value:
        return Unreached(
            f"{initiator.name} cannot start: connection {connection.name} is for mediation only (mediation = yes)",
            connection.mediation.place,
            "remove mediation = yes",
        )
    if responder.stack.initiator_only.value:
        return Unreached(
            f"{responder.name} does not answer any peer (initiator_only)",
            responder.stack.initiator_only.place,
            f"remove initiator_only = yes from the strongswan.conf of {responder.name}",
        )
    ours, theirs = initiator.stack, responder.stack
    start = connection.local_port.value or ours.port.value
    call = connection.remote_port.value
    pairs = {(ours.port.value, theirs.port.value), (ours.port_nat_t.value, theirs.port_nat_t.value)}
    if (start, call) in pairs:
        return None
    if start not in (ours.port.value, ours.port_nat_t.value):
        return Unreached(
            f"{initiator.name} does not listen on UDP port {start}, so it cannot start from it",
            connection.local_port.place or connection.place,
            "remove local_port",
        )
    return Unreached(
        f"{initiator.name} calls UDP port {call} of {responder.name} from its port {start}, and "
        f"{responder.name} listens on {theirs.port.value} for IKE and {theirs.port_nat_t.value} for "
        "NAT traversal",
        connection.remote_port.place or connection.local_port.place or connection.place,
        f"remote_port = {theirs.port.value}",
    )
