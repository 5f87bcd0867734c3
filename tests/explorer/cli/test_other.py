"""The other commands, and what a bare `ikeproof` says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proofs.verify.catalogue import CATALOGUE
from tests.explorer.conftest import Run


def test_a_bare_ikeproof_prints_three_next_commands(run: Run) -> None:
    done = run()
    assert done.code == 0
    assert len([line for line in done.out.splitlines() if line.startswith("  ikeproof ")]) == 3


@pytest.mark.parametrize("id_", sorted(CATALOGUE))
def test_every_finding_is_explained(run: Run, id_: str) -> None:
    done = run("explain", id_.lower())
    assert done.code == 0 and id_ in done.out and "Fix:" in done.out and "Sources:" in done.out


def test_all_findings_are_listed_for_people_and_programs(run: Run) -> None:
    assert all(id_ in run("explain").out for id_ in CATALOGUE)
    tree = json.loads(run("explain", "--format", "json").out)
    assert tree["schema_version"] == 1
    assert [item["id"] for item in tree["findings"]] == list(CATALOGUE)


def test_the_schema_is_json_schema_of_native_policies(run: Run) -> None:
    tree = json.loads(run("schema").out)
    assert "rules" in tree["properties"] and "$defs" in tree


@pytest.mark.parametrize(
    ("shape", "expected"),
    [("markdown", "phase1.accept"), ("mermaid", "stateDiagram-v2"), ("dot", "digraph")],
)
def test_the_specification_prints_itself(run: Run, shape: str, expected: str) -> None:
    assert expected in run("spec", "--format", shape).out


def test_a_run_that_diverges_says_where_and_exits_with_4(run: Run, tmp_path: Path) -> None:
    run("verify", "--example", "psk-mismatch", "--runs", tmp_path)
    file = min(tmp_path.iterdir())
    lines = file.read_text().splitlines()
    steps = [number for number, line in enumerate(lines) if " phase1." in line]
    del lines[steps[1]]
    file.write_text("\n".join(lines) + "\n")
    done = run("replay", file)
    assert done.code == 4 and "diverged at step 2" in done.out
    tree = json.loads(run("replay", file, "--format", "json").out)
    assert tree["diverged_at"] == 2


def test_a_file_that_is_no_run_is_refused_with_its_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.run"
    file.write_text("hello\n")
    done = run("replay", file)
    assert done.code == 2 and "x.run:1" in done.err
