"""What `default` holds: as two strongSwan 5.9.8 daemons (Debian 12) printed and negotiated it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from model.choice import phase1_offer, phase1_table, phase2_offer, phase2_table
from model.formats.swanctl.defaults import defaults_for, with_defaults
from model.vocabulary.places import Place, Stated
from model.vocabulary.policy import Peer
from model.vocabulary.profiles import CHARON
from model.vocabulary.stack import StackOptions

PeerOf = Callable[..., Peer]


def peer(peer_of: PeerOf, conn: str = "", child: str = "") -> Peer:
    return peer_of(
        "a",
        f"connections {{ c {{ version = 1\n{conn}\nlocal {{ auth = psk\n }}\nremote {{ auth = psk\n }}\n"
        f"children {{ n {{ {child}\n }} }}\n }} }}\n",
    )


def agreed(initiator: Peer, responder: Peer) -> tuple[str, str]:
    """Both suites that two peers agree on."""
    a, b = initiator.connections[0], responder.connections[0]
    first = phase1_table(
        phase1_offer(a.proposals, a.authentications, CHARON), b.proposals, CHARON
    ).winner()
    ours, theirs = a.children[0], b.children[0]
    group = first.suite.group if first else None
    offer = phase2_offer(ours.proposals, ours.mode.value, CHARON, group)
    second = phase2_table(offer, theirs.proposals, CHARON).winner()
    assert all(row is None or row.certain for row in (first, second))
    return str(first.suite if first else None), str(second.suite if second else None)


def test_both_ends_default(peer_of: PeerOf) -> None:
    one = with_defaults(peer(peer_of), "5.9.8")
    assert agreed(one, one) == ("aes128 sha256 curve25519", "ESP aes128gcm16, no PFS")


@pytest.mark.parametrize(
    ("one", "other", "starts", "answers"),
    [  # an esp_proposals that says default puts CBC first; one that is not stated, GCM
        ("esp_proposals = default", "", "ESP aes128gcm16, no PFS", "ESP aes128 sha256, no PFS"),
        ("ah_proposals = default", "ah_proposals = default", "AH sha256, no PFS", "AH sha256, no PFS"),
        ("esp_proposals = aes256-sha256", "", "ESP aes256 sha256, no PFS", "None"),
        ("esp_proposals = aes128gcm16", "", "ESP aes128gcm16, no PFS", "ESP aes128gcm16, no PFS"),
        ("esp_proposals = aes128-sha256-modp2048", "", "None", "None"),
    ],
)  # fmt: skip
def test_phase2(peer_of: PeerOf, one: str, other: str, starts: str, answers: str) -> None:
    a, b = (with_defaults(peer(peer_of, child=text), "5.9.8") for text in (one, other))
    assert (agreed(a, b)[1], agreed(b, a)[1]) == (starts, answers)


@pytest.mark.parametrize(
    ("proposal", "starts", "answers"),
    [
        ("aes128-sha256-modp2048", "aes128 sha256 modp2048", "None"),
        ("aes256-sha512-x25519", "aes256 sha512 curve25519", "None"),
        ("aes128-sha256-x25519", "aes128 sha256 curve25519", "aes128 sha256 curve25519"),
        ("3des-sha1-modp2048", "3des sha1 modp2048", "None"),
        ("aes128-sha256-modp1024", "None", "None"),
        ("aes128-md5-modp2048", "None", "None"),
        ("DEFAULT", "aes128 sha256 curve25519", "aes128 sha256 curve25519"),
    ],
)
def test_phase1_with_one_end_default(
    peer_of: PeerOf, proposal: str, starts: str, answers: str
) -> None:
    a = with_defaults(peer(peer_of, f"proposals = {proposal}"), "5.9.8")
    b = with_defaults(peer(peer_of), "5.9.8")
    assert (agreed(a, b)[0], agreed(b, a)[0]) == (starts, answers)


def test_places_are_kept_and_nothing_is_left_uncertain(peer_of: PeerOf) -> None:
    found = with_defaults(peer(peer_of, "proposals = default", "esp_proposals = default"), "5.9.8")
    (connection,) = found.connections
    assert connection.proposals[0].place == Place("a.conf", 2)
    assert not any(item.default for item in connection.proposals)
    proposals = connection.children[0].proposals
    assert len(proposals) == 2 and not any(item.default for item in proposals)
    assert all(item.place == Place("a.conf", 7) for item in proposals)


def test_versions_and_plugins_that_were_not_measured(peer_of: PeerOf) -> None:
    assert defaults_for("5.9.8-5+deb12u6") is defaults_for("5.9.8") is not None
    assert defaults_for("6.0.1") is None
    with pytest.raises(ValueError, match=r"6\.0\.1 is not known; known: 5\.9\.8"):
        with_defaults(peer(peer_of), "6.0.1")
    lean = replace(peer(peer_of), stack=StackOptions(plugins=Stated(("aes", "gmp", "hmac"))))
    one = with_defaults(lean, "5.9.8")
    assert agreed(one, one)[0] == "aes128 sha256 modp3072"
    odd = replace(lean, stack=StackOptions(plugins=Stated(("wolfssl", "gmp"))))
    with pytest.raises(ValueError, match="plugins"):
        with_defaults(odd, "5.9.8")
