"""Bad input: one clear line with file and line, exit code 2, no traceback, nothing unsafe."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impl.capture.packets import Endpoint
from impl.capture.writer import PcapWriter
from tests.explorer.conftest import EXAMPLE, Run

SOURCE = (EXAMPLE / "hq" / "swanctl.conf").read_bytes()
NATIVE = (EXAMPLE.parent / "windows-2000" / "server" / "policy.toml").read_bytes()
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

BROKEN = {
    "cut in a section": (SOURCE[:300], r"\.conf:\d+: section remote .* is not closed"),
    "a NUL octet": (SOURCE[:100] + b"\0" + SOURCE[100:], r"\.conf:\d+: a NUL octet"),
    "Latin 1": (SOURCE.replace(b"hq", b"h\xe4q", 1), r"\.conf:\d+: not valid UTF-8"),
    "UTF-16": (SOURCE.decode().encode("utf-16"), r"\.conf:1: .* a text file in UTF-16"),
    "an unknown algorithm": (SOURCE.replace(b"aes256", b"aes257"), r"\.conf:\d+: unknown algorithm"),
    "an unknown mode": (SOURCE.replace(b"local_ts", b"mode = x\nlocal_ts"), r"'x' is not a valid value of mode"),
    "an unknown method": (SOURCE.replace(b"auth = psk", b"auth = pks"), r"\.conf:\d+: 'pks'"),
    "a huge number": (SOURCE.replace(b"version = 1", b"version = " + b"9" * 99), r":\d+: '9+'"),
    "a time without end": (SOURCE.replace(b"version", b"rekey_time = soon\nversion"), "not a time"),
    "a port beyond ports": (SOURCE.replace(b"10.1.0.0/16", b"10.1.0.0/16[tcp/99999]"), "is not a port"),
    "no connections": (b"", r"\.conf:1: no connections"),
    "sections without end": (b"a {\n" * 100_000, r"\.conf:\d+: sections are nested too deeply"),
    "two references without a comma": (SOURCE.replace(b"branch {", b"branch : no x {", 1), r":\d+: two names"),
    "an escape sequence": (SOURCE.replace(b"branch {", b"br\x1b[31manch {", 1), r"U\+001B"),
    "an escape sequence as a value": (SOURCE.replace(b"aes256", b"\x1b]0;x\x07"), "not printable ASCII"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_policy_is_one_clear_line(run: Run, pair: tuple[Path, Path], name: str) -> None:
    octets, expected = BROKEN[name]
    pair[0].write_bytes(octets)
    done = run("verify", *pair)
    assert done.code == 2 and not done.out
    assert done.err.startswith("error: ") and done.err.count("\n") == 1
    assert re.search(expected, done.err), done.err
    assert not UNSAFE.search(done.err)


def test_unknown_keys_are_told_with_their_line(run: Run, pair: tuple[Path, Path]) -> None:
    pair[0].write_bytes(SOURCE.replace(b"proposals", b"proposal", 1))
    done = run("verify", *pair)
    assert done.code == 2
    assert re.search(r"hq\.conf:\d+: proposal is not an option .*did you mean", done.err)


def test_include_loops_and_missing_includes_are_named(run: Run, pair: tuple[Path, Path]) -> None:
    hq, _ = pair
    hq.write_bytes(b"include other.conf\n" + SOURCE)
    (hq.parent / "other.conf").write_text("include hq.conf\n")
    done = run("verify", *pair)
    assert done.code == 2 and re.search(r"other\.conf:1: .*includes itself", done.err)
    hq.write_bytes(b"include nowhere/*.conf\n" + SOURCE)
    assert "INCLUDE-EMPTY" in run("verify", *pair, "--details").out


def test_files_that_are_none_are_refused_without_waiting(run: Run, pair: tuple[Path, Path]) -> None:
    folder, fifo, huge = (pair[0].parent / name for name in ("d.conf", "f.conf", "h.conf"))
    folder.mkdir()
    os.mkfifo(fifo)
    with huge.open("wb") as file:
        file.truncate(9 << 20)
    for file_, what in ((folder, "directory"), (fifo, "regular"), (huge, "larger than 8 MiB")):
        done = run("verify", file_, pair[1])
        assert done.code == 2 and what in done.err
    assert "No such file" in run("verify", pair[0].parent / "missing.conf", pair[1]).err


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"[[x", r"\.toml:1: not valid TOML"),
        (b"a = 1", r"\.toml:\d+: "),
        (NATIVE[: NATIVE.rindex(b'"')], r"\.toml:\d+: "),
        (b"\xff\xfe", r"\.toml:\d+: "),
        (NATIVE.replace(b'"windows2000"', b'"win\\u001b[31mdows"'), r"\.toml:\d+: "),
    ],
)
def test_a_broken_native_policy_is_one_clear_line(
    run: Run, tmp_path: Path, octets: bytes, expected: str
) -> None:
    file = tmp_path / "p.toml"
    file.write_bytes(octets)
    done = run("verify", file, EXAMPLE / "hq" / "swanctl.conf")
    assert done.code == 2 and re.search(expected, done.err), done.err
    assert done.err.count("\n") == 1 and not UNSAFE.search(done.err)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["verify"], "no files"),
        (["verify", "--example", "nothing"], "choose one of"),
        (["verify", "--example", "branch-office", "x.conf"], "one or the other"),
        (["verify", "--fail-on", "sometimes", "--example", "branch-office"], "--fail-on"),
        (["verify", "--format", "xml", "--example", "branch-office"], "--format"),
        (["verify", "--example", "branch-office", "--link", "hq=nobody"], "the peers are hq"),
        (["verify", "--example", "branch-office", "--link", "hq"], "--link hq"),
        (["verify", "--example", "branch-office", "--profile", "hq=vms"], "windows2000"),
        (["verify", "--example", "branch-office", "--profile", "x=charon"], "no peer 'x'"),
        (["explain", "P2-PROPOSALS"], "did you mean P2-PROPOSAL"),
        (["replay", "nowhere.run"], "cannot read"),
        (["nonsense"], "nonsense"),
        (["verify", "--nonsense"], "--nonsense"),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_to_do(
    run: Run, arguments: list[str], expected: str
) -> None:
    done = run(*arguments)
    assert done.code == 2 and not done.out
    assert done.err.startswith("error: ") and done.err.count("\n") == 1 and expected in done.err


def test_names_with_control_characters_never_reach_the_terminal(run: Run, tmp_path: Path) -> None:
    name = "br\x1b[31m\u202eanch.conf"
    file = tmp_path / name
    file.write_bytes(SOURCE.replace(b"hq.example.com", '"\u202ehq\u0085.example.com"'.encode()))
    for format_ in ("text", "json"):
        done = run("verify", file, EXAMPLE / "branch" / "swanctl.conf", "--format", format_)
        assert done.code == 2 and "not printable ASCII" in done.err
        assert not UNSAFE.search(done.out) and not UNSAFE.search(done.err)
    missing = run("verify", "no\x1b[2Jthing.conf", file)
    assert missing.code == 2 and not UNSAFE.search(missing.err)


@st.composite
def spoiled(draw: st.DrawFn, source: bytes) -> bytes:
    """A policy with some octets cut, repeated, replaced or put in."""
    octets = bytearray(source)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(octets)))
        length = draw(st.integers(0, 30))
        words = [b"{", b"}", b"\x1b[31m", b"\0", b"\xff", b"=", b"include *\n", b'"', b"-", b",",
                 b"\xe2\x80\xae", b"9" * 30, b"9" * 5000, b"\xc2\xb2", b": a {", b"#", b"\n\n", b"[", b"]", b"'''"]  # fmt: skip
        what = draw(st.one_of(st.sampled_from(words), st.binary(max_size=4)))
        octets[at : at + length] = what
    return bytes(octets[: draw(st.integers(0, len(octets)))] if draw(st.booleans()) else octets)


@pytest.mark.parametrize("ending", ["conf", "toml"])
@given(data=st.data())
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_spoiled_policy_gives_a_traceback_or_control_characters(
    run: Run, tmp_path: Path, data: st.DataObject, ending: str
) -> None:
    folder = tmp_path / ending
    folder.mkdir(exist_ok=True)
    file = folder / f"p.{ending}"
    file.write_bytes(data.draw(spoiled(SOURCE if ending == "conf" else NATIVE)))
    done = run("verify", file, EXAMPLE / "branch" / "swanctl.conf")
    assert done.code in (0, 1, 2, 3)
    assert not UNSAFE.search(done.out) and not UNSAFE.search(done.err)
    if done.code == 2:
        assert re.match(r"error: [^\n]+\n\Z", done.err)


#: where the examples have no number, a policy may
MORE = {
    "conf": SOURCE.replace(b"auth = psk", b"auth = rsa-2048-sha256", 2).replace(
        b"/16", b"/16[17/500-600]"
    ),
    "toml": NATIVE.replace(b"[main_mode]", b"[main_mode]\ndpd_delay = 30\ndpd_timeout = '90s'"),
}


@pytest.mark.parametrize("ending", MORE)
@pytest.mark.parametrize(
    "digits", [b"9" * 5000, b"\xc2\xb2", b"0", b"-1"], ids=["long", "²", "0", "-"]
)
def test_no_number_gives_a_traceback(run: Run, tmp_path: Path, ending: str, digits: bytes) -> None:
    text, file = MORE[ending], tmp_path / f"p.{ending}"
    for found in re.finditer(rb"[0-9]+", text):
        file.write_bytes(text[: found.start()] + digits + text[found.end() :])
        done = run("verify", file, EXAMPLE / "branch" / "swanctl.conf")
        assert done.code in (0, 1, 2, 3), (found, done.err)
        if done.code == 2:
            line = text.count(b"\n", 0, found.start()) + 1
            assert re.match(rf"error: [^\n]+{ending}:{line}: [^\n]+\n\Z", done.err), done.err


# ---- output that goes nowhere
def program(*arguments: object, **streams: Any) -> subprocess.Popen[str]:
    """`ikeproof` as a program of its own, whose output is the test's."""
    command = [sys.executable, "-m", "ikeproof", *map(str, arguments)]
    return subprocess.Popen(command, cwd=EXAMPLE.parents[1], text=True, **streams)


