"""`ikeproof decode`: what its users see."""

from __future__ import annotations

import cProfile
import io
import json
import re
from ipaddress import ip_address
from pathlib import Path
from struct import pack, unpack_from
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impl.capture.packets import Endpoint
from impl.capture.writer import PcapWriter
from impl.wire.message import Header, Message, encode_message
from impl.wire.numbers import ProtocolId
from impl.wire.payloads import AnyPayload, Identification, VendorId
from impl.wire.proposals import Attribute, Proposal, SecurityAssociation, Transform
from tests.explorer.conftest import Run
from tests.impl.conftest import VECTORS

CAPTURES, MALFORMED = VECTORS / "captures", VECTORS / "malformed"
STRONGSWAN = CAPTURES / "ikev1-psk-main-mode-complete.pcapng"
FACTS = json.loads((VECTORS / "handshake_main_psk_strongswan.json").read_text("utf-8"))["facts"]
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SECRETS = ("psk", "gxy", "skeyid", "skeyid_a", "skeyid_d", "skeyid_e", "enc_key")


@pytest.fixture
def psk(tmp_path: Path) -> Path:
    file = tmp_path / "psk.txt"
    file.write_bytes(bytes.fromhex(FACTS["psk"]) + b"\n")
    return file


@pytest.fixture
def keylog(tmp_path: Path) -> Path:
    file = tmp_path / "keys.txt"
    file.write_text(f"# of a test\n{' '.join(FACTS['cookies'])} G_XY {FACTS['gxy']}\n")
    return file


def no_secret(text: str) -> bool:
    clear = bytes.fromhex(FACTS["psk"]).decode()
    return clear not in text and not any(FACTS[key] in text.lower() for key in SECRETS)


def tree_of(run: Run, *arguments: object) -> dict[str, Any]:
    done = run("decode", *arguments, "--format", "json")
    assert done.code == 0 and not done.err
    tree = json.loads(done.out)
    assert isinstance(tree, dict)
    return tree


def one_datagram(file: Path, payload: bytes, port: int = 500) -> Path:
    stream = io.BytesIO()
    ends = Endpoint(ip_address("192.0.2.1"), port), Endpoint(ip_address("192.0.2.2"), port)
    PcapWriter(stream).write(0, *ends, payload)
    file.write_bytes(stream.getvalue())
    return file


# ---- what is told
def test_a_capture_is_told_message_by_message(run: Run) -> None:
    done = run("decode", CAPTURES / "ipsec.cap")
    assert done.code == 0 and not done.err
    for line in (
        "c6d1459285150c7e 6e961f01bf179b35   192.168.140.205:500 -> 192.168.140.200:500",
        "  Phase I  3des sha1 modp1024 pre-shared-key, 7800 s",
        "  result   established: Main Mode, then Quick Mode (3 messages, encrypted) (frames 1-2, 5-11)",
        "  keys     5 encrypted messages, not decrypted",
        "           no key is known for these cookies: give a key log with --keylog FILE",
        "     1    0.000000 192.168.140.205:500 -> 192.168.140.200:500  Main Mode 1",
        "                   VID    strongSwan",
        "                   N      NO-PROPOSAL-CHOSEN, ISAKMP",
        "     4   10.054177 192.168.140.200:500 -> 192.168.140.205:500  Main Mode 2, repeats frame 2",
        "    11   10.308616 192.168.140.205:500 -> 192.168.140.200:500  Quick Mode 3 [221faf3c]",
    ):
        assert line in done.out.splitlines(), line
    assert "not UDP: ESP (frames 12, 13, 14, 15, 16, 17, 18, 19, and 8 more)" in done.out
    assert max(map(len, done.out.splitlines()[1:])) <= 100


def test_r5_r14_keys_open_it_and_every_hash_is_verified(run: Run, psk: Path, keylog: Path) -> None:
    done = run("decode", STRONGSWAN, "--psk-file", psk, "--keylog", keylog)
    assert done.code == 0 and no_secret(done.out + done.err)
    lines = done.out.splitlines()
    assert "  verified HASH_I, HASH_R, HASH(1), HASH(2), HASH(3)" in lines
    assert "                   ID     ipv4-addr-subnet 10.1.0.0/16" in lines
    assert any("SPI c9723901: ESP aes128 sha256, tunnel, no PFS, 1200 s" in line for line in lines)
    assert any("INITIAL-CONTACT" in line for line in lines)


