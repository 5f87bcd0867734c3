"""What is wrong with octets from the wire."""

from __future__ import annotations


class WireError(ValueError):
    """An invalid message.

    offset  where, in octets from the start of what was decoded
    field   what was to be read there
    clause  the section that says how it ought to be
    """

    def __init__(self, offset: int, field: str, problem: str, clause: str) -> None:
        super().__init__(f"octet {offset}, {field}: {problem} ({clause})")
        self.offset, self.field, self.problem, self.clause = offset, field, problem, clause
