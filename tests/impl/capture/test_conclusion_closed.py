"""The conclusion where no key opens anything, and where other stacks answer otherwise than ours."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from impl.capture.conclusion import conclude
from impl.capture.conversation import Secrets, follow
from impl.capture.datagrams import Datagram, Kind, datagrams
from impl.capture.ending import Conclusion, Evidence, Outcome, Reason
from impl.capture.files import frames
from impl.capture.keylog import KeyLog
from impl.capture.opening import NO_IV
from impl.crypto.schedule import hash_1
from impl.ike.settings import Address
from impl.wire.message import Header, Message, encode_chain, encode_message
from impl.wire.numbers import ExchangeType, Method, NotifyType, ProtocolId
from impl.wire.payloads import AnyPayload, Delete, HashData, Nonce, Notification
from impl.wire.proposals import Attribute, Proposal, SecurityAssociation, Transform
from tests.impl.capture.conftest import INITIATOR, RESPONDER, SECOND, saved
from tests.impl.capture.engines import concluded, octets_of, recorded_pair
from tests.impl.capture.noise import MAIN, NOTE, UP, I, R, begun, closed, notice, quick
from tests.impl.capture.test_conclusion import EVERYBODY, only
from tests.impl.capture.test_conversation import COOKIES, Made
from tests.impl.conftest import VECTORS
from tests.impl.ike.conftest import (
    AES,
    DES3,
    secret,
)


def test_a_refusal_that_the_exchange_has_passed_is_not_where_it_stopped() -> None:
    """As in a real capture: NO-PROPOSAL-CHOSEN of the initiator, which goes on all the same."""
    messages = begun()
    refusal = notice("I", NotifyType.NO_PROPOSAL_CHOSEN)
    capture = saved([*messages[:2], refusal, *messages[2:], *[messages[3]] * 3])
    main = only(concluded(capture)[1]).main
    assert (main.reason, main.stopped_after) == (Reason.NO_RESPONDER, 4)
    main = only(concluded(saved([*messages[:2], refusal]))[1]).main
    assert (main.reason, main.stopped_after) == (Reason.PROPOSAL_P1, 2)


def test_an_encrypted_answer_to_message_5_is_most_likely_another_key() -> None:
    messages = begun()
    for number in range(4):
        messages += [closed("I", MAIN, 0), closed("R", NOTE, 100 + number)]
    found = only(concluded(saved(messages))[1]).main
    assert (found.reason, found.certain, found.stopped_after) == (Reason.PSK_MISMATCH, False, 5)
    assert (found.sendings, found.answers) == (4, 4)
    assert found.frames == tuple(range(5, 13))
    found = only(concluded(saved(begun(Method.RSA_SIGNATURES) + messages[4:]))[1]).main
    assert found.reason is Reason.REFUSAL_ENCRYPTED and found.alternatives[0] is Reason.CERTIFICATE


@pytest.mark.parametrize(
    ("messages", "outcome", "reason", "certain"),
    [
        # the responder cannot read message 5, and says so
        ([notice("R", NotifyType.PAYLOAD_MALFORMED)], Outcome.REFUSED, Reason.PSK_MISMATCH, False),
        ([notice("R", NotifyType.AUTHENTICATION_FAILED)], Outcome.REFUSED, Reason.PSK_MISMATCH, False),
        ([notice("R", NotifyType.INVALID_ID_INFORMATION)], Outcome.REFUSED, Reason.IDENTITY, True),
        ([notice("R", NotifyType.INVALID_CERTIFICATE)], Outcome.REFUSED, Reason.CERTIFICATE, True),
        ([notice("R", NotifyType.INVALID_FLAGS)], Outcome.REFUSED, Reason.NOTIFY, True),
        ([notice("R", NotifyType.INVALID_MAJOR_VERSION)], Outcome.REFUSED, Reason.IKE_VERSION, True),
        # message 6 was lost once
        ([closed("R", 2, 0), closed("I", 2, 0), closed("R", 2, 0)], Outcome.PHASE1, Reason.NO_QUICK_MODE, False),
        ([closed("R", 2, 0), *[closed("I", 2, 0)] * 2], Outcome.STOPPED, Reason.NOT_ACCEPTED, False),
        # the initiator alone says something under the keys: a refusal; both do: they go on
        ([closed("R", 2, 0), closed("I", 5, 1)], Outcome.REFUSED, Reason.REFUSAL_ENCRYPTED, False),
        ([closed("R", 2, 0), closed("I", 5, 1), closed("R", 5, 2)], Outcome.PHASE1, Reason.NO_QUICK_MODE, False),
        ([closed("R", 2, 0), closed("R", 6, 7)], Outcome.PHASE1, Reason.XAUTH, False),
    ],
)  # fmt: skip
def test_what_follows_message_5(
    messages: list[tuple[str, bytes]], outcome: Outcome, reason: Reason, certain: bool
) -> None:
    main = only(concluded(saved([*begun(), closed("I", 2, 0), *messages]))[1]).main
    assert (main.outcome, main.reason, main.certain) == (outcome, reason, certain)


@pytest.mark.parametrize(
    ("readable", "reason"), [(True, Reason.IDENTITY), (False, Reason.PSK_MISMATCH)]
)
def test_who_has_the_keys_refuses_the_identity(readable: bool, reason: Reason) -> None:
    """AUTHENTICATION-FAILED under the keys of the exchange; unless those do not open what it refuses."""
    made = Made()
    messages = made.phase1(encrypt_third=True)
    sender, third = messages[2]
    if not readable:
        messages[2] = sender, third[:28] + bytes(len(third) - 28)
    item = Notification(NotifyType.AUTHENTICATION_FAILED, 1)
    proof = HashData(hash_1(made.keys, 77, encode_chain([item])[1]))
    iv = made.keys.hash.digest(messages[2][1][-8:], (77).to_bytes(4, "big"))[:8]
    messages.append(("R", made.sealed([proof, item], ExchangeType.INFORMATIONAL, 77, iv)))
    values = {"KEY": made.keys.encryption, "SKEYID": made.keys.skeyid, "SKEYID_A": made.keys.a}
    log = KeyLog({(COOKIES.initiator, COOKIES.responder): values})
    main = only(concluded(saved(messages), Secrets(log))[1]).main
    assert (main.reason, main.stopped_after, main.protected) == (reason, 3, True)
    assert not main.certain


@pytest.mark.parametrize("end", EVERYBODY)
def test_answers_that_the_keys_of_the_initiator_do_not_open(end: Address | None) -> None:
    """As strongSwan answers: under keys of its own, which come from another pre-shared key."""
    run = recorded_pair(b={"secret": secret(b"another key")})
    run.pair.start()
    run.pair.run(60)
    sent = [octets_of(item) for item in run.pair.network.log]
    messages = [("IR"[number % 2], octets) for number, octets in enumerate(sent[:4])]
    for number in range(4):
        _, noise = closed("R", NOTE, 100 + number)
        messages += [("I", sent[4]), ("R", sent[4][:16] + noise[16:])]
    secrets = Secrets(run.logs[end]) if end is not None else None
    (one,), (found,) = concluded(saved(messages), secrets)
    main = found.main
    assert (main.reason, main.stopped_after) == (Reason.PSK_MISMATCH, 5)
    assert main.evidence is Evidence.UNREAD_ANSWER and main.answers == main.sendings == 4
    assert main.keyed is (end is not None) and not main.certain
    assert main.alternatives == (() if end is not None else (Reason.IDENTITY,))
    assert NO_IV not in {item.why for item in one.messages}


@pytest.mark.parametrize(
    ("messages", "outcome", "reason", "after"),
    [
        ([quick("I")], Outcome.UNDECIDED, Reason.CAPTURE_ENDS, 1),
        ([quick("I")] * 5, Outcome.STOPPED, Reason.NO_RESPONDER, 1),
        ([quick("I"), closed("R", NOTE, 9)], Outcome.REFUSED, Reason.REFUSAL_ENCRYPTED, 1),
        ([quick("I"), quick("R"), closed("I", NOTE, 9)], Outcome.REFUSED, Reason.REFUSAL_ENCRYPTED, 2),
        ([quick("I"), *[quick("R")] * 5], Outcome.STOPPED, Reason.NO_RESPONDER, 2),
        ([quick("I"), quick("R"), quick("I", size=24)], Outcome.ESTABLISHED, Reason.COMPLETE, None),
        (
            [quick("I"), quick("R"), quick("I", size=24), *[quick("R")] * 2],
            Outcome.STOPPED, Reason.NOT_ACCEPTED, 3,
        ),
        ([quick("I"), quick("R", 3), quick("I", 3, 24)], Outcome.STOPPED, Reason.NOT_CONFIRMED, 3),
        (
            [quick("I"), quick("R", 3), quick("I", 3, 24), quick("R", 3, 56)],
            Outcome.ESTABLISHED, Reason.COMPLETE, None,
        ),
    ],
)  # fmt: skip
def test_r11_every_place_where_an_encrypted_quick_mode_can_stop(
    messages: list[tuple[str, bytes]], outcome: Outcome, reason: Reason, after: int | None
) -> None:
    found = only(concluded(saved([*begun(), *UP, *messages]))[1]).main
    assert (found.outcome, found.reason, found.stopped_after) == (outcome, reason, after)
    assert found.certain is (reason in (Reason.COMPLETE, Reason.NO_RESPONDER, Reason.CAPTURE_ENDS))


def test_conversations_between_each_other_s_messages_are_told_apart() -> None:
    one = [*begun(), *UP, quick("I"), quick("R"), quick("I", size=24)]
    other = [(who, octets.replace(I, b"INITIATR", 1)) for who, octets in one[:5] * 3]
    mixed = [item for pair in zip(one, other[: len(one)], strict=False) for item in pair]
    found = [item.main for item in concluded(saved([*mixed, *other[-1:] * 4]))[1]]
    assert [item.outcome for item in found] == [Outcome.ESTABLISHED, Outcome.STOPPED]
    assert [item.stopped_after for item in found] == [None, 5]


def test_many_quick_modes_cost_no_more_each() -> None:
    """A rekeyed conversation is judged in one pass."""
    import cProfile

    def calls(count: int) -> int:
        exchanges = [
            item
            for id_ in range(1, count + 1)
            for item in (quick("I", id_=id_), closed("R", NOTE, 10**6 + id_))
        ]
        capture = saved([*begun(), *UP, *exchanges])
        profiler = cProfile.Profile()
        _, (found,) = profiler.runcall(concluded, capture)
        assert len(found.quick) == count
        return sum(item.callcount for item in profiler.getstats())

    calls(5)
    assert calls(400) < 2.3 * calls(200)


def test_the_notify_of_a_refusal_is_kept_with_who_sent_it() -> None:
    run = recorded_pair(a={"choices": (DES3,)}, b={"choices": (AES,)})
    run.pair.start()
    run.pair.run(60)
    main = only(run.conclusions()).main
    assert main.notify is not None and main.notify.type == NotifyType.NO_PROPOSAL_CHOSEN
    assert main.by_initiator is False and not main.protected
    assert run.pair.network.now * SECOND > 0


def test_a_second_answer_to_message_1_is_not_one_direction() -> None:
    first, (_, second), *_ = begun()
    forged = second.replace(R, b"FORGED!!", 1)
    header = Header(I, b"FORGED!!", 0, ExchangeType.INFORMATIONAL, 0, 9, 0)
    hint = encode_message(Message(header, (Notification(NotifyType.INITIAL_CONTACT, 1),)))
    capture = saved([first, ("R", second), ("R", forged), ("R", hint)])
    _, (one, other) = concluded(capture)
    assert one.main.reason is not Reason.ONE_DIRECTION is not other.main.reason
    assert other.main.stopped_after == 2


def test_a_clear_error_while_quick_mode_waits_may_be_its_refusal() -> None:
    lost = notice("R", NotifyType.INVALID_COOKIE)
    main = only(concluded(saved([*begun(), *UP, quick("I"), lost]))[1]).main
    assert (main.outcome, main.reason, main.certain) == (Outcome.REFUSED, Reason.NOTIFY, False)
    assert not main.protected and main.notify is not None
    later = [quick("I", id_=8), quick("R", id_=8), quick("I", size=24, id_=8)]
    capture = saved([*begun(), *UP, *[quick("I")] * 4, *later, lost])
    first, second = only(concluded(capture)[1]).quick
    assert first.reason is Reason.NO_RESPONDER and second.outcome is Outcome.ESTABLISHED


def test_an_encrypted_answer_belongs_to_the_quick_mode_before_it() -> None:
    later = [quick("I", id_=8), closed("R", NOTE, 9)]
    capture = saved([*begun(), *UP, *[quick("I")] * 4, *later])
    first, second = only(concluded(capture)[1]).quick
    assert first.reason is Reason.NO_RESPONDER
    assert second.reason is Reason.REFUSAL_ENCRYPTED


def test_a_capture_that_begins_with_a_quick_mode_does_not_know_its_messages() -> None:
    main = only(concluded(saved([quick("R"), quick("I", size=24)]))[1]).main
    assert (main.outcome, main.reason) == (Outcome.UNDECIDED, Reason.BEGINS_BEFORE)
    whole = [quick("I"), quick("R"), quick("I", size=24)]
    assert only(concluded(saved(whole))[1]).main.outcome is Outcome.ESTABLISHED


@pytest.mark.parametrize(("lengths", "dead"), [((40, 40), True), ((40, 56), False), ((40,), False)])
def test_equal_messages_without_an_answer_are_most_likely_questions(
    lengths: tuple[int, ...], dead: bool
) -> None:
    asked = [closed("R", NOTE, 20 + at, size=size) for at, size in enumerate(lengths)]
    capture = saved([*begun(), *UP, quick("I"), quick("R"), quick("I", size=24), *asked])
    main = only(concluded(capture)[1]).main
    assert (main.reason is Reason.DEAD_PEER) is dead


@pytest.mark.parametrize("number", [1, 5])
def test_icmp_says_why_nobody_answers(number: int) -> None:
    messages = [*begun(), closed("I", MAIN, 0)][:number]
    found = list(datagrams(frames(saved([*messages, messages[-1]]))))
    conversations, _ = follow(found)
    last = found[-1]
    report = Datagram(
        last.frame + 1, last.time_ns, Kind.UNREACHABLE, INITIATOR, RESPONDER, cut="port unreachable"
    )
    (said,) = conclude(conversations.all, last.time_ns, (), [report])
    main = said.main
    assert (main.reason, main.evidence, main.certain) == (
        Reason.NO_RESPONDER,
        Evidence.ICMP,
        True,
    )
    assert main.unreachable == "port unreachable" and main.frames == (
        number,
        number + 1,
        number + 2,
    )
    other = replace(report, destination=RESPONDER._replace(address=ip_address("192.0.2.9")))
    early = replace(report, frame=0)
    for useless in (other, early, replace(report, source=RESPONDER, destination=INITIATOR)):
        (said,) = conclude(conversations.all, last.time_ns, (), [useless])
        assert said.main.evidence is Evidence.SILENCE


def test_silence_to_message_5_of_windows_is_most_likely_kerberos() -> None:
    capture = (VECTORS / "captures" / "windows2000-kerberos-esp.pcap").read_bytes()
    found = list(datagrams(frames(capture)))[:5]
    conversations, _ = follow(found)
    (said,) = conclude(conversations.all, found[-1].time_ns + 60 * SECOND)
    main = said.main
    assert (main.reason, main.alternatives) == (Reason.KERBEROS, (Reason.NO_RESPONDER,))
    assert not main.certain and main.stopped_after == 5


# ---- under keys that are made here
class Under:
    """An Aggressive Mode, and messages under its keys."""

    def __init__(self) -> None:
        self.made = Made()
        self.messages = self.made.phase1(encrypt_third=False)
        self._last: dict[int, bytes] = {}

    def say(
        self, sender: str, exchange: int, id_: int, *payloads: AnyPayload, commit: bool = False
    ) -> None:
        """A sealed message; its HASH is HASH(1)'s, which is right in the first message alone."""
        keys = self.made.keys
        first = keys.hash.digest(keys.iv, id_.to_bytes(4, "big"))[:8]
        proof = HashData(hash_1(keys, id_, encode_chain(payloads)[1]))
        iv = self._last.get(id_, first)
        octets = self.made.sealed([proof, *payloads], exchange, id_, iv)
        self._last[id_] = octets[-8:]
        if commit:
            octets = octets[:19] + bytes([3]) + octets[20:]
        self.messages.append((sender, octets))

    def concluded(self, *, checked: bool = False) -> Conclusion:
        """What is concluded with the key that decrypts; `checked`: and the one that hashes take."""
        values = {"KEY": self.made.keys.encryption}
        if checked:
            values["SKEYID_A"] = self.made.keys.a
        log = KeyLog({(COOKIES.initiator, COOKIES.responder): values})
        return only(concluded(saved(self.messages), Secrets(log))[1])