def test_json_has_the_same(run: Run, psk: Path, keylog: Path) -> None:
    tree = tree_of(run, STRONGSWAN, "--psk-file", psk, "--keylog", keylog)
    assert list(tree) == [
        "schema_version", "frames", "start", "conversations", "messages", "malformed",
        "esp_in_udp", "keepalives", "ignored",
    ]  # fmt: skip
    assert (tree["schema_version"], tree["frames"]) == (1, 9)
    (conversation,) = tree["conversations"]
    assert conversation["key"] and conversation["why_no_key"] is None
    assert conversation["suite"] == "aes128 sha1 modp1024 pre-shared-key, 3600 s"
    messages = tree["messages"]
    assert [item["number"] for item in messages] == [1, 2, 3, 4, 5, 6, 1, 2, 3]
    assert [item["from"] for item in messages] == ["initiator", "responder"] * 4 + ["initiator"]
    checks = [check for item in messages for check in item["checks"]]
    assert {check["verdict"] for check in checks} == {"verified"} and len(checks) == 5
    assert messages[4]["payloads"][0]["identity"] == "192.168.0.100"
    assert no_secret(json.dumps(tree))


@pytest.mark.parametrize(
    "entry",
    json.loads((CAPTURES / "manifest.json").read_text("utf-8"))["captures"],
    ids=lambda entry: str(entry["file"]),
)
def test_every_frame_of_a_capture_is_accounted_for(run: Run, entry: dict[str, Any]) -> None:
    tree = tree_of(run, CAPTURES / entry["file"])
    told = [item["frame"] for kind in ("messages", "malformed") for item in tree[kind]]
    told += tree["esp_in_udp"] + tree["keepalives"]
    told += [frame for item in tree["ignored"] for frame in item["frames"]]
    assert sorted(told) == list(range(1, tree["frames"] + 1))
    expected = [item for item in entry.get("messages", ()) if item["kind"] == "isakmp"]
    assert [
        (m["exchange"], m["flags"], m["message_id"], m["length"]) for m in tree["messages"]
    ] == [(m["exchange"], m["flags"], m["message_id"], m["length"]) for m in expected]
    for item, said in zip(tree["messages"], expected, strict=True):
        if "payloads" in said:
            found = [{"type": p["type"], "length": p["length"]} for p in item["payloads"]]
            assert found == said["payloads"]


@pytest.mark.parametrize(
    "entry",
    json.loads((MALFORMED / "manifest.json").read_text("utf-8"))["files"],
    ids=lambda entry: str(entry["file"]),
)
def test_malformed_captures_hold_no_message(run: Run, entry: dict[str, Any]) -> None:
    file = MALFORMED / entry["file"]
    tree = tree_of(run, file)
    assert not tree["messages"] and not tree["conversations"]
    assert tree["malformed"] or tree["ignored"]
    done = run("decode", file)
    assert done.code == 0 and not UNSAFE.search(done.out)
    for item in tree["malformed"]:
        assert f"octet {item['offset']}, {item['field']}: " in done.out
        assert item["clause"].startswith("RFC ")


def test_a_snap_length_makes_messages_incomplete_not_malformed(run: Run, tmp_path: Path) -> None:
    whole = (CAPTURES / "ipsec.cap").read_bytes()
    (size,) = unpack_from("<I", whole, 24 + 8)
    cut = whole[: 24 + 8] + pack("<II", 96, size) + whole[24 + 16 : 24 + 16 + 96]
    file = tmp_path / "x.pcap"
    file.write_bytes(cut + whole[24 + 16 + size :])
    lines = run("decode", file).out.splitlines()
    assert lines[0].endswith("0 malformed, 1 incomplete")
    assert "Incomplete in the capture" in lines and "Malformed" not in lines
    assert "The snap length cut messages off. Capture them whole: tcpdump -s 0" in lines
    (entry,) = tree_of(run, file)["malformed"]
    assert entry["incomplete"] and entry["frame"] == 1
    longer = run("decode", MALFORMED / "isakmp-delete-segfault.pcap").out
    assert "1 malformed" in longer and "incomplete" not in longer
    assert "UDP datagram of 456 octets in an IP packet with 146" in longer


