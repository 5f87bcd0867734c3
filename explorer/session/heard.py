"""Which messages an action of the specification waits for, and the copy in flight that it takes."""

from __future__ import annotations

from explorer.session.moments import Copy, Moment
from model.language.machine import Step
from model.language.specification import Action

#: refusals that an act goes by without receiving them: they too have to arrive
HEARD = dict.fromkeys(("phase1.give_up", "phase1.doubt_refusal"), ("no_proposal", "alternatives"))
#: the answer to a message that came again
ANSWERS = {"mm1": "mm2", "mm3": "mm4", "mm5": "mm6", "am1": "am2", "qm1": "qm2"}


def heard_by(action: Action) -> tuple[str, ...]:
    """The messages of which one has to arrive for an action; none: it waits for no message."""
    return (action.receives,) if action.receives is not None else HEARD.get(action.name, ())


def copy_for(now: Moment, action: Action, step: Step) -> Copy | None:
    """The copy in flight that a step of an action takes."""
    heard, index = heard_by(action), index_of(action, step)
    return next((c for c in now.flight if c.message in heard and c.index == index), None)


def index_of(action: Action, step: Step) -> int:
    """The negotiation that a step is of; 0 where it is of none."""
    pairs = zip(action.params, step[1], strict=True)
    return next((value for item, value in pairs if str(item.sort) == "negotiation"), 0)