def offered(spi: bytes) -> SecurityAssociation:
    transform = Transform(1, 3, (Attribute(5, 2), Attribute(4, 1)))
    return SecurityAssociation((Proposal(1, 3, spi, (transform,)),))


def test_a_refusal_is_about_the_quick_mode_whose_spi_it_names_or_the_oldest() -> None:
    under = Under()
    for id_, spi in ((1, b"spi1"), (2, b"spi2"), (3, b"spi3")):
        under.say("I", ExchangeType.QUICK, id_, offered(spi), Nonce(bytes(16)))
    under.say("R", NOTE, 90, Notification(NotifyType.INVALID_ID_INFORMATION, 3, b"spi2"))
    under.say("R", NOTE, 91, Notification(NotifyType.NO_PROPOSAL_CHOSEN, 3))
    found = under.concluded()
    assert [item.reason for item in found.quick] == [
        Reason.PROPOSAL_P2,
        Reason.SELECTOR,
        Reason.CAPTURE_ENDS,
    ]


def test_a_wrong_hash_is_where_a_quick_mode_stops() -> None:
    under = Under()
    under.say("I", ExchangeType.QUICK, 1, offered(b"spi1"), Nonce(bytes(16)))
    assert under.concluded(checked=True).main.reason is Reason.CAPTURE_ENDS
    under.say("R", ExchangeType.QUICK, 1, offered(b"spi2"), Nonce(bytes(16)))
    assert under.concluded().main.reason is Reason.CAPTURE_ENDS
    main = under.concluded(checked=True).main
    assert (main.reason, main.evidence) == (Reason.NOT_ACCEPTED, Evidence.WRONG_PROOF)
    assert main.stopped_after == 2 and main.certain


