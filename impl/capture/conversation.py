"""Who says what: Phase I exchanges by their cookies, and what runs under them, seen from outside.

Nothing in a capture is trusted. A datagram that is not a valid message is `Malformed` and changes nothing;
of a message that no key decrypts only the header is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from impl.capture.datagrams import Datagram, Kind
from impl.capture.keylog import KeyLog
from impl.capture.opening import (
    NO_IV,
    WRONG_KEY,
    Chain,
    Check,
    Opened,
    cookies_of,
    exchange_chain,
    exchange_check,
    likeliest,
    opened,
    phase1_checks,
)
from impl.capture.packets import Endpoint
from impl.capture.pieces import Pieces, is_piece
from impl.capture.places import number_in_clear, sealed_number, sent_by
from impl.capture.secrets import (
    GSS_NAMES,
    Known,
    Phase1,
    UsePsk,
    known,
    with_encrypted,
    with_payloads,
)
from impl.capture.signers import Signers
from impl.capture.versions import OtherConversation, Others, OtherSeen, other_version
from impl.crypto.schedule import Cookies
from impl.wire.errors import WireError
from impl.wire.ikev2 import EXCHANGES
from impl.wire.message import HEADER_SIZE, NO_COOKIE, Header, decode_header, decode_message
from impl.wire.numbers import ExchangeType, Payload
from impl.wire.payloads import (
    AnyPayload,
    GssToken,
    Nonce,
    VendorId,
)
from impl.wire.proposals import SecurityAssociation
from impl.wire.vendors import tells

_PHASE1 = (
    ExchangeType.BASE,
    ExchangeType.MAIN,
    ExchangeType.AUTHENTICATION_ONLY,
    ExchangeType.AGGRESSIVE,
)
_KNOWN = frozenset(ExchangeType)
#: exchange types from here on are for private use (RFC 2408 3.1)
_PRIVATE = 240
CLEAR, DECRYPTED, CLOSED = "clear", "decrypted", "closed"


@dataclass(frozen=True, slots=True)
class Malformed:
    """A datagram on an ISAKMP port that is not a valid message, and why."""

    datagram: Datagram
    error: WireError


@dataclass(frozen=True, slots=True)
class Seen:
    """One message.

    number          which of its exchange it is, from 1; None where that cannot be said
    from_initiator  whether the one who began Phase I sent it; None where that cannot be said
    repeats         the frame that first held the very same message
    state           clear, decrypted, or closed, and then `why`
    pieces          the frames that it was put together from, if it was sent in pieces
    plain           the octets of the payloads, if it was decrypted
    """

    datagram: Datagram
    header: Header
    number: int | None
    from_initiator: bool | None
    state: str
    payloads: tuple[AnyPayload, ...] = ()
    why: str = ""
    checks: tuple[Check, ...] = ()
    repeats: int | None = None
    pieces: tuple[int, ...] = ()
    plain: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class _Exchange:
    """One exchange under Phase I: who began it, its IVs, its nonces, and how many messages each sent."""

    starter: Endpoint
    other: Endpoint
    chain: Chain
    nonces: list[bytes | None] = field(default_factory=lambda: [None, None], repr=False)
    sent: list[int] = field(default_factory=lambda: [0, 0])


class Conversation:
    """One Phase I exchange and all that runs under it."""

    def __init__(self, cookies: Cookies, initiator: Endpoint, responder: Endpoint) -> None:
        self.initiator, self.responder = initiator, responder
        self.phase1 = Phase1(cookies)
        self.known = Known()
        self.begins_here = False
        #: whether it is known which end began, where the capture has not the first message
        self.ends_known = False
        self.messages: list[Seen] = []
        self._rests_on: object = None
        self._chain = Chain()
        self._exchanges: dict[int, _Exchange] = {}
        self._before: dict[bytes, Seen] = {}
        self._sealed = {True: 0, False: 0}
        #: whether the key has opened something, so that it is the right one
        self._opens = False

    @property
    def cookies(self) -> Cookies:
        """Both cookies; the responder's is zero if nobody answered."""
        return self.phase1.cookies

    def twin(self, responder_cookie: bytes) -> Conversation:
        """The conversation of another answer to the same first message."""
        other = Conversation(
            Cookies(self.cookies.initiator, responder_cookie), self.initiator, self.responder
        )
        other.begins_here = self.begins_here
        other.phase1.offer = self.phase1.offer
        other.phase1.initiator = replace(self.phase1.initiator)
        return other

    def see(
        self,
        datagram: Datagram,
        header: Header,
        secrets: Secrets,
        pieces: tuple[int, ...] = (),
    ) -> Seen:
        """Take in one message; WireError if it is not valid. A repeated one changes nothing."""
        first = self._before.get(datagram.octets)
        if first is not None:
            frame = first.datagram.frame
            seen = replace(first, datagram=datagram, repeats=frame, pieces=pieces)
        else:
            before = self.cookies
            if not (self.begins_here or self.ends_known or is_piece(header)):
                self._orient(datagram, header)
            if before.responder == NO_COOKIE:
                self.phase1.cookies = cookies_of(header)
            try:
                seen = self._new(datagram, header, secrets)
                seen = replace(seen, pieces=pieces) if pieces else seen
            except WireError:
                self.phase1.cookies = before
                raise
            self._before[datagram.octets] = seen
        self.messages.append(seen)
        return seen

    def _orient(self, datagram: Datagram, header: Header) -> None:
        """Find out who began a Main Mode of which the first messages are missing, once the other end has
        spoken: after a clear message an encrypted one is 5, and Quick Mode comes after 6."""
        first = self.messages[0] if self.messages else None
        if first is None or first.header.exchange != ExchangeType.MAIN:
            return
        if sent_by(datagram, self.initiator, self.responder) is not False:
            return
        self.ends_known = True
        same = header.exchange == ExchangeType.MAIN
        if header.encrypted and (not first.header.encrypted if same else first.header.encrypted):
            self._turn()

    def _turn(self) -> None:
        """The other end began: what was taken for the initiator's is the responder's."""
        self.initiator, self.responder = self.responder, self.initiator
        phase1 = self.phase1
        phase1.initiator, phase1.responder = phase1.responder, phase1.initiator
        self._sealed = {True: self._sealed[False], False: self._sealed[True]}
        self.messages = [_turned(item) for item in self.messages]
        self._before = {octets: _turned(item) for octets, item in self._before.items()}

    def _new(self, datagram: Datagram, header: Header, secrets: Secrets) -> Seen:
        from_initiator = sent_by(datagram, self.initiator, self.responder)
        in_phase1 = header.exchange in _PHASE1
        if in_phase1 and header.message_id:
            raise WireError(20, "message id", "not zero in Phase I", "RFC 2408 3.1")
        if header.encrypted:
            if in_phase1:
                return self._sealed_phase1(datagram, header, secrets, from_initiator)
            return self._sealed_exchange(datagram, header, secrets, from_initiator)
        payloads = decode_message(datagram.octets).payloads
        if in_phase1 and any(isinstance(item, SecurityAssociation) for item in payloads[1:]):
            raise WireError(HEADER_SIZE, "payload", "another payload comes before SA", "RFC 2409 5")
        number: int | None = None
        checks: tuple[Check, ...] = ()
        if in_phase1:
            sender = self._sender(payloads, from_initiator)
            if sender is not None:
                from_initiator = sender
                self._note_sas(payloads, from_initiator=sender)
                payloads = with_encrypted(payloads, self.phase1.method)
                self._note(payloads, from_initiator=sender)
                number = number_in_clear(header.exchange, payloads, from_initiator=sender)
                checks = self._phase1_checks(datagram, payloads, secrets, from_initiator=sender)
        return Seen(datagram, header, number, from_initiator, CLEAR, payloads, "", checks)

    def _sender(self, payloads: tuple[AnyPayload, ...], from_initiator: bool | None) -> bool | None:
        """Who sent a message of Phase I, where addresses do not tell: the responder's SA has the
        second cookie."""
        if from_initiator is None and any(isinstance(i, SecurityAssociation) for i in payloads):
            return self.cookies.responder == NO_COOKIE
        return from_initiator

    def _note(self, payloads: tuple[AnyPayload, ...], *, from_initiator: bool) -> None:
        """Keep what later messages need."""
        phase1 = self.phase1
        if from_initiator:
            phase1.initiator = with_payloads(phase1.initiator, payloads)
        else:
            phase1.responder = with_payloads(phase1.responder, payloads)
        for item in payloads:
            if isinstance(item, GssToken):
                phase1.gss = True
            elif isinstance(item, VendorId) and (hint := tells(item.data)):
                phase1.vendors.add(hint)

    def _note_sas(self, payloads: tuple[AnyPayload, ...], *, from_initiator: bool) -> None:
        """Keep the offer, or the choice."""
        phase1 = self.phase1
        for sa in payloads:
            if not isinstance(sa, SecurityAssociation):
                continue
            if from_initiator:
                phase1.offer = phase1.offer or sa
            elif phase1.choice is None and sa.proposals and sa.proposals[0].transforms:
                phase1.choice = sa.proposals[0].transforms[0]
            phase1.gss |= any(
                item.get(kind) is not None
                for proposal in sa.proposals
                for item in proposal.transforms
                for kind in GSS_NAMES
            )

    def _learn(self, secrets: Secrets) -> Known:
        """What is known of the keys by now; worked out again only if more was seen."""
        phase1 = self.phase1
        rests_on = (phase1.cookies, phase1.choice, phase1.publics, phase1.nonces, phase1.kerberos)
        if rests_on != self._rests_on:
            log = secrets.keylog.of(self.cookies.initiator, self.cookies.responder)
            self.known, self._rests_on = known(phase1, log, secrets.psk), rests_on
        return self.known

    def _phase1_checks(
        self,
        datagram: Datagram,
        payloads: tuple[AnyPayload, ...],
        secrets: Secrets,
        *,
        from_initiator: bool,
    ) -> tuple[Check, ...]:
        keys, signers = self._learn(secrets), replace(secrets.signers, time_ns=datagram.time_ns)
        found = phase1_checks(self.phase1, keys, payloads, signers, from_initiator=from_initiator)
        return tuple(found)

    def _sealed_phase1(
        self, datagram: Datagram, header: Header, secrets: Secrets, from_initiator: bool | None
    ) -> Seen:
        keys = self._learn(secrets)
        ciphertext = datagram.octets[HEADER_SIZE:]
        if keys.iv is not None:
            self._chain.starts = [keys.iv]
        candidates = opened(keys, self._chain, header, ciphertext)
        self._chain.seen(ciphertext, _block(keys))
        if from_initiator is None:
            return _seen(datagram, header, None, None, candidates[0], ())
        self._sealed[from_initiator] += 1
        count = self._sealed[from_initiator]
        number = sealed_number(header.exchange, count, from_initiator=from_initiator)

        def check(item: Opened) -> tuple[Check, ...]:
            payloads = item.payloads or ()
            return self._phase1_checks(datagram, payloads, secrets, from_initiator=from_initiator)

        found, checks = likeliest(candidates, check)
        if number == 6 and not self._sealed[True]:
            found = _lacks_iv(found)
        self._opens |= found.payloads is not None
        self._note(found.payloads or (), from_initiator=from_initiator)
        return _seen(datagram, header, number, from_initiator, found, checks)

    def _sealed_exchange(
        self, datagram: Datagram, header: Header, secrets: Secrets, from_initiator: bool | None
    ) -> Seen:
        assert datagram.source is not None and datagram.destination is not None
        keys, id_ = self._learn(secrets), header.message_id
        ciphertext = datagram.octets[HEADER_SIZE:]
        exchange = self._exchanges.get(id_)
        begins = exchange is None
        if exchange is None:
            if keys.iv is not None and not self._chain.starts:
                self._chain.starts = [keys.iv]  # Phase I had no message that was encrypted
            chain = exchange_chain(keys, self._chain, id_)
            exchange = _Exchange(datagram.source, datagram.destination, chain)
        by_starter = sent_by(datagram, exchange.starter, exchange.other)
        if by_starter is None:  # both ends at one address and port: they take turns
            by_starter = exchange.sent[0] == exchange.sent[1]
        candidates = opened(keys, exchange.chain, header, ciphertext)
        exchange.chain.seen(ciphertext, _block(keys))
        self._exchanges[id_] = exchange
        turn = 0 if by_starter else 1
        exchange.sent[turn] += 1
        number = 2 * exchange.sent[turn] - 1 + turn
        ni_b, nr_b = exchange.nonces

        def check(item: Opened) -> tuple[Check, ...]:
            return (exchange_check(keys, header, number, (ni_b, nr_b), item),)

        found, checks = likeliest(candidates, check)
        if begins and self._opens and header.exchange == ExchangeType.QUICK:
            found = _lacks_iv(found)
        self._opens |= found.payloads is not None
        for item in found.payloads or ():
            if isinstance(item, Nonce) and exchange.nonces[turn] is None:
                exchange.nonces[turn] = item.data
        return _seen(datagram, header, number, from_initiator, found, checks)


