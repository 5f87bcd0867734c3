"""What may be so or not of an attacker and of policies, machine by machine: the conditions of which
`weaknesses` searches the minimal sets, each with what makes it safe.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from model.language.terms import Term, conjunction, every
from model.promises.driver import large_packets
from model.spec import machine
from model.spec.driver import ipsec
from model.spec.flow import flow
from model.spec.flow_ends import ENDS


@dataclass(frozen=True)
class Condition:
    """Something that may be so or not; `safe` is the state in which it helps nobody.

    mend   what makes it safe, in words; empty for powers on the wire, which nobody takes away
    """

    name: str
    safe: Term
    mend: str


#: conditions of which one is always met: some method authenticates
METHODS = frozenset(("pre_shared_key", "certificate", "kerberos"))


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
        "knows_secret": "change the key, and give each pair of peers one of its own",
        "holds_certificate": "revoke the certificate, and accept only the names that are expected",
        "holds_ticket": "change the keys of the Kerberos principals",
        "breaks_group": "a stronger Diffie-Hellman group",
        "obtains_secret": "erase Diffie-Hellman secrets after use",
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
        "ignores_lifetimes": (p.compares_lifetimes, "compare the lifetimes in the answer as well"),
        "takes_shorter": (~p.takes_shorter, "apply its own lifetime"),
        "deletes_early": (
            ~p.deletes_early("initiator") & ~p.deletes_early("responder"),
            "let Phase I end by its lifetime only",
        ),
        "bytes_only": (all_timed, "give SAs a lifetime in seconds"),
        "no_pfs": (all_pfs, "session key PFS"),
        "equal_spis": (q.checks_spi, "reject an SPI equal to its own"),
        "any_message_id": (q.checks_message_ids, "reject message IDs of its own negotiations"),
        "reoffers": (~p.reoffers, "make no second offer after alternatives"),
        "accepts_degenerate": (p.checks_public, "reject degenerate public values"),
        "aggressive": (p.exchange.eq("main"), "use Main Mode"),
        "takes_aggressive": (~p.takes_exchange("aggressive"), "do not accept Aggressive Mode"),
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
            "a soft lifetime that is shorter than the hard one by more than the slack of timers",
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


_CONDITIONS: dict[str, Callable[[], tuple[Condition, ...]]] = {
    "ike": _of_ike,
    "driver": _of_driver,
    "flow": _of_flow,
}
