"""Known answers: the team's newest, or the copy that is kept here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "vectors"
VECTORS = SHARED if SHARED.is_dir() else ROOT / "tests" / "data" / "vectors"


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Any]:
    """A file of known answers by name, read as JSON."""

    def read(name: str) -> Any:
        return json.loads((VECTORS / name).read_text("utf-8"))

    return read
