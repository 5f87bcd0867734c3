"""Questions with their answers: what a source says of something that did not happen."""

from __future__ import annotations

from dataclasses import dataclass

from explorer.session.tree import Node


@dataclass(frozen=True, slots=True)
class Value:
    """What a refusing guard reads.

    step   the node that wrote it last; None: it is the policy's
    amount and most   of a small number, for a bar
    """

    name: str
    text: str
    step: Node | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """One question with its answer.

    answers  a sentence and its clause, for each guard that refuses     formula  the guards themselves
    enabled  nothing refuses it
    notes    what else belongs to it, each with a label: a finding, a fix
    """

    question: str
    answers: tuple[tuple[str, str], ...]
    values: tuple[Value, ...] = ()
    action: str = ""
    formula: tuple[str, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    enabled: bool = False
