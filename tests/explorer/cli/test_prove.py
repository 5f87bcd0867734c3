"""`ikeproof prove`: verdicts for people and programs, clear words for wrong questions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from model.promises import promises
from tests.explorer.conftest import Run

ROOT = Path(__file__).resolve().parents[3]


def test_one_promise_is_proved_and_said_in_one_line(run: Run) -> None:
    done = run("prove", "answer_stops_fallback", "--jobs", "1")
    heading, first, last = done.out.splitlines()
    assert heading.startswith("any policies")
    assert done.code == 0 and first.startswith("proved (z3+cvc5)") and "R8" in first
    assert last.startswith("1 of 1 promises proved")


def test_json_has_the_promised_shape(run: Run) -> None:
    done = run("prove", "resends_are_bounded", "--format", "json")
    tree = json.loads(done.out)
    assert tree["schema_version"] == 1 and tree["mutants"] is None
    (promise,) = tree["promises"]
    assert {"name", "profile", "requirements", "verdict", "solvers", "seconds", "run"} <= set(
        promise
    )
    assert promise["solvers"] == ["z3", "cvc5"]
    assert promise["run"] is None


def test_a_profile_is_a_column_that_says_where_exceptions_are_needed(
    run: Run, tmp_path: Path
) -> None:
    asked = ("prove", "alternatives_only_where_needed", "--profile", "all")
    done = run(*asked, "--runs", tmp_path)
    assert done.code == 0 and "windows2000          charon" in done.out
    assert "proved (z3+cvc5)  exception needed     no exception needed" in done.out
    # The run that shows it is one of the specification.
    (file,) = tmp_path.glob("*.run")
    assert file.name == "alternatives_only_where_needed-windows2000.run"
    assert run("replay", file).code == 0
    (promise,) = json.loads(run(*asked, "--format", "json").out)["promises"]
    cells = promise["without_exceptions"]
    assert {name: cell["verdict"] for name, cell in cells.items()} == {
        "windows2000": "breaks",
        "charon": "holds",
    }


def test_certificates_are_files_that_a_solver_alone_can_check(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    assert run("prove", "answer_stops_fallback", "--certificates", folder).code == 0
    files = sorted(folder.rglob("*.smt2"))
    assert any(path.parent.name == "answer_stops_fallback" for path in files)
    assert not list(folder.rglob("*.part"))
    text = files[0].read_text()
    assert "must be unsatisfiable" in text and text.rstrip().endswith("(check-sat)")


def test_weaknesses_come_with_runs_that_replay(run: Run, tmp_path: Path) -> None:
    done = run("prove", "kerberos_names_stay_hidden", "--weaknesses", "--runs", tmp_path)
    assert done.code == 0 and "breaks with kerberos" in done.out
    (file,) = tmp_path.glob("*.run")
    assert run("replay", file).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no_such_promise"], "unknown promise"),
        (["no_downgrad"], "no_downgrade"),
        (["--attacker", "wishes"], "powers are drops"),
        (["--profile", "netware"], "windows2000"),
        (["no_downgrade", "--certificates", "/dev/null/x"], "cannot write certificates"),
    ],
)
def test_a_wrong_question_is_one_clear_line(run: Run, arguments: list[str], said: str) -> None:
    done = run("prove", *arguments)
    assert done.code == 2 and said in done.err and len(done.err.splitlines()) == 1


def test_ctrl_c_leaves_what_was_proved_and_no_traceback() -> None:
    command = [sys.executable, "-u", "ikeproof.py", "prove", *list(promises())[:60], "--jobs", "2"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        heading, first = process.stdout.readline(), process.stdout.readline()
        assert heading.startswith("any policies")
        os.killpg(process.pid, signal.SIGINT)
        rest, said = process.stdout.read(), process.stderr.read()
    assert first.startswith("proved")
    if process.returncode == 130:  # else it was done before the signal came
        assert "not reached" in rest and "interrupted" in said
    assert "Traceback" not in said + rest
