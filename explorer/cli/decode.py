"""`ikeproof decode`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from explorer.cli import exits
from explorer.cli.peers import usage
from explorer.cli.reader import MEBI, FileReader
from explorer.report.text import write
from explorer.view.decoded import Decoded
from explorer.view.decoded_json import decoded_tree
from explorer.view.messages import decoded_rows
from impl.capture.conclusion import conclude
from impl.capture.conversation import Conversations, Malformed, Secrets
from impl.capture.datagrams import Kind, datagrams
from impl.capture.files import CaptureError, frames
from impl.capture.keylog import KeyLog, KeyLogError, read_keylog
from impl.capture.secrets import UsePsk
from impl.capture.signers import Signers
from model.formats.reader import ReadError
from model.vocabulary.places import PolicyError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MAX_CAPTURE = 512 * MEBI


def run_decode(
    file: str,
    psk_file: str | None,
    keylog: str | None,
    certificates: Sequence[str],
    ports: Sequence[int],
    output: str,
) -> int:
    """Read a capture and print what is in it."""
    secrets = secrets_of(psk_file, keylog, certificates)
    octets = read_octets(file, "capture", MAX_CAPTURE)
    try:
        decoded = decode(octets, secrets, ports)
    except CaptureError as error:
        raise usage(f"{file} is not a capture: {error.problem}", error.mend) from None
    if output == "json":
        text = json.dumps(decoded_tree(decoded), indent=2)
        sys.stdout.write(
            text.replace("\x7f", "\\u007f") + "\n"
        )  # the one control character that JSON does not escape
    else:
        write(decoded_rows(file, decoded))
    return exits.FINE


def secrets_of(psk_file: str | None, keylog: str | None, certificates: Sequence[str]) -> Secrets:
    """What the files of the command line open."""
    return Secrets(
        _keylog(keylog) if keylog is not None else KeyLog(),
        _psk(psk_file) if psk_file is not None else None,
        Signers(believed=tuple(c for name in certificates for c in _certificates(name))),
    )


def decode(octets: bytes, secrets: Secrets, ports: Sequence[int]) -> Decoded:
    """The content of a capture. CaptureError if it is not one."""
    found, conversations = Decoded(), Conversations(secrets)
    found.conversations, found.others = conversations.all, conversations.others.all
    until_ns, unreachable = 0, []
    for item in datagrams(frames(octets), ports):
        found.frames += 1
        until_ns = max(until_ns, item.time_ns)
        if found.start_ns is None:
            found.start_ns = item.time_ns
        if item.kind is Kind.ISAKMP:
            seen = conversations.see(item)
            if isinstance(seen, Malformed):
                found.malformed.append(seen)
        elif item.kind is Kind.ESP:
            found.esp.append(item)
        elif item.kind is Kind.KEEPALIVE:
            found.keepalives.append(item)
        else:
            if item.kind is Kind.UNREACHABLE:
                unreachable.append(item)
            found.ignored.setdefault(item.why, []).append(item.frame)
    cut = [item.datagram for item in found.malformed if item.datagram.short]
    found.conclusions = conclude(conversations.all, until_ns, cut, unreachable)
    return found


def read_octets(file: str, what: str, limit: int) -> bytes:
    """A file of the command line."""
    try:
        return FileReader(limit).read(file)
    except ReadError as error:
        raise usage(f"cannot read the {what} {file}: {error}", "check the name") from None


def _keylog(file: str) -> KeyLog:
    text = read_octets(file, "key log", FileReader.LIMIT).decode("utf-8", "replace")
    try:
        return read_keylog(text)
    except KeyLogError as error:
        raise usage(f"{file}:{error.line}: {error.problem}", error.mend) from None


def _certificates(file: str) -> tuple[Certificate, ...]:
    from impl.auth.keys import certificates_in

    octets = read_octets(file, "certificate", FileReader.LIMIT)
    try:
        return certificates_in(octets)
    except ValueError as error:
        raise usage(f"{file}: {error}", "name a file with X.509 certificates, PEM or DER") from None


def _psk(file: str) -> UsePsk:
    """The pre-shared key from the file, without the line end; `0x...` is hexadecimal."""
    octets = read_octets(file, "pre-shared key", MEBI)
    octets = octets.removesuffix(b"\n").removesuffix(b"\r")
    if octets[:2].lower() == b"0x":
        octets = _hexadecimal(octets[2:], file)
    if not octets:
        raise usage(f"{file} contains no pre-shared key", "write the key as its only line")
    if b"\n" in octets and b"\0" not in octets:
        raise usage(f"{file} has more than one line", "leave the pre-shared key as its only line")
    return _lent(octets)


def _hexadecimal(text: bytes, file: str) -> bytes:
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        failure: PolicyError = usage(
            f"{file} begins with 0x, but is not hexadecimal", "write an even number of digits"
        )
    raise failure


def _lent(octets: bytes) -> UsePsk:
    # kept in a closure, so that no dump of attributes shows it
    def use(function: Callable[[bytes], bytes]) -> bytes:
        return function(octets)

    return use