def test_esp_without_isakmp_is_explained(run: Run) -> None:
    for name in ("02-sunrise-sunset-esp.pcap", "espudp1.pcap", "IPsec_ESP-AH_tunnel_mode.cap"):
        out = run("decode", CAPTURES / name).out
        assert "There are ESP or AH packets: their SAs were negotiated outside the capture" in out
    assert "ESP or AH" not in run("decode", MALFORMED / "isakmp-rfc3948-oobr.pcap").out


def test_a_wrong_key_is_named(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "table"
    file.write_text(f'"{FACTS["cookies"][0]}","{"5ec2e7" * 5}a0"\n')
    done = run("decode", STRONGSWAN, "--keylog", file)
    assert done.code == 0 and "5ec2e7" not in done.out
    assert done.out.count("does not decrypt to payloads: most likely the wrong key") == 5
    assert "  keys     5 of 5 encrypted messages not decrypted" in done.out.splitlines()


def test_a_psk_alone_opens_no_main_mode_and_that_is_said(run: Run, psk: Path) -> None:
    done = run("decode", STRONGSWAN, "--psk-file", psk)
    assert "the pre-shared key alone does not decrypt: the Diffie-Hellman" in done.out
    assert done.code == 0 and no_secret(done.out)
    assert "give a key log with --keylog FILE" in run("decode", STRONGSWAN).out


def test_a_hexadecimal_psk_is_the_same(run: Run, psk: Path, keylog: Path) -> None:
    arguments = ("decode", STRONGSWAN, "--psk-file", psk, "--keylog", keylog)
    plain = run(*arguments).out
    psk.write_text(f"0x{FACTS['psk']}\r\n")
    assert run(*arguments).out == plain and "HASH(3) verified" in plain


def test_a_port_that_is_named_is_read(run: Run, tmp_path: Path) -> None:
    header = Header(b"cookie-i", bytes(8), 0, 2, 0, 0, 0)
    message = encode_message(Message(header, (SecurityAssociation(()),)))
    file = one_datagram(tmp_path / "x.pcap", message, 5500)
    assert "For another port use --port N" in run("decode", file).out
    assert len(tree_of(run, file, "--port", 5500)["malformed"]) == 1


def test_silence_and_a_late_beginning_are_told(run: Run, tmp_path: Path) -> None:
    first, *_, last = (bytes.fromhex(item["hex"]) for item in FACTS["messages"])
    silent = run("decode", one_datagram(tmp_path / "x.pcap", first)).out.splitlines()
    assert "  Phase I  no answer" in silent
    late = run("decode", one_datagram(tmp_path / "x.pcap", last)).out.splitlines()
    assert "  begins   before the capture; which end began it is not known" in late
    assert "           the choice of a suite (message 2) is not in the capture" in late


# ---- what is wrong with what the user gave
def renamed(magic: bytes) -> bytes:
    return magic + bytes(range(1, 100))


FIRST = bytes.fromhex(FACTS["messages"][0]["hex"])
NOT_CAPTURES = {
    "empty": (b"", "it is empty", "check the filter"),
    "text": (b"hello, this is some text of mine", "text", "tcpdump -w"),
    "wide text": ("hello, some text".encode("utf-16"), "text", "tcpdump -w"),
    "gzip": (b"\x1f\x8b\x08" + bytes(40), "gzip", "gunzip"),
    "zip": (renamed(b"PK\x03\x04"), "ZIP archive", "unzip"),
    "xz": (renamed(b"\xfd7zXZ\x00"), "xz", "unxz"),
    "zstd": (renamed(b"\x28\xb5\x2f\xfd"), "zstd", "unzstd"),
    "bzip2": (renamed(b"BZh9"), "bzip2", "bunzip2"),
    "snoop": (renamed(b"snoop\0\0\0"), "snoop", "editcap"),
    "netmon": (renamed(b"GMBU"), "Network Monitor", "editcap"),
    "etl": ((65536).to_bytes(4, "little") + bytes(4) + b"x" * 65528, "event trace", "etl2pcapng"),
    "elf": (renamed(b"\x7fELF"), "a program", "tcpdump -w"),
    "zeros": (bytes(100), "a file of zeros", "repeat the capture"),
    "pem": (b"-----BEGIN CERTIFICATE-----\nAAAA\n", "PEM", "--cert"),
    "key log": (b"# keys\n0102030405060708 0102030405060708 G_XY 00ff\n", "a key log", "--keylog"),
    "table": (b'"0102030405060708","00ff"\n', "a key log", "--keylog"),
    "tcpdump": (b"12:00:00.000001 IP 10.0.0.1.500 > 10.0.0.2.500: isakmp\n", "tcpdump", "-w FILE"),
    "log": (b"Jan 1 12:00:00 hq charon: 05[IKE] initiating Main Mode\n", "strongSwan", "packets"),
    "dump": (b"0000  00 01 02 03 04 05 06 07 08 09 0a\n", "hexadecimal dump", "text2pcap"),
    "policy": (b"connections {\n  hq {\n", "a policy", "ikeproof verify"),
    "html": (b"<!DOCTYPE html><html>", "HTML", "tcpdump -w"),
    "json": (b'{"frames": 1}', "JSON", "tcpdump -w"),
    "message": (FIRST, "a single ISAKMP message", "text2pcap -u 500,500"),
    "marked": (bytes(4) + FIRST, "a single ISAKMP message", "text2pcap -u 500,500"),
    "noise": (bytes(range(200, 256)) * 9, "an unknown format", "tcpdump -w"),
    "cut": (b"\xd4\xc3\xb2\xa1\2\0\4\0", "its file header is cut off", "pcapng"),
}


@pytest.mark.parametrize("name", NOT_CAPTURES)
def test_a_file_that_is_not_a_capture_is_named_with_what_to_do(
    run: Run, tmp_path: Path, name: str
) -> None:
    octets, what, mend = NOT_CAPTURES[name]
    file = tmp_path / "x.pcap"
    file.write_bytes(octets)
    done = run("decode", file)
    assert done.code == 2 and not done.out
    head = f"error: {file} is not a capture: it"
    assert done.err.startswith(head) and done.err.count("\n") == 1
    assert what in done.err and mend in done.err


def test_files_that_cannot_be_read_are_named(run: Run, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for arguments in (
        (gone,),
        (STRONGSWAN, "--keylog", gone),
        (STRONGSWAN, "--psk-file", gone),
        (tmp_path,),
    ):
        done = run("decode", *arguments)
        assert done.code == 2 and "cannot read the " in done.err and not done.out


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--keylog", "hunter2 hunter2\n", "keys.bad:1: 2 words instead of four"),
        (
            "--keylog",
            "\n0102030405060708 0102030405060708 X hunter2",
            "keys.bad:2: an unknown name",
        ),
        ("--psk-file", "", "contains no pre-shared key"),
        ("--psk-file", "0xhunter2", "begins with 0x, but is not hexadecimal"),
        ("--psk-file", "hunter2\nhunter2\n", "has more than one line"),
    ],
)
def test_keys_that_are_none_are_named_but_not_shown(
    run: Run, tmp_path: Path, option: str, text: str, said: str
) -> None:
    file = tmp_path / "keys.bad"
    file.write_text(text)
    done = run("decode", STRONGSWAN, option, file)
    assert done.code == 2 and said in done.err and done.err.count("\n") == 1
    assert "hunter2" not in done.err + done.out


