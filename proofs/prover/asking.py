"""How an obligation is asked: with what it speaks of first, and with everything before it counts as
unproved.

Fewer hypotheses and fewer types make a question weaker, so `unsat` of a part is a proof. The invariant
itself is given at once; each counterexample then names the hypotheses that forbid it, lemmas before
promises, until there is none: so a proof rests on few others. `sat` and `unknown` count only where the
whole question was asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from proofs.prover import smt
from proofs.prover.obligations import Hypothesis, Obligation, Step, hypothesis
from proofs.prover.smt import Answer, Inquiry

#: how long a part may take before more is given, and how long the whole question
PART_MS, WHOLE_MS = 4_000, 20_000


_Tier = dict[str, list[Hypothesis]]


@dataclass(frozen=True)
class _Opened:
    """A step that is being asked about: its solver, its hypotheses by invariant, lemmas first."""

    step: Step
    inquiry: Inquiry
    tiers: tuple[_Tier, _Tier]


class Asker:
    """Asks obligations; questions about one step go to one solver.

    preferred   the hypotheses that are tried first: the lemmas
    """

    def __init__(self, preferred: Collection[str] = (), seed: int = 0) -> None:
        self._preferred, self._seed = frozenset(preferred), seed
        self._open: dict[str, _Opened] = {}

    def ask(self, owed: Obligation) -> Answer:
        """The answer; `unsat` names the hypotheses that it took."""
        said = self.part(owed)
        if said.verdict == "unsat":
            return said
        return smt.solve(owed.fixed, owed.hypotheses, milliseconds=WHOLE_MS, seed=self._seed)

    def part(self, owed: Obligation) -> Answer:
        """The same, but never asked whole: what is not `unsat` may still be proved."""
        return _Attempt(owed, self._opened(owed)).answer()

    def again(self, owed: Obligation, used: Collection[str]) -> bool:
        """Whether these hypotheses prove it: no others are tried."""
        return _Attempt(owed, self._opened(owed)).with_only(used).verdict == "unsat"

    def _opened(self, owed: Obligation) -> _Opened:
        known = self._open.get(owed.where)
        if known is None or known.step is not owed.step:
            facts = _facts(owed.step, owed.step.reads)
            inquiry = Inquiry([*facts, *owed.step.taken], PART_MS, self._seed)
            lemmas, others = _Tier(), _Tier()
            for item in owed.step.hypotheses:
                name = hypothesis(item.name)
                (lemmas if name in self._preferred else others).setdefault(name, []).append(item)
            known = self._open[owed.where] = _Opened(owed.step, inquiry, (lemmas, others))
        return known


class _Attempt:
    """One obligation, asked with more and more given."""

    def __init__(self, owed: Obligation, opened: _Opened) -> None:
        self._owed, self._opened, self._inquiry = owed, opened, opened.inquiry
        self._names = set(owed.step.reads)

    def answer(self) -> Answer:
        """`unsat`, or why what was given is not enough."""
        own, tiers = self._owed.invariant, self._opened.tiers
        self._inquiry.begin(self._owed.wrong)
        try:
            self._give([item for tier in tiers for item in tier.get(own, ())], self._owed.reads)
            said = self._inquiry.ask()
            for tier in tiers if said.verdict != "unsat" else ():
                left = {i.name: i for name, items in tier.items() if name != own for i in items}
                while left and said.verdict != "unsat":
                    chosen = _violated(left.values(), said)
                    if not chosen:
                        break
                    for item in chosen:
                        del left[item.name]
                    self._give(chosen)
                    said = self._inquiry.ask()
            return said
        finally:
            self._inquiry.end()

    def with_only(self, used: Collection[str]) -> Answer:
        """The answer where just these hypotheses are given."""
        self._inquiry.begin(self._owed.wrong)
        try:
            kept = [item for item in self._owed.step.hypotheses if item.name in used]
            self._give(kept, self._owed.reads)
            return self._inquiry.ask()
        finally:
            self._inquiry.end()

    def _give(self, items: Iterable[Hypothesis], names: Iterable[str] = ()) -> None:
        tracked = {item.name: item.formula for item in items}
        wanted = frozenset(names).union(*(item.reads for item in items)) - self._names
        self._names |= wanted
        self._inquiry.given(_facts(self._owed.step, wanted), tracked)


def _facts(step: Step, names: Iterable[str]) -> list[smt.Formula]:
    return [fact for name in sorted(names) for fact in step.facts.get(name, ())]


def _violated(items: Iterable[Hypothesis], said: Answer) -> list[Hypothesis]:
    """The hypotheses that a counterexample breaks; where it is hidden, those that it may break; all,
    where the solver gave none."""
    if said.model is None:
        return list(items)
    found = [(item, said.model.says(item.formula)) for item in items]
    broken = [item for item, holds in found if holds is False]
    return broken or [item for item, holds in found if holds is None]
