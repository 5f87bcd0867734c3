"""The exit codes of all commands: one table (DESIGN.md section 9)."""

from __future__ import annotations

FINE = 0
FINDINGS = 1  # findings at or above --fail-on, or a broken promise
USAGE = 2  # wrong usage, or input that cannot be read
UNDECIDED = 3  # inconclusive
DIVERGED = 4  # a replay diverged
INTERRUPTED = 130  # Ctrl-C, as in shells
