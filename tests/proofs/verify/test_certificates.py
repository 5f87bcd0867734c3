"""Certificates: their names, who sends them, and what a policy demands besides a path. Every row as two
strongSwan 5.9.8 daemons decided, with certificates of these kinds."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type as Type

from model.formats.swanctl.identities import identity
from model.vocabulary.names import RdnMatching
from model.vocabulary.outcomes import Outcome
from model.vocabulary.policy import CertificateFile, Peer
from proofs.verify.certificates import names, parse, path_of, subject, unmet, withheld
from proofs.verify.identities import match
from tests.interop.agreement import verdicts
from tests.interop.pki import PKI
from tests.interop.records import all_cases

Part = tuple[str, str, Type]
KEY = ec.generate_private_key(ec.SECP256R1())
NOW = datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)
O, CN, SERIAL, NAME = "2.5.4.10", "2.5.4.3", "2.5.4.5", "1.2.840.113549.1.9.2"
P, U = Type.PrintableString, Type.UTF8String
ROOT: list[list[Part]] = [[(O, "rig", P)], [(CN, "rig ca", P)]]


def named(parts: Sequence[Sequence[Part]]) -> x509.Name:
    return x509.Name(
        [
            x509.RelativeDistinguishedName(
                [x509.NameAttribute(x509.ObjectIdentifier(o), v, _type=t) for o, v, t in rdn]
            )
            for rdn in parts
        ]
    )


def made(
    parts: Sequence[Sequence[Part]], *policies: str, issuer: Sequence[Sequence[Part]] = ROOT
) -> CertificateFile:
    builder = x509.CertificateBuilder(
        named(issuer), named(parts), KEY.public_key(), x509.random_serial_number(),
        NOW - datetime.timedelta(1), NOW + datetime.timedelta(1),
    )  # fmt: skip
    if policies:
        found = [x509.PolicyInformation(x509.ObjectIdentifier(item), None) for item in policies]
        builder = builder.add_extension(x509.CertificatePolicies(found), critical=False)
    der = builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    return CertificateFile("x", None, der)


PLAIN: list[list[Part]] = [[(O, "Org", P)], [(CN, "cmd", P)]]
CISCO: list[list[Part]] = [
    [(O, "Org", P)], [(SERIAL, "123", P)], [(NAME, "router.example.com", Type.IA5String)],
]  # fmt: skip
MANY: list[list[Part]] = [
    [("2.5.4.46", "q", P)], [("2.5.4.17", "8000", P)], [("2.5.4.9", "Way 1", P)], [("2.5.4.12", "Dr", P)],
    [("2.5.4.42", "A", P)], [("2.5.4.4", "B", P)], [("2.5.4.43", "AB", P)], [("2.5.4.41", "nn", P)],
    [("1.2.840.113549.1.9.8", "10.0.0.1", P)],
]  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "expected", "fits"),
    [
        (PLAIN, "O=Org, CN=cmd", True), (PLAIN, "O=ORG, CN=CMD", True), (PLAIN, "CN=cmd, O=Org", False),
        ([[(O, "Org", U)], [(CN, "cmd", U)]], "O=Org, CN=cmd", True),
        ([[(O, "Org", U)], [(CN, "cmd", U)]], "O=ORG, CN=cmd", False),
        ([[(O, "Org", P), (CN, "cmd", P)]], "O=Org, CN=cmd", False),  # DER sorts them: CN comes first
        ([[(O, "Org", P), (CN, "cmd", P)]], "CN=cmd, O=Org", True),
        (CISCO, "O=Org, serialNumber=123, unstructuredName=router.example.com", True),
        (CISCO, "O=Org, serialNumber=123, UN=Router.example.com", False),
        (CISCO, "O=Org, SN=123, UN=router.example.com", False),
        ([[(O, "Org", P)], [(CN, "cmd", Type.BMPString)]], "O=Org, CN=cmd", False),
        ([[(O, "Org", P)], [(CN, "cmd", Type.BMPString)]], "O=Org, CN=*", True),
        (MANY, "dnQualifier=q, postalCode=8000, STREET=Way 1, T=Dr, G=A, SN=B, I=AB, N=nn, UA=10.0.0.1", True),
        ([[(O, "Org", P)], [("2.5.4.72", "boss", P)]], "O=Org, CN=*", False),
    ],
)  # fmt: skip
def test_r5_subjects_of_all_kinds(parts: list[list[Part]], expected: str, fits: bool) -> None:
    certificate = parse(made(parts))
    assert certificate is not None
    shown = subject(certificate)
    assert bool(match(shown, identity(expected))) is fits and names(certificate) == [shown]
    assert shown.name is not None and shown.name.der == certificate.subject.public_bytes()
    assert identity(shown.written.strip('"')) == shown
    assert not fits or match(shown, identity(expected), RdnMatching.RELAXED)


HEAD = "connections {{ c {{ version = 1\n {conn}\n local {{ auth = pubkey\n }}\n remote {{ auth = pubkey\n {remote}\n }}\n }} }}\n"


def policy(peer_of: Callable[..., Peer], conn: str = "", remote: str = "") -> Peer:
    return peer_of("a", HEAD.format(conn=conn, remote=remote))


@pytest.mark.parametrize(
    ("shows", "wants", "says"),
    [
        ("", "", ""), ("send_cert = never", "", "never sends"), ("", "send_certreq = no", "not asked"),
        ("send_cert = always", "send_certreq = no", ""), ("send_cert = always", "", ""),
    ],
)  # fmt: skip
def test_r5_a_certificate_that_is_not_sent(
    peer_of: Callable[..., Peer], shows: str, wants: str, says: str
) -> None:
    shown = made(PLAIN)
    one, other = (policy(peer_of, text).connections[0] for text in (shows, wants))
    said = withheld(one, other, shown, ())
    assert (says in said) if says else not said
    assert not withheld(one, other, shown, (shown,))  # kept by the peer


@pytest.mark.parametrize(
    ("remote", "policies", "says"),
    [
        ("", (), ""), ("groups = admins", (), "membership of admins"),
        ("cert_policy = 1.2.3.4", (), "certificate policy 1.2.3.4"), ("cert_policy = 1.2.3.4", ("1.2.3.4",), ""),
        ("cert_policy = 1.2.3.4", ("1.2.9",), "certificate policy"),
        ('ca_id = "O=rig, CN=rig ca"', (), ""), ('ca_id = "O=rig, CN=*"', (), ""),
        ('ca_id = "O=rig, CN=other"', (), "does not contain the authority O=rig, CN=other"),
        ('ca_id = "O=Org, CN=cmd"', (), "does not contain the authority"), ("eap_id = %any", (), "any identity is required"),
    ],
)  # fmt: skip
def test_r5_demands_besides_a_path(
    peer_of: Callable[..., Peer], remote: str, policies: tuple[str, ...], says: str
) -> None:
    expected = policy(peer_of, remote=remote).connections[0].authentications[0].other
    root = made(ROOT, *policies)
    path = path_of(made(PLAIN, *policies), (root,), ())
    assert len(path) == 2
    why, place = unmet(expected, path)
    assert (says in why and place is not None) if says else not why
    if remote:
        assert unmet(expected, ())[0], "a pre-shared key meets none of them"


def test_r5_a_policy_that_the_authority_lacks_is_not_met(peer_of: Callable[..., Peer]) -> None:
    expected = (
        policy(peer_of, remote="cert_policy = 1.2.3.4").connections[0].authentications[0].other
    )
    path = path_of(made(PLAIN, "1.2.3.4"), (made(ROOT),), ())
    assert "all certificates" in unmet(expected, path)[0]


@pytest.mark.parametrize(
    ("name", "assumed"), [("cert-rsa unchanged", True), ("psk-3des-sha1-modp1024 unchanged", False)]
)
def test_r5_that_a_private_key_is_there_is_an_assumption_that_is_printed(
    name: str, assumed: bool
) -> None:
    """Policies come without private keys: without it charon cannot prove itself (tests/interop)."""
    today = datetime.date(2026, 11, 24)
    case = next(item for item in all_cases() if item.name == name)
    found = verdicts(case, PKI(today), today)
    assert found
    for verdict in found.values():
        assert verdict is not None and verdict.phase1.outcome is Outcome.ESTABLISHED
        keys = [item for item in verdict.assumptions if "private key of its certificate" in item]
        assert len(keys) == (2 if assumed else 0)
