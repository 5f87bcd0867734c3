"""The specification as a source: its steps, with the copies of messages that a network carries.

The machine says what is possible; a message once sent stays sent for ever there. What is on its way,
lost or doubled is kept here, so that a delivery is one copy's, and a loss is somebody's act.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from explorer.session.answers import Why
from explorer.session.ends import Ends, agreed, ends_of
from explorer.session.heard import ANSWERS, copy_for, heard_by, index_of
from explorer.session.moments import (
    UNLIKELY,
    Act,
    Choice,
    Copy,
    Deed,
    End,
    Event,
    Handle,
    Kind,
    Lane,
    Lose,
    Moment,
    Refused,
    Switch,
    Take,
    Verdict,
)
from explorer.session.network import handled, sent, taken, with_rule
from explorer.session.offers import Beside
from explorer.session.packet import Packet
from explorer.session.sources import Prepared
from explorer.session.times import duration
from explorer.session.tree import Node
from explorer.session.verdicts import verdicts_of
from explorer.session.why import Asking
from model.language.instance import Instance, Value
from model.language.machine import Machine, State, Step
from model.language.sorts import Bool, Timer
from model.language.specification import Action, Group, Specification
from model.spec import machine as ike
from model.spec.clock import TIMED
from model.spec.words import ACTS, MESSAGES, resent

MOST_WAITS = 16
#: what happens because somebody wants it: possible at any time, never the next thing
WISHES = ("_deletes", "used_up", "answer_again", ".packet", ".takes_clear", ".end_phase1")


class Specified:
    """One instance of a machine. `powers` of the attacker are switched by making it anew."""

    recorded = octets = False
    timing = ""

    def __init__(
        self,
        spec: Specification,
        instance: Instance,
        title: str,
        about: str = "",
        kind: str = "SIM",
        lanes: Sequence[Lane] = (),
        prepared: Prepared | None = None,
    ) -> None:
        self.spec, self.instance = spec, instance
        self.title, self.about, self.kind = title, about, kind
        self.prepared = prepared or Prepared()
        self._ends: Ends = ends_of(spec)
        self.lanes: Sequence[Lane] = tuple(lanes) or self._ends.lanes
        self._verdicts = verdicts_of(spec, self.lanes)
        self._writers: dict[int, dict[Node, Node]] = {}
        self._machines: dict[tuple[tuple[str, bool], ...], Machine] = {}
        #: what an attacker may be given: the switches of the policy that are his
        self.powers = tuple(
            name for name, rigid in spec.rigids.items()
            if name in POWERS and isinstance(rigid.sort, Bool)
        )  # fmt: skip

    # ---- the machine
    def machine(self, now: Moment) -> Machine:
        """The machine with the powers that the attacker has at that moment."""
        if now.powers not in self._machines:
            rigid = dict(self.instance.rigid)
            rigid |= {name: (on,) for name, on in now.powers}
            sizes = tuple(self.instance.sizes.items())
            self._machines[now.powers] = _machine(self.spec, sizes, tuple(rigid.items()))
        return self._machines[now.powers]

    def power(self, now: Moment, name: str) -> bool:
        """Whether the attacker has a power at that moment."""
        return bool(self.machine(now).instance.scalar(name))

    def start(self) -> Moment:
        """Before anything has happened."""
        return Moment(self.machine(Moment(())).initial)

    def ends(self, now: Moment) -> tuple[End, ...]:
        """How each lane stands."""
        return self._ends.ends(self.machine(now), now.state)

    def verdict(self, node: Node) -> Verdict:
        """What has happened so far, in words."""
        return self._verdicts.verdict(self.machine(node.moment), node)

    def fields(self, now: Moment) -> Mapping[str, str]:
        """Every variable with its value as text."""
        machine = self.machine(now)
        return {
            name: machine.text(i, now.state)
            for i, (name, field) in enumerate(zip(machine.slots, machine.fields, strict=True))
            if not (field.ghost and isinstance(field.sort, Timer))  # clocks that only proofs read
        }

    @property
    def specified(self) -> Specified:
        """Itself: there is nothing beside it."""
        return self

    @property
    def absent(self) -> Mapping[str, str]:
        """The machines of the driver and of a flow have no negotiation to show."""
        return {} if self.spec.name == "ike" else _NO_NEGOTIATION

    def why(self, node: Node, target: str = "") -> list[Why]:
        """The questions that a node raises, or the one about a message, an action, a field or time."""
        asking = Asking(self)
        return [asking.about(node, target)] if target else asking.here(node)

    def packet(self, now: Moment) -> Packet | None:
        """Messages have fields here, and no octets."""
        return None

    def offers(self, now: Moment) -> Beside | None:
        """Offers are numbers here: `verify` compares them with a policy."""
        return None

    def facts(self, now: Moment) -> Sequence[tuple[str, ...]]:
        """What both ends agreed on, and why either of them failed."""
        if self.spec.name != "ike":
            return ()
        alike = self.machine(now).value(ike().phase1.same_keys, now.state, {})
        return agreed(self.fields(now), alike=bool(alike))

    def wrote(self, node: Node, slot: int) -> Node:
        """The last node on the way to a node in which a field changed; the start if it never did.

        What was found is kept, so that asking again nearby does not walk a long way back.
        """
        climbed, at, writers = [], node, self._writers.setdefault(slot, {})
        while (before := at.parent) is not None:
            known = writers.get(at)
            if known is not None or before.moment.state[slot] != at.moment.state[slot]:
                at = known or at
                break
            climbed.append(at)
            at = before
        writers.update(dict.fromkeys(climbed, at))
        return at

    # ---- what can happen
    def choices(self, now: Moment) -> list[Choice]:
        """What can happen now, the likeliest first: a delivery in order, an own act, time with the act
        that is due; then the wishes of either end, old messages again, the attacker."""
        machine = self.machine(now)
        steps = machine.enabled(now.state)
        acts = [step for step in steps if step[0] < len(machine.actions)]
        found = [self._choice(machine, now, step) for step in acts]
        found = [item for item in found if not self._unheard(item, found)]
        found += self._ignored(now, found)
        waited = self._waited(machine, now.state, steps)
        if waited is not None:
            found.append(self._late(machine, now, waited))
        order = {copy: number for number, copy in reversed(list(enumerate(now.flight)))}
        last = len(now.flight)

        def key(item: Choice) -> tuple[int, int]:
            copy = item.act.copy if isinstance(item.act, Take | Handle) else None
            return item.rank, order.get(copy, last) if copy is not None else last

        return sorted(found, key=key)

    def _choice(self, machine: Machine, now: Moment, step: Step) -> Choice:
        action = machine.actions[step[0]]
        who = self._who(machine, now.state, action, step)
        heard = heard_by(action)
        if heard:
            copy = copy_for(now, action, step)
            short = MESSAGES[copy.message if copy is not None else heard[0]].short
            says = f"{short} arrives: {who} {ACTS[action.name]}"
            if copy is not None:
                return Choice(Take((step,), copy), 0, f"deliver {says}", "deliveries")
            return Choice(Take((step,)), UNLIKELY + 1, f"an old {says}", "old messages again")
        says = f"{who} {ACTS[action.name]}{_which(machine, action, step)}"
        if action.actor == "attacker":
            return Choice(Take((step,)), UNLIKELY + 2, says, "attacker")
        if action.name.startswith("flood."):
            return Choice(Take((step,)), UNLIKELY + 3, says, "others")
        if action.name.endswith(WISHES) or self._another_quick(machine, now.state, action, step):
            return Choice(Take((step,)), UNLIKELY, says, "wishes")
        if action.actor in ("network",):
            return Choice(Take((step,)), UNLIKELY, says, "network")
        return Choice(Take((step,)), 2 if action.name in TIMED else 1, says, "acts")

    def _unheard(self, item: Choice, found: Sequence[Choice]) -> bool:
        """Whether it is an act on a refusal that the same copy is not: another act receives that one."""
        act = item.act
        if not isinstance(act, Take) or act.copy is None:
            return False
        machine = self.machine(Moment(()))
        action = machine.actions[act.steps[-1][0]]
        others = (x.act for x in found if x is not item and isinstance(x.act, Take))
        return action.receives is None and any(x.copy == act.copy for x in others)

    def _another_quick(self, machine: Machine, state: State, action: Action, step: Step) -> bool:
        """Whether it starts Quick Mode otherwise than the initiator's first one: somebody's wish."""
        if action.name != "quick.offer":
            return False
        begun = any(
            state[machine.slot("starter", "state", n)] != 0
            for n in range(machine.instance.sizes["negotiation"])
        )
        return begun or any(machine.describe(step)[1][k] != v for k, v in _FIRST_QUICK.items())

    def _ignored(self, now: Moment, found: Sequence[Choice]) -> Iterator[Choice]:
        """Copies that no act takes: they arrive, and are answered again or ignored."""
        takes = {item.act.copy for item in found if isinstance(item.act, Take)}
        for copy in dict.fromkeys(now.flight):
            if copy not in takes:
                short = MESSAGES[copy.message].short
                again = self._answered_again(now, copy)
                says = f"deliver {short}: it is {'answered again' if again else 'ignored'}"
                act = again or Handle(Deed.DELIVER, copy)
                yield Choice(act, 0, says, "deliveries")

    def _answered_again(self, now: Moment, copy: Copy) -> Take | None:
        """The act that answers a message that came again, if its receiver still does."""
        name = "quick.answer_again" if copy.message == "qm1" else "phase1.answer_again"
        machine = self.machine(now)
        if name not in machine.spec.actions or copy.message not in ANSWERS:
            return None
        action = machine.spec.actions[name]
        step = machine.numbers[name], (copy.index,) if action.params else ()
        reply = self._resent(machine, now.state, action, step)
        if reply != ANSWERS[copy.message] or machine.apply(now.state, step) is None:
            return None
        return Take((step,), copy)

    def _waited(
        self, machine: Machine, state: State, steps: Sequence[Step]
    ) -> tuple[int, State, Step | None] | None:
        """Time until something is due: ticks, the state then, and the act; None: time stands still."""
        total, acts = 0, {step for step in steps if step[0] < len(machine.actions)}
        for _ in range(MOST_WAITS):
            delay = next((step for step in steps if step[0] == len(machine.actions)), None)
            if delay is None:
                break
            after = machine.apply(state, delay)
            assert after is not None
            state, total = after, total + delay[1][0]
            steps = machine.enabled(state)
            due = [
                step for step in steps
                if step[0] < len(machine.actions) and step not in acts and self._due(machine, step)
            ]  # fmt: skip
            if due:
                return total, state, due[0]
        runs = any(
            isinstance(field.sort, Timer) and not field.ghost and state[i] >= 0
            for i, field in enumerate(machine.fields)
        )  # stopwatches that only proofs read are no reason to wait
        return (total, state, None) if total and runs else None

    @staticmethod
    def _due(machine: Machine, step: Step) -> bool:
        action = machine.actions[step[0]]
        likely = action.actor not in ("attacker", "network") and not action.name.startswith(
            "flood."
        )
        return likely and not heard_by(action) and not action.name.endswith(WISHES)

    def _late(
        self, machine: Machine, now: Moment, waited: tuple[int, State, Step | None]
    ) -> Choice:
        ticks, state, step = waited
        delay = len(machine.actions), (ticks,)
        seconds = duration(Fraction(ticks, machine.tick))
        if step is None:
            return Choice(Take((delay,)), UNLIKELY, f"{seconds} pass", "time")
        action = machine.actions[step[0]]
        who = self._who(machine, state, action, step)
        says = f"{seconds} pass, then {who} {ACTS[action.name]}"
        return Choice(Take((delay, step)), 2, says, "time")

    # ---- taking it
    def take(self, now: Moment, act: Act) -> tuple[Moment, Event]:
        """The moment after an act, and the event. Refused: it cannot be done now."""
        if isinstance(act, Take):
            return self._take(now, act)
        if isinstance(act, Lose):
            self._message(act.message)
            short = MESSAGES[act.message].short
            says = f"rule {len(now.rules) + 1}: drop {short} ×{act.times}"
            return with_rule(now, act.message, act.times), Event(Kind.NETWORK, says=says)
        if isinstance(act, Switch):
            return self._switch(now, act)
        short = MESSAGES[act.copy.message].short
        says = f"{short} {_DEEDS[act.deed]}"
        return handled(now, act), Event(Kind.NETWORK, message=act.copy, name=short, says=says)

    def _switch(self, now: Moment, act: Switch) -> tuple[Moment, Event]:
        if act.power not in self.powers:
            known = ", ".join(self.powers) or "none here"
            raise Refused(f"the attacker has no power {act.power!r}; there are {known}")
        changed = dict(now.powers) | {act.power: act.on}
        own = {k: v for k, v in changed.items() if bool(self.instance.scalar(k)) is not v}
        says = f"the attacker {'can' if act.on else 'can no longer'} {POWERS[act.power]}"
        moment = replace(now, powers=tuple(sorted(own.items())))
        return moment, Event(Kind.NETWORK, says=says)

    def _message(self, name: str) -> Group:
        group = self.spec.groups.get(name)
        if group is None or not group.message:
            raise Refused(f"{name} is not a message of the specification {self.spec.name}")
        return group

    def _take(self, now: Moment, act: Take) -> tuple[Moment, Event]:
        machine, state, ticks, acted = self.machine(now), now.state, 0, None
        before = state
        for step in act.steps:
            after = machine.apply(state, step)
            if after is None:
                raise Refused(self._refusal(machine, state, step))
            before, state = state, after
            if step[0] == len(machine.actions):
                ticks += step[1][0]
            else:
                acted = step
        moment = replace(now, state=state, at=now.at + Fraction(ticks, machine.tick))
        if act.copy is not None:
            moment = taken(moment, act.copy)
        wait = Fraction(ticks, machine.tick)
        if acted is None:
            return moment, Event(Kind.ACT, says=f"{duration(wait)} pass", wait=wait)
        return self._acted(machine, moment, before, acted, wait)

    def _acted(
        self, machine: Machine, moment: Moment, before: State, step: Step, wait: Fraction
    ) -> tuple[Moment, Event]:
        action = machine.actions[step[0]]
        name, parameters = machine.describe(step)
        index, clause = index_of(action, step), _clause(action)
        again = self._resent(machine, before, action, step)
        forged = action.actor == "attacker"
        messages = [*action.sends, *([again] if again else []), *self._forged(action)]
        lane = None if forged else self._ends.lane(machine, before, action, step)
        if not messages:
            driver = action.actor == "driver" and len(self.lanes) == 2
            says = f"the driver {ACTS[name]}" if driver else ACTS[name]
            event = Event(
                Kind.ACT, lane, says=says, clause=clause, wait=wait, action=name,
                parameters=parameters,
            )  # fmt: skip
            return moment, event
        copy = Copy(messages[0], index, forged)
        if forged:  # what was on its way is altered: it does not come twice
            flight = tuple(
                c for c in moment.flight if (c.message, c.index) != (copy.message, index)
            )
            moment = replace(moment, flight=flight)
        moment, lost = sent(moment, [copy])
        title, group = MESSAGES[copy.message], self.spec.groups[copy.message]
        event = Event(
            Kind.MESSAGE,
            lane,
            self._ends.receiver(machine, before, action, step, group),
            copy,
            title.short,
            "again" if again else title.carries + self._with_key(machine, moment.state, copy),
            group.protected,
            bool(again),
            lost,
            clause,
            wait,
            name,
            parameters,
        )
        return moment, event

    def _with_key(self, machine: Machine, state: State, copy: Copy) -> str:
        """Quick Mode with PFS carries a public value."""
        if copy.message not in ("qm1", "qm2"):
            return ""
        public = machine.text(machine.slot(copy.message, "public", copy.index), state)
        return ", key" if public != "none" else ""

    def _forged(self, action: Action) -> list[str]:
        """The message that an attacker's action writes, where it is none of its own."""
        if action.actor != "attacker" or action.sends:
            return []
        written = (str(target.data[0]) for target, _ in action.updates)
        return [next(name for name in written if self.spec.groups[name].message)]

    def _resent(self, machine: Machine, state: State, action: Action, step: Step) -> str | None:
        """The message that an action sends again, by the state of the end that acts."""
        group = {"initiator": "initiator", "responder": "responder"}.get(action.actor)
        end = machine.text(machine.slot(group, "state"), state) if group else ""
        return resent(action.name, end)

    # ---- words
    def _who(self, machine: Machine, state: State, action: Action, step: Step) -> str:
        if action.actor == "attacker":
            return "the attacker"
        lane = self._ends.lane(machine, state, action, step)
        if lane is None:
            return f"the {action.actor}"
        here = self.lanes[lane]
        who = here.name or f"the {here.title.lower()}"
        return f"the driver of {who}" if action.actor == "driver" and len(self.lanes) == 2 else who

    @staticmethod
    def _refusal(machine: Machine, state: State, step: Step) -> str:
        name, _ = machine.describe(step)
        if step[0] == len(machine.actions):
            return "time does not pass: an act is due"
        refusals = machine.explain(state, name, step[1]).refusals
        return f"{name}: " + "; ".join(f"{x.guard.reason} ({x.guard.clause})" for x in refusals)


