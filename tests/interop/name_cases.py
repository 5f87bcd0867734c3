"""Cases about names: every kind of identity against every other, and distinguished names in text and in
certificates, with every keyword that strongSwan knows."""

from __future__ import annotations

from collections.abc import Iterator

from tests.interop.cases import Case, Start
from tests.interop.pki import KEYWORDS
from tests.interop.sites import CERTIFIED, Site, text

_BOTH = (Start("peer"), Start("cmd"))


def name_cases() -> Iterator[Case]:
    """All of them."""
    yield from _kinds()
    yield from _written()
    yield from _keywords()
    yield from _subjects()


def _said(name: str, kind: str, said: str, expected: str, more: str = "") -> Case:
    """`cmd` says it is somebody, `peer` expects somebody."""
    peer = Site(id="peer.rig.test", peer_id=expected, more=more)
    cmd = Site(id=said, peer_id="peer.rig.test", more=more)
    return Case(f"name: {name}", kind, "", text([peer]), text([cmd]), starts=_BOTH)


_KINDS = (
    ("the FQDN 192.0.2.2", "fqdn:192.0.2.2"),
    ("the address 192.0.2.2", "192.0.2.2"),
    ("the FQDN office", "office"),
    ("the key id office", "keyid:office"),
    ("the user office@rig.test", "office@rig.test"),
    ("the FQDN office@rig.test", '"@office@rig.test"'),
    ("the DN CN=office", '"CN=office"'),
    ("the key id in hexadecimal", '"@#6f6666696365"'),
)


def _kinds() -> Iterator[Case]:
    kind = "kinds of identities"
    for n, (name, said) in enumerate(_KINDS):
        for m, (other, expected) in enumerate(_KINDS):
            near = n == m or {n, m} in ({0, 1}, {2, 3}, {4, 5}, {2, 6}, {3, 7}, {2, 7}, {2, 4})
            if near:
                yield _said(f"{name} said, {other} expected", kind, said, expected)


def _written() -> Iterator[Case]:
    """One identity in many ways."""
    kind = "identities as they are written"
    for name, said, expected in (
        ("ipv4: takes octets, not digits", "ipv4:192.0.2.2", "192.0.2.2"),
        ("ipv6: takes octets, not digits", "ipv6:2001:db8::2", "2001:db8::2"),
        ("ipv4net: takes octets, not digits", "192.0.2.2", "ipv4net:192.0.2.0/24"),
        ("ipv4: with octets", '"ipv4:#c0000202"', "192.0.2.2"),
        ("a subnet", "192.0.2.2", "192.0.2.0/24"),
        ("a range", "192.0.2.2", "192.0.2.1-192.0.2.9"),
        ("email:", "email:carol@rig.test", "carol@rig.test"),
        ("rfc822:", "rfc822:carol@rig.test", "carol@rig.test"),
        ("userfqdn:", "userfqdn:carol@rig.test", "carol@rig.test"),
        ("@@", '"@@carol@rig.test"', "carol@rig.test"),
        ("dns:", "dns:gate.rig.test", "gate.rig.test"),
        ("asn1dn: takes octets, not letters", '"asn1dn:CN=gate, O=rig"', '"CN=gate, O=rig"'),
        ("an FQDN in capitals", "GATE.RIG.TEST", "gate.rig.test"),
        ("a user in capitals", "Carol@rig.test", "carol@rig.test"),
        ("a pattern for two labels", "a.b.rig.test", "*.rig.test"),
        ("a pattern for the domain itself", "rig.test", "*.rig.test"),
        ("* alone", "gate.rig.test", '"*"'),
        ("%any for a key id", "keyid:office", "%any"),
        ("%any for a DN", '"CN=gate"', "%any"),
        ("0.0.0.0 for a name", "gate.rig.test", "0.0.0.0"),
        ("a DN with slashes", '"/O=rig/CN=gate"', '"O=rig, CN=gate"'),
        ("a DN without blanks", '"O=rig,CN=gate"', '"O=rig, CN=gate"'),
        ("a DN with an empty value", '"O=, CN=gate"', '"O=*, CN=gate"'),
        ("a DN with two patterns", '"O=rig, CN=gate"', '"O=*, CN=*"'),
        ("a DN with a pattern inside a value", '"O=rig, CN=gate"', '"O=rig, CN=ga*"'),
        ("a DN in UTF-8", '"O=Büro, CN=gate"', '"O=Büro, CN=gate"'),
        ("a DN in UTF-8, other case", '"O=BÜRO, CN=gate"', '"O=büro, CN=gate"'),
        ("a DN with @, other case", '"O=a@b, CN=gate"', '"O=A@B, CN=gate"'),
        ("a DN with a comma", '"O=rig\\\\, inc, CN=gate"', '"O=rig\\\\, inc, CN=gate"'),
        ("a DN with +", '"CN=gate+O=rig"', '"CN=gate+O=rig"'),
        ("a DN with + and in two parts", '"CN=gate+O=rig"', '"CN=gate, O=rig"'),
        ("an unknown keyword", '"S=Doe, CN=gate"', '"S=Doe, CN=gate"'),
        ("an unknown keyword, other blanks", '"S=Doe, CN=gate"', '"S=Doe,CN=gate"'),
        ("an object identifier as keyword", '"2.5.4.17=8000, CN=gate"', '"postalCode=8000, CN=gate"'),
    ):  # fmt: skip
        yield _said(name, kind, said, expected)


