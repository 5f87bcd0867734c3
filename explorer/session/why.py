"""Why something did not happen: the guard that refuses, its clause, and who last wrote what it reads."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from explorer.session.answers import Value, Why
from explorer.session.heard import ANSWERS, heard_by
from explorer.session.moments import Kind, Refused, Take
from explorer.session.refusing import (
    FORGETS,
    REFUSALS,
    TIME_OUTS,
    capital,
    fate,
    is_drop,
    nearest,
    sentence,
    span,
)
from explorer.session.times import duration
from explorer.session.tree import Node
from model.language.document import show
from model.language.machine import Answer, Explanation, Machine, State
from model.language.sorts import Domain, Int, Timer
from model.language.specification import Action
from model.language.terms import subterms
from model.spec.words import MESSAGES, REASONS, message_named, resent, state_words

if TYPE_CHECKING:
    from explorer.session.specified import Specified

MOST_TRIED = 4096


class Asking:
    """Answers questions about one source."""

    def __init__(self, source: Specified) -> None:
        self._source = source
        self._names = [lane.name or f"the {lane.title.lower()}" for lane in source.lanes]

    # ---- questions that suggest themselves
    def here(self, node: Node) -> list[Why]:
        """The questions that a node raises, the nearest first."""
        return list(self._here(node))

    def _here(self, node: Node) -> Iterator[Why]:
        event, asked = node.event, False
        for question in itertools.chain(self._raised(node), self._waiting(node)):
            asked = True
            yield question
        if not asked and self._failed(node):
            yield from self._earlier(node)
        if event.action == "phase1.fall_back":
            yield self._allowed(node)
        yield self._time(node)
        if event.action is not None and event.action != "phase1.fall_back":
            yield self._allowed(node)

    def _raised(self, node: Node) -> Iterator[Why]:
        """What an event raises by itself: a loss, a refusal, an end that gives up or forgets."""
        event, spec = node.event, self._source.spec
        if event.message is not None and (event.lost or is_drop(node)):
            yield self._lost(node)
        if event.action is None:
            return
        action = spec.actions[event.action]
        if event.action.startswith(TIME_OUTS):
            yield self._not_again(node)
        elif event.action in FORGETS:
            yield from (self._not_again(x) for x in self._gave_up(node)[:1])
            yield self._forgotten(node)
        elif self._refuses(action):
            who = self._names[event.actor] if event.actor is not None else "it"
            question = f"Why does {who} not go on?"
            yield self._about(question, node, self._before_act(node), self._better(action))
        elif event.action.endswith(".hear_refusal"):
            yield from self._refused(node)

    def _not_again(self, node: Node) -> Why:
        """Why an end that gives up does not send its message once more."""
        state = self._before_act(node)
        resends, name = (
            "phase1.resend",
            resent("phase1.resend", self._text(node, state, "initiator.state")),
        )
        if node.event.action is not None and node.event.action.startswith("quick."):
            resends, name = "quick.resend", "qm1"
        long = MESSAGES[name].long if name else "the message"
        return self._about(
            f"Why is {long} not sent again?", node, state, [resends], self._index(node)
        )

    def _forgotten(self, node: Node) -> Why:
        """Why an end that waited for a message forgets the exchange: the message has not come."""
        quick, state = node.event.action == "quick.forget", self._before_act(node)
        awaited = "qm3"
        if not quick:
            awaited = self._text(node, state, "responder.state").removeprefix("awaits_")
        who = self._names[node.event.actor] if node.event.actor is not None else "it"
        what = "the negotiation" if quick else "the half-open exchange"
        names = [a.name for a in self._receiving(awaited)]
        return self._about(f"Why does {who} forget {what}?", node, state, names, self._index(node))

    def _gave_up(self, node: Node) -> list[Node]:
        """The events before at which an end gave up, the last one first."""
        return [
            x for x in reversed(node.path())
            if x is not node and x.event.action is not None and x.event.action.startswith(TIME_OUTS)
        ]  # fmt: skip

    def _failed(self, node: Node) -> bool:
        """Whether an end has failed, in either phase."""
        return any(
            value == "failed"
            for name, value in self._source.fields(node.moment).items()
            if name.endswith(".state")
        )

    def _earlier(self, node: Node) -> Iterator[Why]:
        """Of the nearest event before that raised a question, the first one."""
        for before in reversed(node.path()):
            found = list(itertools.islice(self._raised(before), 1))
            if found:
                yield from found
                return

    def _refused(self, node: Node) -> Iterator[Why]:
        """Why the other end refused: the question that its refusal raised."""
        for before in reversed(node.path()):
            action = before.event.action
            if action is not None and self._refuses(self._source.spec.actions[action]):
                yield from itertools.islice(self._raised(before), 1)
                return

    def _allowed(self, node: Node) -> Why:
        """What let the last act happen: its guards, each with its clause, and what they read."""
        assert node.event.action is not None and isinstance(node.act, Take)
        state, machine = self._before_act(node), self._source.machine(node.moment)
        found = machine.explain(state, node.event.action, node.act.steps[-1][1])
        answers = tuple((f"{capital(x.guard.name)}: yes.", x.guard.clause) for x in found.answers)
        values = tuple(
            dict.fromkeys(v for x in found.answers for v in self._values(node, state, x))
        )
        actor = node.event.actor
        who = self._names[actor] if actor is not None else "the attacker"
        return Why(f"What allowed this step of {who}?", answers, values, node.event.action)

    def _waiting(self, node: Node) -> Iterator[Why]:
        """Why an end that waits for a message has not gone on, in Phase I and in each Quick Mode."""
        if self._source.spec.name != "ike":
            return
        for lane, role in enumerate(("initiator", "responder")):
            state = self._text(node, node.moment.state, f"{role}.state")
            yield from self._waits(node, lane, state, None)
        for n in range(self._source.instance.sizes["negotiation"]):
            starts = self._text(node, node.moment.state, f"starter[{n}].role") == "responder"
            own = self._text(node, node.moment.state, f"answerer[{n}].own") == "true"
            for side, lane in (("starter", starts), ("answerer", starts == own)):
                state = self._text(node, node.moment.state, f"{side}[{n}].state")
                yield from self._waits(node, int(lane), state, n)

    def _waits(self, node: Node, lane: int, state: str, index: int | None) -> Iterator[Why]:
        if state.startswith("awaits_"):
            actions = [a.name for a in self._receiving(state.removeprefix("awaits_"))]
            question = f"Why has {self._names[lane]} not gone on?"
            yield self._about(question, node, node.moment.state, actions, index)

    def _lost(self, node: Node) -> Why:
        message = node.event.message
        assert message is not None
        title, first = MESSAGES[message.message], node
        question = f"Why does {title.long} not arrive?"
        if is_drop(node):
            dropped = Value(title.short, "dropped", node)
            return Why(
                question, (("It was dropped in this session: no end knows.", ""),), (dropped,)
            )
        while first.parent is not None and (first.event.kind is not Kind.NETWORK):
            first = first.parent
        rules = [rule for rule in node.moment.rules if rule.message == message.message]
        values = tuple(
            Value("rule", f"drop {title.short} ×{rule.times}, {rule.used} used", first)
            for rule in rules
        )
        answer = "A rule of this session loses it: no end knows."
        return Why(question, ((answer, ""),), values)

    def _time(self, node: Node) -> Why:
        """What time waits for: the urgent timer that ends first, or the act that is due."""
        machine, state = self._source.machine(node.moment), node.moment.state
        timers = [
            (state[i], i) for i, field in enumerate(machine.fields)
            if isinstance(field.sort, Timer) and field.urgent and state[i] >= 0
        ]  # fmt: skip
        if not timers:
            return Why("Why does time decide nothing now?", (("No timer runs.", ""),))
        left, slot = min(timers)
        value = Value(machine.slots[slot], machine.text(slot, state), self.wrote(node, slot))
        if left == 0:
            answer = f"An act is due: {machine.slots[slot]} has run out, and time waits for it."
            clause = self._due_by(machine, state, machine.slots[slot])
            return Why("Why does time not pass?", ((answer, clause),), (value,))
        seconds = duration(Fraction(left, machine.tick))
        answer = f"The next timer to end is {machine.slots[slot]}, in {seconds}."
        return Why("When does something happen by itself?", ((answer, ""),), (value,))

    @staticmethod
    def _due_by(machine: Machine, state: State, slot: str) -> str:
        """The requirements of the act that is due because a timer has run out."""
        for step in machine.enabled(state):
            if step[0] == len(machine.actions):
                continue
            action = machine.actions[step[0]]
            found = machine.explain(state, action.name, step[1])
            if any(slot in dict(item.reads) for item in found.answers):
                return ", ".join(action.requirements)
        return ""

    # ---- questions that are asked
    def about(self, node: Node, target: str) -> Why:
        """Why a message is not sent, an action not taken, time does not pass, or who wrote a field.

        Refused: there is nothing of that name.
        """
        machine, spec = self._source.machine(node.moment), self._source.spec
        message = message_named(target)
        if target in ("time", "delay"):
            return self._time(node)
        if message is not None and message in spec.groups:
            return self._message(node, message)
        if target in spec.actions:
            return self._about(f"Why is {target} not taken?", node, None, [target])
        if target in machine.slots:
            return self._field(node, target)
        matching = [name for name in spec.actions if target in name]
        if len(matching) == 1:
            return self.about(node, matching[0])
        near = ", ".join(matching[:6]) or "name a message (mm6), an action, a field or `time`"
        raise Refused(f"nothing is called {target!r}; {near}")

    def _message(self, node: Node, message: str) -> Why:
        spec, long = self._source.spec, MESSAGES[message].long
        if self._flies(node, message):
            on_its_way = Value(MESSAGES[message].short, "in flight", self._last(node, message))
            answer = "It is on its way: a copy of it is in flight."
            return Why(f"Why has {long} not arrived?", ((answer, ""),), (on_its_way,))
        sending = [a.name for a in spec.actions.values()
                   if message in a.sends and a.actor != "attacker"]  # fmt: skip
        last = self._last(node, message)
        if last is None:
            question = f"Why is {long} not sent?"
            awaited = {a.receives for a in map(spec.actions.__getitem__, sending)} - {None}
            for other in sorted(filter(None, awaited)):
                if self._never_came(node, other):
                    return self._missing(question, node, other, sending[0])
            return self._about(question, node, None, sending)
        return self._sent_again(node, message, last, sending)

    def _sent_again(self, node: Node, message: str, last: Node, sending: Sequence[str]) -> Why:
        """Why a message that was sent is not sent once more: its loss first, then what forbids it."""
        question = f"Why is {MESSAGES[message].long} not sent again?"
        gave_up = self._gave_up(node)
        state = self._text(node, self._before_act(node), "initiator.state")
        index = last.event.message.index if last.event.message is not None else None
        if gave_up and message in (self._gave(gave_up[0]), "qm1"):
            found = self._not_again(gave_up[0])
        elif resent("phase1.resend", state) == message or message == "qm1":
            sending = ["quick.resend" if message == "qm1" else "phase1.resend"]
            found = self._about(question, node, None, sending, index)
        elif self._answers_again(node, message):
            sending = ["quick.answer_again" if message == "qm2" else "phase1.answer_again"]
            found = self._about(question, node, None, sending, index)
            asks = next(x for x, answer in ANSWERS.items() if answer == message)
            if found.enabled and not self._flies(node, asks):
                answer = f"{capital(MESSAGES[asks].long)} has not come again."
                found = Why(question, ((answer, "R8" if message != "qm2" else "R15"),))
        else:
            found = self._about(question, node, None, sending, index)
        if not (last.event.lost or is_drop(last)):
            return found
        answer = f"{capital(MESSAGES[message].long)} {fate(last)} at step {last.depth}."
        return replace(found, answers=((answer, ""), *found.answers))

    def _gave(self, node: Node) -> str | None:
        """The message that an end which gives up had sent last."""
        return resent("phase1.resend", self._text(node, self._before_act(node), "initiator.state"))

    def _answers_again(self, node: Node, message: str) -> bool:
        """Whether it is an answer, and sending it again is an act of its own: the last one of its end."""
        state = self._text(node, node.moment.state, "responder.state")
        last = resent("phase1.answer_again", state) in (message, None)
        return message == "qm2" or (message in ("mm2", "mm4", "mm6", "am2") and last)

    def _field(self, node: Node, name: str) -> Why:
        machine = self._source.machine(node.moment)
        slot = machine.slots.index(name)
        wrote = self.wrote(node, slot)
        text = machine.text(slot, node.moment.state)
        where = f"step {wrote.depth}" if wrote.parent is not None else "the start"
        says = f"{wrote.event.name} {wrote.event.says}".strip()
        answer = f"It is {text} since {where}{': ' + says if says else ''}."
        return Why(
            f"What wrote {name}?", ((answer, wrote.event.clause),), (Value(name, text, wrote),)
        )

    def wrote(self, node: Node, slot: int) -> Node:
        """The last node on the way here in which a field changed; the start if it never did."""
        return self._source.wrote(node, slot)

    # ---- the nearest parameters
    def _about(
        self,
        question: str,
        node: Node,
        state: State | None,
        names: Sequence[str],
        index: int | None = None,
    ) -> Why:
        """Of these actions, with any parameters, now or just before the last act: what comes nearest.

        index  of the negotiation that is asked about; None: any
        """
        machine = self._source.machine(node.moment)
        states = [state] if state is not None else [node.moment.state, self._before_act(node)]
        tried = [
            (where, found)
            for where in dict.fromkeys(states)
            for name in names
            for found in self._each(machine, where, name, index)
        ]
        if not tried:
            raise Refused("no action of the specification does that")
        where, best = min(tried, key=lambda item: (len(item[1].refusals), states.index(item[0])))
        receives = self._source.spec.actions[best.action].receives
        if best.enabled and receives is not None and not self._flies(node, receives):
            return self._missing(question, node, receives, best.action)
        if best.enabled:
            nothing = ("Nothing keeps it from it: it can happen now.", "")
            if receives is not None:
                nothing = (f"{capital(MESSAGES[receives].long)} is on its way.", "")
            return Why(question, (nothing,), action=best.action, enabled=True)
        refusals = nearest(best.refusals)
        lost = receives is not None and (self._last(node, receives) or _losses(node))
        if lost and receives is not None and refusals[0].guard.name == "arrived":
            return self._missing(question, node, receives, best.action, refusals)
        answers = tuple((sentence(item.guard.reason), item.guard.clause) for item in refusals)
        values = tuple(
            dict.fromkeys(v for item in refusals for v in self._values(node, where, item))
        )
        return Why(
            question, answers, values, best.action, tuple(show(x.guard.term) for x in refusals)
        )

    def _flies(self, node: Node, message: str) -> bool:
        return any(copy.message == message for copy in node.moment.flight)

    def _missing(
        self,
        question: str,
        node: Node,
        message: str,
        action: str,
        refusals: Sequence[Answer] = (),
    ) -> Why:
        """The end would take a message, which is not on its way: the loss that keeps it away comes first."""
        title, clause = MESSAGES[message], "RFC 2408 section 4.1"
        last, formula = self._last(node, message), tuple(show(x.guard.term) for x in refusals)
        if last is not None:
            lost = f": {last.event.lost or 'dropped'}" if last.event.lost or is_drop(last) else ""
            answer = f"{capital(title.long)} has not arrived{lost}."
            values = (Value(title.short, "not in flight", last),)
            return Why(question, ((answer, clause),), values, action, formula)
        answers = [(f"{capital(title.long)} has not arrived.", clause)]
        of_loss: tuple[Value, ...] = ()
        for loss in _losses(node)[-1:]:
            assert loss.event.message is not None
            before = MESSAGES[loss.event.message.message]
            answers.insert(0, (f"{capital(before.long)} {fate(loss)} at step {loss.depth}.", ""))
            of_loss = (Value(before.short, loss.event.lost or "dropped", loss),)
        return Why(question, tuple(answers), of_loss, action, formula)

    def _last(self, node: Node, message: str) -> Node | None:
        """The last event in which a message was sent, or dropped; None: it never was."""
        return next(
            (x for x in reversed(node.path())
             if x.event.message is not None and x.event.message.message == message
             and (x.event.sends or is_drop(x))),
            None,
        )  # fmt: skip

    def _never_came(self, node: Node, message: str) -> bool:
        """Whether a message was sent, and no copy of it was delivered or is still on its way."""
        acts = (x.act for x in node.path())
        came = any(
            isinstance(act, Take) and act.copy is not None and act.copy.message == message
            for act in acts
        )
        return self._last(node, message) is not None and not came and not self._flies(node, message)

    def _each(
        self, machine: Machine, state: State, name: str, index: int | None
    ) -> Iterator[Explanation]:
        action = self._source.spec.actions[name]
        spans = [
            range(index, index + 1)
            if index is not None and str(item.sort) == "negotiation"
            else span(item, machine)
            for item in action.params
        ]
        for params in itertools.islice(itertools.product(*spans), MOST_TRIED):
            yield machine.explain(state, name, params)

    def _values(self, node: Node, state: State, answer: Answer) -> Iterator[Value]:
        machine = self._source.machine(node.moment)
        for name, text in answer.reads:
            slot = machine.slots.index(name)
            sort = machine.fields[slot].sort
            amount = state[slot] if isinstance(sort, Int) and 0 <= state[slot] <= 10 else None
            shown = (
                REASONS.get(text, state_words(text))
                if isinstance(sort, Domain)
                else state_words(text)
            )
            before = state is not node.moment.state and node.parent is not None
            wrote = self.wrote(node.parent if before and node.parent else node, slot)
            yield Value(name, shown, wrote, amount)
        rigids = {
            str(part.data): part for part in subterms(answer.guard.term) if part.op == "rigid"
        }
        for name, part in rigids.items():
            scalar = machine.instance.scalar(name)
            small = isinstance(part.sort, Int) and 0 <= scalar <= 10
            shown = str(scalar).lower() if isinstance(scalar, bool) else str(scalar)
            yield Value(name, shown, None, int(scalar) if small else None)

    # ---- helpers
    def _before_act(self, node: Node) -> State:
        """The state in which the last act was taken: after the wait, before the act itself."""
        if node.parent is None:
            return node.moment.state
        state: State | None = node.parent.moment.state
        steps = node.act.steps[:-1] if isinstance(node.act, Take) else ()
        for step in steps:
            assert state is not None
            state = self._source.machine(node.moment).apply(state, step)
        assert state is not None
        return state

    def _text(self, node: Node, state: State, slot: str) -> str:
        machine = self._source.machine(node.moment)
        return machine.text(machine.slots.index(slot), state) if slot in machine.slots else ""

    def _index(self, node: Node) -> int | None:
        """The negotiation that the act of an event is of; None: it is of none."""
        found = node.event.parameters.get("n")
        return int(found) if found is not None else None

    def _receiving(self, message: str) -> list[Action]:
        """What takes a message, without those that refuse it."""
        taking = [a for a in self._source.spec.actions.values() if a.receives == message]
        return [a for a in taking if not self._refuses(a)] or taking

    @staticmethod
    def _refuses(action: Action) -> bool:
        verb = action.name.partition(".")[2]
        return verb.startswith(REFUSALS) or verb == "give_up"

    def _better(self, action: Action) -> list[str]:
        """What the same end would rather have done with the same message."""
        heard = heard_by(action)
        others = [a for a in self._source.spec.actions.values()
                  if a.actor == action.actor and a.receives in heard
                  and a.name != action.name and not self._refuses(a)]  # fmt: skip
        return [a.name for a in others] or [action.name]


def _losses(node: Node) -> list[Node]:
    """The events of a way at which a message was lost or dropped."""
    return [x for x in node.path() if x.event.message and (x.event.lost or is_drop(x))]
