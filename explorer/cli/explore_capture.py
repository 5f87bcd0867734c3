"""`ikeproof explore --capture`: the source over a capture, and two policies beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from explorer.cli.decode import MAX_CAPTURE, decode, read_octets, secrets_of
from explorer.cli.peers import NOTHING, usage
from explorer.cli.peers import Beside as Stated
from explorer.session.captured import Captured
from explorer.session.moments import Refused
from explorer.view.decoded import Decoded
from explorer.view.recorded import Explained, recording
from explorer.view.safe import safe
from explorer.view.versions import other_sentence
from impl.capture.conversation import CLOSED, Conversation, Seen
from impl.capture.ending import Conclusion, Ending
from impl.capture.files import CaptureError
from impl.capture.packets import PROTECTED
from impl.capture.secrets import NO_KEY

#: messages of a conversation that are stepped through
MOST = 20_000


@dataclass(frozen=True)
class Capture:
    """What the command line says of a capture.

    conversation  which one, from 1; None: the first
    ends          PEER=ADDRESS, where addresses and identities do not tell which policy is which end
    """

    file: str
    keylog: str | None = None
    psk_file: str | None = None
    certificates: Sequence[str] = ()
    ports: Sequence[int] = ()
    conversation: int | None = None
    ends: Sequence[str] = ()


def capture_source(
    asked: Capture, policies: Sequence[str] = (), stated: Stated = NOTHING
) -> Captured:
    """The source. Refused: there is no IKE in the capture, or no conversation of that number.

    stated  what the command line says of the two peers
    """
    secrets = secrets_of(asked.psk_file, asked.keylog, asked.certificates)
    octets = read_octets(asked.file, "capture", MAX_CAPTURE)
    try:
        decoded = decode(octets, secrets, asked.ports)
    except CaptureError as error:
        raise usage(f"{asked.file} is not a capture: {error.problem}", error.mend) from None
    name = PurePath(asked.file).name
    talk, conclusion, number = _chosen(decoded, name, asked.conversation)
    if len(talk.messages) > MOST:
        raise Refused(f"{name}: the conversation has more than {MOST:,} messages: cut the capture")
    about = _about(decoded, talk, number, asked)
    if not policies:
        return Captured(recording(name, about, talk, conclusion))
    from explorer.cli.capture_policies import Policies

    beside = Policies(policies, asked.ends, stated)
    ends = beside.ends(talk)

    def explains(ending: Ending, offer: Seen | None) -> Explained:
        return beside.explain(ends, ending, offer, talk)

    way = f"{' → '.join(ends.names)}." if all(ends.names) else ends.why
    said = f"{way} {about}"
    return Captured(recording(name, said, talk, conclusion, ends.names, explains))


def _chosen(
    decoded: Decoded, name: str, wanted: int | None
) -> tuple[Conversation, Conclusion, int]:
    """The conversation to step through, its conclusion, and its number among those of IKEv1."""
    found = [
        (talk, conclusion)
        for talk, conclusion in decoded.in_order
        if isinstance(talk, Conversation)
    ]
    if not found:
        problem = safe(f"{name} has no IKEv1 message to step through: {_instead(decoded)}")
        raise usage(problem, "ikeproof decode lists what is in it")
    if wanted is not None and not 1 <= wanted <= len(found):
        raise Refused(f"{name} has {len(found)} conversations: --conversation 1 to {len(found)}")
    number = wanted or 1
    return (*found[number - 1], number)


def _instead(decoded: Decoded) -> str:
    """What the capture has, where it has no IKE."""
    parts = []
    for what, count in (
        ("ESP in UDP", len(decoded.esp)),
        *((why.removeprefix("not UDP: "), len(decoded.ignored.get(why, ()))) for why in PROTECTED),
    ):
        if count:
            parts.append(f"{count} packet{'s' * (count > 1)} of {what}")
    if parts:
        return f"only {' and '.join(parts)}, whose SAs were negotiated outside the capture"
    if decoded.others:
        return safe(f"{other_sentence(decoded.others[0])}; ikeproof decode lists the messages")
    if decoded.malformed:
        return f"{len(decoded.malformed)} messages that are malformed; ikeproof decode says why"
    if not decoded.frames:
        return "it is empty"
    return f"{decoded.frames} frames, none of IKE on UDP ports 500 and 4500; --port N names another"


def _about(decoded: Decoded, talk: Conversation, number: int, asked: Capture) -> str:
    """Which conversation this is, and how much of it is decrypted."""
    count = sum(isinstance(item, Conversation) for item, _ in decoded.in_order)
    parts = []
    if count > 1:
        parts.append(f"conversation {number} of {count} (--conversation N chooses another)")
    sealed = [item for item in talk.messages if item.header.encrypted]
    closed = [item for item in sealed if item.state == CLOSED]
    parts.append(f"{len(talk.messages)} messages")
    if sealed and not closed:
        parts.append(f"{len(sealed)} of them decrypted")
    elif closed and talk.known.key is None and talk.known.missing == NO_KEY:
        given = "the key log has no key for it" if asked.keylog else "--keylog FILE decrypts them"
        parts.append(f"{len(closed)} not decrypted: {given}")
    elif closed:
        parts.append(f"{len(closed)} of {len(sealed)} encrypted ones not decrypted")
    if not talk.begins_here:
        parts.append("it begins before the capture")
    text = ", ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."
