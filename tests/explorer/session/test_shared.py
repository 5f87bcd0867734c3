"""Saved sessions and tokens: the same session again, or where it no longer is the same."""

from __future__ import annotations

import base64
import os
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.session.commands import execute, lines_of
from explorer.session.commands.script import executed
from explorer.session.moments import Refused
from explorer.session.scenarios import SCENARIOS, scenario
from explorer.session.session import Session
from explorer.session.shared import Saved, again, parse, parse_token, text_of, token_of
from explorer.session.tree import Node
from tests.explorer.conftest import EXAMPLE, Run

#: none of them looks at promises, which take long to load; the scripts of scenarios do
COMMANDS = ["step", "step 3", "step 99", "step 12", "drop mm5 x2", "drop", "duplicate", "later", "earlier", "timer",
            "until 20s", "until 1.5s", "back", "back 2", "goto 3", "goto 99", "goto 4 baseline", "first", "last",
            "power forges on", "power alters", "choose 1", "choose 3", "choose 5", "expire 1", "inject mm1", "mark a",
            "jump a", "find state:awaits_mm6", "break message mm5", "breaks clear", "reverse",
            "branch name other way", "branch baseline", "clear-rule", "take phase1.initiator_deletes"]  # fmt: skip
#: moves that no command makes: a press of the mouse, the presenter
BY_HAND = ["go", "forward", "forward twice"]


def opened(name: str = "main-psk") -> Session:
    made = Session(scenario(name).source())
    made.origin = f"scenario {name}"
    made.log.begin()
    return made


def nodes(session: Session) -> list[Node]:
    found = [session.tree.numbered(n) for n in range(session.tree.count)]
    return [node for node in found if node is not None]


def same(one: Session, other: Session) -> None:
    """Equal trees, cursors, lines, marks and stops."""
    assert [n.moment for n in nodes(one)] == [n.moment for n in nodes(other)]
    assert [n.event for n in nodes(one)] == [n.event for n in nodes(other)]
    assert [n.branch for n in nodes(one)] == [n.branch for n in nodes(other)]
    assert one.now.number == other.now.number
    assert [n.number for n in one.rows()] == [n.number for n in other.rows()]
    assert {k: n.number for k, n in one.marks.items()} == {
        k: n.number for k, n in other.marks.items()
    }
    assert one.breakpoints == other.breakpoints


def tried(session: Session, line: str, number: int) -> None:
    if line == "go":
        node = session.tree.numbered(number % session.tree.count)
        assert node is not None
        session.go(node)
    elif line in BY_HAND:
        for _ in range(2 if line.endswith("twice") else 1):
            session.forward()
    else:
        try:
            execute(session, line)
        except Refused:
            return


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["main-psk", "fall-back", "reflected-quick", "quick-pfs"]),
    st.lists(st.tuples(st.sampled_from(COMMANDS + BY_HAND), st.integers(0, 60)), max_size=14),
)
def test_what_was_saved_is_the_same_session_again(name: str, lines: list[tuple[str, int]]) -> None:
    made = opened(name)
    for line, number in lines:
        tried(made, line, number)
    text = text_of(made)
    other = opened(name)
    again(other, parse(text, "saved"))
    assert other.diverged is None, (other.diverged, text)
    same(made, other)
    assert text_of(other) == text
    assert parse_token(token_of(made)) == parse(text, "token")


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_script_of_every_scenario_is_saved_and_done_again(name: str) -> None:
    made, other = opened(name), opened(name)
    for _ in executed(made, lines_of(scenario(name).script or "run")):
        pass
    again(other, parse_token(token_of(made)))
    assert other.diverged is None
    same(made, other)


def test_a_command_that_is_refused_half_way_is_saved_as_what_it_did() -> None:
    made = opened()
    with pytest.raises(Refused):
        execute(made, "step 99")
    assert made.tree.count > 5
    other = opened()
    again(other, parse(text_of(made), "saved"))
    same(made, other)


def test_it_stops_where_a_command_no_longer_does_what_it_did() -> None:
    made = opened()
    for line in ("step 4", "drop mm5", "run"):
        execute(made, line)
    text = text_of(made).replace("assert step=12", "assert step=6", 1)
    assert text != text_of(made)
    other = opened()
    again(other, parse(text, "saved"))
    assert other.diverged is not None and "expected step=6, but it is step" in other.diverged[1]
    verdict = other.verdict()
    assert verdict.badge == "DIVERGED" and other.diverged[1] in verdict.first
    assert other.now.number == made.now.number, "it shows where it stopped"


def test_another_version_of_the_specification_is_named_where_it_differs() -> None:
    made = opened()
    execute(made, "run")
    saved = parse(text_of(made), "saved")
    fine, other = opened(), opened()
    again(fine, Saved(saved.specification, "000000000000", saved.source, saved.lines))
    assert fine.diverged is None, "every command still does what it did"
    gone = ((6, "take phase1.no_such_action"), *saved.lines)
    again(other, Saved(saved.specification, "000000000000", saved.source, gone))
    assert other.diverged is not None
    assert other.diverged[1].startswith("saved with another version of the specification: line 6")


