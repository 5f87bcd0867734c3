"""Main Mode with Kerberos between two of our engines, over a mechanism of plain Python (R3, R5, R6)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impl.auth.interface import Outcome, Refused
from impl.auth.kerberos import RACOON, WINDOWS_2000, Dialect, Kerberized, KerberosSettings
from impl.crypto import schedule
from impl.ike.engine import Engine
from impl.ike.events import Phase1Established, Phase1Failed, SasInstalled
from impl.ike.settings import Settings
from impl.link.network import Faults, Sent
from impl.wire.message import decode_header, decode_message, encode_message
from impl.wire.numbers import ExchangeType, Method
from impl.wire.payloads import AnyPayload, GssToken, VendorId
from impl.wire.proposals import SecurityAssociation, encode_sa
from tests.impl.auth.fake_gss import Realm, Station
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

KERBEROS = replace(DES3, method=Method.KERBEROS)
ONE, TWO = "a$@EXAMPLE.TEST", "host/b.example@EXAMPLE.TEST"
END = {"choices": (KERBEROS,), "secret": None}


def told(name: str, peer: str | None, station: Station, dialect: Dialect) -> dict[str, Any]:
    expected = None if peer is None else (peer,)
    return {**END, "kerberos": KerberosSettings(name, expected, station, dialect)}


def kerberized(
    make_pair: MakePair,
    realm: Realm | None = None,
    *,
    dialect: Dialect = WINDOWS_2000,
    a: Station | None = None,
    b: Station | None = None,
    expects: tuple[str | None, str | None] = (TWO, ONE),
    more_a: dict[str, Any] | None = None,
    more_b: dict[str, Any] | None = None,
    **more: Any,
) -> Pair:
    realm = realm or Realm().join(ONE, TWO)
    one, two = a or realm.at(ONE), b or realm.at(TWO)
    pair = make_pair(
        a={**told(ONE, expects[0], one, dialect), **(more_a or {})},
        b={**told(TWO, expects[1], two, dialect), **(more_b or {})},
        **more,
    )
    pair.start()
    pair.run(60)
    return pair


def failed(pair: Pair, who: tuple[str, int]) -> tuple[str, str]:
    assert not pair.of(A, SasInstalled) and not pair.of(B, SasInstalled)
    assert not len(pair.a.sadb) and not len(pair.b.sadb)
    found = pair.of(who, Phase1Failed)[0]
    return found.reason, found.why


def sent_by(pair: Pair, who: tuple[str, int]) -> list[tuple[AnyPayload, ...]]:
    """Payloads of the messages in clear that an end has sent."""
    own = [s.datagram for s in pair.network.log if s.source == who]
    return [decode_message(d).payloads for d in own if not decode_header(d).encrypted]


@pytest.mark.parametrize("dialect", [WINDOWS_2000, RACOON], ids=lambda item: item.name)
def test_r3_r5_both_ends_prove_themselves_by_kerberos(
    make_pair: MakePair, dialect: Dialect
) -> None:
    pair = kerberized(make_pair, dialect=dialect)
    (one,), (other,) = (pair.of(who, Phase1Established) for who in (A, B))
    assert (one.proved, other.proved) == (TWO, ONE)
    assert one.choice == KERBEROS and len(pair.network.log) == 9
    (mine,), (theirs,) = (pair.of(who, SasInstalled) for who in (A, B))
    assert mine.pair.sas[0].inbound_key == theirs.pair.sas[0].outbound_key


def test_r3_the_answer_is_the_transform_offered_with_the_own_name(make_pair: MakePair) -> None:
    pair = kerberized(make_pair)
    ((first, *_), *_), ((second, *_), *_) = sent_by(pair, A), sent_by(pair, B)
    assert isinstance(first, SecurityAssociation) and isinstance(second, SecurityAssociation)
    (offered,), (answered,) = (sa.proposals[0].transforms for sa in (first, second))
    assert answered.attributes[:-1] == offered.attributes[:-1]
    assert (offered.attributes[-1].type, answered.attributes[-1].type) == (16384, 16384)
    assert offered.attributes[-1].value == ONE.encode("utf-16-le")
    assert answered.attributes[-1].value == TWO.encode("utf-16-le")


def test_r6_kerberos_shows_names_until_they_are_encrypted_and_no_longer(
    make_pair: MakePair,
) -> None:
    own, theirs = named("id-of-a.example"), named("id-of-b.example")
    pair = kerberized(make_pair, more_a={"own": own}, more_b={"own": theirs})
    assert pair.of(A, SasInstalled)
    log = [sent.datagram for sent in pair.network.log]
    names = [ONE.encode("utf-16-le"), TWO.encode("utf-16-le")]
    seen = [[name in datagram for name in names] for datagram in log]
    # message 1 shows the initiator's name, message 2 the responder's
    assert seen[:2] == [[True, False], [False, True]]
    assert not any(any(row) for row in seen[2:])
    # the first token shows whom the ticket is for, as Kerberos' does
    assert TWO.encode() in log[2]
    # what is in the identity payloads is encrypted, always
    assert not any(item.data in b"".join(log) for item in (own, theirs))
    assert [decode_header(d).encrypted for d in log[:6]] == [False] * 4 + [True] * 2


def test_r6_with_a_pre_shared_key_no_identity_is_ever_readable(make_pair: MakePair) -> None:
    own, theirs = named("id-of-a.example"), named("id-of-b.example")
    pair = make_pair(a={"own": own}, b={"own": theirs})
    pair.start()
    pair.run(5)
    wire = b"".join(sent.datagram for sent in pair.network.log)
    assert pair.of(A, SasInstalled) and own.data not in wire and theirs.data not in wire


@pytest.mark.parametrize("legs", [2, 3, 4, 5, 6])
def test_r5_tokens_may_continue_under_the_keys(make_pair: MakePair, legs: int) -> None:
    realm = Realm(legs=legs).join(ONE, TWO)
    pair = kerberized(make_pair, realm)
    (mine,), (theirs,) = (pair.of(who, SasInstalled) for who in (A, B))
    assert mine.pair.sas[0].inbound_key == theirs.pair.sas[0].outbound_key
    main = [s for s in pair.network.log if decode_header(s.datagram).exchange == ExchangeType.MAIN]
    assert len(main) == {2: 6, 3: 7, 4: 8, 5: 9, 6: 10}[legs]


@pytest.mark.parametrize("legs", [2, 3, 4])
@pytest.mark.parametrize("seed", range(5))
def test_r8_kerberos_on_a_bad_link(make_pair: MakePair, legs: int, seed: int) -> None:
    realm = Realm(legs=legs).join(ONE, TWO)
    one, two = realm.at(ONE), realm.at(TWO)
    faults = Faults(loss=0.2, duplication=0.3, delay=(0.0, 1.0))
    pair = make_pair(
        a=told(ONE, TWO, one, WINDOWS_2000), b=told(TWO, ONE, two, WINDOWS_2000),
        faults=faults, seed=seed,
    )  # fmt: skip
    pair.network.step_takes = 0.3
    pair.start()
    pair.run(200)
    assert len(pair.of(A, SasInstalled)) == len(pair.of(B, SasInstalled)) == 1
    # what is sent again is what was sent: nothing is wrapped twice
    assert [station.calls.count("wrap") for station in (one, two)] == [1, 1]


def test_r5_tokens_without_end_are_not_followed(make_pair: MakePair) -> None:
    pair = kerberized(make_pair, Realm(legs=100).join(ONE, TWO))
    reasons = {failed(pair, who) for who in (A, B)}
    assert ("kerberos", "more than 8 tokens") in reasons


# ---- method 65001 means XAUTH without a vendor id
def test_r3_kerberos_is_not_taken_without_a_vendor_id(make_pair: MakePair) -> None:
    def quiet(who: tuple[str, int]) -> Callable[[Sent], bytes]:
        def cut(sent: Sent) -> bytes:
            if sent.source != who or decode_header(sent.datagram).encrypted:
                return sent.datagram
            message = decode_message(sent.datagram)
            kept = tuple(item for item in message.payloads if not isinstance(item, VendorId))
            return encode_message(replace(message, payloads=kept))

        return cut

    both = {"choices": (KERBEROS, DES3), "secret": secret()}
    pair = kerberized(make_pair, more_a=both, more_b=both)
    assert pair.of(A, Phase1Established)[0].choice == KERBEROS
    pair = kerberized(make_pair, more_a=both, more_b=both, tap=quiet(A))
    assert pair.of(A, Phase1Established)[0].choice == DES3
    pair = kerberized(make_pair, more_a=both, more_b=both, tap=quiet(B))
    assert failed(pair, A) == (
        "auth-method",
        "the peer chose method 65001 without a vendor ID that says that it means Kerberos",
    )


def test_r3_a_peer_without_kerberos_takes_another_method(make_pair: MakePair) -> None:
    both = {"choices": (KERBEROS, AES), "secret": secret()}
    station = Realm().join(ONE, TWO).at(ONE)
    pair = make_pair(a={**told(ONE, None, station, WINDOWS_2000), **both}, b={"choices": (AES,)})
    pair.start()
    pair.run(5)
    assert pair.of(B, Phase1Established)[0].choice == AES


# ---- who is who
def test_r5_a_peer_that_calls_itself_somebody_else(make_pair: MakePair) -> None:
    other = "host/c.example@EXAMPLE.TEST"
    pair = kerberized(make_pair, expects=(other, ONE))
    why = f"the peer calls itself {TWO}, and the policy expects {other}"
    assert failed(pair, A) == ("identity", why)
    pair = kerberized(make_pair, expects=(TWO, "c$@EXAMPLE.TEST"))
    why = f"the peer calls itself {ONE}, and the policy expects c$@EXAMPLE.TEST"
    assert failed(pair, B) == ("identity", why)
    assert failed(pair, A) == ("identity", "the peer says INVALID-ID-INFORMATION, in clear")


def test_r5_a_peer_that_is_not_who_it_says(make_pair: MakePair) -> None:
    realm = Realm().join(ONE, TWO, "thief$@EXAMPLE.TEST")
    # its credentials are another principal's: it finds out by itself
    pair = kerberized(make_pair, realm, a=realm.at("thief$@EXAMPLE.TEST"))
    assert failed(pair, B)[0] == "identity"
    why = f"the peer is thief$@EXAMPLE.TEST, and the policy expects {ONE}"
    assert failed(pair, B)[1] == why
    # nobody in particular is expected: the name shown and the ticket's must still be one
    pair = kerberized(make_pair, realm, a=realm.at("thief$@EXAMPLE.TEST"), expects=(None, None))
    why = f"the peer calls itself {ONE} and is thief$@EXAMPLE.TEST"
    assert failed(pair, B) == ("identity", why)


def test_r5_the_responder_has_not_the_key_of_the_name_it_shows(make_pair: MakePair) -> None:
    realm = Realm().join(ONE, TWO, "thief$@EXAMPLE.TEST")
    pair = kerberized(make_pair, realm, b=realm.at(TWO, accepts="thief$@EXAMPLE.TEST"))
    reason, why = failed(pair, B)
    assert reason == "kerberos" and "made with another key" in why
    assert failed(pair, A) == ("kerberos", "the peer says AUTHENTICATION-FAILED, in clear")


def test_r5_nobody_of_that_name(make_pair: MakePair) -> None:
    realm = Realm().join(ONE)
    pair = kerberized(make_pair, realm, b=Realm().join(ONE, TWO).at(TWO))
    reason, why = failed(pair, A)
    assert reason == "identity" and why == f"Kerberos: the KDC knows no such principal: {TWO}"


def test_r5_own_name_and_any_name(make_pair: MakePair) -> None:
    realm = Realm().join(ONE, TWO)
    pair = kerberized(make_pair, realm, expects=(None, None))
    assert pair.of(A, Phase1Established)[0].proved == TWO
    mirror = told(ONE, None, realm.at(ONE), WINDOWS_2000)
    pair = kerberized(make_pair, realm, more_b=mirror, expects=(None, None))
    assert failed(pair, B) == ("identity", f"the peer shows our own name, {ONE}")


@pytest.mark.parametrize("who", [A, B])
def test_r5_what_the_mechanism_fails_of_is_said(make_pair: MakePair, who: tuple[str, int]) -> None:
    realm = Realm().join(ONE, TWO)
    own = realm.at(ONE if who == A else TWO, fails="the ticket has expired")
    pair = kerberized(make_pair, realm, a=own) if who == A else kerberized(make_pair, realm, b=own)
    assert failed(pair, who) == ("kerberos", "Kerberos: the ticket has expired")


@pytest.mark.parametrize("lost", ["mutual authentication", "integrity", "confidentiality"])
def test_r5_a_context_must_have_what_was_asked_for(make_pair: MakePair, lost: str) -> None:
    realm = Realm().join(ONE, TWO)
    realm.flags -= {lost}
    assert failed(kerberized(make_pair, realm), B) == ("kerberos", f"the context has no {lost}")
    if lost == "confidentiality":
        plain = replace(WINDOWS_2000, confidential=False)
        assert kerberized(make_pair, realm, dialect=plain).of(A, SasInstalled)


def test_r5_names_are_compared_as_the_dialect_says(make_pair: MakePair) -> None:
    upper = TWO.upper()
    assert kerberized(make_pair, expects=(upper, ONE)).of(A, SasInstalled)
    reason, _ = failed(kerberized(make_pair, dialect=RACOON, expects=(upper, ONE)), A)
    assert reason == "identity"


def test_r5_a_name_may_leave_out_its_realm(make_pair: MakePair) -> None:
    realm = Realm().join(ONE, TWO)
    short = KerberosSettings(TWO.partition("@")[0], (ONE,), realm.at(TWO), RACOON)
    # whom the ticket is for, the policy says
    pair = kerberized(make_pair, realm, dialect=RACOON, more_b={"kerberos": short})
    assert pair.of(A, Phase1Established)[0].proved == TWO
    other = KerberosSettings("host/c.example", (ONE,), realm.at(TWO), RACOON)
    pair = kerberized(
        make_pair, realm, dialect=RACOON, more_b={"kerberos": other}, expects=(None, ONE)
    )
    assert failed(pair, A)[0] == "identity"


# ---- what proves
def test_r5_credentials_of_another_principal_than_the_policy_names(make_pair: MakePair) -> None:
    realm = Realm().join(ONE, TWO, "thief$@EXAMPLE.TEST")
    thief = realm.at(TWO, accepts=TWO)
    named_so = told("thief$@EXAMPLE.TEST", None, thief, WINDOWS_2000)
    pair = kerberized(make_pair, realm, more_b=named_so, expects=(None, None))
    reason, why = failed(pair, B)
    assert reason == "kerberos" and "made with another key" in why
    accepts = realm.at(TWO, accepts="thief$@EXAMPLE.TEST")
    pair = kerberized(make_pair, realm, b=accepts, more_b={**told(TWO, None, accepts, WINDOWS_2000)},
                      expects=("thief$@EXAMPLE.TEST", None))  # fmt: skip
    assert failed(pair, A)[0] == "identity"


def test_r5_a_proof_whose_identity_is_altered_on_its_way_ends_nothing(make_pair: MakePair) -> None:
    # Under CBC whoever cannot read a message can still spoil a block of it, here of ID. A mechanism takes
    # each token once, and the genuine message brings the same one.
    spoilt: list[object] = []

    def spoil(sent: Sent) -> bytes:
        header, octets = decode_header(sent.datagram), bytearray(sent.datagram)
        if header.exchange == ExchangeType.MAIN and header.encrypted and sent.source not in spoilt:
            spoilt.append(sent.source)
            octets[28 + 8] ^= 1
        return bytes(octets)

    own, theirs = named("id-of-a.example"), named("id-of-b.example")
    pair = kerberized(make_pair, tap=spoil, more_a={"own": own}, more_b={"own": theirs})
    assert spoilt == [A, B] and pair.of(A, SasInstalled) and pair.of(B, SasInstalled)
    wrong = "HASH_{} is wrong: a message was altered on the way"
    assert pair.b.dropped[wrong.format("I")] and pair.a.dropped[wrong.format("R")]


def test_r5_an_altered_token_or_name_is_found_out(make_pair: MakePair) -> None:
    def token(sent: Sent) -> bytes:
        return altered(sent, lambda p: isinstance(p, GssToken), lambda d: d[:-3] + b"\1\1\1")

    reason, why = failed(kerberized(make_pair, tap=token), B)
    assert reason == "kerberos" and "altered on the way" in why

    def name(sent: Sent) -> bytes:
        return sent.datagram.replace(ONE.encode("utf-16-le"), ONE.upper().encode("utf-16-le"))

    # the same principal for Windows, but not the octets that are hashed
    pair = kerberized(make_pair, tap=name)
    assert failed(pair, B) == ("tampered", "HASH_I is wrong: a message was altered on the way")


def altered(
    sent: Sent, which: Callable[[AnyPayload], bool], how: Callable[[bytes], bytes]
) -> bytes:
    if decode_header(sent.datagram).encrypted or sent.source != A:
        return sent.datagram
    message = decode_message(sent.datagram)
    changed = [GssToken(how(p.data)) if isinstance(p, GssToken) and which(p) else p
               for p in message.payloads]  # fmt: skip
    return encode_message(replace(message, payloads=tuple(changed)))


@pytest.mark.parametrize(
    "dialect", [WINDOWS_2000, RACOON, replace(WINDOWS_2000, hashes_prefix=True)]
)
def test_r5_hash_covers_names_and_tokens_as_the_dialect_says(
    make_pair: MakePair, dialect: Dialect
) -> None:
    realm = Realm().join(ONE, TWO)
    one, two = realm.at(ONE), realm.at(TWO)
    pair = kerberized(make_pair, realm, a=one, b=two, dialect=dialect)
    (mine,), (theirs,) = pair.a.sadb, pair.b.sadb
    assert mine.sealing is not None and mine.offer is not None
    assert mine.identity is not None and theirs.identity is not None
    tokens = [
        next(item.data for item in sent_by(pair, who)[1] if isinstance(item, GssToken))
        for who in (A, B)
    ]
    prefix = dialect.token_prefix
    assert all(item.startswith(prefix + b"\x60") for item in tokens)
    if not dialect.hashes_prefix:
        tokens = [item[len(prefix) :] for item in tokens]
    encoding = "latin-1" if dialect is RACOON else "utf-16-le"
    for station, name, token, identity, made in (
        (one, ONE, tokens[0], theirs.identity, schedule.hash_i),
        (two, TWO, tokens[1], mine.identity, schedule.hash_r),
    ):
        covered = identity.body + name.encode(encoding) + token
        body = encode_sa(mine.offer)
        expected = made(mine.sealing.keys, mine.publics, mine.cookies, body, covered)
        assert station.wrapped == [expected]


@given(st.binary(max_size=50), st.sampled_from([b"", b"\0", b"\1", b"\x05"]))
def test_r5_a_token_is_found_whoever_writes_an_octet_before_it(rest: bytes, before: bytes) -> None:
    token = b"\x60" + rest
    assert WINDOWS_2000.token(before + token) == RACOON.token(before + token) == token


def test_r3_names_that_cannot_be_said_are_refused_at_once() -> None:
    station = Realm().join(ONE).at(ONE)
    for name in ("", "a\nb@EXAMPLE.TEST", "x" * 600):
        with pytest.raises(ValueError, match="is not a name that windows2000 can express"):
            KerberosSettings(name, None, station)
    with pytest.raises(ValueError, match="is not a name that racoon can express"):
        KerberosSettings("\u4e2d@EXAMPLE.TEST", None, station, RACOON)
    assert KerberosSettings("\u4e2d@EXAMPLE.TEST", None, station)


@given(st.binary(max_size=40))
def test_r5_names_from_the_wire_that_are_none_never_begin_anything(octets: bytes) -> None:
    station = Realm().join(ONE).at(ONE)
    settings = KerberosSettings(ONE, None, station)
    try:
        Kerberized(settings, octets, initiator=False)
    except Refused as refused:
        assert refused.reason == "identity"
    assert not station.calls


def test_r5_what_may_block_is_handed_out_and_named(make_pair: MakePair) -> None:
    pair = kerberized(make_pair)
    steps = {who: [item.what for item in pair.network.steps[who]] for who in (A, B)}
    assert steps[A] == [
        f"get a Kerberos ticket for {TWO}",
        "take a Kerberos token",
        "wrap the local HASH",
        "unwrap HASH_R",
    ]
    assert steps[B] == ["take a Kerberos token", "unwrap HASH_I", "wrap the local HASH"]


# ---- nothing waits
def test_r9_r22_while_one_peer_s_step_is_under_way_others_are_served(make_pair: MakePair) -> None:
    realm = Realm().join(ONE, TWO)
    pair = make_pair(
        a=told(ONE, TWO, realm.at(ONE), WINDOWS_2000),
        b=told(TWO, ONE, realm.at(TWO), WINDOWS_2000),
    )
    third = ("192.0.2.3", 500)
    host = ip_address(third[0])
    other = connection(third, "10.2.0.0/16", "10.3.0.0/16", name="third")
    served = Settings(pair.b.settings.local, (*pair.b.settings.connections, other))
    busy = Engine(served, os.urandom)
    pair.network.join(B, busy)
    mine = connection(B, "10.3.0.0/16", "10.2.0.0/16")
    caller = Engine(Settings(host, (mine,)), os.urandom)
    pair.network.join(third, caller)
    pair.network.step_takes = 10.0
    pair.start()
    pair.run(15)  # the responder's step has begun, and takes long
    (waiting,) = busy.sadb
    assert waiting.task is not None
    caller.start(mine, B, pair.network.now)
    pair.run(1)
    assert [item.connection for item in pair.of(B, SasInstalled)] == ["third"]
    assert waiting.task is not None
    assert not pair.of(B, Phase1Failed)


def test_r9_what_nobody_foresaw_fails_the_exchange_and_shows_nothing(make_pair: MakePair) -> None:
    class Broken(Station):
        def called(self, what: str) -> None:
            raise RuntimeError("a secret")

    realm = Realm().join(ONE, TWO)
    pair = kerberized(make_pair, realm, a=Broken(realm, ONE, "", ONE))
    why = f"could not get a Kerberos ticket for {TWO}: RuntimeError"
    assert failed(pair, A) == ("internal", why)


def test_r9_outcomes_that_come_too_late_or_twice_change_nothing(make_pair: MakePair) -> None:
    pair = kerberized(make_pair)
    known = [len(pair.network.events[who]) for who in (A, B)]
    for step in pair.network.steps[A]:
        pair.a.step_done(step.number, Outcome(b"anything"), pair.network.now)
    pair.a.step_done(999, Outcome(), pair.network.now)
    pair.run(5)
    assert [len(pair.network.events[who]) for who in (A, B)] == known


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_r9_altered_messages_raise_nothing_and_prove_nobody_else(
    make_pair: MakePair, data: st.DataObject
) -> None:
    pair = kerberized(make_pair, tap=altering(data))
    for who, proved in ((A, TWO), (B, ONE)):
        assert all(item.proved == proved for item in pair.of(who, Phase1Established))
    ends = [pair.of(who, SasInstalled) for who in (A, B)]
    if all(ends):
        assert ends[0][-1].pair.sas[0].inbound_key == ends[1][-1].pair.sas[0].outbound_key


def test_r5_the_octet_before_tokens_is_hashed_as_it_came(make_pair: MakePair) -> None:
    realm = Realm().join(ONE, TWO)
    ours, theirs = (
        replace(WINDOWS_2000, token_prefix=p, hashes_prefix=True) for p in (b"\1", b"\5")
    )
    pair = kerberized(make_pair, realm, dialect=ours, more_b=told(TWO, ONE, realm.at(TWO), theirs))
    assert pair.of(A, Phase1Established)[0].proved == TWO
