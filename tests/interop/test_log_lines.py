"""The table of charon's log lines is what runs showed."""

from __future__ import annotations

import json
import re

import pytest

from tests.interop.log_lines import LOGS, PATTERNS
from tests.interop.records import all_cases

ROWS = json.loads(LOGS.read_text())["lines"]


def test_every_pattern_was_seen_in_a_run() -> None:
    kept = [(row["finding"], row["end"], row["pattern"]) for row in ROWS]
    assert kept == [item[:3] for item in PATTERNS], "python -m tests.interop.records --live"
    assert {row["case"] for row in ROWS} <= {case.name for case in all_cases()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['finding']} {row['pattern'][:30]}")
def test_a_pattern_matches_its_line(row: dict[str, str]) -> None:
    assert re.search(row["pattern"], row["line"])
    assert row["seen_with"]