def test_only_commands_that_change_the_session_are_in_it() -> None:
    made = opened()
    for line in ("run", "why", "choices", "assert ESTABLISHED", "peers", "token"):
        execute(made, line)
    assert [entry.line for entry in made.log.entries()] == ["run"]


@pytest.mark.parametrize(
    "line", ["export svg x.svg", "save x.ikex", "token", "quit", "nonsense", "'"]
)
def test_a_saved_session_holds_nothing_that_writes_files(line: str) -> None:
    text = text_of(opened()) + line + "\n"
    with pytest.raises(Refused, match="saved:6"):
        parse(text, "saved")


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda x: x.decode("latin-1")))
def test_garbage_is_refused_as_a_file_and_as_a_token(text: str) -> None:
    with pytest.raises(Refused):
        parse(text, "f")
    for token in (text, f"ikex1:{text}"):
        with pytest.raises(Refused):
            parse_token(token)


@given(st.integers(0, 10_000), st.characters(codec="ascii"))
def test_a_token_with_a_wrong_letter_is_refused_or_means_the_same(at: int, letter: str) -> None:
    token = token_of(opened())
    at %= len(token)
    spoiled = token[:at] + letter + token[at + 1 :]
    try:
        found = parse_token(spoiled)
    except Refused:
        return
    assert found == parse_token(token)


def test_a_token_that_unpacks_to_far_too_much_is_refused() -> None:
    packed = zlib.compress(b"#" * 50_000_000, 9)
    with pytest.raises(Refused):
        parse_token("ikex1:" + base64.urlsafe_b64encode(packed).decode())


# ---- on the command line


def test_a_file_and_a_token_open_on_the_command_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "lost.ikex"
    script = f"drop mm5 x6; run; save {file}; token"
    done = run("explore", "--scenario", "main-psk", "--exec", script)
    token = next(line for line in done.out.splitlines() if line.startswith("ikex1:"))
    for what in (file, token):
        assert run("explore", what, "--exec", "assert FAILED; assert time=+30s").code == 0


def test_policies_are_named_in_a_token_and_read_again(run: Run) -> None:
    pair = (EXAMPLE / "hq" / "swanctl.conf", EXAMPLE / "branch" / "swanctl.conf")
    options = ("--finding", "P2-PROPOSAL", "--profile", "branch=charon")
    done = run("explore", *pair, *options, "--exec", "back 2; token")
    token = next(line for line in done.out.splitlines() if line.startswith("ikex1:"))
    source = parse_token(token).source
    assert source.startswith("policies ") and source.endswith("--profile branch=charon")
    again_ = run("explore", token, "--exec", "")
    assert again_.code == 0 and "step 7 of" in again_.out


def test_a_session_that_diverged_ends_with_4(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.ikex"
    run("explore", "--scenario", "main-psk", "--exec", f"run; save {file}")
    file.write_text(file.read_text().replace("outcome=ESTABLISHED", "outcome=FAILED"))
    done = run("explore", file, "--exec", "")
    assert done.code == 4 and "DIVERGED" in done.out
    assert "expected outcome=FAILED, but it is ESTABLISHED" in done.err


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"ikeproof-session 2\n\n", b"ikeproof-session 1\nseed none\n\nrun\n",
     b"ikeproof-session 1\nspecification ike x\nsource run x.ikex\nseed none\n\n",
     b"ikeproof-session 1\nspecification ike x\nsource scenario nope\nseed none\n\n",
     b"ikeproof-session 1\nspecification ike x\nsource policies 'a\nseed none\n\n",
     b"ikeproof-session 1\nspecification ike x\nsource run /nonexistent.run\nseed none\n\n",
     b"ikeproof-session 1\nspecification ike x\nsource policies --nat\nseed none\n\n"],
)  # fmt: skip
def test_a_wrong_file_gives_one_line_of_error(run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.ikex"
    file.write_bytes(content)
    done = run("explore", file, "--exec", "")
    assert done.code == 2 and not done.out
    assert len(done.err.strip().splitlines()) == 1 and done.err.startswith("error: ")


def test_a_wrong_token_gives_one_line_of_error(run: Run) -> None:
    done = run("explore", "ikex1:abc", "--exec", "")
    assert done.code == 2 and len(done.err.strip().splitlines()) == 1


def test_a_file_is_written_whole_or_not_at_all(run: Run, tmp_path: Path) -> None:
    policy = tmp_path / "hq.conf"
    policy.write_text("keep me")
    for script in (f"export svg {policy}", f"save {tmp_path}/none/x.ikex", "export svg /dev/full"):
        done = run("explore", "--scenario", "main-psk", "--exec", script)
        assert done.code == 2 and "cannot write" in done.err
    assert policy.read_text() == "keep me" and os.listdir(tmp_path) == ["hq.conf"]
    for _ in range(2):  # a picture of the same kind is replaced
        assert (
            run("explore", "--scenario", "main-psk", "--exec", f"export svg {tmp_path}/x.svg").code
            == 0
        )
    assert sorted(os.listdir(tmp_path)) == ["hq.conf", "x.svg"]
