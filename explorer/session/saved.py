"""A saved run as a source: its steps on the specification, up to the first one that no longer fits."""

from __future__ import annotations

from collections.abc import Sequence

from explorer.session.heard import copy_for
from explorer.session.moments import Act, Lane, Moment, Refused, Take
from explorer.session.sources import Prepared
from explorer.session.specified import Specified
from model.language.errors import SpecificationError, StepError
from model.language.machine import Step
from model.run import Run, fingerprint
from model.spec import MACHINES, specification


def run_source(
    run: Run, title: str, lanes: Sequence[Lane] = (), look: int | None = None, about: str = ""
) -> Specified:
    """The specification with the run's policies, and its steps prepared.

    look  the number of acts after which the cursor stands; None: at the start
    PolicyError: it is not a run of this version's machines
    """
    if run.specification not in MACHINES:
        raise Refused(f"a run of {run.specification!r}, which this version does not have")
    spec = specification(run.specification)
    instance = run.instance(spec)
    plain = Specified(spec, instance, title, about or run.about, "RUN", lanes)
    acts, broken = acts_of(plain, run)
    if not broken and run.fingerprint != fingerprint(spec):
        broken = ""  # another version of the specification, in which every step still fits
    ready = Prepared(acts, len(acts) if look is None and broken else look, broken)
    return Specified(spec, instance, title, about or run.about, "RUN", lanes, ready)


def acts_of(source: Specified, run: Run) -> tuple[tuple[Act, ...], str]:
    """The run's steps as acts: a wait goes with the act after it, a delivery takes its copy."""
    now = source.start()
    machine = source.machine(now)
    found: list[Act] = []
    wait: list[Step] = []
    for number, (name, params) in enumerate(run.steps, 1):
        try:
            step = machine.step(name, **params)
        except (StepError, SpecificationError) as error:
            return tuple(found), f"step {number} no longer fits: {error}"
        if step[0] == len(machine.actions):
            wait = [_longer(wait, step)]
            continue
        act = Take((*wait, step), copy_for(now, machine.actions[step[0]], step))
        wait = []
        try:
            now, _ = source.take(now, act)
        except Refused as error:
            return tuple(found), f"step {number} no longer fits: {error}"
        found.append(act)
    if wait:
        found.append(Take(tuple(wait)))
    return tuple(found), ""


def _longer(wait: Sequence[Step], step: Step) -> Step:
    """Two waits in a row are one."""
    ticks = sum(item[1][0] for item in wait) + step[1][0]
    return step[0], (ticks,)


def steps_of(source: Specified, acts: Sequence[Act], about: str) -> Run:
    """The acts of a session as a run that `replay` takes: what the network did is not part of it."""
    machine = source.machine(Moment(()))
    steps = [step for act in acts if isinstance(act, Take) for step in act.steps]
    state, kept = machine.initial, []
    for step in steps:
        after = machine.apply(state, step)
        if after is None:
            raise Refused("the attacker's powers were switched on the way: a run has one policy")
        state = after
        kept.append(step)
    ends = [name for name in ("initiator.state", "responder.state") if name in machine.slots]
    return Run.of(machine, kept, about, ends)
