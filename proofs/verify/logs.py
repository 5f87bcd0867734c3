"""A log of strongSwan's charon -> the findings that it points to, with its lines.

A line is judged together with earlier lines of the same IKE_SA: charon rejects with the same notify in
Phase I and in Quick Mode, and looks up a key again before it gives up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from proofs.verify.log_lines import LOG_LINES, LogLine

MOST_LINES = 1_000_000
_SA = re.compile(r"<([^>]*)>")
_GOES_ON = re.compile(
    r"generating (?:ID_PROT \S+ 0 \[ (?:ID|KE)|AGGRESSIVE \S+ 0 \[ (?:HASH|ID|SA KE))"
)
_QUICK = re.compile(r"generating QUICK_MODE request|parsed QUICK_MODE request")
_ANSWERED = re.compile(r"parsed (?:ID_PROT|AGGRESSIVE) response")
_LAST = re.compile(r"generating ID_PROT request 0 \[ ID ")
_CHARON = re.compile(
    r"\[(?:IKE|CFG|ENC|NET|CHD|KNL|DMN|MGR|LIB|ASN|TNC|ESP|IMC|IMV|JOB|PTS|TLS|APP)\]"
)


@dataclass(frozen=True, slots=True)
class Pointed:
    """What a log points to: one finding, or several that leave the same line.

    findings   ids from the catalogue
    lines      numbers from 1, with their texts
    """

    findings: tuple[str, ...]
    lines: tuple[tuple[int, str], ...]

    @property
    def sure(self) -> bool:
        """Whether it is exactly one finding."""
        return len(self.findings) == 1


def pointed(text: str) -> tuple[Pointed, ...]:
    """The findings that a log points to, in the order in which it first does."""
    found: dict[tuple[str, ...], list[tuple[int, str]]] = {}
    lines = text.splitlines()[:MOST_LINES]
    for number, line, ids in _hits(lines):
        found.setdefault(ids, []).append((number, line))
    return tuple(Pointed(ids, tuple(items)) for ids, items in found.items())


def is_log(text: str) -> bool:
    """Whether a text looks like a log of charon: lines with a thread and a group such as 05[IKE]."""
    return bool(_CHARON.search(text))


_COMPILED = tuple((item, re.compile(item.pattern)) for item in LOG_LINES)


def _hits(lines: Sequence[str]) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    before: dict[str, list[str]] = {}
    later = _later_steps(lines)
    for number, line in enumerate(lines, 1):
        sa = _sa_of(line)
        matching = [item for item, pattern in _COMPILED if pattern.search(line)]
        ids = _judged(matching, line, before.get(sa, []), later.get(sa, 0) > number)
        if ids:
            yield number, line.strip(), ids
        before.setdefault(sa, []).append(line)


def _sa_of(line: str) -> str:
    """The IKE_SA that a line is about, where it is logged (ike_name = yes), else all are one."""
    found = _SA.search(line)
    return found[1] if found else ""


def _later_steps(lines: Sequence[str]) -> dict[str, int]:
    """The last line of each IKE_SA in which its next message goes out."""
    return {_sa_of(line): number for number, line in enumerate(lines, 1) if _GOES_ON.search(line)}


def _judged(
    matching: Sequence[LogLine], line: str, before: Sequence[str], goes_on: bool
) -> tuple[str, ...]:
    """The findings that a line points to, with the lines before it."""
    ids = list(dict.fromkeys(item.finding for item in matching))
    if "P1-PSK" in ids and "no shared key" in line and goes_on:
        return ()  # it was found by the addresses
    if "received NO_PROPOSAL_CHOSEN" in line:
        quick = any(map(_QUICK.search, before))
        return ("P2-PROPOSAL",) if quick else ("P1-PROPOSAL", "P1-NO-CONNECTION")
    if "received AUTHENTICATION_FAILED" in line:
        return ("P1-IDENTITY", "P1-EXCHANGE-MODE", "P1-AUTH-METHOD", "P1-CERTIFICATE")
    if "received INVALID_ID_INFORMATION" in line:
        return ("P2-SELECTOR", "P2-MODE")
    if "no matching CHILD_SA config" in line:
        return (
            ("P2-MODE",)
            if any("found matching child config" in x for x in before)
            else ("P2-SELECTOR",)
        )
    if "giving up after" in line:
        if not any(map(_ANSWERED.search, before)):
            return ("P1-NO-RESPONDER",)
        return ("P1-PSK",) if any(map(_LAST.search, before)) else ("P1-NO-RESPONDER",)
    return tuple(ids)
