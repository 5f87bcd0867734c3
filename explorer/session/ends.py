"""How the ends of each machine stand, and which of them acts: what the specification leaves to the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from explorer.session.moments import End, Lane, Life
from model.language.machine import Machine, State, Step
from model.language.specification import Action, Group, Specification
from model.spec.words import REASONS, state_words

INITIATOR, RESPONDER = 0, 1


class Ends(Protocol):
    """The lanes of a machine."""

    @property
    def lanes(self) -> Sequence[Lane]:
        """Who acts, from left to right."""
        ...

    def ends(self, machine: Machine, state: State) -> tuple[End, ...]:
        """How each of them stands."""
        ...

    def lane(self, machine: Machine, state: State, action: Action, step: Step) -> int | None:
        """Which of them takes an action; None: none of them."""
        ...

    def receiver(
        self, machine: Machine, state: State, action: Action, step: Step, message: Group
    ) -> int | None:
        """Which of them a message goes to."""
        ...


def ends_of(spec: Specification) -> Ends:
    """The lanes of that machine."""
    if spec.name == "ike":
        return _Ike()
    return _Flow() if spec.name == "flow" else _Driver()


_PHASE1 = {
    "idle": Life.IDLE,
    "established": Life.UP,
    "failed": Life.FAILED,
    "ended": Life.ENDED,
}


class _Ike:
    lanes = (Lane("INITIATOR"), Lane("RESPONDER"))

    def ends(self, machine: Machine, state: State) -> tuple[End, ...]:
        return tuple(self._end(machine, state, role) for role in ("initiator", "responder"))

    def _end(self, machine: Machine, state: State, role: str) -> End:
        phase1 = machine.text(machine.slot(role, "state"), state)
        life = _PHASE1.get(phase1, Life.WAITS)
        second = self._phase2(machine, state, role)
        if life is Life.UP:
            return End(life, second or "ESTABLISHED")
        if life is Life.ENDED:
            return End(life, "EXPIRED" if second == "EXPIRED" else "ENDED")
        if life is Life.FAILED:
            return End(life, "FAILED")
        if phase1 == "clear":
            return End(life, "IN CLEAR")
        return End(life, "" if life is Life.IDLE else state_words(phase1))

    @staticmethod
    def _phase2(machine: Machine, state: State, role: str) -> str:
        """Of the newest Quick Mode that this end has a part in."""
        for n in reversed(range(machine.instance.sizes["negotiation"])):
            starts = machine.text(machine.slot("starter", "role", n), state) == role
            side = "starter" if starts else "answerer"
            found = machine.text(machine.slot(side, "state", n), state)
            if found == "idle":
                continue
            if found == "established":
                driver = machine.text(machine.slot(f"{side}_driver", "state", n), state)
                return driver.upper()
            return "FAILED" if found == "failed" else state_words(found)
        return ""

    def lane(self, machine: Machine, state: State, action: Action, step: Step) -> int | None:
        if action.actor in ("initiator", "responder"):
            return INITIATOR if action.actor == "initiator" else RESPONDER
        if action.actor not in ("peer", "driver"):
            return None
        names, n = machine.describe(step)[1], int(machine.describe(step)[1].get("n", 0))
        role = names.get("role") or machine.text(machine.slot("starter", "role", n), state)
        starts = self._starts(machine.spec, action)
        if not starts and bool(state[machine.slot("answerer", "own", n)]):
            starts = True
        if action.name == "quick.answer_oneself":
            starts = True
        return INITIATOR if (role == "initiator") == starts else RESPONDER

    @staticmethod
    def _starts(spec: Specification, action: Action) -> bool:
        """Whether it is an act of the end that started the negotiation."""
        if action.receives is not None:
            return spec.groups[action.receives].receiver == "starter"
        if action.sends:
            return spec.groups[action.sends[0]].sender == "starter"
        groups = {str(target.data[0]) for target, _ in action.updates}
        return bool(groups & {"starter", "starter_driver"})

    def receiver(
        self, machine: Machine, state: State, action: Action, step: Step, message: Group
    ) -> int | None:
        if message.receiver in ("initiator", "responder"):
            return INITIATOR if message.receiver == "initiator" else RESPONDER
        lane = self.lane(machine, state, action, step)
        if lane is not None:
            return RESPONDER if lane == INITIATOR else INITIATOR
        names = machine.describe(step)[1]
        n = int(names.get("n", 0))
        role = names.get("role") or machine.text(machine.slot("starter", "role", n), state)
        starts = message.receiver == "starter"
        return INITIATOR if (role == "initiator") == starts else RESPONDER


_NEGOTIATION = {"none": Life.IDLE, "up": Life.UP}


class _Flow:
    lanes = (Lane("END A", "a"), Lane("END B", "b"))

    def ends(self, machine: Machine, state: State) -> tuple[End, ...]:
        return tuple(self._end(machine, state, name) for name in ("a", "b"))

    @staticmethod
    def _end(machine: Machine, state: State, name: str) -> End:
        def text(group: str, field: str) -> str:
            return machine.text(machine.slot(group, field), state)

        sas, phase1 = int(text(name, "sas")), text(f"{name}_phase1", "initiator_state")
        if text(name, "soft_sa") != "off":
            return End(Life.WAITS, "IN CLEAR")
        if sas:
            return End(Life.UP, f"{sas} SA{'s' if sas > 1 else ''}")
        if phase1 != "none":
            return End(_NEGOTIATION.get(phase1, Life.WAITS), f"Phase I {state_words(phase1)}")
        return End(Life.IDLE, "")

    def lane(self, machine: Machine, state: State, action: Action, step: Step) -> int | None:
        return 0 if action.actor == "a" else 1

    def receiver(
        self, machine: Machine, state: State, action: Action, step: Step, message: Group
    ) -> int | None:
        return None


_DRIVER = {"absent": Life.IDLE, "installed": Life.UP}


class _Driver:
    lanes = (Lane("IKE", "IKE"), Lane("DRIVER", "the driver"), Lane("NETWORK", "the network"))

    def ends(self, machine: Machine, state: State) -> tuple[End, ...]:
        found = machine.text(machine.slot("sa", "state"), state)
        driver = End(_DRIVER.get(found, Life.ENDED), found.upper() if found != "absent" else "")
        return End(Life.WAITS, ""), driver, End(Life.WAITS, "")

    def lane(self, machine: Machine, state: State, action: Action, step: Step) -> int | None:
        return ("ike", "driver", "network").index(action.actor)

    def receiver(
        self, machine: Machine, state: State, action: Action, step: Step, message: Group
    ) -> int | None:
        return None


def agreed(fields: Mapping[str, str], *, alike: bool) -> list[tuple[str, ...]]:
    """Of both ends of a negotiation: why it failed, the suite, the keys, and who the peer is taken for.

    alike   whether both have derived the same keys
    """
    rows: list[tuple[str, ...]] = []
    roles = ("initiator", "responder")
    reasons = [REASONS.get(fields[f"{role}.reason"], fields[f"{role}.reason"]) for role in roles]
    if any(item != "-" for item in reasons):
        rows.append(("reason", *reasons))
    chosen = [fields[f"{role}.chosen"] for role in roles]
    rows.append(("suite", *("-" if x == "none" else f"transform {int(x) + 1}" for x in chosen)))
    rows.append(("keys", *(_keys(fields, role, alike=alike) for role in roles)))
    whom = [fields[f"{role}.peer"] for role in roles]
    rows.append(("peer is", *("-" if x == "none" else x for x in whom)))
    return rows


def _keys(fields: Mapping[str, str], role: str, *, alike: bool) -> str:
    public = fields[f"{role}.peer_public"]
    if public in ("attacker", "degenerate"):
        return {"attacker": "with attacker", "degenerate": "degenerate"}[public]
    other = "responder" if role == "initiator" else "initiator"
    if public == "none" or fields[f"{other}.peer_public"] == "none":
        return "-" if public == "none" else "its own so far"
    return "shared" if alike else "its own"
