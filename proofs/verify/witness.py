"""The run of the specification that shows a verdict (DESIGN.md sections 3 and 5).

The run is found by running the specification on the two policies without an attacker. So it also
checks the verdict, which was derived from the same policies without it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace

from model.choice import phase2_offer
from model.language.generate import DELAY
from model.language.machine import Machine, Step
from model.language.specification import Specification
from model.run import Run, fingerprint
from model.spec import specification
from model.spec.clock import TIMED
from model.vocabulary.outcomes import Outcome, Phase2Verdict, Reason
from model.vocabulary.policy import Peer
from proofs.verify import Judgement, judge_connection, links_judged
from proofs.verify.instance import instance
from proofs.verify.phase2 import ChildFacts
from proofs.verify.seen import missing, second
from proofs.verify.tables import phase2_against

MAX_STEPS = 64
_PHASE1 = ("initiator.state", "initiator.reason", "responder.state", "responder.reason")
_PHASE2 = (
    "starter[0].state",
    "starter[0].reason",
    "answerer[0].state",
    "answerer[0].reason",
    "starter_driver[0].state",
    "answerer_driver[0].state",
)
_REASONS = {
    Reason.PROPOSAL_P1: "proposal",
    Reason.EXCHANGE_MODE: "exchange_mode",
    Reason.AUTH_METHOD: "auth_method",
    Reason.PSK_MISMATCH: "psk",
    Reason.CERTIFICATE: "certificate",
    Reason.IDENTITY: "identity",
    Reason.PROPOSAL_P2: "proposal",
    Reason.MODE: "mode",
    Reason.SELECTOR: "selector",
}


@dataclass(frozen=True)
class Witness:
    """A run, and whether it ends as the verdict says; `why` says where it does not."""

    run: Run
    agrees: bool
    why: str


def witnesses(
    peers: Sequence[Peer], links: Iterable[tuple[str, str]], today: datetime.date
) -> Iterator[tuple[str, Run]]:
    """A file name and a run for every decided verdict of these links."""
    for judgements in links_judged(peers, links):
        for initiator, connection, responder in judgements:
            judgement = judge_connection(initiator, connection, responder, today)
            for child in judgement.children or (None,):
                made = witness(judgement, initiator, responder, child)
                if made is not None:
                    parts = [initiator.name, responder.name, connection.name]
                    parts += [child.child.name] if child is not None else []
                    name = "-".join("".join(filter(_plain, part)) or "x" for part in parts)
                    yield f"{name}.run", made.run


def _plain(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char in "._")


def witness(
    judgement: Judgement, initiator: Peer, responder: Peer, child: ChildFacts | None
) -> Witness | None:
    """The run for one direction and one child; None if the verdict is undecided or nobody answers."""
    if missing(judgement, child):
        return None
    first, phase2 = judgement.verdict.phase1, second(judgement, child)
    if child is not None and not child.table.rows:
        # Rejected before the offer was checked: the specification still needs it.
        offers = phase2_offer(
            child.child.proposals,
            child.child.mode.value,
            initiator.profile,
            first.suite.group if first.suite else None,
        )
        child = replace(child, table=phase2_against(offers, (), initiator, responder))
    spec = specification()
    machine = Machine(_useful_part(spec), instance(spec, judgement, initiator, responder, child))
    steps = _act(machine)
    about = f"{initiator.name} -> {responder.name}, connection {judgement.connection.name}"
    if child is not None:
        about += f", child {child.child.name}"
    failing = phase2 if phase2 is not None and phase2.reason else first
    about += f": {failing.outcome.value}" + (f" ({failing.reason.value})" if failing.reason else "")
    rows = judgement.phase1.table.rows
    notes = [f"t={i} of phase1: {row.suite}" for i, row in enumerate(rows)]
    if child is not None:
        notes += [f"t={i} of quick: {row.suite}" for i, row in enumerate(child.table.rows)]
    kept = _PHASE1 + (_PHASE2 if child is not None else ())
    run = replace(Run.of(machine, steps, about, kept, notes), fingerprint=fingerprint(spec))
    why = _disagreement(dict(run.end), judgement, phase2)
    return Witness(run, not why, why)


def _useful_part(spec: Specification) -> Specification:
    """The specification with only the actions of a negotiation."""
    part = copy(spec)
    part.actions = {name: item for name, item in spec.actions.items() if _act_of(name)}
    return part


def _act(machine: Machine) -> list[Step]:
    """Take the first possible step until none is left; no message is lost or late."""
    state, steps = machine.initial, []
    for _ in range(MAX_STEPS):
        enabled = [step for step in machine.enabled(state) if _useful(machine, step)]
        if not enabled:
            break
        step = enabled[0]
        after = machine.apply(state, step)
        assert after is not None
        state = after
        steps.append(step)
    return steps


def _useful(machine: Machine, step: Step) -> bool:
    name, params = machine.describe(step)
    if name == "quick.offer":
        return params["role"] == "initiator"
    return _act_of(name) and name != "quick.ignore"


def _act_of(name: str) -> bool:
    """Whether it is an action of the negotiation itself: nothing is late, lost, altered or deleted."""
    return name != DELAY and name not in TIMED and not name.startswith(("attacker.", "flood."))


def _disagreement(end: dict[str, str], judgement: Judgement, second: Phase2Verdict | None) -> str:
    """Empty if the end of the run is what the verdict says."""
    first = judgement.verdict.phase1
    up = end["initiator.state"] == end["responder.state"] == "established"
    if first.outcome is Outcome.ESTABLISHED and not up:
        return f"Phase I ends in {end['initiator.state']} and {end['responder.state']}"
    if first.outcome is Outcome.FAILS:
        assert first.reason is not None
        if first.reason is Reason.PROPOSAL_P1 and end["initiator.state"] == "idle":
            return ""  # it has nothing to offer
        found = {end["initiator.reason"], end["responder.reason"]}
        if up or _REASONS.get(first.reason) not in found:
            return f"Phase I ends with {found}, the verdict says {first.reason.value}"
        return ""
    if second is None:
        return ""
    installed = end["starter_driver[0].state"] == end["answerer_driver[0].state"] == "installed"
    if second.outcome is Outcome.ESTABLISHED:
        return "" if installed else f"Phase II ends in {end['starter[0].state']}"
    assert second.reason is not None
    if end["starter[0].state"] == "idle":  # it has no client identities to send, or no proposal
        silent = second.reason in (Reason.SELECTOR, Reason.PROPOSAL_P2, Reason.MODE_CONFIG)
        return "" if silent else f"Phase II does not start, not {second.reason.value}"
    if installed or end["answerer[0].reason"] != _REASONS.get(second.reason):
        return f"Phase II ends with {end['answerer[0].reason']}, not {second.reason.value}"
    return ""
