"""Revocation lists beside a swanctl.conf, and how much the policy demands of them (R5)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from impl.auth.keys import SigningKey
from impl.auth.paths import Trust
from impl.translate import Held, plan
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import Peer
from tests.impl.auth.authorities import authority, make, revocations

ROOT = authority()
CMD = make("cmd.rig.test", ROOT, names=["cmd.rig.test"])
REVOKED = revocations(ROOT, make("gone.example", ROOT))
HELD = Held((SigningKey("cmd.key", CMD.key),))
DEMANDED = "cacerts = ca.crt"


@pytest.fixture
def trusted(
    peer_of: Callable[..., Peer], rig_text: Callable[[str, str], str]
) -> Callable[..., Trust]:
    """What one side of the rig believes, with lines of its `remote` section changed."""

    def make_(remote: str = DEMANDED, **lists: bytes) -> Trust:
        files = {
            "x509/cmd.crt": CMD.certificate.public_bytes(Encoding.PEM),
            "x509ca/ca.crt": ROOT.certificate.public_bytes(Encoding.PEM),
            **{f"x509crl/{name}.crl": octets for name, octets in lists.items()},
        }
        text = rig_text("cert-rsa", "cmd").replace(DEMANDED, remote)
        made = plan(peer_of("a", text, **files), ip_address("192.0.2.2"), held=HELD)
        (connection,) = made.settings.connections
        assert connection.certificate is not None
        return connection.certificate.trust

    return make_


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_r5_lists_beside_a_policy_count(trusted: Callable[..., Trust], encoding: Encoding) -> None:
    made = trusted(root=REVOKED.public_bytes(encoding))
    assert made.lists == (REVOKED,) and not made.rules.needs_list
    assert trusted().lists == ()


def test_r5_a_list_can_be_demanded_of_every_issuer(trusted: Callable[..., Trust]) -> None:
    assert trusted(f"{DEMANDED}\nrevocation = strict").rules.needs_list
    assert not trusted(f"{DEMANDED}\nrevocation = relaxed").rules.needs_list


def test_what_cannot_be_done_about_revocation_is_refused(trusted: Callable[..., Trust]) -> None:
    with pytest.raises(PolicyError, match="revocation = ifuri cannot be run") as refused:
        trusted(f"{DEMANDED}\nrevocation = ifuri")
    assert refused.value.place is not None and refused.value.mend
    with pytest.raises(PolicyError, match=r"root\.crl: x509crl/root\.crl is no revocation list"):
        trusted(root=b"rubbish")
