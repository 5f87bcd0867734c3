"""Key logs: what opens a conversation, one value a line (docs/decode.md).

    INITIATOR_COOKIE RESPONDER_COOKIE NAME HEX

Lines of Wireshark's `ikev1_decryption_table` are read too. Nothing of a value reaches an error's text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

NAMES = ("G_XY SKEYID SKEYID_D SKEYID_A SKEYID_E KEY IV DH_PRIVATE_I DH_PRIVATE_R").split()
MAX_LINES = 100_000
#: octets of a value: the largest group's are 1024
MAX_VALUE = 2048
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_WIRESHARK = re.compile(r'"?(?:0x)?([0-9a-fA-F]{16})"?\s*,\s*"?(?:0x)?((?:[0-9a-fA-F]{2})+)"?')


class KeyLogError(ValueError):
    """An invalid line: its number, what is wrong with it, what it should be."""

    def __init__(self, line: int, problem: str, mend: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line, self.problem, self.mend = line, problem, mend


@dataclass(frozen=True)
class KeyLog:
    """Values by conversation. Wireshark's lines know the initiator's cookie alone."""

    values: dict[tuple[bytes, bytes], dict[str, bytes]] = field(default_factory=dict, repr=False)
    by_initiator: dict[bytes, bytes] = field(default_factory=dict, repr=False)

    def of(self, initiator: bytes, responder: bytes) -> dict[str, bytes]:
        """What is known of the conversation with these cookies."""
        found = dict(self.values.get((initiator, responder), {}))
        if initiator in self.by_initiator:
            found.setdefault("KEY", self.by_initiator[initiator])
        return found


def read_keylog(text: str) -> KeyLog:
    """A key log from its text; KeyLogError names the invalid line."""
    log = KeyLog()
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        raise KeyLogError(MAX_LINES + 1, f"more than {MAX_LINES} lines", "remove old lines")
    for number, raw in enumerate(lines, 1):
        line = raw.partition("#")[0].strip().removeprefix("\ufeff")
        if not line:
            continue
        if found := _WIRESHARK.fullmatch(line):
            log.by_initiator[bytes.fromhex(found[1])] = bytes.fromhex(found[2])
            continue
        parts = line.split()
        if len(parts) != 4:
            form = "write INITIATOR_COOKIE RESPONDER_COOKIE NAME HEX"
            raise KeyLogError(number, f"{len(parts)} words instead of four", form)
        cookies = _cookie(parts[0], number), _cookie(parts[1], number)
        name, value = parts[2].upper(), parts[3]
        if name not in NAMES:
            raise KeyLogError(number, "an unknown name", f"use one of {', '.join(NAMES)}")
        if not _HEX.fullmatch(value) or len(value) > 2 * MAX_VALUE:
            mend = f"write it as 2 to {2 * MAX_VALUE} hexadecimal digits"
            raise KeyLogError(number, f"the value of {name} is not hexadecimal", mend)
        log.values.setdefault(cookies, {})[name] = bytes.fromhex(value)
    return log


def _cookie(text: str, line: int) -> bytes:
    if len(text) != 16 or not _HEX.fullmatch(text):
        raise KeyLogError(line, "not a valid cookie", "write 16 hexadecimal digits")
    return bytes.fromhex(text)
