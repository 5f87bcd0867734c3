"""Whether what is said to close a weakness closes it: with it applied, the bare claim is proved to hold against
the same powers.

Another authentication method does not help against a broken group, for example: the attacker breaks that too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import cache

from model.promises import promises
from model.spec import specification
from proofs.prover.asking import Asker
from proofs.prover.conditions import METHODS, conditions
from proofs.prover.footprint import footprint
from proofs.prover.lemmas import lemmas
from proofs.prover.lowering import Lowering
from proofs.prover.obligations import Hypothesis, Induction
from proofs.prover.proving import everything
from proofs.prover.witnesses import bare


def closures(
    promise: str, needs: frozenset[str], others: Collection[frozenset[str]] = ()
) -> dict[str, str]:
    """By the name of each condition that a weakness needs: what closes it, in words, or nothing where that is
    not proved.

    others   what other weaknesses of the promise need: one that is still there has not been closed
    """

    def closes(name: str) -> bool:
        open_ = _open(needs, name)
        return not any(item <= open_ for item in others) and _closes(promise, open_)

    every_one = conditions(promises()[promise].machine)
    return {
        item.name: item.mend if item.mend and closes(item.name) else ""
        for item in every_one
        if item.name in needs
    }


def _open(needs: frozenset[str], closed: str) -> frozenset[str]:
    """The conditions that are met where one of these is closed. Some method of authentication is always used:
    without one, any other may be."""
    return (needs | METHODS if closed in METHODS else needs) - {closed}


@cache
def _closes(promise: str, open_: frozenset[str]) -> bool:
    """Whether a bare claim is proved where these conditions alone are met."""
    every_one = {item.name for item in conditions(promises()[promise].machine)}
    return _bare(promise).holds(frozenset(every_one - open_))


@cache
def _bare(promise: str) -> _Bare:
    return _Bare(promise)


class _Bare:
    """The bare claim of a promise, asked under ever other conditions. What one proof took of them is enough for
    every other question that gives as much."""

    def __init__(self, promise: str) -> None:
        machine = promises()[promise].machine
        spec, made = specification(machine), everything(machine)
        low = Lowering(spec)
        induction = Induction(low, {**made, promise: bare(made[promise])})
        self._safe = {
            item.name: Hypothesis(
                item.name, low.formula(item.safe, induction.before), footprint(item.safe)
            )
            for item in conditions(machine)
        }
        self._owed = list(induction.of(promise))
        self._enough: list[list[frozenset[str]]] = [[] for _ in self._owed]
        self._asker = Asker(lemmas())

    def holds(self, closed: frozenset[str]) -> bool:
        """Whether it is proved where these conditions are closed."""
        for number, owed in enumerate(self._owed):
            if any(core <= closed for core in self._enough[number]):
                continue
            given = tuple(item for name, item in self._safe.items() if name in closed)
            step = replace(owed.step, hypotheses=(*owed.step.hypotheses, *given))
            said = self._asker.ask(replace(owed, step=step))
            if said.verdict != "unsat":
                # What fails once is likely to fail again.
                self._owed.insert(0, self._owed.pop(number))
                self._enough.insert(0, self._enough.pop(number))
                return False
            self._enough[number].append(closed.intersection(said.core))
        return True