def test_a_port_beyond_ports_is_refused(run: Run) -> None:
    assert run("decode", STRONGSWAN, "--port", 70000).code == 2


def test_control_characters_never_reach_the_terminal(run: Run, tmp_path: Path) -> None:
    nasty = "\x1b]0;owned\x07\x1b[2J\x7f\u202e".encode()
    sa = SecurityAssociation((), body=bytes.fromhex(FACTS["sai_b"]))
    payloads = (sa, Identification(2, 0, 0, nasty), VendorId(nasty))
    message = encode_message(Message(Header(b"cookie-i", bytes(8), 0, 4, 0, 0, 0), payloads))
    file = one_datagram(tmp_path / "x.pcap", message)
    text, tree = run("decode", file), run("decode", file, "--format", "json")
    assert "fqdn " in text.out and "owned" in text.out
    assert not UNSAFE.search(text.out) and not UNSAFE.search(tree.out)
    assert json.loads(tree.out)["messages"][0]["payloads"][1]["identity"] == nasty.decode()


def message(initiator: bytes, responder: bytes, *payloads: AnyPayload) -> bytes:
    return encode_message(Message(Header(initiator, responder, 0, 2, 0, 0, 0), payloads))


@pytest.mark.parametrize("protocol", [ProtocolId.ISAKMP, ProtocolId.ESP])
@pytest.mark.parametrize("type_", range(1, 15))
def test_attributes_of_any_size_are_told(
    run: Run, tmp_path: Path, protocol: int, type_: int
) -> None:
    """A number may have more octets than Python makes digits of."""
    attributes = (Attribute(1, 5), Attribute(type_, b"\xff" * 4000), Attribute(12, 1))
    chosen = Proposal(1, protocol, b"", (Transform(1, 3, attributes[type_ == 1 :]),))
    ends = Endpoint(ip_address("192.0.2.1"), 500), Endpoint(ip_address("192.0.2.2"), 500)
    stream = io.BytesIO()
    writer = PcapWriter(stream)
    writer.write(0, *ends, message(b"cookie-i", bytes(8), SecurityAssociation((chosen,))))
    answer = message(b"cookie-i", b"cookie-r", SecurityAssociation((chosen,)))
    writer.write(1, ends[1], ends[0], answer)
    (tmp_path / "x.pcap").write_bytes(stream.getvalue())
    done = run("decode", tmp_path / "x.pcap")
    assert done.code == 0 and not done.err
    (conversation,) = tree_of(run, tmp_path / "x.pcap")["conversations"]
    if protocol == ProtocolId.ISAKMP and type_ < 5:
        assert "4000 octets" in conversation["suite"]