@pytest.mark.parametrize("arguments", [("schema",), ("spec",), ("decode", "--help")])
def test_a_full_disk_is_one_clear_line(arguments: tuple[object, ...]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = program(*arguments, stdout=full, stderr=subprocess.PIPE)
        _, said = done.communicate(timeout=60)
    assert done.returncode == 2
    assert said == "error: the output cannot be written: No space left on device\n"


def test_a_reader_that_has_enough_is_no_finding(tmp_path: Path) -> None:
    """More than a pipe holds, of which one line is read."""
    file = tmp_path / "x.pcap"
    with file.open("wb") as stream:
        writer = PcapWriter(stream)
        ends = Endpoint(ip_address("192.0.2.1"), 500), Endpoint(ip_address("192.0.2.2"), 500)
        for number in range(4000):
            writer.write(number, *ends, b"no message")
    reader = program("decode", file, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert reader.stdout is not None and reader.stderr is not None
    assert "4000 malformed" in reader.stdout.readline()
    reader.stdout.close()
    assert reader.wait(60) == 0 and not reader.stderr.read()
    reader.stderr.close()


@pytest.mark.parametrize("closed", ["sys.stdout", "sys.stderr", "sys.stdout = sys.stderr"])
def test_closed_streams_are_no_fault(closed: str) -> None:
    """As `>&-` leaves them: Python has None for a stream then."""
    code = f"import sys; {closed} = None; from explorer.cli import main; sys.exit(main(['schema']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=EXAMPLE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert bool(done.stdout) is ("stdout" not in closed)
