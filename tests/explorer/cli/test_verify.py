"""`ikeproof verify` as people and programs call it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from explorer.cli.peers import example_files, peer_names
from model.run import Run as SavedRun
from model.run import replay
from model.spec import specification
from tests.explorer.conftest import EXAMPLE, Run
from tests.interop.cases import filled
from tests.interop.sites import Kid, Secret, Site, text

PAIR = (EXAMPLE / "hq" / "swanctl.conf", EXAMPLE / "branch" / "swanctl.conf")
PHASE1_KEYS = ["outcome", "reason", "needs", "suite"]
SUITE1_KEYS = ["encryption", "hash", "group", "authentication"]
SUITE2_KEYS = ["protocol", "encryption", "integrity", "esn", "pfs_group", "mode"]
FINDING_KEYS = [
    "id", "severity", "place", "what", "mend", "others", "direction", "child", "edits",
    "see",
]  # fmt: skip
PAIR_KEYS = [
    "initiator", "responder", "phase1", "phase2", "without_sa", "overlap", "exposure",
    "assumptions", "findings",
]  # fmt: skip


def report(run: Run, *arguments: object) -> dict[str, Any]:
    done = run("verify", *arguments, "--format", "json")
    assert not done.err
    tree: dict[str, Any] = json.loads(done.out)
    return tree


def test_the_example_has_a_real_problem_in_one_direction(run: Run) -> None:
    done = run("verify", "--example", "branch-office")
    assert done.code == 1
    heads = re.findall(r"^(FAILS|ESTABLISHED) +(\S+) -> (\S+)", done.out, re.MULTILINE)
    assert heads == [("FAILS", "hq", "branch"), ("ESTABLISHED", "branch", "hq")]
    assert "  fix " in done.out and "proposal-p2" not in done.out
    assert "(proposal-p2)" in run("verify", "--example", "branch-office", "--details").out
    assert re.search(
        r"hq/swanctl\.conf:\d+ +esp_proposals = aes256-sha256, aes128-sha256", done.out
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [("branch-office", 1), ("psk-mismatch", 1), ("windows-2000", 0), ("lifetimes", 0)],
)
def test_every_shipped_example_ends_with_its_exit_code(run: Run, name: str, code: int) -> None:
    assert run("verify", "--example", name).code == code


def test_json_has_exactly_the_published_shape(run: Run) -> None:
    tree = report(run, *PAIR)
    assert list(tree) == ["schema_version", "peers", "pairs", "findings", "changes"]
    assert tree["schema_version"] == 1
    assert [list(item) for item in tree["peers"]] == [["name", "files", "profile"]] * 2
    for pair in tree["pairs"]:
        assert list(pair) == PAIR_KEYS
        assert list(pair["initiator"]) == list(pair["responder"]) == ["peer", "connection"]
        assert list(pair["phase1"]) == PHASE1_KEYS
        assert list(pair["phase1"]["suite"]) == SUITE1_KEYS
        for child in pair["phase2"]:
            assert list(child) == ["child", *PHASE1_KEYS, "selectors"]
            assert list(child["selectors"]) == ["initiator", "responder"]
            assert child["suite"] is None or list(child["suite"]) == SUITE2_KEYS
        assert list(pair["without_sa"]) == ["initiator", "responder"]
        assert list(pair["overlap"]) == ["supremum_seconds", "reached", "theorems"]
        assert list(pair["exposure"]) == ["seconds", "kilobytes", "theorems"]
        for item in pair["findings"]:
            assert list(item) == FINDING_KEYS


SITE = Site(id="$LOCAL_ID", peer_id="$REMOTE_ID")


def judged(
    run: Run, folder: Path, peer: list[Site], cmd: list[Site], *more: str, secret: str = "x"
) -> str:
    """What is printed of two files of these connections; the secret is the first one's."""
    files = []
    for side, sites, value in (("peer", peer, secret), ("cmd", cmd, "x")):
        files.append(folder / f"{side}.conf")
        files[-1].write_text(filled(text(sites, (Secret(value),)), side))
    return run("verify", *files, *more).out


@pytest.mark.parametrize(
    ("changed", "secret"),
    [
        ({"ike": "aes256-sha256-modp2048"}, "x"),
        ({}, "y"),
        ({"remote": "192.0.2.99"}, "x"),  # no responder one way, no connection the other way
        ({"peer_id": "other.rig.test"}, "x"),
        ({"kids": (Kid("net", "$LOCAL_NET", "$REMOTE_NET", "aes256-sha256"),)}, "x"),
        ({"kids": (Kid("net", "10.9.0.0/16", "$REMOTE_NET"),)}, "x"),
        ({"kids": (Kid("net", "$LOCAL_NET", "$REMOTE_NET", mode="transport"),)}, "x"),
        ({"more": "aggressive = yes"}, "x"),
    ],
)
def test_what_makes_both_directions_fail_is_one_error(
    run: Run, tmp_path: Path, changed: dict[str, Any], secret: str
) -> None:
    out = judged(run, tmp_path, [replace(SITE, **changed)], [SITE], secret=secret)
    assert len(re.findall(r"^FAILS", out, re.MULTILINE)) == 2
    assert re.search(r"^1 error,", out, re.MULTILINE), out


