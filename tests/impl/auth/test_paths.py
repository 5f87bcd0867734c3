"""Certification paths: which are believed, and why not (R3, R5)."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from impl.auth.interface import Refused
from impl.auth.paths import PLAIN, Trust, check_path
from impl.crypto.rsa import verifies
from tests.impl.auth.authorities import (
    NOW,
    Holder,
    authority,
    curve_key,
    key,
    make,
    revocations,
    trust,
    usage,
)

ROOT = authority()
LEAF = make("a.example", ROOT, names=["a.example"])


def path(
    leaf: Holder,
    trusted: Trust,
    *sent: Holder,
    lists: Sequence[x509.CertificateRevocationList] = (),
    now: datetime.datetime = NOW,
) -> tuple[x509.Certificate, ...]:
    return check_path(leaf.certificate, [i.certificate for i in sent], lists, trusted, now)


def fault(
    leaf: Holder,
    trusted: Trust,
    *sent: Holder,
    lists: Sequence[x509.CertificateRevocationList] = (),
    now: datetime.datetime = NOW,
) -> str:
    with pytest.raises(Refused) as caught:
        path(leaf, trusted, *sent, lists=lists, now=now)
    assert caught.value.reason == "certificate" and caught.value.notify is not None
    return caught.value.why


def test_r5_a_path_of_one_step_and_one_over_intermediates() -> None:
    assert path(LEAF, trust(ROOT)) == (LEAF.certificate, ROOT.certificate)
    one = authority("one", ROOT)
    two = authority("two", one)
    leaf = make("b.example", two)
    whole = tuple(item.certificate for item in (leaf, two, one, ROOT))
    assert path(leaf, trust(ROOT), one, two) == whole
    assert path(leaf, trust(ROOT, known=[one, two])) == whole
    assert path(leaf, trust(two)) == whole[:2]  # an anchor need not be a root
    assert path(LEAF, trust(LEAF)) == (
        LEAF.certificate,
    )  # nor an authority, if it is the peer itself


def test_r5_an_authority_can_be_demanded() -> None:
    mid, other = authority("demanded", ROOT), authority("not demanded", ROOT)
    leaf, known = make("z.example", mid), (mid.certificate, other.certificate)
    roots = (ROOT.certificate,)
    assert path(leaf, Trust(roots, known, demanded=(mid.certificate,)))
    assert path(leaf, Trust(roots, known, demanded=(other.certificate, ROOT.certificate)))
    assert fault(leaf, Trust(roots, known, demanded=(other.certificate,))) == (
        "O=Example, CN=z.example is not issued by a required authority"
    )


def test_r5_the_clock_that_is_given_decides() -> None:
    first, last = LEAF.certificate.not_valid_before_utc, LEAF.certificate.not_valid_after_utc
    second = datetime.timedelta(seconds=1)
    for moment in (first, last):
        assert path(LEAF, trust(ROOT), now=moment)
    said = "the certificate of O=Example, CN=a.example"
    assert fault(LEAF, trust(ROOT), now=last + second).startswith(
        f"{said} has expired on 2026-12-25"
    )
    assert fault(LEAF, trust(ROOT), now=first - second).startswith(
        f"{said} is not valid before 2026-"
    )


def test_r5_an_issuer_out_of_its_time() -> None:
    old = authority("old", ROOT, days=(-300, -2))
    why = fault(make("c.example", old), trust(ROOT), old)
    assert why.startswith(
        "the certificate of the issuer O=Example, CN=old has expired on 2026-11-23"
    )
    late = authority("late root", days=(-300, -2))
    assert "late root has expired" in fault(make("d.example", late), trust(late))


def test_r5_a_stranger_s_authority_is_not_believed() -> None:
    other = authority("other root")
    why = fault(make("e.example", other), trust(ROOT))
    assert "its issuer O=Example, CN=other root is not known" in why
    why = fault(make("e.example", other), trust(ROOT), other)
    assert "CN=other root is self-signed, and is not trusted" in why
    alone = make("f.example")
    assert "is self-signed, and is not trusted" in fault(alone, trust(ROOT))


def test_r5_the_name_of_an_authority_is_not_its_key() -> None:
    twin = Holder(ROOT.certificate, LEAF.key)  # signs with another key, under the root's name
    why = fault(make("g.example", twin), trust(ROOT))
    assert why == (
        "the issuer O=Example, CN=root has not signed the certificate of O=Example, CN=g.example"
    )


@pytest.mark.parametrize("says", [None, False])
def test_r5_who_is_no_authority_signs_for_nobody(says: bool | None) -> None:
    mid = make("mid", ROOT, ca=says)
    leaf = make("h.example", mid)
    assert fault(leaf, trust(ROOT), mid) == (
        "the issuer O=Example, CN=mid is not a CA (basicConstraints)"
    )
    assert "is not a CA" in fault(leaf, trust(mid))  # not even as an anchor


def test_r5_a_version_1_root_is_an_authority_because_it_is_trusted() -> None:
    root = version_1(make("old style root"), key("old style root"))
    assert root.certificate.version is x509.Version.v1
    assert path(make("v.example", root), trust(root))
    mid = version_1(make("old", ROOT), ROOT.key)
    assert "is not a CA" in fault(make("w.example", mid), trust(ROOT), mid)


def version_1(holder: Holder, signer: RSAPrivateKey) -> Holder:
    """A certificate without extensions as one of version 1, which nothing else makes any more."""

    def element(tag: int, content: bytes) -> bytes:
        return bytes((tag, 0x82)) + len(content).to_bytes(2, "big") + content

    tbs = holder.certificate.tbs_certificate_bytes
    assert tbs[4:9] == b"\xa0\x03\x02\x01\x02"  # the version, which version 1 leaves out
    inner = element(0x30, tbs[9:])
    signature = signer.sign(inner, PKCS1v15(), hashes.SHA256())
    algorithm = bytes.fromhex("300d06092a864886f70d01010b0500")
    whole = element(0x30, inner + algorithm + element(0x03, b"\0" + signature))
    return Holder(x509.load_der_x509_certificate(whole), holder.key)


def test_r5_key_usage_counts() -> None:
    mid = authority("no certificates", ROOT, extensions=((usage("crl_sign"), True),))
    why = fault(make("i.example", mid), trust(ROOT), mid)
    assert why == "the issuer O=Example, CN=no certificates may not sign certificates (keyUsage)"
    for names in (["digital_signature"], ["content_commitment"]):
        assert path(make("j.example", ROOT, extensions=((usage(*names), True),)), trust(ROOT))
    leaf = make("j.example", ROOT, extensions=((usage("key_encipherment"), True),))
    assert fault(leaf, trust(ROOT)).endswith("CN=j.example may not sign (keyUsage)")


def test_r5_a_certificate_for_something_else_than_ipsec() -> None:
    def for_(*purposes: x509.ObjectIdentifier) -> Holder:
        return make("k.example", ROOT, extensions=((x509.ExtendedKeyUsage(purposes), False),))

    assert "is not for IPsec" in fault(for_(ExtendedKeyUsageOID.CODE_SIGNING), trust(ROOT))
    oids = ("2.5.29.37.0", "1.3.6.1.5.5.7.3.17", "1.3.6.1.5.5.8.2.2", "1.3.6.1.5.5.7.3.2")
    for oid in oids:
        assert path(for_(x509.ObjectIdentifier(oid)), trust(ROOT))


def test_r5_the_length_of_a_path() -> None:
    short = authority("short", ROOT, length=0)
    below = authority("below", short)
    assert path(make("l.example", short), trust(ROOT), short)
    why = fault(make("l.example", below), trust(ROOT), short, below)
    assert why == "the issuer O=Example, CN=short allows 0 authorities below it, but there are 1"
    chain = [ROOT]
    for number in range(7):
        chain.append(authority(f"step {number}", chain[-1]))
    deep = make("m.example", chain[-1])
    assert "more than 8 certificates" in fault(deep, trust(ROOT), *chain[1:])
    assert path(deep, trust(ROOT, most=9), *chain[1:])


def test_r5_weak_keys_and_hashes_are_a_rule() -> None:
    weak = make("n.example", ROOT, bits=1024)
    assert "has a key of 1024 bits, and 2048 are required" in fault(weak, trust(ROOT))
    assert path(weak, trust(ROOT, least_bits=1024))
    small = authority("small root", bits=1024)
    assert "small root has a key of 1024 bits" in fault(make("o.example", small), trust(small))
    curved = make("q.example", ROOT, public=curve_key("q").public_key())
    assert fault(curved, trust(ROOT)).endswith("has no RSA key")


def test_r5_a_signature_with_a_hash_that_is_not_allowed() -> None:
    leaf = make("p.example", ROOT, hash_=hashes.SHA224())
    assert fault(leaf, trust(ROOT)).endswith("CN=p.example is signed with sha224")
    assert path(leaf, trust(ROOT, hashes=frozenset(("sha224",))))


def test_r5_critical_extensions_that_nobody_knows() -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    leaf = make("r.example", ROOT, extensions=((strange, True),))
    assert fault(leaf, trust(ROOT)).endswith("an unknown critical extension (1.2.3.4)")
    assert path(make("r.example", ROOT, extensions=((strange, False),)), trust(ROOT))
    keys = (usage("key_cert_sign"), True)
    mid = authority("strange", ROOT, extensions=(keys, (strange, True)))
    assert "the issuer O=Example, CN=strange has an unknown critical" in fault(
        make("r.example", mid), trust(ROOT), mid
    )


def test_r5_constraints_of_names() -> None:
    only = x509.NameConstraints([x509.DNSName("inside.example")], None)
    keys = (usage("key_cert_sign"), True)
    mid = authority("constrained", ROOT, extensions=(keys, (only, True)))
    inside = make("x.inside.example", mid, names=["x.inside.example"])
    outside = make("x.outside.example", mid, names=["x.outside.example"])
    assert path(inside, trust(ROOT), mid)
    assert "violates the name constraints of an authority: " in fault(outside, trust(ROOT), mid)


# ---- revocation
def test_r5_revoked_certificates() -> None:
    good = revocations(ROOT)
    assert path(LEAF, trust(ROOT, lists=[good]))
    why = fault(LEAF, trust(ROOT, lists=[revocations(ROOT, LEAF)]))
    assert why == (
        "the certificate of O=Example, CN=a.example was revoked on 2026-11-23 12:00 UTC (keyCompromise)"
    )
    mid = authority("revoked authority", ROOT)
    lists = [revocations(ROOT, mid)]
    assert "CN=revoked authority was revoked" in fault(
        make("s.example", mid), trust(ROOT, lists=lists), mid
    )
    # the peer itself may bring the list
    assert "was revoked" in fault(LEAF, trust(ROOT), lists=[revocations(ROOT, LEAF)])


def test_r5_a_list_that_does_not_count() -> None:
    other = authority("forger")
    for lists, why in (
        (
            revocations(ROOT, signer=other),
            "the revocation list of O=Example, CN=root is not signed by it",
        ),
        (revocations(ROOT, days=(-9, -2)), "has been out of date since 2026-11-23 12:00 UTC"),
        (revocations(ROOT, days=(2, 6)), "is dated 2026-11-27 12:00 UTC, in the future"),
        (revocations(ROOT, hash_=hashes.SHA224()), "is signed with sha224"),
        (revocations(ROOT, critical=True), "is not a complete one (critical extension 2.5.29.27)"),
    ):
        assert why in fault(LEAF, trust(ROOT, lists=[lists]))
        # a list that counts makes up for it
        assert path(LEAF, trust(ROOT, lists=[lists, revocations(ROOT)]))
    # what was revoked stays so, even by an old list
    stale = revocations(ROOT, LEAF, days=(-9, -2))
    assert "was revoked" in fault(LEAF, trust(ROOT, lists=[stale]))


def test_r5_an_issuer_that_may_not_sign_lists() -> None:
    root = authority("no lists", extensions=((usage("key_cert_sign"), True),))
    leaf = make("t.example", root)
    assert "may not sign revocation lists" in fault(leaf, trust(root, lists=[revocations(root)]))


def test_r5_lists_can_be_demanded() -> None:
    assert fault(LEAF, trust(ROOT, needs_list=True)) == (
        "there is no revocation list of O=Example, CN=root, and one is required"
    )
    assert path(LEAF, trust(ROOT, needs_list=True, lists=[revocations(ROOT)]))


def test_r9_certificates_that_lead_nowhere_cost_a_bounded_effort() -> None:
    # Ten authorities of one name and one key: each has signed each, in millions of paths.
    maze = [authority("maze", authority("maze")) for _ in range(10)]
    lost = make("u.example", maze[0])
    why = fault(lost, trust(authority("elsewhere"), most=100), *maze)
    assert why == "the certificates that were sent lead to no trust anchor"


@pytest.mark.parametrize("exponent", [(1 << 64) + 1, (1 << 2000) + 1])
def test_r9_keys_that_cost_much_to_verify_by_are_not_verified_by(exponent: int) -> None:
    modulus = key("costly").public_key().public_numbers().n
    costly = RSAPublicNumbers(exponent, modulus).public_key()
    with pytest.raises(ValueError, match="too large"):
        verifies(costly, bytes(256), bytes(20))
    middle = authority("costly", ROOT, public=costly)
    leaf = make("b.example", middle)
    assert fault(leaf, trust(ROOT), middle) == (
        "the issuer O=Example, CN=costly has a key that is too large"
    )


# ---- what strongSwan asks
def with_sha1(holder: Holder, issuer: Holder) -> Holder:
    """The same certificate, signed with SHA-1: the names of the two ways of signing are of one length."""
    name, other = (bytes.fromhex(f"06092a864886f70d0101{last}") for last in ("0b", "05"))
    made = holder.certificate
    body = made.tbs_certificate_bytes.replace(name, other, 1)
    whole = made.public_bytes(Encoding.DER).replace(name, other)
    signature = issuer.key.sign(body, PKCS1v15(), hashes.SHA1())
    der = whole[: -len(made.signature)] + signature
    return Holder(x509.load_der_x509_certificate(der), holder.key)


def test_r5_old_signatures_are_verified_and_count_only_where_the_rules_say_so() -> None:
    old = with_sha1(LEAF, ROOT)
    assert fault(old, trust(ROOT)).endswith("is signed with sha1")
    plain = replace(trust(ROOT), rules=PLAIN)
    assert check_path(old.certificate, (), (), plain, NOW)
    forged = with_sha1(LEAF, authority("other"))
    assert "has not signed" in fault(forged, trust(ROOT))
    with pytest.raises(Refused, match="has not signed"):
        check_path(forged.certificate, (), (), plain, NOW)


def test_r5_a_list_that_does_not_count_says_nothing_new_where_the_rules_say_so() -> None:
    def checked(*lists: x509.CertificateRevocationList, needs_list: bool = False) -> str:
        rules = replace(PLAIN, needs_list=needs_list)
        try:
            check_path(
                LEAF.certificate, (), (), replace(trust(ROOT, lists=lists), rules=rules), NOW
            )
        except Refused as refused:
            return refused.why
        return ""

    past = (-20, -10)
    assert checked(revocations(ROOT, days=past)) == ""
    assert "out of date" in checked(revocations(ROOT, days=past), needs_list=True)
    assert "was revoked" in checked(revocations(ROOT, LEAF, days=past))
    stranger = authority("stranger")
    foreign = revocations(ROOT, LEAF, signer=stranger)
    assert checked(foreign) == ""
    assert "is not signed by it" in checked(foreign, needs_list=True)
    assert "was revoked" in checked(foreign, revocations(ROOT, LEAF, days=past))
