"""What each promise stands on: its proof, kept so that a change of one action is checked against it.

A promise can break only where some obligation in its proof, or in the proof of what it used, fails. So
after a change only the obligations of the changed action are looked at, each with the hypotheses that
its proof used before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from model.language.specification import Action, Specification
from proofs.prover.asking import Asker
from proofs.prover.obligations import Induction, Obligation, hypothesis


class Foundations:
    """The proofs of all invariants of one specification, and what rests on what."""

    def __init__(self, spec: Specification, induction: Induction, asker: Asker) -> None:
        self._induction, self._asker = induction, asker
        self._used: dict[tuple[str, str], tuple[str, ...]] = {}
        self._rests: dict[str, set[str]] = {}
        for name in induction.made:
            on = self._rests.setdefault(name, {name})
            for owed in induction.of(name):
                used = self._proved(owed)
                on |= {hypothesis(item) for item in used}
        for action in spec.actions.values():
            for owed in induction.types(action):
                self._proved(owed)
        self._close()

    def _proved(self, owed: Obligation) -> tuple[str, ...]:
        said = self._asker.ask(owed)
        if said.verdict != "unsat":
            raise ValueError(f"{owed.invariant}, {owed.where}: not proved of the specification")
        self._used[owed.invariant, owed.where] = said.core
        return said.core

    def _close(self) -> None:
        """What rests on something rests on what that rests on."""
        growing = True
        while growing:
            growing = False
            for on in self._rests.values():
                more = on.union(*(self._rests[name] for name in on)) - on
                on |= more
                growing = growing or bool(more)

    def failing(self, action: Action) -> Iterator[str]:
        """The invariants that a changed action does not keep, by the proofs of before; all of them
        where it stores what is outside a range."""
        for name in self._induction.made:
            for owed in self._induction.for_action(name, action):
                if not self._asker.again(owed, self._used[owed.invariant, owed.where]):
                    yield name
                    break
        for owed in self._induction.types(action):
            used = self._used.get((owed.invariant, owed.where), ())
            if not self._asker.again(owed, used):
                yield from self._induction.made

    def outside(self, action: Action) -> bool:
        """Whether a changed action may store what is outside a range, as far as the proofs tell."""
        used = self._used
        return not all(
            self._asker.again(owed, used.get((owed.invariant, owed.where), ()))
            for owed in self._induction.types(action)
        )

    def shaken(self, failing: Iterable[str]) -> list[str]:
        """The invariants whose proofs rest on one of these."""
        lost = set(failing)
        return [name for name, on in self._rests.items() if on & lost]
