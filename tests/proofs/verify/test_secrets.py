"""Which pre-shared key an end takes: every row as two strongSwan 5.9.8 daemons decided."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

import pytest

from model.formats.swanctl.identities import identity
from model.vocabulary.policy import Peer
from proofs.verify.secrets import Selected, secret_of, select

OWN, OTHER = ip_address("192.0.2.1"), ip_address("192.0.2.2")
#: secrets by name: label and owners, in the order of the file
SETS: dict[str, list[tuple[str, list[str]]]] = {
    "all": [
        ("A", ["192.0.2.2"]), ("B", ["you.x"]), ("C", ["me.x"]), ("D", ["192.0.2.1"]),
        ("E", ["%any"]), ("F", []),
    ],
    "names": [("B", ["you.x"]), ("C", ["me.x"])],
    "own": [("C", ["me.x"]), ("D", ["192.0.2.1"])],
    "own address": [("D", ["192.0.2.1"])],
    "any": [("E", ["%any"]), ("F", [])],
    "any, the other way": [("F", []), ("E", ["%any"])],
    "pairs": [("A", ["192.0.2.1", "192.0.2.2"]), ("B", ["me.x", "you.x"]), ("C", ["192.0.2.2", "%any"])],
    "nets": [("A", ["192.0.2.0/24"]), ("B", ["*.x"]), ("F", [])],
    "strangers": [("A", ["stranger.x", "192.0.2.77"])],
}  # fmt: skip
#: local id, remote id, set, what it takes in Main Mode as initiator and as responder
MAIN = [
    ("", "", "all", "F", "A"), ("%any", "", "all", "F", "F"), ("me.x", "", "all", "F", "F"),
    ("", "you.x", "all", "B", "A"), ("%any", "you.x", "all", "B", "B"), ("me.x", "you.x", "all", "B", "B"),
    ("", "192.0.2.2", "all", "A", "A"), ("%any", "192.0.2.2", "all", "A", "A"),
    ("", "", "names", None, None), ("", "you.x", "names", "B", None), ("me.x", "you.x", "names", "B", "B"),
    ("%any", "you.x", "names", "B", "B"), ("me.x", "192.0.2.2", "names", "C", "C"),
    ("me.x", "", "own", "C", "C"), ("", "", "own", "D", "D"), ("%any", "", "own", "D", "D"),
    ("me.x", "you.x", "own address", "D", "D"), ("%any", "you.x", "own address", "D", "D"),
    ("", "", "any", "F", "F"), ("", "", "any, the other way", "E", "E"),
    ("", "", "pairs", "C", "A"), ("", "you.x", "pairs", "B", "A"), ("%any", "192.0.2.2", "pairs", "A", "C"),
    ("me.x", "192.0.2.2", "pairs", "C", "C"), ("me.x", "you.x", "pairs", "B", "B"),
    ("", "", "nets", "F", "A"), ("", "192.0.2.2", "nets", "A", "A"), ("me.x", "you.x", "nets", "B", "B"),
    ("me.x", "you.x", "strangers", None, None), ("", "", "strangers", None, None),
]  # fmt: skip


def policy(local: str, remote: str, secrets: str) -> str:
    named = ""
    for label, owners in SETS[secrets]:
        lines = [f"id{number} = {owner}" for number, owner in enumerate(owners)]
        named += "\n".join([f"ike-{label} {{ secret = {label}", *lines, "}\n"])
    ids = [f"id = {text}\n" if text else "" for text in (local, remote)]
    return (
        "connections { c { version = 1\n local_addrs = 192.0.2.1\n remote_addrs = 192.0.2.2\n"
        f" local {{ auth = psk\n {ids[0]} }}\n remote {{ auth = psk\n {ids[1]} }}\n}} }}\n"
        f"secrets {{ {named} }}\n"
    )


def taken(found: Selected | None) -> str | None:
    return found.secret.label.removeprefix("ike-") if found is not None else None


@pytest.mark.parametrize(("local", "remote", "secrets", "starts", "answers"), MAIN)
def test_r3_the_key_in_main_mode(
    peer_of: Callable[..., Peer], local: str, remote: str, secrets: str, starts: str, answers: str
) -> None:
    peer = peer_of("a", policy(local, remote, secrets))
    for initiates, expected in ((True, starts), (False, answers)):
        found = select(peer, peer.connections, OWN, OTHER, initiates=initiates)
        assert taken(found) == expected
        known = secret_of(peer, peer.connections, OWN, OTHER, initiates=initiates)
        assert known is (found.secret if found else None)


@pytest.mark.parametrize(
    ("local", "remote", "secrets", "shown", "expected"),
    [
        ("", "", "all", "192.0.2.2", "A"), ("%any", "", "all", "192.0.2.2", "A"),
        ("me.x", "%any", "all", "192.0.2.2", "A"), ("", "you.x", "all", "you.x", "B"),
        ("me.x", "", "names", "192.0.2.2", "C"), ("", "you.x", "names", "you.x", "B"),
        ("", "", "names", "192.0.2.2", None), ("me.x", "", "own", "192.0.2.2", "C"),
        ("", "you.x", "pairs", "you.x", "B"), ("", "", "pairs", "192.0.2.2", "A"),
    ],
)  # fmt: skip
def test_r3_the_key_in_aggressive_mode_where_both_identities_are_known(
    peer_of: Callable[..., Peer], local: str, remote: str, secrets: str, shown: str, expected: str
) -> None:
    peer = peer_of("a", policy(local, remote, secrets))
    for initiates in (True, False):
        found = select(
            peer, peer.connections, OWN, OTHER, initiates=initiates, shown=identity(shown)
        )
        assert taken(found) == expected


@pytest.mark.parametrize(
    ("local", "remote", "secrets", "rule", "by_address"),
    [
        ("", "192.0.2.2", "all", "by the address 192.0.2.2", False),
        ("me.x", "you.x", "all", "by the FQDN you.x", False),
        ("me.x", "", "names", "by the FQDN me.x, its own identity", False),
        (
            "me.x",
            "you.x",
            "own address",
            "by the address 192.0.2.1, its own identity",
            True,
        ),
        ("me.x", "you.x", "nets", "by an FQDN that matches *.x", False),
        ("", "", "any", "no id: for any peer", False),
        ("", "", "any, the other way", "for any peer", False),
    ],
)
def test_what_selected_a_key_is_said(
    peer_of: Callable[..., Peer], local: str, remote: str, secrets: str, rule: str, by_address: bool
) -> None:
    peer = peer_of("a", policy(local, remote, secrets))
    found = select(peer, peer.connections, OWN, OTHER, initiates=True)
    assert found is not None and (found.rule, found.by_address) == (rule, by_address)
    assert found.secret.place is not None and (found.connection is None) is by_address
