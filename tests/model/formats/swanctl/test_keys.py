"""Every key that swanctl knows is accounted for; what is said to decide is varied in a test."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from model.formats.swanctl.keys import KEYS, SECTIONS, Effect
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import Peer, Shows
from tests.model.formats.outlines import certificate, public_key

ROOT = Path(__file__).resolve().parents[4]
#: swanctl.conf(5) of strongSwan 5.9.8
MANUAL = {
    "connection": "version local_addrs remote_addrs local_port remote_port proposals vips aggressive pull dscp "
    "encap mobike dpd_delay dpd_timeout fragmentation childless send_certreq send_cert ppk_id ppk_required "
    "keyingtries unique reauth_time rekey_time over_time rand_time pools if_id_in if_id_out mediation mediated_by "
    "mediation_peer",
    "auth": "round certs pubkeys auth id eap_id aaa_id xauth_id groups cert_policy cacerts ca_id revocation",
    "cert": "file handle slot module",
    "child": "ah_proposals esp_proposals sha256_96 local_ts remote_ts rekey_time life_time rand_time rekey_bytes "
    "life_bytes rand_bytes rekey_packets life_packets rand_packets updown hostaccess mode policies policies_fwd_out "
    "dpd_action ipcomp inactivity reqid priority interface mark_in mark_in_sa mark_out set_mark_in set_mark_out "
    "if_id_in if_id_out label label_mode tfc_padding replay_window hw_offload copy_df copy_ecn copy_dscp start_action "
    "close_action",
    "ike secret": "secret id",
    "pool": "addrs",
    "authority": "cacert file handle slot module crl_uris ocsp_uris cert_uri_base",
}  # fmt: skip


def test_every_key_of_the_manual_is_in_the_table_and_no_other() -> None:
    assert {name: set(keys) for name, keys in SECTIONS.items()} == {
        name: set(keys.split()) for name, keys in MANUAL.items()
    }
    assert len(KEYS) == sum(len(keys) for keys in SECTIONS.values())
    assert all(key.why and not key.why.endswith(".") for key in KEYS)


def _tested() -> str:
    """What tests and recorded cases write into policies."""
    folders = (
        "tests/model/formats/swanctl",
        "tests/proofs/verify",
        "tests/interop",
        "tests/data/swanctl",
    )
    files = [item for folder in folders for item in sorted((ROOT / folder).glob("*.*"))]
    return "\n".join(item.read_text("utf-8") for item in files if item.name != "test_keys.py")


@pytest.mark.parametrize(
    "key", [x for x in KEYS if x.effect is Effect.DECIDES], ids=lambda x: x.name
)
def test_a_key_that_decides_is_varied_by_a_test(key: object) -> None:
    name = getattr(key, "name", "")
    varied = re.search(rf'\b{name}\d* ?=|"{name}"', _tested()) or name in VARIED_HERE
    assert varied, f"{name} is said to decide, and no test writes it"


HEAD = "connections {{ c {{ version = 1\n {conn}\n local {{ auth = psk\n }}\n remote {{ auth = psk\n {remote}\n }}\n"
WHOLE = HEAD + " children {{ n {{ {child}\n }} }}\n }} }}\n"


def policy(peer_of: Callable[..., Peer], conn: str = "", remote: str = "", child: str = "") -> Peer:
    return peer_of("a", WHOLE.format(conn=conn, remote=remote, child=child))


VARIED_HERE = {
    "local_port", "remote_port", "mediation", "send_cert", "send_certreq", "groups", "cert_policy", "ca_id",
    "eap_id", "aaa_id", "xauth_id", "label", "cacert", "file",
}  # fmt: skip


def test_ports(peer_of: Callable[..., Peer]) -> None:
    (plain,) = policy(peer_of).connections
    assert (plain.local_port.value, plain.remote_port.value) == (None, 500)
    (told,) = policy(peer_of, "local_port = 0\nremote_port = 0").connections
    assert (told.local_port.value, told.remote_port.value) == (None, 0)
    assert told.remote_port.place is not None


def test_certificates_that_are_asked_for_and_shown(peer_of: Callable[..., Peer]) -> None:
    for word, expected in (
        ("ifasked", Shows.IF_ASKED),
        ("always", Shows.ALWAYS),
        ("never", Shows.NEVER),
    ):
        (found,) = policy(peer_of, f"send_cert = {word}\nsend_certreq = no").connections
        assert found.shows_certificate.value is expected and not found.asks_certificate.value
    (plain,) = policy(peer_of).connections
    assert plain.asks_certificate.value and plain.shows_certificate.is_default


@pytest.mark.parametrize("key", ["eap_id", "aaa_id", "xauth_id"])
def test_demands_on_the_peer_are_kept_with_their_line(
    peer_of: Callable[..., Peer], key: str
) -> None:
    remote = f'groups = a, b\ncert_policy = 1.2.3\nca_id = "O=x"\n{key} = %any'
    (found,) = policy(peer_of, remote=remote).connections
    other = found.authentications[0].other
    assert other.groups.value == ("a", "b") and other.policies.value == ("1.2.3",)
    assert other.authority is not None and str(other.authority.value) == "O=x"
    assert other.eap_identity is not None and other.eap_identity.place is not None
    own = found.authentications[0].own
    assert not own.groups.value and own.eap_identity is None


def test_authorities_are_trust_anchors(peer_of: Callable[..., Peer]) -> None:
    """Measured: what cacert names is trusted, wherever it lies; a wrong authority ends the loading."""
    der, leaf = certificate(authority=True), certificate()
    text = WHOLE.format(conn="", remote="", child="")
    text += "authorities { x { cacert = ../more/ca.crt\n } y { file = /pki/ca.der\n }"
    files = {"more/ca.crt": der, "/pki/ca.der": der, "x509/b.crt": leaf}
    peer = peer_of("a", text + "}\n", **files)
    assert [item.der for item in peer.anchors] == [der] * 2
    assert [item.name for item in peer.kept] == ["b.crt"]
    for wrong in (
        "foo = 1", "cacert = nofile", "crl_uris = x", "cacert = ../x509/b.crt", "file = ../more/ca.crt",
        "handle =", "slot = 1", "slot = x\n cacert = ../more/ca.crt",
    ):  # fmt: skip
        with pytest.raises(PolicyError, match="loads no connection"):
            peer_of("a", f"{text} z {{ {wrong}\n }} }}\n", **files)


def test_mediation_and_labels(peer_of: Callable[..., Peer]) -> None:
    (found,) = policy(
        peer_of, "mediation = yes", child="label = foo\nlabel_mode = simple"
    ).connections
    assert found.mediation.value and found.children[0].label.value == "foo"


def test_certificates_on_tokens_are_not_judged(peer_of: Callable[..., Peer]) -> None:
    remote = "cert-1 { handle = 01\n slot = 2\n }\npubkeys = a.pub"
    text = WHOLE.format(conn="", remote=remote, child="")
    found = peer_of("a", text, **{"pubkey/a.pub": public_key()})
    assert [item.id for item in found.findings] == ["NOT-JUDGED"] * 2
    token, key = found.connections[0].authentications[0].other.certificates
    assert token.der is None and "on a token" in (token.missing or "")
    assert key.der is not None
    with pytest.raises(PolicyError, match=r"pubkey/a\.pub is not a public key"):
        peer_of("a", text, **{"pubkey/a.pub": b"x"})
    with pytest.raises(PolicyError, match=r"cannot read pubkey/a\.pub"):
        policy(peer_of, remote=remote)
    with pytest.raises(PolicyError, match="pin is not an option of a certificate section"):
        policy(peer_of, remote="cert-1 { pin = 1\n }")


@pytest.mark.parametrize(
    ("conn", "child", "said"),
    [
        ("", "policies = no", True), ("", "policies = yes", False), ("", "sha256_96 = yes", True),
        ("", "hw_offload = auto", False), ("", "hw_offload = yes", True), ("", "inactivity = 5m", True),
        ("mediated_by = x", "", True), ("unique = replace", "", False), ("encap = yes", "", False),
    ],
)  # fmt: skip
def test_what_is_not_judged_is_said(
    peer_of: Callable[..., Peer], conn: str, child: str, said: bool
) -> None:
    findings = policy(peer_of, conn, child=child).findings
    assert [item.id for item in findings] == ["NOT-JUDGED"] * said
    assert all(item.place is not None for item in findings)


def test_a_section_at_the_top_is_no_fault_where_it_is_a_template(
    peer_of: Callable[..., Peer],
) -> None:
    template = "base {\n  version = 1\n}\nconnections {\n  c : base {\n    remote_addrs = 192.0.2.2\n  }\n}\n"
    assert not peer_of("a", template).findings
    # The same for one that is used within another, and in a child; not for one that nothing uses.
    deep = (
        template.replace("  version", "  local : end {\n }\n  version") + "end {\n  auth = psk\n}\n"
    )
    assert not peer_of("a", deep).findings
    (finding,) = peer_of("a", template + "spare {\n  version = 1\n}\n").findings
    assert finding.id == "UNKNOWN-KEY" and "spare is not a section" in finding.what
