"""Main Mode with RSA signatures between two of our engines (R3, R5, R6)."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impl.auth.certificate import CertificateSettings, Sends
from impl.auth.names import subject_id
from impl.ike.engine import Engine
from impl.ike.events import Phase1Ended, Phase1Established, Phase1Failed, SasInstalled
from impl.ike.settings import Lifetime, Settings
from impl.link.network import Faults, Sent
from impl.wire.message import decode_header, decode_message
from impl.wire.numbers import ExchangeType, IdType, Method
from impl.wire.payloads import CertificateRequest, Identification
from tests.impl.auth.authorities import (
    DAY,
    NOW,
    Holder,
    authority,
    credentials,
    make,
    revocations,
    trust,
)
from tests.impl.ike.conftest import (
    AES,
    DES3,
    A,
    B,
    MakePair,
    Pair,
    altering,
    connection,
    named,
    secret,
)

RSA = replace(DES3, method=Method.RSA_SIGNATURES)
ROOT = authority()
ONE = make("a.example", ROOT, names=["a.example", "192.0.2.1"])
TWO = make("b.example", ROOT, names=["b.example", "192.0.2.2"])
CA = authority("ca")


def clock(start: datetime.datetime = NOW) -> Callable[[float], datetime.datetime]:
    return lambda now: start + datetime.timedelta(seconds=now)


def end(settings: CertificateSettings, **more: Any) -> dict[str, Any]:
    return {"choices": (RSA,), "secret": None, "certificate": settings, **more}


def certified(
    make_pair: MakePair,
    one: CertificateSettings | None = None,
    two: CertificateSettings | None = None,
    *,
    a: dict[str, Any] | None = None,
    b: dict[str, Any] | None = None,
    **more: Any,
) -> Pair:
    """A pair with certificates: `one` is A's, `two` is B's."""
    more.setdefault("utc", clock())
    ends = {
        "a": end(one or credentials(ONE, trust(ROOT)), **(a or {})),
        "b": end(two or credentials(TWO, trust(ROOT)), **(b or {})),
    }
    pair = make_pair(**ends, **more)
    pair.start()
    pair.run(60)
    return pair


def failed(pair: Pair, who: tuple[str, int]) -> tuple[str, str]:
    """Why an end failed; nothing was established that lasts."""
    assert not pair.of(A, SasInstalled) and not pair.of(B, SasInstalled)
    assert not len(pair.a.sadb) and not len(pair.b.sadb)
    (found,) = pair.of(who, Phase1Failed)
    return found.reason, found.why


def test_r3_r5_both_ends_prove_themselves_by_certificates(make_pair: MakePair) -> None:
    pair = certified(make_pair)
    assert len(pair.network.log) == 9
    (one,), (other,) = (pair.of(who, Phase1Established) for who in (A, B))
    assert one.proved == "O=Example, CN=b.example" and other.proved == "O=Example, CN=a.example"
    assert (one.identity, other.identity) == tuple(subject_id(h.certificate) for h in (TWO, ONE))
    assert one.choice == RSA
    (mine,), (theirs,) = (pair.of(who, SasInstalled) for who in (A, B))
    assert mine.pair.sas[0].inbound_key == theirs.pair.sas[0].outbound_key


def test_r3_suites_beside_certificates(make_pair: MakePair) -> None:
    both = (replace(AES, method=Method.RSA_SIGNATURES), AES)
    pair = certified(make_pair, a={"choices": both, "secret": secret()}, b={"choices": both})
    assert pair.of(A, Phase1Established)[0].choice == both[0]
    # a peer with no certificate takes the other method
    pair = make_pair(
        a=end(credentials(ONE, trust(ROOT)), choices=both, secret=secret()),
        b={"choices": (AES,)},
        utc=clock(),
    )
    pair.start()
    pair.run(5)
    assert pair.of(B, Phase1Established)[0].choice == AES


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (named("a.example"), named("a.example")),
        (named("A.EXAMPLE"), named("a.example")),
        (Identification(IdType.IPV4_ADDR, 0, 0, bytes((192, 0, 2, 1))), None),
        (subject_id(ONE.certificate), subject_id(ONE.certificate)),
    ],
)
def test_r5_identities_that_the_certificate_confirms(
    make_pair: MakePair, own: Identification, expected: Identification | None
) -> None:
    pair = certified(make_pair, a={"own": own}, b={"expected": expected})
    assert pair.of(B, Phase1Established)[0].identity == own


def test_r6_no_identity_and_no_certificate_is_readable_on_the_wire(make_pair: MakePair) -> None:
    pair = certified(make_pair, a={"own": named("a.example")}, b={"own": named("b.example")})
    assert pair.of(A, SasInstalled)
    wire = b"".join(sent.datagram for sent in pair.network.log)
    for word in (b"a.example", b"b.example", b"\xc0\x00\x02\x01"):
        assert word not in wire
    # what the responder asks for is readable: whom it trusts
    fourth = [s for s in pair.network.log if s.source == B][1]
    (asked,) = [
        i for i in decode_message(fourth.datagram).payloads if isinstance(i, CertificateRequest)
    ]
    assert asked.data == ROOT.certificate.subject.public_bytes()


def test_r5_certificates_are_sent_on_demand_or_known_before(make_pair: MakePair) -> None:
    asked = credentials(ONE, trust(ROOT), sends=Sends.ASKED)
    assert certified(make_pair, asked).of(B, Phase1Established)
    quiet = credentials(TWO, trust(ROOT), asks=False)
    reason, why = failed(certified(make_pair, asked, quiet), B)
    assert reason == "certificate" and "has sent no certificate" in why
    knows = credentials(TWO, trust(ROOT, known=[ONE]), asks=False)
    never = credentials(ONE, trust(ROOT), sends=Sends.NEVER)
    assert certified(make_pair, never, knows).of(B, Phase1Established)


@pytest.mark.parametrize(("more", "named_ones"), [(15, 16), (16, 0)])
def test_r5_many_authorities_may_be_trusted(
    make_pair: MakePair, more: int, named_ones: int
) -> None:
    """A message has so many payloads: of more authorities than it should name none is named."""
    trusted = trust(
        ROOT, *(make(f"ca {n}", CA, ca=True, public=CA.key.public_key()) for n in range(more))
    )
    pair = certified(make_pair, credentials(ONE, trusted), credentials(TWO, trusted))
    assert pair.of(A, SasInstalled)
    fourth = decode_message(pair.network.log[3].datagram).payloads
    asked = [item.data for item in fourth if isinstance(item, CertificateRequest)]
    assert len(asked) == (named_ones or 1) and all(asked) is bool(named_ones)


def test_r5_a_certificate_that_is_altered_on_its_way_ends_nothing(make_pair: MakePair) -> None:
    # No hash covers it, and under CBC whoever cannot read a message can still spoil a block of it.
    spoilt: list[object] = []
    within = 8 + len(ONE.certificate.subject.public_bytes()) + 5 + 8  # of CERT, which ID precedes

    def spoil(sent: Sent) -> bytes:
        header, octets = decode_header(sent.datagram), bytearray(sent.datagram)
        proof = header.exchange == ExchangeType.MAIN and header.encrypted
        if proof and sent.source not in spoilt:
            spoilt.append(sent.source)
            octets[28 + within] ^= 1
        return bytes(octets)

    pair = certified(make_pair, tap=spoil)
    assert spoilt == [A, B] and pair.of(A, SasInstalled) and pair.of(B, SasInstalled)
    unread = "none of the peer's certificates can be read, or a message was altered on the way"
    assert pair.a.dropped[unread] and pair.b.dropped[unread]


def test_r5_intermediates_go_with_the_certificate(make_pair: MakePair) -> None:
    mid = authority("middle", ROOT)
    low = make("a.example", mid)
    assert certified(make_pair, credentials(low, trust(ROOT), mid)).of(A, SasInstalled)
    reason, why = failed(certified(make_pair, credentials(low, trust(ROOT))), B)
    assert reason == "certificate" and "its issuer O=Example, CN=middle is not known" in why


NO_AUTHORITY = make("no authority", ROOT, ca=False)


def failing() -> dict[str, tuple[Holder, tuple[Holder, ...], str]]:
    """What one end shows, and why the other refuses it."""
    stranger = authority("stranger")
    return {
        "expired": (make("a.example", ROOT, days=(-9, -1)), (), "has expired on 2026-11-24"),
        "not yet valid": (make("a.example", ROOT, days=(1, 9)), (), "not valid before 2026-11-26"),
        "wrong authority": (
            make("a.example", stranger),
            (stranger,),
            "CN=stranger is self-signed",
        ),
        "revoked": (ONE, (), "CN=a.example was revoked on 2026-11-23"),
        "no authority": (make("a.example", NO_AUTHORITY), (NO_AUTHORITY,), "is not a CA"),
        "weak key": (make("a.example", ROOT, bits=1024), (), "has a key of 1024 bits"),
    }


@pytest.mark.parametrize("case", failing())
def test_r5_what_a_responder_refuses(make_pair: MakePair, case: str) -> None:
    own, chain, why = failing()[case]
    lists = [revocations(ROOT, ONE)] if case == "revoked" else []
    pair = certified(
        make_pair,
        credentials(own, trust(ROOT), *chain),
        credentials(TWO, trust(ROOT, lists=lists)),
    )
    reason, said = failed(pair, B)
    assert reason == "certificate" and why in said
    # the initiator hears that it was refused, and then nothing
    reason, said = failed(pair, A)
    assert reason == "certificate" and said.startswith("the peer says INVALID-CERT")
    assert not pair.of(A, Phase1Established) and not pair.of(B, Phase1Established)


@pytest.mark.parametrize("case", failing())
def test_r5_what_an_initiator_refuses(make_pair: MakePair, case: str) -> None:
    own, chain, why = failing()[case]
    lists = [revocations(ROOT, ONE)] if case == "revoked" else []
    pair = certified(
        make_pair,
        credentials(TWO, trust(ROOT, lists=lists)),
        credentials(own, trust(ROOT), *chain),
    )
    reason, said = failed(pair, A)
    assert reason == "certificate" and why in said
    assert not pair.of(A, Phase1Established)


@pytest.mark.parametrize("who", [A, B])
def test_r5_an_end_does_not_show_what_its_certificate_does_not_confirm(
    make_pair: MakePair, who: tuple[str, int]
) -> None:
    own = {"own": named("c.example")}
    pair = certified(make_pair, a=own) if who == A else certified(make_pair, b=own)
    common = "a.example" if who == A else "b.example"
    said = f"the certificate of O=Example, CN={common} does not confirm FQDN c.example"
    why = f"the peer would not accept our identity: {said}"
    assert failed(pair, who) == ("certificate", why)


def test_r5_an_identity_that_is_not_expected(make_pair: MakePair) -> None:
    pair = certified(make_pair, a={"expected": named("c.example")}, b={"own": named("b.example")})
    why = "the peer shows FQDN b.example, and the policy expects FQDN c.example"
    assert failed(pair, A) == ("identity", why)


def test_r5_the_own_identity_and_the_own_certificate_are_not_the_peer_s(
    make_pair: MakePair,
) -> None:
    same = credentials(ONE, trust(ROOT))
    pair = certified(make_pair, same, same)
    assert failed(pair, B) == ("identity", "the peer shows our own certificate")
    twin = make("a.example", ROOT)  # another key, the same name
    pair = certified(make_pair, same, credentials(twin, trust(ROOT)))
    assert failed(pair, B) == ("identity", "the peer shows our own identity")


def test_r7_an_altered_offer_is_found_out_by_the_signature(make_pair: MakePair) -> None:
    def alter(sent: Sent) -> bytes:
        header = decode_header(sent.datagram)
        if sent.source == A and not any(header.responder_cookie):
            return sent.datagram.replace((28800).to_bytes(2, "big"), (28801).to_bytes(2, "big"), 1)
        return sent.datagram

    pair = certified(make_pair, tap=alter)
    reason, why = failed(pair, B)
    assert reason == "certificate" and why.endswith("or a message was altered on the way")


def test_r5_an_altered_proof_changes_nothing_and_the_true_one_still_counts(
    make_pair: MakePair,
) -> None:
    seen: list[bytes] = []

    def alter(sent: Sent) -> bytes:
        header = decode_header(sent.datagram)
        if sent.source == A and header.encrypted and header.exchange == ExchangeType.MAIN:
            seen.append(sent.datagram)
            if len(seen) == 1:
                # within the signature, which ends one block before INITIAL-CONTACT and padding
                middle = len(sent.datagram) - 120
                octet = bytes([sent.datagram[middle] ^ 1])
                return sent.datagram[:middle] + octet + sent.datagram[middle + 1 :]
        return sent.datagram

    pair = certified(make_pair, tap=alter)
    assert len(seen) == 2 and seen[0] == seen[1]
    assert pair.b.dropped and pair.of(A, SasInstalled) and not pair.of(B, Phase1Failed)


def test_r5_certificates_need_the_time_of_day(make_pair: MakePair) -> None:
    with pytest.raises(ValueError, match="certificates need the time of day"):
        make_pair(a=end(credentials(ONE, trust(ROOT))))
    late = clock(NOW + 29 * DAY + datetime.timedelta(hours=23, minutes=59, seconds=55))
    assert certified(make_pair, utc=late).of(A, SasInstalled)
    late = clock(NOW + 31 * DAY)
    assert "has expired" in failed(certified(make_pair, utc=late), B)[1]


# ---- steps that are done elsewhere
def test_r5_what_may_block_is_handed_out_and_named(make_pair: MakePair) -> None:
    pair = certified(make_pair)
    steps = {who: [item.what for item in pair.network.steps[who]] for who in (A, B)}
    verify = "verify the peer's signature and certificate"
    assert steps[A] == ["sign HASH_I with file:own.key", verify]
    assert steps[B] == [verify, "sign HASH_R with file:own.key"]


@pytest.mark.parametrize("seconds", [0.5, 4.0])
def test_r8_slow_steps_are_waited_for_and_repeats_meanwhile_change_nothing(
    make_pair: MakePair, seconds: float
) -> None:
    pair = make_pair(
        a=end(credentials(ONE, trust(ROOT))),
        b=end(credentials(TWO, trust(ROOT))),
        utc=clock(),
        faults=Faults(duplication=0.5),
    )
    pair.network.step_takes = seconds
    pair.start()
    pair.run(60)
    assert len(pair.of(A, SasInstalled)) == len(pair.of(B, SasInstalled)) == 1
    assert [len(pair.network.steps[who]) for who in (A, B)] == [2, 2]


def test_r9_a_step_that_takes_too_long_ends_the_exchange(make_pair: MakePair) -> None:
    pair = certified(make_pair, step_for=5.0)
    assert pair.of(A, SasInstalled)
    pair = make_pair(
        a=end(credentials(ONE, trust(ROOT))), b=end(credentials(TWO, trust(ROOT))),
        utc=clock(), step_for=5.0,
    )  # fmt: skip
    pair.network.step_takes = 6.0
    pair.start()
    pair.run(60)
    assert failed(pair, A) == ("internal", "could not sign HASH_I with file:own.key in time")


@pytest.mark.parametrize("seed", range(6))
def test_r8_certificates_on_a_bad_link(make_pair: MakePair, seed: int) -> None:
    pair = make_pair(
        a=end(credentials(ONE, trust(ROOT))), b=end(credentials(TWO, trust(ROOT))),
        utc=clock(), faults=Faults(loss=0.25, duplication=0.3, delay=(0.0, 2.0)), seed=seed,
    )  # fmt: skip
    pair.network.step_takes = 0.7
    pair.start()
    pair.run(200)
    (mine,), (theirs,) = (pair.of(who, SasInstalled) for who in (A, B))
    assert mine.pair.sas[0].inbound_key == theirs.pair.sas[0].outbound_key


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_r9_altered_messages_raise_nothing_and_prove_nobody_else(
    make_pair: MakePair, data: st.DataObject
) -> None:
    pair = certified(make_pair, tap=altering(data))
    for who, proved in ((A, "O=Example, CN=b.example"), (B, "O=Example, CN=a.example")):
        assert all(item.proved == proved for item in pair.of(who, Phase1Established))
    ends = [pair.of(who, SasInstalled) for who in (A, B)]
    if all(ends):
        assert ends[0][-1].pair.sas[0].inbound_key == ends[1][-1].pair.sas[0].outbound_key


# ---- what follows from who the peer is
def test_r17_a_reached_lifetime_authenticates_anew(make_pair: MakePair) -> None:
    life = {"life": Lifetime(100, 100)}
    pair = certified(make_pair, a=life, b=life)
    pair.run(200)
    for who, proved in ((A, "O=Example, CN=b.example"), (B, "O=Example, CN=a.example")):
        found = pair.of(who, Phase1Established)
        assert len({item.name for item in found}) >= 2
        assert {item.proved for item in found} == {proved}
    assert pair.of(A, Phase1Ended) and not pair.of(A, Phase1Failed)


def test_r17_a_certificate_that_has_expired_meanwhile_is_not_taken_again(
    make_pair: MakePair,
) -> None:
    life = {"life": Lifetime(100, 100)}
    soon = clock(NOW + 29 * DAY + datetime.timedelta(hours=23, minutes=58, seconds=30))
    pair = certified(make_pair, a=life, b=life, utc=soon)
    assert len(pair.of(B, Phase1Established)) == 1
    pair.run(60)
    found = pair.of(B, Phase1Failed)
    assert found and "has expired" in found[0].why
    assert len(pair.of(B, Phase1Established)) == 1


def began_anew(pair: Pair, other: dict[str, Any]) -> None:
    """Somebody at A's address who knows nothing of what was before, and says so (INITIAL-CONTACT)."""
    stranger = make_engine(A, connection(B, "10.1.0.0/16", "10.2.0.0/16", **other))
    pair.network.join(A, stranger)
    stranger.start(stranger.settings.connections[0], B, pair.network.now)
    pair.run(20)
    assert pair.of(A, Phase1Established)


