"""Running the command line in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from explorer.cli import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "branch-office"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `ikeproof` with these arguments."""

    def go(*arguments: object) -> Done:
        code = main([str(item) for item in arguments])
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return go


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A copy of a shipped pair that may be spoiled: hq.conf, branch.conf."""
    files = []
    for name in ("hq", "branch"):
        file = tmp_path / f"{name}.conf"
        file.write_bytes((EXAMPLE / name / "swanctl.conf").read_bytes())
        files.append(file)
    return files[0], files[1]