@pytest.mark.parametrize("confirmed", [True, False])
def test_connected_may_come_in_an_exchange_of_its_own(confirmed: bool) -> None:
    under = Under()
    under.say("I", ExchangeType.QUICK, 1, offered(b"spi1"), Nonce(bytes(16)))
    under.say("R", ExchangeType.QUICK, 1, offered(b"spi2"), Nonce(bytes(16)), commit=True)
    under.say("I", ExchangeType.QUICK, 1, commit=True)
    if confirmed:
        under.say("R", NOTE, 90, Notification(NotifyType.CONNECTED, 3, b"spi2"))
    main = under.concluded().main
    assert main.reason is (Reason.COMPLETE if confirmed else Reason.NOT_CONFIRMED)
    assert [proposal.spi for proposal, _ in main.chosen] == [b"spi2"]


@pytest.mark.parametrize("spi", [b"spi1", b"spi2", b"spi9"])
def test_a_delete_names_the_sas_of_a_quick_mode_by_either_spi(spi: bytes) -> None:
    under = Under()
    under.say("I", ExchangeType.QUICK, 1, offered(b"spi1"), Nonce(bytes(16)))
    under.say("R", ExchangeType.QUICK, 1, offered(b"spi2"), Nonce(bytes(16)))
    under.say("I", ExchangeType.QUICK, 1)
    under.say("R", NOTE, 90, Delete(3, (spi,)))
    (item,) = under.concluded().quick
    assert item.outcome is (Outcome.ESTABLISHED if spi == b"spi9" else Outcome.DELETED)
    assert item.by_initiator is (None if spi == b"spi9" else False)