def test_many_answers_to_one_message_cost_no_more_each(run: Run, tmp_path: Path) -> None:
    """Each is a conversation of its own; looking for it does not go through the others."""
    ends = Endpoint(ip_address("192.0.2.1"), 500), Endpoint(ip_address("192.0.2.2"), 500)
    offer = SecurityAssociation((Proposal(1, ProtocolId.ISAKMP, b"", ()),))

    def calls(count: int) -> int:
        """What so many answers take, in calls of functions."""
        stream = io.BytesIO()
        writer = PcapWriter(stream)
        writer.write(0, *ends, message(b"cookie-i", bytes(8), offer))
        for number in range(1, count + 1):
            answer = message(b"cookie-i", number.to_bytes(8, "big"), VendorId(b"x"))
            writer.write(number, *ends, answer)
        (tmp_path / "x.pcap").write_bytes(stream.getvalue())
        profiler = cProfile.Profile()
        done = profiler.runcall(run, "decode", tmp_path / "x.pcap")
        assert f"{count} conversations, {count + 1} messages" in done.out
        return sum(item.callcount for item in profiler.getstats())

    calls(10)  # whatever is done only once
    assert calls(1600) < 2.5 * calls(800)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_spoiled_captures_end_with_0_or_2(run: Run, tmp_path: Path, data: st.DataObject) -> None:
    source = bytearray(
        data.draw(st.sampled_from([STRONGSWAN, CAPTURES / "ipsec.cap"])).read_bytes()
    )
    for at in data.draw(st.lists(st.integers(0, len(source) - 1), max_size=6)):
        source[at] ^= data.draw(st.integers(1, 255))
    file = tmp_path / "spoiled.pcap"
    file.write_bytes(source[: data.draw(st.integers(0, len(source)))])
    for output in ("text", "json"):
        done = run("decode", file, "--format", output)
        assert done.code in (0, 2) and not UNSAFE.search(done.out + done.err)