@lru_cache(16)
def _machine(
    spec: Specification,
    sizes: tuple[tuple[str, int], ...],
    rigid: tuple[tuple[str, tuple[Value, ...]], ...],
) -> Machine:
    """One machine for each instance: it is compiled as it is used, and sessions share that."""
    return Machine(spec, Instance(dict(sizes), dict(rigid)))


def _which(machine: Machine, action: Action, step: Step) -> str:
    """Parameters, where a choice is one of several that differ in nothing else."""
    shown = [f"{k}={v}" for k, v in machine.describe(step)[1].items()]
    return f" ({' '.join(shown)})" if len(shown) > 1 else ""


def _clause(action: Action) -> str:
    return action.requirements[-1] if action.requirements else ""


_NO_NEGOTIATION = {
    "sadb": "Only negotiations make SAs: this machine is about one that is there.",
    "states": "Only negotiations have a map of states.",
}
_FIRST_QUICK = {"n": "0", "role": "initiator", "spi": "1"}
_DEEDS = {
    Deed.DELIVER: "arrives, and is ignored",
    Deed.DROP: "is dropped",
    Deed.DUPLICATE: "is duplicated",
    Deed.EARLIER: "comes earlier",
    Deed.LATER: "comes later",
}
#: powers of the attacker, as "the attacker can ..."
POWERS = {
    "drops": "drop messages",
    "alters": "alter what no key protects",
    "forges": "forge what no key protects",
    "knows_secret": "use the pre-shared key",
    "holds_certificate": "use a stolen certificate key",
    "holds_ticket": "use a stolen ticket",
    "breaks_group": "break the group",
    "obtains_secret": "learn the shared secret afterwards",
    "reflects": "send messages back to their sender",
}
