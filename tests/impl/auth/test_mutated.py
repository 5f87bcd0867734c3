"""Certificates and lists that are almost ones: refused in words, whatever they hold (R5, R9)."""

from __future__ import annotations

import warnings
from collections import Counter
from random import Random

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding

from impl.auth.certificate import sent_certificates
from impl.auth.interface import Refused
from impl.auth.names import in_words, subject_id, unconfirmed
from impl.auth.paths import check_path
from impl.wire.numbers import CertEncoding, IdType
from impl.wire.payloads import Certificate, Identification
from tests.impl.auth.authorities import NOW, Holder, authority, make, revocations, trust, usage

ROOT = authority()
ONLY = x509.NameConstraints([x509.DNSName("example")], None)
MID = authority(
    "middle", ROOT, extensions=((usage("key_cert_sign", "crl_sign"), True), (ONLY, True))
)
PURPOSE = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.17")])
LEAF = make(
    "a.example",
    MID,
    names=["a.example", "192.0.2.1", "me@a.example"],
    extensions=((usage("digital_signature"), True), (PURPOSE, False)),
)
LIST = revocations(MID, make("b.example", MID))
#: octets that mean something in DER
TELLING = bytes.fromhex("00010203040506 0c131718 3031 8081828384868788 a0a3 ff")
ROUNDS = 600


def element(tag: int, content: bytes) -> bytes:
    return bytes((tag, 0x82)) + len(content).to_bytes(2, "big") + content


def signed(inner: bytes, issuer: Holder) -> bytes:
    """What is to be signed, signed: so that a change does not end at the signature."""
    signature = issuer.key.sign(inner, PKCS1v15(), hashes.SHA256())
    algorithm = bytes.fromhex("300d06092a864886f70d01010b0500")
    return element(0x30, inner + algorithm + element(0x03, b"\0" + signature))


def changed(octets: bytes, random: Random) -> bytes:
    found = bytearray(octets)
    for _ in range(random.randint(0, 2)):
        at = random.randrange(len(found))
        how = random.randrange(4)
        if how == 0:
            found[at] = random.randrange(256)
        elif how == 1:
            found[at] ^= 1 << random.randrange(8)
        elif how == 2:
            found[at] = random.choice(TELLING)
        else:
            del found[at : at + random.randint(1, 3)]
    return bytes(found)


def test_r9_mutated_certificates_are_believed_or_refused_and_nothing_else() -> None:
    random, seen = Random(1), Counter[str]()
    shown = Identification(IdType.FQDN, 0, 0, b"a.example")
    parts = (
        (CertEncoding.X509_SIGNATURE, LEAF.certificate.tbs_certificate_bytes, MID),
        (CertEncoding.X509_SIGNATURE, MID.certificate.tbs_certificate_bytes, ROOT),
        (CertEncoding.CRL, LIST.tbs_certlist_bytes, MID),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing that a peer sends may write to the terminal
        for _ in range(ROUNDS):
            payloads = [Certificate(e, signed(changed(t, random), i)) for e, t, i in parts]
            certificates, lists = sent_certificates(payloads)
            seen["all read"] += len(certificates) == 2 and len(lists) == 1
            for item in certificates[:1]:
                assert in_words(item.subject).isprintable()
                unconfirmed(item, shown), unconfirmed(item, subject_id(item))
                try:
                    check_path(item, certificates, lists, trust(ROOT), NOW)
                except Refused as refused:
                    assert refused.reason == "certificate" and refused.why.isprintable()
                    seen["refused"] += 1
                else:
                    seen["believed"] += 1
    assert min(seen.values()) > ROUNDS / 20, seen


def test_r5_the_whole_of_them_is_believed() -> None:
    parts = [LEAF.certificate, MID.certificate]
    sent = [Certificate(CertEncoding.X509_SIGNATURE, c.public_bytes(Encoding.DER)) for c in parts]
    sent.append(Certificate(CertEncoding.CRL, LIST.public_bytes(Encoding.DER)))
    certificates, lists = sent_certificates(sent)
    assert check_path(LEAF.certificate, certificates, lists, trust(ROOT), NOW)
