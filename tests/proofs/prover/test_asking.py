"""Questions are asked in parts: a proof looks at what it speaks of, and nothing is lost by that."""

from __future__ import annotations

import pytest

from model.language.sorts import BOOL, Int
from model.language.specification import Record, Specification, guard
from model.language.terms import Term
from model.promises import Always, Whenever
from model.spec import specification, specifications
from proofs.prover import certificates, smt
from proofs.prover.asking import Asker
from proofs.prover.lemmas import lemmas
from proofs.prover.lowering import Lowering
from proofs.prover.obligations import Induction, Obligation
from proofs.prover.proving import everything


def chain() -> tuple[Specification, Record, dict[str, Term]]:
    """Three flags that are set in order, and a number that has nothing to do with them."""
    spec = Specification("chain")
    spec.actor("one", "who acts")
    flags = spec.record("flags", "Flags.", first=BOOL, second=BOOL, third=BOOL)
    apart = spec.record("apart", "A number.", number=Int(0, 9))
    policy = {
        "limit": spec.rigid("limit", Int(0, 9), "how far"),
        "strange": spec.rigid("strange", BOOL, "of no account"),
    }
    order = [(flags.first, None), (flags.second, flags.first), (flags.third, flags.second)]
    for target, before in order:
        needs = [] if before is None else [guard("needs", before, "not yet", "R1")]
        name = str(target).replace("flags.", "set.")
        spec.action(name, "one", "Set.", requirements="R1", guards=needs, updates={target: True})
    below = guard("below", apart.number < policy["limit"], "enough", "R1")
    up = {apart.number: apart.number + 1}
    spec.action("count.up", "one", "Count.", requirements="R1", guards=[below], updates=up)
    return spec, flags, {**policy, "number": apart.number}


def owed(spec: Specification, made: dict[str, Always | Whenever], *given: Term) -> Obligation:
    found = Induction(Lowering(spec), made, given).of("p")
    return next(item for item in found if item.where == "set.third")


def invariants(flags: Record, named: dict[str, Term]) -> dict[str, Always | Whenever]:
    bounded = named["number"] <= named["limit"]
    implied = flags.second.implies(flags.first)
    return {
        "p": Always(flags.third.implies(flags.first), flags.third),
        "apart": Always(bounded, bounded),
        "lemma": Always(implied, implied),
        "promise": Always(implied | named["strange"], implied),
    }


def test_a_certificate_speaks_only_of_what_the_proof_looked_at() -> None:
    spec, flags, named = chain()
    question = owed(spec, invariants(flags, named))
    said = Asker({"lemma"}).ask(question)
    assert said.verdict == "unsat" and said.core == ("lemma",)
    text = certificates.text(question, said.core, "0")
    assert "flags.second" in text
    assert not [name for name in ("apart.number", "limit", "strange") if name in text]
    assert {opinion.verdict for opinion in certificates.again(text)} == {"unsat"}
    assert "limit" in smt.smt2(question.fixed)


def test_lemmas_are_tried_before_promises() -> None:
    spec, flags, named = chain()
    made = {**invariants(flags, named), "promise": invariants(flags, named)["lemma"]}
    assert Asker({"lemma"}).ask(owed(spec, made)).core == ("lemma",)
    assert Asker({"promise"}).ask(owed(spec, made)).core == ("promise",)


def test_what_no_part_proves_is_asked_whole() -> None:
    spec, flags, named = chain()
    made = invariants(flags, named)
    without = {name: item for name, item in made.items() if name != "lemma"}
    assert Asker().ask(owed(spec, without)).verdict == "sat"
    assert Asker().ask(owed(spec, without, ~named["strange"])).core == ("promise",)
    # Policies that contradict each other are none of the question's business, but there are none.
    nonsense = (named["limit"] < 3) & (named["limit"] > 5)
    assert Asker().ask(owed(spec, without, nonsense)).verdict == "unsat"


def test_questions_leave_no_trace_in_the_solver_that_they_share() -> None:
    spec, flags, named = chain()
    made = invariants(flags, named)
    asker, induction = Asker({"lemma"}), Induction(Lowering(spec), made)
    names = [*made, *reversed(made), *made]
    said = [(o.invariant, o.where, asker.ask(o)) for name in names for o in induction.of(name)]
    assert {answer.verdict for _, _, answer in said} == {"unsat"}
    assert len({(name, where, answer.core) for name, where, answer in said}) == len(said) / 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("machine", list(specifications()))
def test_proofs_do_not_hang_on_the_solvers_random_choices(machine: str, seed: int) -> None:
    spec = specification(machine)
    induction, asker = Induction(Lowering(spec), everything(machine)), Asker(lemmas(), seed)
    asked = [o for name in induction.made for o in induction.of(name)]
    asked += [o for action in spec.actions.values() for o in induction.types(action)]
    assert [(o.invariant, o.where) for o in asked if asker.ask(o).verdict != "unsat"] == []


def test_the_name_of_what_is_given_is_not_a_variable() -> None:
    drops = smt.boolean("drops")
    given = [("drops", smt.implies(drops, smt.boolean("other")))]
    assert smt.solve([smt.negated(drops)], given).verdict == "sat"
    said = smt.solve([smt.negated(drops)], [("drops", drops)])
    assert (said.verdict, said.core) == ("unsat", ("drops",))
