"""What the command line states of peers beside their files, one sheet alone, and logs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proofs.verify.log_lines import LOG_LINES, LogLine
from tests.explorer.conftest import EXAMPLE, Run

HQ, BRANCH = EXAMPLE / "hq" / "swanctl.conf", EXAMPLE / "branch" / "swanctl.conf"
PAIR = (HQ, BRANCH)


def test_a_nat_without_forwarded_ports_cannot_be_called(run: Run) -> None:
    done = run("verify", *PAIR, "--nat", "branch=198.51.100.7")
    assert done.code == 1
    assert "FAILS        hq -> branch   Phase I" in done.out
    assert "NAT" in done.out


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--nat", "nobody=198.51.100.7", "no peer 'nobody'"),
        ("--nat", "hq=there", "'there' is not an IP address"),
        ("--nat", "hq=198.51.100.7,maybe", "'maybe' is not known"),
        ("--version", "hq=1.0", "--version hq=1.0"),
        ("--strongswan-conf", "hq=missing.conf", "missing.conf"),
    ],
)
def test_a_wrong_statement_beside_the_files_ends_with_2(
    run: Run, option: str, value: str, words: str
) -> None:
    done = run("verify", *PAIR, option, value)
    assert done.code == 2
    assert words in done.err and not done.out


def test_strongswan_conf_decides_what_a_policy_leaves_open(run: Run, tmp_path: Path) -> None:
    for name, path in (("hq", HQ), ("branch", BRANCH)):
        text = path.read_text().replace("version = 1\n", "version = 1\n    aggressive = yes\n")
        (tmp_path / f"{name}.conf").write_text(text)
    stated = tmp_path / "strongswan.conf"
    stated.write_text(
        "charon {\n i_dont_care_about_security_and_use_aggressive_mode_psk = yes\n}\n"
    )
    pair = (tmp_path / "hq.conf", tmp_path / "branch.conf")
    refused = run("verify", *pair).out
    assert "rejects Aggressive Mode with a pre-shared key" in " ".join(refused.split())
    allowed = run("verify", *pair, *(f"--strongswan-conf={x}={stated}" for x in ("hq", "branch")))
    assert "rejects Aggressive Mode" not in " ".join(allowed.out.split())


def test_one_sheet_alone_is_described_and_nothing_is_called_up(run: Run) -> None:
    done = run("verify", HQ)
    assert done.code == 0
    assert "ESTABLISHED" not in done.out and "hq" in done.out


@pytest.mark.parametrize("item", [x for x in LOG_LINES if x.sure], ids=lambda x: x.example[:40])
def test_a_log_names_the_finding_that_a_line_means(run: Run, tmp_path: Path, item: LogLine) -> None:
    log = tmp_path / "charon.log"
    log.write_text(f"Nov 30 12:00:00 gw charon: 05[IKE] {item.example}\n")
    done = run("explain", "--log", log)
    assert done.code == 0
    assert item.finding in done.out


def test_verify_says_whether_a_log_shows_what_it_found(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "charon.log"
    log.write_text(
        "Nov 30 12:00:00 gw charon: 05[ENC] parsed QUICK_MODE request 1 [ HASH SA No ID ID ]\n"
        "Nov 30 12:00:00 gw charon: 05[IKE] no matching proposal found, sending NO_PROPOSAL_CHOSEN\n"
    )
    done = run("verify", *PAIR, "--log", log)
    assert done.code == 1
    assert "P2-PROPOSAL" in done.out and "charon.log" in done.out
    tree = json.loads(run("verify", *PAIR, "--log", log, "--format", "json").out)
    assert "P2-PROPOSAL" in json.dumps(tree["log"])
    alone = json.loads(run("verify", HQ, "--log", log, "--format", "json").out)
    assert alone["log"] == tree["log"]


def test_only_a_page_that_leaves_something_out_points_to_details(run: Run) -> None:
    for files in (PAIR, (HQ,)):
        assert "--details" in run("verify", *files).out
        assert "--details" not in run("verify", *files, "--details").out


def test_links_without_tried_changes_are_counted_and_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Changes were tried" not in run("verify", *PAIR).out
    monkeypatch.setattr("proofs.verify.pairs.MOST_READ", 0)
    for more in ((), ("--details",)):
        page = " ".join(run("verify", *PAIR, *more).out.split())
        assert "Changes were tried for 0 of 1 failing links" in page and "--link" in page
    tree = json.loads(run("verify", *PAIR, "--format", "json").out)
    assert tree["changes"] == {"tried_links": 0, "untried_links": [["hq", "branch"]]}


@pytest.mark.parametrize("width", [80, 100, 200])
def test_a_failing_pair_fits_15_lines_whatever_its_lists_and_no_change_is_broken(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    lists = {
        "hq": "aes256-sha384-ecp384, aes192-sha384-modp4096, camellia256-sha512-modp8192",
        "branch": "aes128-sha256-modp2048, aes128-sha1-modp1536, 3des-sha1-modp1024, aes128-md5-modp768",
    }
    for name, path in (("hq", HQ), ("branch", BRANCH)):
        lines = [
            f"    proposals = {lists[name]}" if x.strip().startswith("proposals =") else x
            for x in path.read_text().splitlines()
        ]
        (tmp_path / f"{name}.conf").write_text("\n".join(lines))
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.chdir(tmp_path)
    done = run("verify", "hq.conf", "branch.conf")
    assert done.code == 1
    assert len(done.out.splitlines()) <= 15
    assert any(line.strip().startswith("proposals = ") or "   proposals = " in line
               for line in done.out.splitlines())  # fmt: skip
    for line in done.out.splitlines():
        assert len(line) <= width or "proposals = " in line
    assert "\x1b[" not in done.out


def test_color_always_colours_a_pipe(run: Run) -> None:
    assert "\x1b[" in run("verify", *PAIR, "--color", "always").out
