"""The assumption lattice: for each promise, the minimal sets of conditions under which its bare claim
breaks, each with its run (modelling notes, section 6).

A condition is an attacker's power, something he holds, or what a policy allows. The sets are searched,
not listed: along the stories, for a claim without its `unless`. Minimal means that without any one
condition of a set the same story breaks the claim no more. What no story breaks is not thereby proved
to hold: that is what the proof of the promise is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from model.language.specification import Specification
from model.language.terms import FALSE, Term, conjunction, disjunction, every
from model.promises import Always, Promise, Whenever, promises
from model.run import Run
from model.spec import machine, specification
from model.spec.flow import flow
from model.spec.flow_ends import ENDS
from proofs.prover.bounded import Search
from proofs.prover.proving import run_of
from proofs.prover.runs import Breaks, Found
from proofs.prover.stories import stories

#: a promise with more weaknesses than this is not a promise
MOST = 24
METHODS = frozenset(("pre_shared_key", "certificate", "kerberos"))


@dataclass(frozen=True)
class Condition:
    """Something that may be so or not; `safe` is the state in which it helps nobody.

    mend   what makes it safe, in words; empty for powers on the wire, which nobody takes away
    """

    name: str
    safe: Term
    mend: str


@dataclass(frozen=True)
class Weakness:
    """A minimal set of conditions that breaks the claim of a promise, and the run.

    needs   the conditions by name     closed_by   what makes each of them safe, in words
    """

    promise: str
    needs: tuple[str, ...]
    closed_by: tuple[str, ...]
    run: Run


def conditions(of: str) -> tuple[Condition, ...]:
    """All conditions of a machine: powers, compromises, policies."""
    return _CONDITIONS[of]()


@cache
def _of_ike() -> tuple[Condition, ...]:
    ike = machine()
    ends = ike.phase1
    p, a = ends.policy, ends.attacker
    powers = {
        "drops": "",
        "alters": "",
        "forges": "",
        "knows_secret": "a pre-shared key of its own for each pair of peers, or certificates",
        "holds_certificate": "revoke the certificate, and accept only the names that are expected",
        "holds_ticket": "change the keys of the Kerberos principals",
        "breaks_group": "a stronger Diffie-Hellman group",
    }
    found = [Condition(name, ~a.switches[name], mend) for name, mend in powers.items()]

    def unused(method: str) -> Term:
        return every(p.transform, lambda u: ~p.method(u).eq(method))

    named = {
        "falls_back": (~p.falls_back, "do not allow clear text after silence"),
        "believes_refusals": (~p.believes_refusals, "do not believe a refusal in clear"),
        "reoffers": (~p.reoffers, "do not offer anew after alternatives"),
        "accepts_degenerate": (p.checks_public, "refuse degenerate public values"),
        "aggressive": (p.exchange.eq("main"), "use Main Mode"),
        "takes_aggressive": (~p.takes_exchange("aggressive"), "do not take Aggressive Mode"),
        "pre_shared_key": (unused("pre_shared_key"), "use certificates or Kerberos"),
        "certificate": (unused("certificate"), "use pre-shared keys"),
        "kerberos": (unused("kerberos"), "use certificates"),
    }
    return (*found, *(Condition(name, safe, mend) for name, (safe, mend) in named.items()))


@cache
def _of_flow() -> tuple[Condition, ...]:
    p = flow().policy

    def neither(table: Callable[..., Term]) -> Term:
        return conjunction(*(~table(end) for end in ENDS))

    return (
        Condition("drops", ~p.drops, ""),
        Condition("forges", ~p.forges, ""),
        Condition(
            "silent_peer",
            conjunction(*(p.answers(end) for end in ENDS)),
            "have every host of the flow answer first messages, and keep room for them",
        ),
        Condition("falls_back", neither(p.falls_back), "do not allow clear text after silence"),
        Condition("accepts_clear", neither(p.accepts_clear), "do not accept clear text"),
    )


_CONDITIONS: dict[str, Callable[[], tuple[Condition, ...]]] = {"ike": _of_ike, "flow": _of_flow}


def bare(item: Always | Whenever) -> Always | Whenever:
    """The promise without its exceptions."""
    return replace(item, unless=FALSE)


def weaknesses(promise: Promise) -> Iterator[Weakness]:
    """The minimal sets for one promise, fewest conditions first."""
    spec = specification(promise.machine)
    goal = {promise.name: Breaks(bare(promise.formula))}
    found: list[tuple[frozenset[str], Found]] = []
    for story in stories(promise.machine).values():
        lattice = Lattice(spec, goal, story, conditions(promise.machine))
        while len(found) < MOST:
            run = lattice.run({names for names, _ in found})
            if run is None:
                break
            names, least = lattice.least(run)
            found = [(other, kept) for other, kept in found if not names < other]
            found.append((names, least))
    by_name = {item.name: item for item in conditions(promise.machine)}
    found = _without_methods(found)
    for names, run in sorted(found, key=lambda pair: (len(pair[0]), sorted(pair[0]))):
        chosen = tuple(item for item in by_name.values() if item.name in names)
        needs = tuple(item.name for item in chosen)
        about = f"{promise.name} breaks with {', '.join(needs) or 'nothing'}"
        off = [c.safe for c in by_name.values() if c not in chosen and _is_safe(run, c)]
        run = shortened(spec, run, goal, off)
        closed_by = tuple(item.mend for item in chosen)
        yield Weakness(promise.name, needs, closed_by, run_of(run, about))


def _without_methods(
    found: Sequence[tuple[frozenset[str], Found]],
) -> list[tuple[frozenset[str], Found]]:
    """One set in the place of three that differ in the method alone: some method is always used."""
    every_one = {names for names, _ in found}
    kept: dict[frozenset[str], Found] = {}
    for names, run in found:
        rest = names - METHODS
        same = len(names - rest) == 1 and all(rest | {method} in every_one for method in METHODS)
        kept.setdefault(rest if same else names, run)
    return list(kept.items())


def weaknesses_of(name: str) -> list[Weakness]:
    """Those of one promise, by its name."""
    return list(weaknesses(promises()[name]))


def shortened(
    spec: Specification, run: Found, goal: Mapping[str, Breaks], assuming: Sequence[Term]
) -> Found:
    """The run without the steps that it does not need: halves first, then smaller parts."""
    search, size = Search(spec, assuming=assuming), max(len(run.steps) // 2, 1)
    while size:
        start = 0
        while start < len(run.schedule):
            steps = [*run.schedule[:start], *run.schedule[start + size :]]
            fewer = search.story(goal, steps)
            if isinstance(fewer, Found) and len(fewer.steps) < len(run.steps):
                run = fewer
            else:
                start += size
        size //= 2
    return run


class Lattice:
    """One story, searched under ever other sets of conditions."""

    def __init__(
        self,
        spec: Specification,
        goal: Mapping[str, Breaks],
        story: Sequence[str],
        conditions: Sequence[Condition],
    ) -> None:
        self._spec, self._goal, self._story = spec, goal, story
        self._conditions = conditions

    def run(self, known: set[frozenset[str]]) -> Found | None:
        """A run for which none of the sets known is enough."""
        safe = {item.name: item.safe for item in self._conditions}
        apart = []
        for names in known:
            parts = [safe[name] for name in names]
            apart.append(disjunction(*parts))
        return self._search(apart)

    def least(self, run: Found) -> tuple[frozenset[str], Found]:
        """Fewer and fewer conditions, as long as the story still breaks the claim."""
        needed = {item.name for item in self._conditions if not _is_safe(run, item)}
        off = [item for item in self._conditions if item.name not in needed]
        for item in [c for c in self._conditions if c.name in needed]:
            fewer = self._search([other.safe for other in [*off, item]])
            if fewer is not None:
                off.append(item)
                run = fewer
        kept = frozenset(item.name for item in self._conditions if item not in off)
        return kept, run

    def _search(self, assuming: Sequence[Term]) -> Found | None:
        search = Search(self._spec, assuming=assuming)
        found = search.story(self._goal, self._story)
        return found if isinstance(found, Found) else None


def _is_safe(run: Found, condition: Condition) -> bool:
    return bool(run.machine.value(condition.safe, run.machine.initial, {}))
