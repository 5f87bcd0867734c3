"""What a command loads: `verify` starts fast because it loads little (DESIGN.md section 2)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.impl.conftest import VECTORS

ROOT = Path(__file__).resolve().parents[3]
NEVER = {"z3", "textual", "networkx", "scapy", "numpy", "dask"}
NATIVE_ONLY = {"tree_sitter", "tree_sitter_toml", "pydantic"}


def loaded(*arguments: str) -> set[str]:
    """The top-level modules that a command has loaded at its end."""
    code = (
        "import sys; sys.argv[1:] = %r\nimport ikeproof\ncode = ikeproof.main()\n"
        "sys.stderr.write(' '.join({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code % (list(arguments),)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("example", ["branch-office", "windows-2000"])
def test_verify_loads_no_solver_and_no_user_interface(example: str) -> None:
    assert not loaded("verify", "--example", example) & NEVER


def test_swanctl_pairs_load_nothing_of_the_native_format() -> None:
    found = loaded("verify", "--example", "branch-office", "--format", "json")
    assert not found & (NEVER | NATIVE_ONLY | {"rich", "cryptography", "concurrent"})


def test_a_bare_ikeproof_loads_no_verdicts() -> None:
    found = loaded()
    assert not found & {"proofs", "model.choice"} and not found & (NEVER | NATIVE_ONLY)


def test_nothing_but_decode_loads_what_reads_captures() -> None:
    capture = str(VECTORS / "captures" / "isakmp4500.pcap")
    assert "dpkt" in loaded("decode", capture)
    for arguments in (("verify", "--example", "branch-office"), ("explain",), ()):
        assert not loaded(*arguments) & {"dpkt", "impl"}
    assert not loaded("decode", capture) & (NEVER | NATIVE_ONLY | {"rich"})