def _keywords() -> Iterator[Case]:
    """Each keyword, in another case; and the aliases."""
    kind = "keywords of distinguished names"
    for keyword in KEYWORDS:
        yield _said(
            f"keyword {keyword}", kind, f'"O=rig, {keyword.lower()}=Va"', f'"O=*, {keyword}=va"'
        )
    for alias, keyword in (("EN", "employeeNumber"), ("Email", "E"), ("emailAddress", "E"),
                           ("UN", "unstructuredName"), ("UA", "unstructuredAddress"),
                           ("STREET", "street")):  # fmt: skip
        yield _said(f"keyword {alias} for {keyword}", kind, f'"{alias}=va"', f'"{keyword}=VA"')
    for one, other in (("SN", "serialNumber"), ("T", "N"), ("D", "I")):
        yield _said(f"keyword {one} against {other}", kind, f'"{one}=va"', f'"{other}=va"')


def _subjects() -> Iterator[Case]:
    """Certificates with such subjects."""
    kind = "subjects of certificates"
    subjects = [f"O=rig, {keyword}=va" for keyword in KEYWORDS if keyword not in ("O", "TCGID")]
    subjects = [
        item.replace("C=va", "C=CH") if item.endswith("C=va") else item for item in subjects
    ]
    subjects += [
        "O=Org, serialNumber=123, unstructuredName=router.example.com",
        "CN=gate+O=rig",
        "O=rig, CN=gate+serialNumber=7",
        "O=Büro, CN=gate",
        "C=CH, ST=Zurich, L=Rueti, O=rig, OU=net, CN=gate, E=gate@rig.test",
    ]
    for subject in subjects:
        yield _subject(f"subject {subject}", kind, subject, f'"{subject}"', f'"{subject}"')
    for expected in ("O=rig, CN=gate", "CN=gate, O=rig"):
        yield _subject(f"subject CN=gate+O=rig, {expected} expected", kind, "CN=gate+O=rig", "",
                       f'"{expected}"')  # fmt: skip
    yield _subject("subject O=Büro, CN=gate, a pattern expected", kind, "O=Büro, CN=gate", "",
                   '"O=*, CN=gate"')  # fmt: skip
    whole = "O=Org, serialNumber=123, unstructuredName=router.example.com"
    for name, own, expected in (
        ("not stated", "", f'"{whole}"'),
        ("expected with a pattern", f'"{whole}"', '"O=Org, serialNumber=*, unstructuredName=*"'),
        ("expected in another order", f'"{whole}"',
         '"serialNumber=123, O=Org, unstructuredName=router.example.com"'),
        ("one part less expected", f'"{whole}"', '"O=Org, serialNumber=123"'),
        ("another serial number expected", f'"{whole}"', f'"{whole.replace("123", "124")}"'),
        ("another one stated", f'"{whole.replace("123", "124")}"', "%any"),
        ("unstructuredName in capitals expected", f'"{whole}"',
         f'"{whole.replace("router", "ROUTER")}"'),
        ("any expected", "", "%any"),
        ("by its name alone", "router.example.com", "%any"),
    ):  # fmt: skip
        yield _subject(f"subject {name}", kind, whole, own, expected)


def _subject(name: str, kind: str, subject: str, own: str, expected: str) -> Case:
    peer = Site(id="peer.rig.test", peer_id=expected, auth="pubkey", own="certs = peer.crt")
    cmd = Site(id=own, peer_id="peer.rig.test", auth="pubkey", own="certs = cmd.crt")
    files = CERTIFIED | {
        "cmd_certificates": (("x509/cmd.crt", f"cmd-dn:{subject}"), ("x509ca/ca.crt", "ca"))
    }
    return Case(name, kind, "", text([peer]), text([cmd]), starts=_BOTH, **files)
