"""Two policies in the explorer: what fails first, and each finding that a run shows."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.cli.explore import opened_line
from explorer.view.explore.panes import PANES, pane_lines
from explorer.view.explore.spans import ASCII, UNICODE
from explorer.view.explore.view import View
from proofs.verify.catalogue import CATALOGUE
from proofs.verify.seen import SEEN, How
from tests.explorer.conftest import EXAMPLE, ROOT, Run

HQ, BRANCH = EXAMPLE / "hq" / "swanctl.conf", EXAMPLE / "branch" / "swanctl.conf"
#: pairs that are opened each time; the others are slow tests
OFTEN = ("branch-office", "lifetimes", "dial-in-gateway")
EXAMPLES = sorted(x.parent.name for x in (ROOT / "examples").glob("*/pair"))
#: what a run of each kind can show, as badges
BADGES = {
    How.OUTCOME: {"FAILED", "UNDER WAY"},
    How.SILENCE: {"FAILED", "IN CLEAR"},
    How.OVERLAP: {"OVERLAP"},
    How.EXPOSURE: {"ESTABLISHED"},
    How.IDENTITY: {"BROKEN", "UNDER WAY"},
}


def spoiled(folder: Path, hq: tuple[str, str], branch: tuple[str, str] = ("", "")) -> list[Path]:
    """The pair of branch-office, with a text replaced at each end."""
    files = []
    for name, path, (old, new) in (("hq", HQ, hq), ("branch", BRANCH, branch)):
        text = path.read_text()
        assert old in text
        (folder / f"{name}.conf").write_text(text.replace(old, new) if old else text)
        files.append(folder / f"{name}.conf")
    return files


AGGRESSIVE = ("version = 1\n", "version = 1\n    aggressive = yes\n")
GIVEN: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "other-identity": (("id = hq.example.com", "id = other.example.com"), ("", "")),
    "aggressive": (AGGRESSIVE, AGGRESSIVE),
    "transport": (("local_ts", "mode = transport\n        local_ts"), ("", "")),
    "modes": (AGGRESSIVE, ("", "")),
    "nobody": (("remote_addrs = 192.0.2.2", "remote_addrs = 192.0.2.9"), ("", "")),
    "one-quick-mode": (("esp_proposals = ", "esp_proposals = aes128-sha256-modp2048, "), ("", "")),
}


@pytest.fixture(params=[*EXAMPLES, *GIVEN])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    if request.param in GIVEN:
        return [str(x) for x in spoiled(tmp_path, *GIVEN[request.param])]
    folder = ROOT / "examples" / request.param
    return [str(folder / line) for line in (folder / "pair").read_text().split()]


def found(run: Run, *arguments: object) -> Iterator[dict[str, str | None]]:
    tree = json.loads(run("verify", *arguments, "--format", "json").out)
    for item in tree["findings"]:
        yield item
    for item in tree["pairs"]:
        yield from item["findings"]


def test_every_printed_command_runs_and_shows_what_the_finding_says(
    run: Run, pair: list[str]
) -> None:
    commands = {}
    for item in found(run, *pair):
        if item["see"] is not None:
            commands[item["see"]] = item
    assert commands or "nobody" in str(pair)
    for command, item in commands.items():
        words = shlex.split(command)
        assert words[:2] == ["ikeproof", "explore"]
        done = run(*words[1:], "--exec", "")
        assert done.code == 0, done.err
        lines = done.out.splitlines()
        assert any(f" {badge} " in lines[2] for badge in BADGES[SEEN[str(item["id"])]]), lines[2]
        assert lines[0].strip().startswith("PAIR")
        assert any(line.startswith("►") for line in lines), "it opens at an event"


def test_no_other_finding_prints_a_command_or_opens(run: Run, pair: list[str]) -> None:
    with_command = {item["id"] for item in found(run, *pair) if item["see"] is not None}
    assert with_command <= set(SEEN)
    for name in {item["id"] for item in found(run, *pair)} - with_command:
        done = run("explore", *pair, "--finding", name, "--exec", "")
        assert done.code == 2 and f"no run shows {name}" in done.err


def test_details_print_each_command_once_and_no_other(run: Run, pair: list[str]) -> None:
    wanted = {item["see"] for item in found(run, *pair) if item["see"] is not None}
    page = run("verify", *pair, "--details").out
    printed = [
        x.partition("ikeproof explore")[2] for x in page.splitlines() if "ikeproof explore" in x
    ]
    assert len(printed) == len(set(printed))
    assert {f"ikeproof explore{x}" for x in printed} <= wanted
    of = {item["id"] for item in found(run, *pair) if item["see"] is not None}
    assert {shlex.split(x)[shlex.split(x).index("--finding") + 1] for x in printed} == of


def test_the_table_names_findings_of_the_catalogue() -> None:
    assert set(SEEN) <= set(CATALOGUE)
    outcomes = {x for x in CATALOGUE if x.startswith(("P1-", "P2-"))}
    assert outcomes - set(SEEN) == {"P1-NO-RESPONDER", "P1-NO-CONNECTION", "P2-NEVER-OFFERED"}


def test_a_failing_pair_opens_where_it_fails_and_the_verdict_says_why(run: Run) -> None:
    done = run("explore", HQ, BRANCH, "--exec", "")
    assert done.code == 0
    page = " ".join(done.out.split())
    assert "hq -> branch, child net step 9 of 10" in page and "hq 192.0.2.1" in page
    assert "Quick Mode failed: no common proposal." in page
    assert "hq sends only the first algorithm of each kind" in page


def test_a_pair_that_comes_up_opens_at_its_start_and_enter_walks_through(run: Run) -> None:
    done = run(
        "explore", "--example", "lifetimes", "--exec", "assert START; run; assert ESTABLISHED"
    )
    assert done.code == 0


def test_r20_an_overlap_is_seen_on_the_time_axis_to_its_last_second(run: Run) -> None:
    done = run("explore", "--example", "lifetimes", "--finding", "OVERLAP", "--format", "text")
    page = " ".join(done.out.split())
    assert "OVERLAP" in page and "1 h 59 min 59 s" in page and "less than 2 h" in page
    assert "SA pair 2 lasts 1 h 59 min 59 s longer than Phase I" in page


def test_r8_clear_text_is_seen_after_every_sending_is_lost(run: Run) -> None:
    done = run(
        "explore", "--example", "windows-2000", "--finding", "CLEAR-AFTER-SILENCE", "--exec", ""
    )
    assert done.out.count(" of 6 ┊") == 6 and "IN CLEAR" in done.out


def test_without_an_exchange_it_is_said_what_verify_says(run: Run, tmp_path: Path) -> None:
    files = spoiled(tmp_path, *GIVEN["nobody"])
    done = run("explore", *files, "--exec", "")
    assert done.code == 2 and not done.out
    assert "no exchange to step through" in done.err
    assert "Phase I fails" in done.err


def test_an_undecided_pair_is_refused_with_what_is_missing(run: Run, tmp_path: Path) -> None:
    text = BRANCH.read_text()
    line = next(x for x in text.splitlines() if x.strip().startswith("proposals ="))
    (tmp_path / "branch.conf").write_text(text.replace(line, "    proposals = default"))
    done = run("explore", HQ, tmp_path / "branch.conf", "--exec", "")
    told = run("verify", HQ, tmp_path / "branch.conf")
    assert "UNDECIDED" in told.out and done.code == 2
    assert "undecided" in done.err and "missing" in done.err


def test_what_the_command_line_says_of_a_peer_is_part_of_the_command(run: Run) -> None:
    stated = ("--nat", "branch=198.51.100.7,forwarded")
    commands = [x["see"] for x in found(run, HQ, BRANCH, *stated) if x["see"]]
    assert commands and all(" --nat branch=198.51.100.7,forwarded" in str(x) for x in commands)
    for command in commands:
        assert run(*shlex.split(str(command))[1:], "--exec", "").code == 0


def test_a_run_that_verify_saves_is_of_this_version_of_the_specification(
    run: Run, tmp_path: Path
) -> None:
    run("verify", HQ, BRANCH, "--runs", tmp_path)
    for file in tmp_path.glob("*.run"):
        done = run("replay", file)
        assert done.code == 0 and "another version" not in done.out


def test_of_many_peers_the_command_names_the_two(run: Run, tmp_path: Path) -> None:
    third = tmp_path / "third.conf"
    third.write_text(HQ.read_text())
    more = ("--link", "hq=branch", "--link", "third=branch")
    commands = {str(x["see"]) for x in found(run, HQ, BRANCH, third, *more) if x["see"]}
    assert any("third.conf" in x for x in commands) and any(str(HQ) in x for x in commands)
    for command in commands:
        assert run(*shlex.split(command)[1:], "--exec", "").code == 0


def test_of_two_children_the_command_names_the_one(run: Run, tmp_path: Path) -> None:
    files = []
    for name, path in (("hq", HQ), ("branch", BRANCH)):
        text = path.read_text()
        begin = text.index("net {")
        body = text[begin : text.index("}", begin) + 1]
        other = body.replace("net {", "lan {").replace("10.1.", "10.3.").replace("10.2.", "10.4.")
        (tmp_path / f"{name}.conf").write_text(text.replace(body, f"{body}\n{other}"))
        files.append(tmp_path / f"{name}.conf")
    commands = [str(x["see"]) for x in found(run, *files) if x["id"] == "P2-PROPOSAL" and x["see"]]
    assert len(commands) == 2 and commands[1].endswith("--child lan")
    assert "child lan" in run(*shlex.split(commands[1])[1:], "--exec", "").out


def test_a_finding_that_is_not_there_is_refused_with_those_that_are(run: Run) -> None:
    done = run("explore", HQ, BRANCH, "--finding", "P1-PSK", "--exec", "")
    assert done.code == 2 and "no finding P1-PSK" in done.err and "P2-PROPOSAL" in done.err


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
def test_the_chart_of_two_policies_says_whose_intervals_it_has(size: tuple[int, int]) -> None:
    from explorer.cli.explore import Asked, opened
    from tests.explorer.tui.screens import drawn

    said = "resends are 3 s apart here, whatever the implementation does"
    found = drawn(opened(Asked(example="branch-office")), ["4"], size)
    assert any("0 Chart" in line and said in line for line in found.lines)
    scenario = drawn(opened(Asked(scenario="main-psk")), ["4"], size)
    assert said not in scenario.text


def test_the_text_of_two_policies_says_it_too(run: Run) -> None:
    done = run("explore", "--example", "branch-office", "--exec", "timers")
    assert done.out.count("resends are 3 s apart") == 2  # below the timers, and below the chart


def _seen(told: object) -> Iterator[str]:
    """The commands that `verify` prints for findings, in its JSON."""
    if isinstance(told, dict):
        for key, value in told.items():
            yield from [value] if key == "see" and value else _seen(value)
    elif isinstance(told, list):
        for value in told:
            yield from _seen(value)


def _files(folder: Path) -> list[str]:
    return [str(x) for pattern in ("*/*.conf", "*/*.toml") for x in sorted(folder.glob(pattern))]


PAIRS = [
    pytest.param(folder, id=folder.name, marks=[] if folder.name in OFTEN else [pytest.mark.slow])
    for parent in (ROOT / "examples", ROOT / "tests" / "data" / "cases")
    for folder in sorted(parent.iterdir())
    if folder.is_dir() and len(_files(folder)) == 2
]


@pytest.mark.parametrize("folder", PAIRS)
def test_every_command_that_verify_prints_opens_and_all_panes_can_be_drawn_on_the_way(
    run: Run, folder: Path
) -> None:
    told = json.loads(run("verify", *_files(folder), "--format", "json").out)
    for line in {item.partition("--finding")[2]: item for item in _seen(told)}.values():
        words = shlex.split(line)
        made = opened_line(shlex.join(["policies", *words[2:]]))
        assert made.verdict().first and made.why()
        made.first()
        while True:
            for name in PANES:
                for columns, glyphs in ((40, UNICODE), (76, ASCII)):
                    for alone in (False, True):
                        assert pane_lines(name, View(made, columns, glyphs, alone=alone))
            if made.now.depth > 20 or made.forward() is None:
                break


def test_aggressive_mode_of_two_policy_files_is_stepped_through(run: Run, tmp_path: Path) -> None:
    files = spoiled(tmp_path, AGGRESSIVE, AGGRESSIVE)
    option = "i_dont_care_about_security_and_use_aggressive_mode_psk"
    (tmp_path / "allows").write_text(f"charon {{\n  {option} = yes\n}}\n")
    allows = [
        x
        for name in ("hq", "branch")
        for x in ("--strongswan-conf", f"{name}={tmp_path / 'allows'}")
    ]
    script = "goto 2; why am3; drop am2; why am3; run; run; states"
    done = run("explore", *files, *allows, "--exec", script)
    assert done.code == 0 and "AM2 lost" in done.out and "AM1  again" in done.out
    assert "Aggressive Mode message 2 has not arrived: lost." in done.out
    assert "Aggressive Mode message 2 is on its way." in done.out
    assert "AGGRESSIVE MODE" in done.out
    refused = run("explore", *files, "--finding", "P1-EXCHANGE-MODE", "--exec", "states")
    assert refused.code == 0 and "FAILED" in refused.out