def make_engine(own: tuple[str, int], known: Any) -> Engine:
    return Engine(Settings(ip_address(own[0]), (known,), utc=clock()), os.urandom)


def test_r5_first_contact_ends_the_sas_of_the_same_credential_and_no_other(
    make_pair: MakePair,
) -> None:
    pair = certified(make_pair)
    began_anew(pair, end(credentials(ONE, trust(ROOT))))
    assert [item.why for item in pair.of(B, Phase1Ended)] == ["the peer has restarted"]
    # the same address, and the same identity of it, but another certificate
    address = Identification(IdType.IPV4_ADDR, 0, 0, bytes((192, 0, 2, 1)))
    pair = certified(make_pair, a={"own": address})
    other = make("other.example", ROOT, names=["192.0.2.1"])
    began_anew(pair, end(credentials(other, trust(ROOT)), own=address))
    assert not pair.of(B, Phase1Ended)
    shown = {(item.identity.data, item.proved) for item in pair.of(B, Phase1Established)}
    assert {identity for identity, _ in shown} == {address.data} and len(shown) == 2


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_r9_whoever_has_the_keys_can_say_anything_and_prove_nothing(
    make_pair: MakePair, data: st.DataObject
) -> None:
    """Message 5 altered before it is encrypted: as a peer would send it that has no right key."""
    pairs: list[Pair] = []

    def alter(sent: Sent) -> bytes:
        header = decode_header(sent.datagram)
        if sent.source != A or not header.encrypted or header.exchange != ExchangeType.MAIN:
            return sent.datagram
        (sa,) = pairs[0].a.sadb
        assert sa.sealing is not None
        keys, head = sa.sealing.keys, sent.datagram[:28]
        plain = bytearray(keys.cipher.decrypt(keys.encryption, keys.iv, sent.datagram[28:]))
        whole = bytes(plain)
        for _ in range(data.draw(st.integers(1, 4))):
            plain[data.draw(st.integers(0, len(plain) - 60))] = data.draw(st.integers(0, 255))
        if bytes(plain) == whole:
            plain[8] ^= 1
        return head + keys.cipher.encrypt(keys.encryption, keys.iv, bytes(plain))

    pair = make_pair(
        a=end(credentials(ONE, trust(ROOT), asks=False)), b=end(credentials(TWO, trust(ROOT))),
        utc=clock(), tap=alter, resends=1,
    )  # fmt: skip
    pairs.append(pair)
    pair.start()
    pair.run(60)
    assert not pair.of(B, SasInstalled)
    assert not pair.of(B, Phase1Established) and not len(pair.b.sadb)
    (failure,) = pair.of(B, Phase1Failed)
    assert failure.reason in ("certificate", "identity", "tampered", "malformed", "no-responder")
