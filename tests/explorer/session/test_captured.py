"""Captures, stepped through without a screen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from explorer.cli.explore_capture import Capture, capture_source
from explorer.session.captured import Captured
from explorer.session.commands import execute
from explorer.session.moments import Kind, Lose, Refused
from explorer.session.session import Session, Stop
from explorer.session.tree import Node
from explorer.view.explore.packets import offer_lines
from explorer.view.explore.page import chart_lines, page
from explorer.view.explore.panes import PANES, pane_lines
from explorer.view.explore.spans import ASCII, UNICODE, Line, text_of
from explorer.view.explore.view import View
from impl.wire.message import HEADER_SIZE
from model.vocabulary.places import PolicyError
from tests.explorer.conftest import Run
from tests.explorer.session.captures import BRANCH, HQ, NASTY, SECRET, UNSAFE, Story, hostile, story
from tests.impl.conftest import VECTORS

CAPTURES = VECTORS / "captures"
ALL = sorted(x for x in CAPTURES.iterdir() if x.suffix != ".json")
WITHOUT = {
    "02-sunrise-sunset-esp.pcap": "8 packets of ESP,",
    "08-sunrise-sunset-esp2.pcap": "8 packets of ESP,",
    "IPsec_ESP-AH_tunnel_mode.cap": "10 packets of AH,",
    "espudp1.pcap": "8 packets of ESP in UDP,",
}
#: how many messages of IKE the others have, as tshark counts them
MESSAGES = {
    "ISAKMP_sa_setup.pcap": 9, "ikev1-psk-main-mode-complete.pcapng": 9, "isakmp4500.pcap": 15,
    "ipsec-ikev1-isakmp-main-mode.pcap": 9, "ipsec.cap": 11, "windows2000-kerberos-ah.pcap": 10,
    "windows2000-kerberos-esp.pcap": 10,
}  # fmt: skip
FACTS = json.loads((VECTORS / "handshake_main_psk_strongswan.json").read_text("utf-8"))["facts"]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return story(tmp_path_factory.mktemp("refused"))


def opened(made: Story, policies: bool = True, keys: bool = True, **changes: object) -> Session:
    asked = Capture(str(made.capture), str(made.keylog) if keys else None, **changes)  # type: ignore[arg-type]  # fields by name
    return Session(capture_source(asked, (str(made.hq), str(made.branch)) if policies else ()))


def text(lines: list[Line]) -> str:
    return "\n".join(text_of(line) for line in lines)


def pane(session: Session, name: str, columns: int = 100) -> str:
    return text(pane_lines(name, View(session, columns, UNICODE)))


def names(session: Session) -> list[str]:
    return [node.event.name for node in session.rows()[1:]]


# ---- the engineer's story


def test_r10_the_session_stops_at_the_refusal_and_names_what_differs(refused: Story) -> None:
    made = opened(refused)
    assert names(made) == ["MM1", "MM2", "MM3", "MM4", "MM5", "MM6", "QM1", "N"]
    assert made.now.event.name == "N" and made.now.event.says == "NO-PROPOSAL-CHOSEN"
    verdict = made.verdict()
    assert verdict.badge == "REFUSED" and verdict.over
    assert verdict.first == "branch takes nothing that hq offers: integrity sha1, not md5."
    assert "HASH_I, HASH_R and HASH(1) verified" in verdict.second


def test_r10_offer_and_policy_stand_beside_each_other_with_the_differing_cells_marked(
    refused: Story,
) -> None:
    made = opened(refused)
    lines = pane_lines("packet", View(made, 100, UNICODE))
    filled = [part.strip() for line in lines for part, role in line if role == "differs"]
    assert filled == ["≠ aes128", "≠ sha1", "≠ sha256"]
    shown = text(lines)
    assert "hq offers" in shown and "branch wants" in shown
    assert "1 cell: nearest" in shown and "2 cells" in shown
    assert "hq.conf:20" in shown and "branch.conf:20" in shown


def test_without_colour_the_sign_says_it(refused: Story) -> None:
    source = opened(refused).source
    assert isinstance(source, Captured)
    found = source.message(opened(refused).now.moment)
    assert found is not None and found.offers is not None
    assert "! sha1" in text(offer_lines(found.offers, 80, ASCII))


@pytest.mark.parametrize("columns", [40, 76, 110])
def test_the_nearest_offer_is_shown_however_narrow_it_is(refused: Story, columns: int) -> None:
    made = opened(refused)
    assert "nearest" in pane(made, "packet", columns)


def test_why_has_the_finding_and_the_fix_of_verify(refused: Story, run: Run) -> None:
    made = opened(refused)
    shown = pane(made, "why")
    assert "Why does branch refuse?" in shown and "P2-PROPOSAL" in shown
    fix = "esp_proposals = 3des-sha1, aes128-sha256, 3des-md5"
    assert fix in shown and fix in run("verify", refused.hq, refused.branch).out
    assert "HASH(1) verified: it is branch that refuses" in shown
    assert fix in "\n".join(execute(made, "why").lines)


def test_the_same_by_the_command_line_as_text(refused: Story, run: Run) -> None:
    done = run("explore", *refused.arguments, "--format", "text", "--size", "120x40")
    assert done.code == 0 and not done.err
    assert "REFUSED" in done.out and "≠ sha1" in done.out and "P2-PROPOSAL" in done.out
    assert run("explore", *refused.arguments, "--exec", "assert REFUSED").code == 0


def test_without_policies_the_notification_alone_is_explained(refused: Story) -> None:
    made = opened(refused, policies=False)
    assert made.now.event.name == "N" and "NO-PROPOSAL-CHOSEN" in made.verdict().first
    assert "No common Phase II proposal" in pane(made, "why")
    assert "≠" not in pane(made, "packet")


def test_r3_a_refused_phase_1_is_shown_likewise_at_its_first_refusal(tmp_path: Path) -> None:
    ike = ("aes128-sha1-modp768", "aes256-sha1-modp768")
    made = opened(story(tmp_path, ike=ike), keys=False)
    assert names(made)[:2] == ["MM1", "N"] and made.now.depth == 2
    assert made.verdict().first == (
        "Phase I: branch takes nothing that hq offers: encryption aes128, not aes256."
    )
    assert "P1-PROPOSAL" in pane(made, "why")
    assert "in clear, so anybody could have sent it" in pane(made, "why")


def test_r4_different_keys_are_a_silence_that_verify_explains(tmp_path: Path) -> None:
    made = opened(story(tmp_path, secrets=("one", "another")))
    assert made.now.depth == 0  # nothing in it is wrong by itself
    execute(made, "problem")
    assert made.verdict().badge == "STOPPED"
    assert "P1-PSK" in pane(made, "why") and "NO ANSWER" in text(chart_lines(made, 100, UNICODE))


def test_policies_that_fit_each_other_are_not_those_of_a_refusal(
    refused: Story, tmp_path: Path
) -> None:
    fitting = story(tmp_path, esp=("3des-sha1", "3des-sha1"))
    asked = Capture(str(refused.capture), str(refused.keylog))
    made = Session(capture_source(asked, (str(fitting.hq), str(fitting.branch))))
    assert "The capture is of other policies" in pane(made, "why")


# ---- which policy is which end


def test_the_ends_are_found_in_either_order_of_the_files(refused: Story) -> None:
    asked = Capture(str(refused.capture), str(refused.keylog))
    made = Session(capture_source(asked, (str(refused.branch), str(refused.hq))))
    assert [lane.name for lane in made.source.lanes] == ["hq", "branch"]
    assert "branch takes nothing that hq offers" in made.verdict().first


def anonymous(made: Story, folder: Path) -> tuple[str, str]:
    """The policies without addresses and identities."""
    files = []
    for file in (made.hq, made.branch):
        kept = [
            line for line in file.read_text().splitlines() if not line.strip().startswith(("id =", "local_addrs"))
        ]  # fmt: skip
        where = folder / file.name
        said = "\n".join(kept).replace(f"remote_addrs = {HQ}", "remote_addrs = %any")
        where.write_text(said.replace(f"remote_addrs = {BRANCH}", "remote_addrs = %any"))
        files.append(str(where))
    return files[0], files[1]


def test_what_cannot_be_decided_is_said_and_can_be_stated(refused: Story, tmp_path: Path) -> None:
    files = anonymous(refused, tmp_path)
    asked = Capture(str(refused.capture), str(refused.keylog))
    made = Session(capture_source(asked, files))
    assert f"say it with --end hq={HQ}" in made.source.about
    assert "Which policy is which end?" in pane(made, "why") and "≠" not in pane(made, "packet")
    stated = Capture(str(refused.capture), str(refused.keylog), ends=[f"branch={BRANCH}"])
    assert "branch takes nothing" in Session(capture_source(stated, files)).verdict().first


def test_identities_tell_the_ends_where_addresses_do_not(refused: Story, tmp_path: Path) -> None:
    files = []
    for file in (refused.branch, refused.hq):
        where = tmp_path / file.name
        where.write_text(file.read_text().replace(HQ, "%any").replace(BRANCH, "%any"))
        files.append(str(where))
    asked = Capture(str(refused.capture), str(refused.keylog))
    made = capture_source(asked, files)
    assert [lane.name for lane in made.lanes] == ["hq", "branch"]


@pytest.mark.parametrize("end", ["nobody=192.0.2.1", "hq=there", "hq", "hq=198.51.100.1"])
def test_an_end_that_cannot_be_meant_ends_with_2(refused: Story, run: Run, end: str) -> None:
    done = run("explore", *refused.arguments, "--end", end, "--exec", "last")
    assert done.code == 2 and "--end" in done.err


# ---- a capture is what happened


def test_nothing_else_can_be_done_in_it(refused: Story) -> None:
    made = opened(refused)
    made.first()
    for line in ("drop mm1", "power drops on", "take phase1.start", "inject mm1", "timer"):
        with pytest.raises(Refused):
            execute(made, line)
    with pytest.raises(Refused, match="what happened"):
        made.do(Lose("mm1", 1))
    assert len(made.tree.branches) == 1


def test_stepping_goes_along_and_back_to_the_same(refused: Story) -> None:
    made = opened(refused)
    made.first()
    seen = []
    while made.forward() is not None:
        seen.append((made.now.moment, made.verdict()))
    for moment, verdict in reversed(seen):
        assert (made.now.moment, made.verdict()) == (moment, verdict)
        made.back()
    assert made.now.parent is None and made.run() is Stop.OVER and made.now.event.name == "N"


def test_times_are_those_of_the_capture_since_its_first_message(refused: Story) -> None:
    made = opened(refused)
    shown = text(chart_lines(made, 100, UNICODE))
    assert "+0 s" in shown and "+70 ms" in shown


def test_changes_and_search_speak_of_the_ends(refused: Story) -> None:
    made = opened(refused)
    assert any("REFUSED" in line for line in execute(made, "changes").lines)
    execute(made, "find QM1")
    assert made.now.event.name == "QM1"
    execute(made, "writer initiator.identity")
    assert made.now.event.name == "MM5"


def test_a_resend_is_marked(tmp_path: Path) -> None:
    made = opened(story(tmp_path, secrets=("one", "another")))
    again = [node.event for node in made.rows() if node.event.again]
    assert [event.name for event in again] == ["MM5"] * 5 and "again" in again[0].says


def test_several_conversations_are_counted_and_chosen(refused: Story, tmp_path: Path) -> None:
    other = story(tmp_path, esp=("3des-sha1", "3des-sha1"))
    both = tmp_path / "both.pcap"
    head = 24
    second = other.capture.read_bytes()[head:].replace(first_cookie(other.capture), b"otherone")
    both.write_bytes(refused.capture.read_bytes() + second)
    first = capture_source(Capture(str(both)))
    assert "onversation 1 of 2 (--conversation N chooses another)" in first.about
    assert len(first.prepared.acts) == 8
    assert len(capture_source(Capture(str(both), conversation=2)).prepared.acts) == 9
    with pytest.raises(Refused, match="2 conversations"):
        capture_source(Capture(str(both), conversation=3))


def first_cookie(capture: Path) -> bytes:
    return capture.read_bytes()[24 + 16 + 28 :][:8]


# ---- keys


def test_r5_with_its_keys_a_capture_shows_what_was_proved(tmp_path: Path) -> None:
    keys, psk = tmp_path / "keys.txt", tmp_path / "psk.txt"
    keys.write_text(f"{' '.join(FACTS['cookies'])} G_XY {FACTS['gxy']}\n")
    psk.write_bytes(bytes.fromhex(FACTS["psk"]))
    file = CAPTURES / "ikev1-psk-main-mode-complete.pcapng"
    made = Session(capture_source(Capture(str(file), str(keys), str(psk))))
    made.last()
    assert made.verdict().badge == "ESTABLISHED"
    assert "HASH_I, HASH_R, HASH(1), HASH(2) and HASH(3) verified" in made.verdict().second
    shown = "\n".join(pane(made, name) for name in PANES if name != "axis")
    secrets = ("psk", "gxy", "skeyid", "skeyid_a", "skeyid_d", "skeyid_e", "enc_key")
    assert not any(FACTS[key] in shown for key in secrets)
    assert bytes.fromhex(FACTS["psk"]).decode() not in shown


def test_keys_that_open_nothing_are_the_first_problem(refused: Story, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.keys"
    lines = refused.keylog.read_text().splitlines()
    head = lines[0].rsplit(" ", 2)[0]
    wrong.write_text(f"{head} KEY {'5a' * 24}\n")
    made = Session(capture_source(Capture(str(refused.capture), str(wrong))))
    assert made.now.event.name == "MM5"
    assert "most likely the wrong key" in pane(made, "why")


def test_without_keys_the_outer_header_and_what_is_missing_are_shown(refused: Story) -> None:
    made = opened(refused, policies=False, keys=False)
    assert "4 not decrypted: --keylog FILE decrypts them" in made.source.about
    execute(made, "goto 7")
    shown = pane(made, "packet")
    assert "encrypted" in shown and "message id" in shown and "not decrypted" in shown


def test_no_key_and_no_secret_is_in_any_pane(refused: Story) -> None:
    values = [line.split()[3] for line in refused.keylog.read_text().splitlines()]
    made = opened(refused)
    shown = "\n".join(
        pane(made, name).replace(" ", "")
        for node in made.rows()
        if at(made, node)
        for name in PANES
    )
    assert values and not any(value in shown for value in values) and SECRET not in shown


def at(session: Session, node: Node) -> bool:
    session.go(node)
    return True


# ---- the packet


def test_a_field_is_linked_to_its_octets(refused: Story) -> None:
    made = opened(refused)
    execute(made, "goto 7")
    source = made.source
    assert isinstance(source, Captured)
    found = source.message(made.now.moment)
    assert found is not None
    packet = found.packet
    spi = next(field for field in packet.fields if field.name == "SPI")
    assert packet.octets[spi.start : spi.start + spi.size].hex() == spi.value
    while made.choose_field(1) != spi:
        assert made.field != len(packet.fields) - 1
    lines = pane_lines("packet", View(made, 100, UNICODE))
    marked = "".join(part for line in lines for part, role in line if role == "pick")
    assert marked.replace(" ", "").startswith(spi.value)


def test_fields_cover_every_octet_of_the_payloads(refused: Story) -> None:
    made = opened(refused)
    source = made.source
    assert isinstance(source, Captured)
    for node in made.rows()[1:]:
        found = source.message(node.moment)
        assert found is not None
        tops = [field for field in found.packet.fields if field.depth == 0]
        assert tops[0].size == HEADER_SIZE
        assert sum(field.size for field in tops) == len(found.packet.octets)
        for field in found.packet.fields:
            assert 0 <= field.start <= field.start + field.size <= len(found.packet.octets)


@pytest.mark.parametrize("rows", [4, 9, 18, 40])
def test_the_packet_keeps_to_the_room_that_there_is_and_shows_the_chosen_field(
    refused: Story, rows: int
) -> None:
    made = opened(refused)
    execute(made, "goto 7")
    for _ in range(30):
        made.choose_field(1)
        lines = pane_lines("packet", View(made, 76, UNICODE, rows=rows))
        assert len(lines) <= rows
        assert any("band" in role for line in lines for _, role in line)


# ---- captures of others


@pytest.mark.parametrize("file", ALL, ids=lambda x: x.name)
def test_every_shared_capture_opens_and_steps_or_says_what_it_has_instead(file: Path) -> None:
    if file.name in WITHOUT:
        with pytest.raises(PolicyError, match=WITHOUT[file.name]):
            capture_source(Capture(str(file)))
        return
    made = Session(capture_source(Capture(str(file))))
    made.first()
    messages = 0
    while made.forward() is not None:
        messages += 1
        assert made.now.event.kind is Kind.MESSAGE and made.verdict().first
        assert text(page(made, 100, UNICODE, tuple(PANES)))
    assert messages == MESSAGES[file.name]
    assert made.verdict().over or file.name == "isakmp4500.pcap"


def test_a_capture_without_ike_ends_with_2_and_one_sentence(run: Run) -> None:
    done = run("explore", "--capture", CAPTURES / "espudp1.pcap")
    assert done.code == 2 and not done.out and done.err.count("\n") <= 2
    assert "no IKEv1 message to step through: only 8 packets of ESP in UDP" in done.err


@pytest.mark.parametrize(
    "file", sorted((VECTORS / "malformed").glob("*.pcap")), ids=lambda x: x.name
)
def test_malformed_captures_open_or_say_why_not(run: Run, file: Path) -> None:
    done = run("explore", "--capture", file, "--exec", "last", "--format", "text")
    assert done.code == (0 if done.out else 2) and "Traceback" not in done.err


def test_control_characters_of_packets_are_in_no_line(tmp_path: Path, run: Run) -> None:
    file = hostile(tmp_path / "\x1b]0;OWNED\x07.pcap")
    made = Session(capture_source(Capture(str(file))))
    made.first()
    shown = []
    while made.forward() is not None:
        shown += [pane(made, name) for name in PANES]
        shown.append(text(page(made, 100, UNICODE)))
        shown += [str(value) for value in made.source.fields(made.now.moment).values()]
        shown += execute(made, "why").lines
        shown.append(made.source.title + made.source.about)
    assert len(shown) > 20 and any("OWNED" in item for item in shown)
    assert not any(UNSAFE.search(item) for item in shown)
    for form in ((), ("--format", "text")):
        done = run("explore", "--capture", file, "--exec", "step; why; changes; find OWNED", *form)
        assert not UNSAFE.search(done.out + done.err)
    assert UNSAFE.search(NASTY)


def test_the_source_itself_loads_nothing_that_reads_packets() -> None:
    code = (
        "import sys, explorer.session.captured, explorer.session.offers, explorer.session.session\n"
        "print([x for x in sys.modules if x.split('.')[0] in "
        "('impl', 'textual', 'rich', 'scapy', 'dpkt', 'z3', 'cryptography')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
