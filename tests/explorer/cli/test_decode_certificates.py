"""`ikeproof decode --cert`: who vouches for the certificates behind signatures (R5)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from impl.capture.packets import Endpoint
from impl.capture.writer import PcapWriter
from tests.explorer.conftest import Run

RECORDED = Path(__file__).resolve().parents[2] / "data" / "strongswan" / "cert-rsa.json"
CASE = json.loads(RECORDED.read_text())
ISSUED = x509.load_pem_x509_certificate(CASE["pki"]["cmd.crt"].encode()).not_valid_before_utc


@pytest.fixture
def capture(tmp_path: Path) -> Callable[..., tuple[str, ...]]:
    """The recorded run as a capture of some days after its certificates, and the words that open it."""

    def write(days: int = 1) -> tuple[str, ...]:
        file, log = tmp_path / "run.pcap", tmp_path / "keys.txt"
        time_ns = int((ISSUED + timedelta(days=days)).timestamp()) * 10**9
        with file.open("wb") as stream:
            writer = PcapWriter(stream)
            for item in CASE["datagrams"]:
                source, target = (
                    Endpoint(ip_address(item[host]), item[port])
                    for host, port in (("from", "sport"), ("to", "dport"))
                )
                writer.write(time_ns, source, target, bytes.fromhex(item["udp"]))
        first = bytes.fromhex(CASE["datagrams"][1]["udp"])
        (gxy,) = [
            item["hex"]
            for item in CASE["values_initiator"]
            if item["label"] == "shared Diffie Hellman secret"
        ]
        log.write_text(f"{first[:8].hex()} {first[8:16].hex()} G_XY {gxy}\n")
        return str(file), "--keylog", str(log)

    return write


def pem(tmp_path: Path, *names: str) -> str:
    file = tmp_path / f"{'-'.join(names)}.pem"
    file.write_text("".join(CASE["pki"][name] for name in names))
    return str(file)


def signatures(run: Run, *words: str) -> list[str]:
    done = run("decode", *words)
    assert done.code == 0
    return [
        line.strip() for line in done.out.splitlines() if "SIG_" in line and "verified:" in line
    ]


def test_r5_who_vouches_for_each_signature_is_said(
    run: Run, capture: Callable[..., tuple[str, ...]], tmp_path: Path
) -> None:
    found = signatures(run, *capture(), "--cert", pem(tmp_path, "ca.crt"))
    assert [line.partition("SIG_")[2] for line in found] == [
        f"{letter} verified: by the certificate of O=rig, CN={who}.rig.test, "
        "trusted through the certificate of O=rig, CN=rig test CA"
        for letter, who in (("I", "cmd"), ("R", "peer"))
    ]
    without = signatures(run, *capture())
    assert all(
        line.endswith("by the certificate sent with it; its issuer is not checked")
        for line in without
    )


def test_r5_the_end_s_own_certificate_and_several_in_one_file(
    run: Run, capture: Callable[..., tuple[str, ...]], tmp_path: Path
) -> None:
    der = tmp_path / "peer.der"
    own = x509.load_pem_x509_certificate(CASE["pki"]["peer.crt"].encode())
    der.write_bytes(own.public_bytes(Encoding.DER))
    first, second = signatures(run, *capture(), "--cert", str(der))
    assert "which is not trusted: no trust anchor vouches for O=rig, CN=cmd.rig.test" in first
    assert second.endswith("by the certificate of O=rig, CN=peer.rig.test, given with --cert")
    both = pem(tmp_path, "peer.crt", "cmd.crt")
    assert all(
        line.endswith("given with --cert") for line in signatures(run, *capture(), "--cert", both)
    )


def test_r5_the_time_of_the_capture_counts(
    run: Run, capture: Callable[..., tuple[str, ...]], tmp_path: Path
) -> None:
    authority = pem(tmp_path, "ca.crt")
    for days, why in ((31, "has expired on"), (-1, "is not valid before")):
        for line in signatures(run, *capture(days), "--cert", authority):
            assert "which is not trusted: the certificate of O=rig" in line and why in line


def test_files_without_certificates_are_refused(
    run: Run, capture: Callable[..., tuple[str, ...]], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.pem"
    for octets in (
        b"",
        b"rubbish",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ):
        bad.write_bytes(octets)
        done = run("decode", *capture(), "--cert", str(bad))
        assert done.code == 2 and not done.out
        assert "there is no certificate in it" in done.err and "bad.pem" in done.err
    done = run("decode", *capture(), "--cert", str(tmp_path / "none.pem"))
    assert done.code == 2 and "cannot read the certificate" in done.err