def test_a_delete_before_a_quick_mode_is_about_another_with_the_same_spi() -> None:
    under = Under()
    under.say("R", NOTE, 90, Delete(3, (b"spi1",)))
    under.say("I", ExchangeType.QUICK, 1, offered(b"spi1"), Nonce(bytes(16)))
    under.say("R", ExchangeType.QUICK, 1, offered(b"spi2"), Nonce(bytes(16)))
    under.say("I", ExchangeType.QUICK, 1)
    assert under.concluded().main.outcome is Outcome.ESTABLISHED
    under.say("R", NOTE, 91, Delete(3, (b"spi1",)))
    assert under.concluded().main.outcome is Outcome.DELETED


def test_a_delete_may_come_under_a_later_phase_1_sa_of_the_other_end() -> None:
    old = [
        (who, octets.replace(I, b"INITIATR", 1))
        for who, octets in [*begun(), *UP, quick("I"), quick("R"), quick("I", size=24)]
    ]
    under = Under()
    under.say("I", NOTE, 90, Delete(ProtocolId.ISAKMP, (b"INITIATR" + R,)))
    turned = [("R" if who == "I" else "I", octets) for who, octets in under.messages]
    log = KeyLog({(COOKIES.initiator, COOKIES.responder): {"KEY": under.made.keys.encryption}})
    _, (first, second) = concluded(saved([*old, *turned]), Secrets(log))
    assert first.main.reason is Reason.DELETE and first.main.by_initiator is False
    assert second.main.reason is Reason.NO_QUICK_MODE


def test_equal_messages_at_once_are_no_questions() -> None:
    asked = [closed("R", NOTE, 20 + at) for at in range(2)]
    capture = saved([*begun(), *UP, quick("I"), quick("R"), quick("I", size=24), *asked])
    found = list(datagrams(frames(capture)))
    found[-1] = replace(found[-1], time_ns=found[-2].time_ns + SECOND // 10)
    conversations, _ = follow(found)
    (said,) = conclude(conversations.all, found[-1].time_ns)
    assert said.main.outcome is Outcome.ESTABLISHED


@pytest.mark.parametrize(("asked", "dead"), [(1, False), (2, True)])
def test_one_question_at_the_end_of_the_capture_may_still_be_answered(
    asked: int, dead: bool
) -> None:
    under = Under()
    for number in range(asked):
        item = Notification(NotifyType.R_U_THERE, 1, COOKIES.both, bytes(4))
        under.say("I", NOTE, 90 + number, item)
    assert (under.concluded().main.reason is Reason.DEAD_PEER) is dead