def test_two_faults_are_two_errors(run: Run, tmp_path: Path) -> None:
    kids = tuple(Kid(x, f"10.{n}.0.0/16", "$REMOTE_NET") for n, x in enumerate(("net", "two")))
    theirs = [replace(x, local=x.remote, remote=x.local, esp="aes256-sha256") for x in kids]
    out = judged(run, tmp_path, [replace(SITE, kids=kids)], [replace(SITE, kids=tuple(theirs))])
    assert re.search(r"^2 errors,", out.replace("$", ""), re.MULTILINE), out


@pytest.mark.parametrize("remote", ["198.51.100.7", "%any"])
def test_a_connection_that_is_not_loaded_is_why_its_direction_fails(
    run: Run, tmp_path: Path, remote: str
) -> None:
    bad = replace(SITE, ike="AES128-sha256-modp2048")
    out = judged(
        run,
        tmp_path,
        [bad, replace(SITE, name="c2", remote=remote, ike="3des-sha1-modp1024")],
        [SITE],
    )
    assert len(re.findall(r"^FAILS", out, re.MULTILINE)) == 2
    assert out.count("peer does not load its connection rig: unknown algorithm 'AES128'") == 2
    assert not re.search(r"mend +\S+ +(remote_addrs|proposals)", out)


def test_a_connection_that_is_not_loaded_is_not_to_blame_where_another_is_for_the_peer(
    run: Run, tmp_path: Path
) -> None:
    bad = replace(SITE, name="old", ike="AES128-sha256-modp2048")
    out = judged(run, tmp_path, [bad, replace(SITE, ike="3des-sha1-modp1024")], [SITE])
    assert "does not load" not in out and "peer sends" in out


def test_extended_sequence_numbers_are_in_the_suite(run: Run, tmp_path: Path) -> None:
    for word in ("", "-esn"):
        kid = Kid("net", "$LOCAL_NET", "$REMOTE_NET", f"aes128-sha256{word}")
        site = replace(SITE, kids=(kid,))
        tree = json.loads(judged(run, tmp_path, [site], [site], "--format", "json"))
        assert [x["phase2"][0]["suite"]["esn"] for x in tree["pairs"]] == [bool(word)] * 2


def test_json_says_what_text_says(run: Run) -> None:
    one, other = report(run, *PAIR)["pairs"]
    assert one["phase2"][0]["outcome"] == "fails" and one["phase2"][0]["reason"] == "proposal-p2"
    assert one["without_sa"] == {"initiator": "clear", "responder": "dropped"}
    suite = other["phase2"][0]["suite"]
    assert (suite["encryption"], suite["integrity"], suite["mode"]) == (
        "aes128",
        "sha256",
        "tunnel",
    )


@pytest.mark.parametrize(
    ("example", "threshold", "code"),
    [
        ("windows-2000", "error", 0),
        ("windows-2000", "warning", 1),
        ("windows-2000", "note", 1),
        ("branch-office", "error", 1),
    ],
)
def test_fail_on_decides_the_exit_code(run: Run, example: str, threshold: str, code: int) -> None:
    assert run("verify", "--example", example, "--fail-on", threshold).code == code


def test_what_is_missing_is_named_and_the_exit_code_is_3(run: Run, pair: tuple[Path, Path]) -> None:
    file = pair[0]
    file.write_text(re.sub(r"    (esp_)?proposals = .*", "", file.read_text()))
    done = run("verify", *pair)
    assert done.code == 3
    assert "UNDECIDED" in done.out and "needs" in done.out and "give --version" in done.out


def test_a_profile_can_be_chosen_for_a_peer(run: Run) -> None:
    tree = report(run, *PAIR, "--profile", "hq=windows2000")
    assert [item["profile"] for item in tree["peers"]] == ["windows2000", "charon"]
    # It offers every combination, so that the pair comes up.
    assert tree["pairs"][0]["phase2"][0]["outcome"] == "established"


def test_links_say_which_of_many_are_pairs(run: Run, tmp_path: Path) -> None:
    third = tmp_path / "third.conf"
    third.write_bytes(PAIR[1].read_bytes())
    tree = report(run, *PAIR, third, "--link", "hq=branch", "--link", "hq=third")
    ways = [(item["initiator"]["peer"], item["responder"]["peer"]) for item in tree["pairs"]]
    assert ways == [("hq", "branch"), ("branch", "hq"), ("hq", "third"), ("third", "hq")]


def test_peers_are_named_by_file_or_folder() -> None:
    assert peer_names(["hq/swanctl.conf", "branch.conf"]) == ["hq", "branch"]
    assert peer_names(["a/gate.toml", "b/gate.toml"]) == ["a", "b"]
    assert len(set(peer_names(["x.conf", "x.conf"]))) == 2


def test_saved_runs_replay_and_hold_no_secret(run: Run, tmp_path: Path) -> None:
    done = run("verify", "--example", "psk-mismatch", "--runs", tmp_path / "runs")
    files = sorted((tmp_path / "runs").iterdir())
    assert len(files) == 2 and all(str(file) in done.err for file in files)
    for file in files:
        text = file.read_text()
        assert replay(specification(), SavedRun.parse(text)).diverged_at is None
        assert run("replay", file).code == 0
    secrets = {
        line.split("=", 1)[1].strip().strip('"')
        for name in example_files("psk-mismatch")
        for line in Path(name).read_text().splitlines()
        if line.strip().startswith("secret =")
    }
    assert len(secrets) == 2
    for text in (done.out, done.err, *(file.read_text() for file in files)):
        assert not any(secret in text for secret in secrets)
