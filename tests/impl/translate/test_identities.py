"""Which identities a policy takes: the engine's rule and that of `verify` are one (R5)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from impl.auth.names import dn_from, same_identity
from impl.auth.patterns import DnPattern, NamePattern
from impl.ike.settings import identification_of
from impl.translate.credentials import expected_id
from impl.wire.numbers import IdType
from impl.wire.payloads import Identification
from model.formats.swanctl.identities import identity
from model.vocabulary.identities import Identity, IdentityKind
from model.vocabulary.places import Place, PolicyError, Stated
from model.vocabulary.policy import Authentication, Connection, Credentials, Peer
from model.vocabulary.suites import AuthMethod
from proofs.verify.identities import match
from tests.impl.translate.conformance import carry_out, plan_of
from tests.impl.translate.test_conformance import ALIKE, MIRRORED, A, B, swanctl_text

LABELS = st.sampled_from(["rig", "test", "a", "B", "example"])
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(".".join)
MAILS = st.tuples(LABELS, NAMES).map("@".join)
DNS = st.lists(
    st.tuples(
        st.sampled_from(["C", "O", "OU", "CN", "E"]), st.sampled_from(["CH", "gate", "Rig  test"])
    ),
    min_size=1,
    max_size=3,
).map(lambda parts: ", ".join(f"{kind}={'CH' if kind == 'C' else value}" for kind, value in parts))
ADDRESSES = st.sampled_from(["192.0.2.1", "192.0.2.9", "198.51.100.7", "2001:db8::7"])
SHOWN = st.one_of(NAMES, MAILS, DNS, ADDRESSES)

Load = Callable[..., Peer]


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """What remote { id } may say: an identity, or one of which a part is left open."""
    kind = draw(st.sampled_from(["as it is", "name", "dn", "range", "any"]))
    if kind == "name":
        return "*" + draw(st.sampled_from(["", ".", "@"])) + draw(NAMES)
    if kind == "dn":
        parts = draw(DNS).split(", ")
        opened = [part.partition("=")[0] + "=*" if draw(st.booleans()) else part for part in parts]
        return ", ".join(opened)
    if kind == "range":
        return draw(st.sampled_from(["192.0.2.0/24", "192.0.2.2-192.0.2.9", "2001:db8::/32"]))
    return "%any" if kind == "any" else draw(SHOWN)


def shown_as(said: Identity) -> Identification:
    """An identity as it goes on the wire."""
    if said.kind in (IdentityKind.IPV4, IdentityKind.IPV6):
        return identification_of(ip_address(said.text))
    if said.kind is IdentityKind.DN:
        return Identification(IdType.DER_ASN1_DN, 0, 0, dn_from(said.text))
    type_ = IdType.FQDN if said.kind is IdentityKind.FQDN else IdType.USER_FQDN
    return Identification(type_, 0, 0, said.text.encode())


def engine_takes(pattern: str, shown: Identification, connection: Connection) -> bool:
    expected = Credentials(Stated(identity(pattern), Place("a.conf", 9)))
    method = Stated(AuthMethod.PRE_SHARED_KEY)
    found = expected_id(Authentication(method, expected, expected), connection)
    if found is None:
        return True
    return same_identity(shown, found) if isinstance(found, Identification) else found.takes(shown)


@pytest.fixture(scope="module")
def rig(peer_of: Load) -> Connection:
    return peer_of("a", swanctl_text(ALIKE, A, B)).connections[0]


@given(patterns(), SHOWN)
@example("*.rig.test", "cmd.rig.test")
@example("*.rig.test", ".rig.test")
@example("*rig.test", "rig.test")
@example("*@rig.test", "cmd@rig.test")
@example("O=rig, CN=*", "O=rig, CN=gate")
@example("C=*, CN=gate", "C=CH, CN=gate")
@example("CN=*, O=rig", "O=rig, CN=gate")
@example("192.0.2.0/24", "192.0.2.9")
def test_r5_the_engine_takes_what_verify_says_and_nothing_else(
    rig: Connection, pattern: str, shown: str
) -> None:
    said = identity(shown)
    assert engine_takes(pattern, shown_as(said), rig) is bool(match(said, identity(pattern)))


def test_r5_names_are_the_same_whatever_their_case(rig: Connection) -> None:
    """strongSwan compares them so; a policy is read in small letters, and what comes may not be."""
    loud = Identification(IdType.FQDN, 0, 0, b"CMD.RIG.TEST")
    assert engine_takes("cmd.rig.test", loud, rig) and engine_takes("*.rig.test", loud, rig)


@pytest.mark.parametrize("octets", [b"", b"\xff.rig.test", b"\x30\x03abc"])
def test_r5_what_cannot_be_read_matches_no_pattern(octets: bytes) -> None:
    for type_ in (IdType.FQDN, IdType.USER_FQDN, IdType.DER_ASN1_DN, IdType.IPV4_ADDR):
        shown = Identification(type_, 0, 0, octets)
        assert not NamePattern(IdType.FQDN, ".rig.test").takes(shown)
        assert not DnPattern.of("o=rig, cn=*").takes(shown)


@pytest.mark.parametrize(
    ("pattern", "own", "fails"),
    [("*.test", "b.test", False), ("*.rig.test", "b.test", True), ("CN=*", "CN=gate", False)],
)
def test_r5_engines_hold_each_other_to_patterns(
    peer_of: Load, pattern: str, own: str, fails: bool
) -> None:
    peers = [
        peer_of(name, swanctl_text({**said, **changes}, here, there))
        for name, said, changes, here, there in (
            ("a", ALIKE, {"other": pattern}, A, B),
            ("b", MIRRORED, {"own": own}, B, A),
        )
    ]
    plans = [plan_of(item, host) for item, host in zip(peers, (A, B), strict=True)]
    assert plans[0] is not None and plans[1] is not None
    assert carry_out(plans[0], plans[1], "rig", "net").reason1 == ("identity" if fails else None)


def test_r5_a_wildcard_that_charon_does_not_know_is_refused_with_its_line(rig: Connection) -> None:
    shown = Identification(IdType.FQDN, 0, 0, b"b.test")
    with pytest.raises(
        PolicyError, match=r"a\.conf:9: the identity b\*\.test has a wildcard where"
    ):
        engine_takes("b*.test", shown, rig)
