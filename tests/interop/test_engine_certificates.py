"""Certificates between our engine and a real strongSwan, whoever begins (R3, R5)."""

from __future__ import annotations

from typing import Any

import pytest

from impl.wire.numbers import IdType
from tests.interop.engine_rig import Outcome, Step, against_strongswan
from tests.interop.harness import why_not
from tests.interop.test_engine_negotiates import BEGIN, needs_nat

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can"),
]


def run(who: str, until: str, name: str = "cert-rsa", **told: Any) -> Outcome:
    steps: list[Step] = [BEGIN[who], ["until", until, 1, 15], ["wait", 0.3]]
    return against_strongswan(name, steps, certificates=told)


def failed(out: Outcome) -> tuple[str, str]:
    assert not out.of("SasInstalled")
    found = out.of("Phase1Failed")[0]
    return found["reason"], found["why"]


@pytest.mark.parametrize("who", BEGIN)
def test_r3_r5_strongswan_and_we_believe_each_other_s_certificates(who: str) -> None:
    out = run(who, "SasInstalled")
    assert not out.result["missing"], out.result
    (made,) = out.of("Phase1Established")
    assert made["proved"] == "O=rig, CN=peer.rig.test"
    assert made["identity"]["type"] == IdType.FQDN
    assert bytes.fromhex(made["identity"]["data"]) == b"peer.rig.test"
    assert "authentication of 'cmd.rig.test' with RSA_EMSA_PKCS1_NULL successful" in out.log
    assert len(out.result["steps"]) == 2


@pytest.mark.parametrize("who", BEGIN)
def test_r3_r5_the_rig_s_own_policy_is_all_that_it_takes(who: str) -> None:
    steps: list[Step] = [BEGIN[who], ["until", "SasInstalled", 1, 15], ["wait", 0.3]]
    out = against_strongswan("cert-rsa", steps, policy=True)
    assert not out.result["missing"], out.result
    assert out.of("Phase1Established")[0]["proved"] == "O=rig, CN=peer.rig.test"


@pytest.mark.parametrize("who", BEGIN)
def test_r5_subjects_are_identities_and_an_intermediate_authority_goes_along(who: str) -> None:
    out = run(who, "SasInstalled", "cert-rsa-dn", below=True, sends="ASKED")
    assert not out.result["missing"], out.result
    (made,) = out.of("Phase1Established")
    assert made["identity"]["type"] == IdType.DER_ASN1_DN
    assert made["proved"] == "O=rig, CN=peer.rig.test"
    log = out.log
    assert "authentication of 'O=rig, CN=cmd.rig.test' with RSA_EMSA_PKCS1_NULL successful" in log
    assert 'using untrusted intermediate certificate "O=rig, CN=below"' in log


@pytest.mark.parametrize("who", BEGIN)
@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"days": 40}, "the certificate of O=rig, CN=peer.rig.test has expired on "),
        ({"days": -2}, "the certificate of O=rig, CN=peer.rig.test is not valid before "),
        ({"revoked": "peer.crt"}, "the certificate of O=rig, CN=peer.rig.test was revoked on "),
        ({"anchor": "cmd.crt"}, "no trust anchor vouches for O=rig, CN=peer.rig.test: "),
    ],
    ids=["expired", "not yet valid", "revoked", "wrong authority"],
)
def test_r5_what_we_do_not_believe_of_strongswan(who: str, told: dict[str, Any], why: str) -> None:
    out = run(who, "Phase1Failed", **told)
    assert not out.of("Phase1Established")
    reason, said = failed(out)
    assert reason == "certificate" and said.startswith(why)


@pytest.mark.parametrize("who", BEGIN)
def test_r5_the_identity_that_strongswan_shows_must_be_the_one_expected(who: str) -> None:
    out = run(who, "Phase1Failed", expects="other.rig.test")
    why = "the peer shows FQDN peer.rig.test, and the policy expects FQDN other.rig.test"
    assert failed(out) == ("identity", why)


@pytest.mark.parametrize("who", BEGIN)
def test_r5_strongswan_shows_its_certificate_to_who_asks(who: str) -> None:
    steps: list[Step] = [BEGIN[who], ["until", "Phase1Failed", 1, 15], ["wait", 0.3]]
    soon = {
        "interval": 0.3,
        "brief": 0.3,
        "open_for": 3.0,
    }  # nothing is proved, so it is waited for
    out = against_strongswan("cert-rsa-dn", steps, certificates={"asks": False}, engine=soon)
    reason, why = failed(out)
    assert reason == "certificate" and why.startswith(
        "the peer has sent no certificate, and none is"
    )


@needs_nat
def test_r5_certificates_pass_a_nat() -> None:
    steps: list[Step] = [["start"], ["until", "SasInstalled", 1, 15], ["wait", 0.3]]
    out = against_strongswan("cert-rsa", steps, "--nat")
    assert not out.result["missing"], out.result
    assert out.of("Phase1Established")[0]["proved"] == "O=rig, CN=peer.rig.test"
    assert "remote host is behind NAT" in out.log


def test_r5_strongswan_does_not_believe_us_and_we_hear_why() -> None:
    out = run("we", "Phase1Failed", stranger=True)
    assert "no trusted RSA public key found for 'cmd.rig.test'" in out.log
    assert failed(out) == (
        "certificate",
        "the peer says AUTHENTICATION-FAILED, under the keys of this exchange",
    )


# ---- what the number of Kerberos means to others
@pytest.mark.slow
@pytest.mark.parametrize("place", ["first", "last"])
def test_r3_strongswan_takes_kerberos_for_xauth_and_we_notice(place: str) -> None:
    steps: list[Step] = [["start"], ["until", "SasInstalled", 1, 3], ["wait", 8]]
    out = against_strongswan("psk-3des-sha1-modp1024", steps, kerberos=place)
    if place == "last":
        assert not out.result["missing"] and out.of("SasInstalled")
        return
    assert failed(out) == (
        "auth-method",
        "the peer chose method 65001 without a vendor ID that says that it means Kerberos",
    )
