"""Promise by stack: which promises need none of their exceptions where both peers are of one stack.

A promise is proved for all policies, with its exceptions. What a reviewer of a rollout asks is whether the
stacks at hand need them: so the bare claim is tried under what a profile decides, with every power of the
attacker on the wire, and no compromise. It holds, by induction; or a run breaks it; or neither is shown.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from model.language.terms import FALSE
from model.promises import promises
from model.run import Run
from model.spec import specification
from model.vocabulary.profiles import PROFILES
from proofs.prover.asking import Asker
from proofs.prover.lemmas import lemmas
from proofs.prover.lowering import Lowering
from proofs.prover.obligations import Induction
from proofs.prover.profiles import parameters
from proofs.prover.proving import Question, assumptions, everything, run_of
from proofs.prover.runs import Breaks, Found
from proofs.prover.weaknesses import bare, told_stories

#: what an attacker holds, or learns, beside his powers on the wire
COMPROMISES = (
    "knows_secret",
    "holds_certificate",
    "holds_ticket",
    "breaks_group",
    "obtains_secret",
)


@dataclass(frozen=True)
class Cell:
    """One promise under one profile.

    verdict   `holds` without its exceptions, `breaks` with the run, or `open`
    """

    promise: str
    profile: str
    verdict: str
    seconds: float
    run: Run | None = None


def has_exceptions(name: str) -> bool:
    """Whether a promise has any; one without holds for every stack once it is proved."""
    return promises()[name].formula.unless is not FALSE


def cell(asked: tuple[str, str]) -> Cell:
    """The bare claim of a promise under a profile: (promise, profile)."""
    name, profile = asked
    start = time.perf_counter()
    question = Question(off=COMPROMISES, profile=parameters(PROFILES[profile]))
    run = None
    if _is_inductive(name, question):
        verdict = "holds"
    else:
        run = _broken(name, question, profile)
        verdict = "open" if run is None else "breaks"
    return Cell(name, profile, verdict, time.perf_counter() - start, run)


def _is_inductive(name: str, question: Question) -> bool:
    machine = promises()[name].machine
    spec, made = specification(machine), everything(machine)
    claim = {**made, name: bare(made[name])}
    induction = Induction(Lowering(spec), claim, assumptions(spec, question))
    asker = Asker(lemmas())
    return all(asker.ask(owed).verdict == "unsat" for owed in induction.of(name))


def _broken(name: str, question: Question, profile: str) -> Run | None:
    item = promises()[name]
    goal, given = (
        {name: Breaks(bare(item.formula))},
        assumptions(specification(item.machine), question),
    )
    for told in told_stories(item.machine):
        found = told.run(told.aim(goal), given)
        if isinstance(found, Found):
            return run_of(found, f"{name} without its exceptions is broken for {profile}")
    return None
