"""Ports and daemons that answer nobody: as two strongSwan 5.9.8 daemons did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from model.vocabulary.places import Place, Stated
from model.vocabulary.policy import Peer
from model.vocabulary.stack import StackOptions
from proofs.verify.reach import unreached

PeerOf = Callable[..., Peer]


def peer(peer_of: PeerOf, name: str, conn: str = "", stack: StackOptions | None = None) -> Peer:
    text = f"connections {{ c {{ version = 1\n{conn}\nlocal {{ auth = psk\n }}\nremote {{ auth = psk\n }}\n }} }}\n"
    found = peer_of(name, text)
    return replace(found, stack=stack) if stack is not None else found


ON_501 = StackOptions(port=Stated(501, Place("s.conf", 2)))


@pytest.mark.parametrize(
    ("conn", "stack", "says"),
    [
        ("", None, ""), ("local_port = 500\nremote_port = 500", None, ""), ("local_port = 0", None, ""),
        ("local_port = 4500\nremote_port = 4500", None, ""), ("local_port = 4500", None, "calls UDP port 500"),
        ("remote_port = 4500", None, "calls UDP port 4500"), ("remote_port = 501", None, "calls UDP port 501"),
        ("remote_port = 0", None, "calls UDP port 0"), ("local_port = 501", None, "does not listen on UDP port 501"),
        ("", ON_501, "calls UDP port 500"), ("local_port = 501\nremote_port = 501", ON_501, ""),
        ("remote_port = 501", ON_501, ""), ("mediation = yes", None, "is for mediation only"),
    ],
)  # fmt: skip
def test_who_is_reached(peer_of: PeerOf, conn: str, stack: StackOptions | None, says: str) -> None:
    a, b = peer(peer_of, "a", conn, stack), peer(peer_of, "b", "", stack)
    found = unreached(a, a.connections[0], b)
    if not says:
        assert found is None
        return
    assert found is not None and says in found.why and found.place is not None and found.mend
    # the peer's own starts are not touched by these keys
    assert stack is not None or unreached(b, b.connections[0], a) is None


def test_a_daemon_that_only_initiates_answers_nobody(peer_of: PeerOf) -> None:
    silent = StackOptions(initiator_only=Stated(True, Place("s.conf", 3)))
    a, b = peer(peer_of, "a"), peer(peer_of, "b", stack=silent)
    found = unreached(a, a.connections[0], b)
    assert found is not None and found.place == Place("s.conf", 3)
    assert unreached(b, b.connections[0], a) is None
