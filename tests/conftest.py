"""Readers, peers and pairs for all tests."""

from __future__ import annotations

import datetime
import fnmatch
import os
import posixpath
import string
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from model.formats import load
from model.formats.reader import ReadError
from model.vocabulary.outcomes import Report
from model.vocabulary.policy import Peer

settings.register_profile("any machine", deadline=None)  # speed is for benchmarks
settings.load_profile("any machine")
os.environ.pop("COLUMNS", None)  # xdist sets it for its workers: pages are as a pipe gets them
ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
TODAY = datetime.date(2026, 11, 24)
SIDES = {
    "peer": {"IP": "192.0.2.1", "NET": "10.77.1.0/24", "ID": "peer.rig.test"},
    "cmd": {"IP": "192.0.2.2", "NET": "10.77.2.0/24", "ID": "cmd.rig.test"},
}


class DictReader:
    """Files that are given, and nothing else."""

    def __init__(self, files: dict[str, bytes], variables: dict[str, str] | None = None) -> None:
        self.files, self.variables = files, variables or {}

    def read(self, path: str) -> bytes:
        found = self.files.get(path, self.files.get(posixpath.normpath(path)))
        if found is None:
            raise ReadError("No such file or directory")
        return found

    def glob(self, pattern: str) -> list[str]:
        return sorted(path for path in self.files if fnmatch.fnmatch(path, pattern))

    def environment(self, name: str) -> str | None:
        return self.variables.get(name)


@pytest.fixture(scope="session")
def read_files() -> Callable[..., DictReader]:
    """Make a reader from texts: `read_files({"a.conf": "..."})`."""

    def make(
        files: Mapping[str, str | bytes], variables: dict[str, str] | None = None
    ) -> DictReader:
        octets = {k: v.encode() if isinstance(v, str) else v for k, v in files.items()}
        return DictReader(octets, variables)

    return make


@pytest.fixture(scope="session")
def peer_of(read_files: Callable[..., DictReader]) -> Callable[..., Peer]:
    """Load one policy from text: `peer_of("hq", text)`; other files by name."""

    def make(name: str, text: str, ending: str = "conf", **files: str | bytes) -> Peer:
        path = f"{name}.{ending}"
        return load(path, name, read_files({path: text, **files}))

    return make


@pytest.fixture(scope="session")
def rig_text() -> Callable[[str, str], str]:
    """A configuration of the rig, its fields filled in for one side: `rig_text(NAME, "peer")`."""

    def fill(name: str, side: str) -> str:
        other = "cmd" if side == "peer" else "peer"
        fields = {f"LOCAL_{key}": value for key, value in SIDES[side].items()}
        fields |= {f"REMOTE_{key}": value for key, value in SIDES[other].items()}
        text = (DATA / "swanctl" / f"{name}.swanctl.conf").read_text()
        return string.Template(text).safe_substitute(fields, SIDE=side, OTHER_SIDE=other)

    return fill


@pytest.fixture(scope="session")
def verify_pair() -> Callable[[Peer, Peer], Report]:
    """Judge two peers on a fixed day."""
    from proofs.verify import verify

    def judge(one: Peer, other: Peer) -> Report:
        return verify([one, other], [(one.name, other.name)], TODAY)

    return judge
