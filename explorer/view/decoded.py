"""The result of `ikeproof decode`, before it is put into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from impl.capture.conversation import Conversation, Malformed
from impl.capture.datagrams import Datagram
from impl.capture.ending import Conclusion
from impl.capture.versions import OtherConversation

GIGA = 10**9


@dataclass
class Decoded:
    """The content of a capture. Every frame is in one of the lists, and messages are in conversations.

    conclusions   one for each of `conversations`; `others`: those that are not IKEv1
    """

    frames: int = 0
    start_ns: int | None = None
    conversations: Sequence[Conversation] = ()
    conclusions: Sequence[Conclusion] = ()
    others: Sequence[OtherConversation] = ()
    malformed: list[Malformed] = field(default_factory=list)
    esp: list[Datagram] = field(default_factory=list)
    keepalives: list[Datagram] = field(default_factory=list)
    ignored: dict[str, list[int]] = field(default_factory=dict)

    @cached_property
    def in_order(self) -> list[tuple[Conversation | OtherConversation, Conclusion]]:
        """All conversations with their conclusions, in the order of their first messages, when the capture is complete."""
        pairs: list[tuple[Conversation | OtherConversation, Conclusion]] = [
            *zip(self.conversations, self.conclusions, strict=True),
            *((item, item.conclusion()) for item in self.others),
        ]
        return sorted(pairs, key=lambda pair: pair[0].messages[0].datagram.frame)

    def offset(self, datagram: Datagram) -> float:
        """Seconds since the first frame."""
        return (datagram.time_ns - (self.start_ns or 0)) / GIGA

    @property
    def messages(self) -> int:
        """How many there are, including repeated ones."""
        return sum(len(item.messages) for item, _ in self.in_order)
