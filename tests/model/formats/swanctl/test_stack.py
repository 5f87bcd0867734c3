"""strongswan.conf: what of it decides a negotiation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from model.choice import private_algorithms
from model.formats.swanctl.stack import load_stack, with_stack
from model.vocabulary.names import RdnMatching
from model.vocabulary.places import Place, PolicyError
from model.vocabulary.policy import Peer
from model.vocabulary.profiles import Order
from model.vocabulary.stack import UNSTATED, StackOptions
from tests.conftest import DictReader


def stack(text: str, **files: str) -> StackOptions:
    octets = {name: body.encode() for name, body in {"s.conf": text, **files}.items()}
    return load_stack("s.conf", DictReader(octets))


def test_what_is_not_stated_has_the_daemons_default() -> None:
    found = stack("charon { }")
    assert found.file == "s.conf" and not found.findings
    names = [name for name in StackOptions.__slots__ if name not in ("file", "findings")]
    assert all(getattr(found, name) == getattr(UNSTATED, name) for name in names)
    assert all(getattr(found, name).is_default for name in names)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("send_vendor_id = yes", "send_vendor_id", True),
        ("send_vendor_id = TRUE", "send_vendor_id", True),
        ("accept_private_algs = 1", "accept_private_algorithms", True),
        (
            "i_dont_care_about_security_and_use_aggressive_mode_psk = enabled",
            "aggressive_pre_shared_key",
            True,
        ),
        ("prefer_configured_proposals = no", "prefers_configured", False),
        ("cisco_unity = yes", "unity", True),
        ("initiator_only = yes", "initiator_only", True),
        ("rdn_matching = relaxed", "rdn_matching", RdnMatching.RELAXED),
        ("port = 0", "port", 0),
        ("port_nat_t = 14500", "port_nat_t", 14500),
        ("retransmit_tries = 1", "resends", 1),
        ("load = random openssl! x509", "plugins", ("random", "openssl", "x509")),
        (
            "load_modular = yes\nplugins { aes { load = yes\n } gcm { load = 5\n } unity { load = no\n } }",
            "plugins",
            ("aes", "gcm"),
        ),
    ],
)
def test_what_is_stated_counts_with_its_line(line: str, name: str, value: object) -> None:
    found = getattr(stack(f"charon {{\n{line}\n}}"), name)
    assert (found.value, found.place) == (value, Place("s.conf", 2))


def test_includes_and_the_daemon_of_systemd() -> None:
    text = "charon {\nsend_vendor_id = yes\n}\ninclude more.conf\n"
    more = "charon-systemd {\nsend_vendor_id = no\n}\n"
    found = stack(text, **{"more.conf": more})
    assert found.send_vendor_id.value is False
    assert found.send_vendor_id.place == Place("more.conf", 2)


@pytest.mark.parametrize(
    "line",
    [
        "i_dont_care_about_security_and_use_aggressive_mode_psk = maybe",
        "rdn_matching = lax",
        "port = http",
    ],
)
def test_a_value_that_the_daemon_does_not_take_is_its_default(line: str) -> None:
    """Measured: `maybe` leaves Aggressive Mode with a pre-shared key disabled."""
    found = stack(f"charon {{\n{line}\n}}")
    assert [item.id for item in found.findings] == ["OPTION-IGNORED"]
    assert not found.aggressive_pre_shared_key.value and found.port.value == 500


def test_a_peer_follows_its_daemons_options(peer_of: Callable[..., Peer]) -> None:
    """Measured: without its preference the initiator's order decides, in both phases."""
    text = (
        "connections { c { version = 1\n local { auth = psk\n }\n remote { auth = psk\n }\n } }\n"
    )
    options = stack(
        "charon { prefer_configured_proposals = no\n retransmit_tries = 2\n port = x\n }"
    )
    peer = with_stack(peer_of("a", text), options)
    assert peer.stack is options and peer.profile.name == "charon"
    assert (peer.profile.order, peer.profile.resends) == (Order.INITIATOR, 2)
    assert [item.id for item in peer.findings] == ["OPTION-IGNORED"]
    assert with_stack(peer_of("a", text), stack("charon { }")).profile.order is Order.RESPONDER


def test_another_file_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"s\.conf:1: no section charon .*swanctl\.conf"):
        stack("connections { a { } }")


@pytest.mark.parametrize(
    ("one", "other", "means"),
    [  # each measured with serpent256, in Phase I and in Phase II, both directions
        ("", "", False),
        ("send_vendor_id = yes", "send_vendor_id = yes", True),
        ("send_vendor_id = yes", "", False),
        ("", "accept_private_algs = yes", False),
        ("accept_private_algs = yes", "accept_private_algs = yes", True),
    ],
)
def test_numbers_of_private_use_need_both_ends(one: str, other: str, means: bool) -> None:
    ends = [stack(f"charon {{\n{line}\n}}") for line in (one, other)]
    assert private_algorithms(*ends) is means and private_algorithms(*reversed(ends)) is means
