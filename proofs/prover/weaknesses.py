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
from model.promises.driver import large_packets
from model.run import Run
from model.spec import machine, specification
from model.spec.ipsec import ipsec
from proofs.prover.bounded import Search, Told
from proofs.prover.proving import run_of
from proofs.prover.runs import Breaks, Found, Replayed
from proofs.prover.stories import sizes_for, stories

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
    p, a = ike.phase1.policy, ike.phase1.attacker
    powers = {
        "drops": "",
        "alters": "",
        "forges": "",
        "knows_secret": "a pre-shared key of its own for each pair of peers, or certificates",
        "holds_certificate": "revoke the certificate, and accept only the names that are expected",
        "holds_ticket": "change the keys of the Kerberos principals",
        "breaks_group": "a stronger Diffie-Hellman group",
        "obtains_secret": "session key PFS for what is still to be made; throw secrets away",
        "reflects": "",
    }
    found = [Condition(name, ~a.switches[name], mend) for name, mend in powers.items()]

    q = ike.phase2.policy
    ends = ("initiator", "responder")
    all_timed = conjunction(*(q.timed(a, b) for a in ends for b in ends))
    all_pfs = every(q.protection, q.pfs)

    def unused(method: str) -> Term:
        return every(p.transform, lambda u: ~p.method(u).eq(method))

    named = {
        "falls_back": (~p.falls_back, "do not allow clear text after silence"),
        "believes_refusals": (~p.believes_refusals, "do not believe a refusal in clear"),
        "ignores_lifetimes": (p.compares_lifetimes, "compare the lifetimes in the answer too"),
        "takes_shorter": (~p.takes_shorter, "put the own lifetime into force"),
        "deletes_early": (
            ~p.deletes_early("initiator") & ~p.deletes_early("responder"),
            "let Phase I end by its lifetime only",
        ),
        "bytes_only": (all_timed, "give SAs a lifetime in seconds"),
        "no_pfs": (all_pfs, "session key PFS"),
        "equal_spis": (q.checks_spi, "refuse an SPI equal to the own one"),
        "any_message_id": (q.checks_message_ids, "refuse message ids of own negotiations"),
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
def _of_driver() -> tuple[Condition, ...]:
    own = ipsec()
    limits = own.limits
    named = {
        "no_anti_replay": (limits.checks_replay, "let the receiver check for replays"),
        "late_soft_lifetime": (
            limits.soft_life + limits.slack < limits.life,
            "a soft lifetime shorter than the hard one by more than acts may be late",
        ),
        "late_soft_bytes": (
            ~large_packets(own),
            "more than the largest packet between the soft and the hard limit of bytes",
        ),
        "late_soft_number": (
            limits.soft_number < limits.most_number,
            "ask for a new SA before the last sequence number",
        ),
    }
    return tuple(Condition(name, safe, mend) for name, (safe, mend) in named.items())


_CONDITIONS: dict[str, Callable[[], tuple[Condition, ...]]] = {
    "ike": _of_ike,
    "driver": _of_driver,
}


def bare(item: Always | Whenever) -> Always | Whenever:
    """The promise without its exceptions."""
    return replace(item, unless=FALSE)


@cache
def _told(machine: str) -> tuple[Told, ...]:
    """The stories of a machine, laid out for all its promises."""
    spec = specification(machine)
    return tuple(Search(spec, sizes_for(s)).told(s) for s in stories(machine).values())


def weaknesses(promise: Promise) -> Iterator[Weakness]:
    """The minimal sets for one promise, fewest conditions first."""
    spec = specification(promise.machine)
    goal = {promise.name: Breaks(bare(promise.formula))}
    found: list[tuple[frozenset[str], Found]] = []
    for told in _told(promise.machine):
        lattice = Lattice(told, goal, conditions(promise.machine))
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
    told = Search(spec, run.instance.sizes, assuming).told(run.schedule)
    aim, kept = told.aim(goal), list(range(len(run.moves)))
    gone: list[int] = []
    size = max(len(kept) // 2, 1)
    while size:
        start = 0
        while start < len(kept):
            fewer = told.run(aim, without=[*gone, *kept[start : start + size]])
            if isinstance(fewer, Found):
                run = fewer
                gone += kept[start : start + size]
                del kept[start : start + size]
            else:
                start += size
        size //= 2
    return run


class Lattice:
    """One story, searched under ever other sets of conditions."""

    def __init__(
        self, told: Told, goal: Mapping[str, Breaks], conditions: Sequence[Condition]
    ) -> None:
        self._told, self._aim = told, told.aim(goal)
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
        found = self._told.run(self._aim, assuming)
        return found if isinstance(found, Found) else None


def _is_safe(run: Found, condition: Condition) -> bool:
    machine = Replayed(run).machine
    return bool(machine.value(condition.safe, machine.initial, {}))