def _turned(seen: Seen) -> Seen:
    """A message of Main Mode, by the other end: 3 becomes 4, 5 becomes 6."""
    if seen.from_initiator is None:
        return seen
    number = seen.number
    if number is not None and seen.header.exchange == ExchangeType.MAIN:
        number += 1 if seen.from_initiator else -1
    return replace(seen, from_initiator=not seen.from_initiator, number=number)


def _lacks_iv(found: Opened) -> Opened:
    """What did not open lacks the message before it, rather than the right key."""
    return replace(found, why=NO_IV) if found.why.startswith(WRONG_KEY) else found


def _block(keys: Known) -> int:
    """Octets of a block; where the cipher is not known, nothing will be decrypted anyway."""
    return keys.cipher.block if keys.cipher is not None else 16


def _seen(
    datagram: Datagram,
    header: Header,
    number: int | None,
    from_initiator: bool | None,
    found: Opened,
    checks: tuple[Check, ...],
) -> Seen:
    state = CLOSED if found.payloads is None else DECRYPTED
    payloads = found.payloads or ()
    return Seen(
        datagram,
        header,
        number,
        from_initiator,
        state,
        payloads,
        found.why,
        checks,
        plain=found.plain,
    )


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the user knows: a key log, a pre-shared key, and of who may have signed."""

    keylog: KeyLog = field(default_factory=KeyLog)
    psk: UsePsk | None = field(default=None, repr=False)
    signers: Signers = field(default_factory=Signers)


class Conversations:
    """Sorts the datagrams of a capture into conversations, in their order."""

    def __init__(self, secrets: Secrets | None = None) -> None:
        self._secrets = secrets or Secrets()
        #: the first of each initiator's cookie, and all of both: only a first one lacks the other cookie
        self._first: dict[bytes, Conversation] = {}
        self._by_cookies: dict[Cookies, Conversation] = {}
        self.all: list[Conversation] = []
        #: those of other versions of IKE
        self.others = Others()
        self._pieces = Pieces()

    def see(
        self, datagram: Datagram
    ) -> tuple[Conversation, Seen] | tuple[OtherConversation, OtherSeen] | Malformed:
        """Take in one ISAKMP datagram: its message and its conversation, or why it is not valid."""
        assert datagram.kind is Kind.ISAKMP
        try:
            if not datagram.cut and (other := other_version(datagram.octets)) is not None:
                return self.others.see(datagram, other)
            header, pieces = _checked(datagram), tuple[int, ...]()
            if is_piece(header) and (whole := self._pieces.take(datagram, header)) is not None:
                datagram, pieces = whole
                header = _checked(datagram)
            conversation, new = self._of(datagram, header)
            seen = conversation.see(datagram, header, self._secrets, pieces)
        except WireError as error:
            return Malformed(datagram, error)
        if new:
            self._first.setdefault(header.initiator_cookie, conversation)
            self.all.append(conversation)
        self._by_cookies.setdefault(conversation.cookies, conversation)
        return conversation, seen

    def _of(self, datagram: Datagram, header: Header) -> tuple[Conversation, bool]:
        """The conversation a message belongs to, and whether it is a new one."""
        first, known = self._first.get(header.initiator_cookie), cookies_of(header)
        if first is not None:
            if NO_COOKIE in (header.responder_cookie, first.cookies.responder):
                return first, False
            found = self._by_cookies.get(known)
            return (found, False) if found is not None else (first.twin(known.responder), True)
        assert datagram.source is not None and datagram.destination is not None
        ends = datagram.source, datagram.destination
        answers = header.responder_cookie != NO_COOKIE and header.next_payload == Payload.SA
        answers = answers and header.exchange in _PHASE1 and not header.encrypted
        made = Conversation(known, *(reversed(ends) if answers else ends))
        made.ends_known = answers
        made.begins_here = header.responder_cookie == NO_COOKIE and header.exchange in _PHASE1
        return made, True


def _checked(datagram: Datagram) -> Header:
    """The header of a message; WireError if it is not valid."""
    if datagram.cut:
        problem = f"incomplete: {datagram.cut}" if datagram.short else datagram.cut
        raise WireError(len(datagram.octets), "datagram", problem, "RFC 2408 3.1")
    header = decode_header(datagram.octets)
    if header.exchange not in _KNOWN:
        problem = f"{header.exchange} is not one of IKEv1"
        if header.exchange in EXCHANGES:
            problem += f"; IKEv2 has it as {EXCHANGES[header.exchange]}, but the version is 1.0"
        elif header.exchange >= _PRIVATE:
            problem += ": private use (Windows AuthIP has 243 to 246)"
        raise WireError(18, "exchange type", problem, "RFC 2408 3.1")
    opens = header.exchange in _PHASE1 and header.responder_cookie == NO_COOKIE
    if opens and not header.encrypted and header.next_payload != Payload.SA:
        problem = f"{header.next_payload}, but SA comes first"
        raise WireError(16, "next payload", problem, "RFC 2409 5")
    if opens and header.encrypted:
        raise WireError(19, "flags", "encrypted before there are keys", "RFC 2409 5")
    return header


def follow(
    datagrams: Iterable[Datagram], secrets: Secrets | None = None
) -> tuple[Conversations, list[Malformed]]:
    """All conversations of a capture, and the datagrams that are not valid messages."""
    conversations, malformed = Conversations(secrets), []
    for item in datagrams:
        if item.kind is Kind.ISAKMP:
            found = conversations.see(item)
            if isinstance(found, Malformed):
                malformed.append(found)
    return conversations, malformed
