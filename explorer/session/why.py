"""Why something did not happen: the guard that refuses, its clause, and who last wrote what it reads."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from explorer.session.answers import Value, Why
from explorer.session.heard import heard_by
from explorer.session.moments import Kind, Refused, Take
from explorer.session.times import duration
from explorer.session.tree import Node
from model.language.document import show
from model.language.machine import Answer, Explanation, Machine, State
from model.language.sorts import Domain, Int, Timer
from model.language.specification import Action
from model.language.terms import Term, subterms
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
        event, spec = node.event, self._source.spec
        if event.lost and event.message is not None:
            yield self._lost(node)
        if event.action == "phase1.time_out":
            state = self._before_act(node)
            name = resent("phase1.resend", self._text(node, state, "initiator.state"))
            long = MESSAGES[name].long if name else "the message"
            yield self._about(f"Why is {long} not sent again?", node, state, ["phase1.resend"])
        elif event.action is not None and self._refuses(spec.actions[event.action]):
            action = spec.actions[event.action]
            who = self._names[event.actor] if event.actor is not None else "it"
            question = f"Why does {who} not go on?"
            yield self._about(question, node, self._before_act(node), self._better(action))
        elif event.action is not None and event.action.endswith(".hear_refusal"):
            yield from self._refused(node)
        if event.action == "phase1.fall_back":
            yield self._allowed(node)
        yield from self._waiting(node)
        yield self._time(node)
        if event.action is not None and event.action != "phase1.fall_back":
            yield self._allowed(node)

    def _refused(self, node: Node) -> Iterator[Why]:
        """Why the other end refused: the question that its refusal raised."""
        for before in reversed(node.path()):
            action = before.event.action
            if action is not None and self._refuses(self._source.spec.actions[action]):
                yield from itertools.islice(self._here(before), 1)
                return

    def _allowed(self, node: Node) -> Why:
        """What let the last act happen: its guards, each with its clause, and what they read."""
        assert node.event.action is not None and isinstance(node.act, Take)
        state, machine = self._before_act(node), self._source.machine(node.moment)
        found = machine.explain(state, node.event.action, node.act.steps[-1][1])
        answers = tuple((f"{_capital(x.guard.name)}: yes.", x.guard.clause) for x in found.answers)
        values = tuple(
            dict.fromkeys(v for x in found.answers for v in self._values(node, state, x))
        )
        actor = node.event.actor
        who = self._names[actor] if actor is not None else "the attacker"
        return Why(f"What allowed this step of {who}?", answers, values, node.event.action)

    def _waiting(self, node: Node) -> Iterator[Why]:
        if self._source.spec.name != "ike":
            return
        for lane, role in enumerate(("initiator", "responder")):
            state = self._text(node, node.moment.state, f"{role}.state")
            if state.startswith("awaits_"):
                awaited = state.removeprefix("awaits_")
                actions = [a.name for a in self._receiving(awaited)]
                question = f"Why has {self._names[lane]} not gone on?"
                yield self._about(question, node, node.moment.state, actions)

    def _lost(self, node: Node) -> Why:
        message = node.event.message
        assert message is not None
        title, first = MESSAGES[message.message], node
        while first.parent is not None and (first.event.kind is not Kind.NETWORK):
            first = first.parent
        rules = [rule for rule in node.moment.rules if rule.message == message.message]
        values = tuple(
            Value("rule", f"drop {title.short} ×{rule.times}, {rule.used} used", first)
            for rule in rules
        )
        answer = "A rule of this session loses it: no end knows."
        return Why(f"Why does {title.long} not arrive?", ((answer, ""),), values)

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
        spec = self._source.spec
        sending = [a.name for a in spec.actions.values()
                   if message in a.sends and a.actor != "attacker"]  # fmt: skip
        sent = self._sent_before(node, message)
        state = self._text(node, self._before_act(node), "initiator.state")
        if sent and resent("phase1.resend", state) == message:
            sending, verb = ["phase1.resend"], "sent again"
        elif sent and message == "qm1":
            sending, verb = ["quick.resend"], "sent again"
        elif sent and self._answers_again(node, message):
            sending = ["quick.answer_again" if message == "qm2" else "phase1.answer_again"]
            verb = "sent again"
        else:
            verb = "sent again" if sent else "sent"
        question = f"Why is {MESSAGES[message].long} not {verb}?"
        return self._about(question, node, None, sending)

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
    def _about(self, question: str, node: Node, state: State | None, names: Sequence[str]) -> Why:
        """Of these actions, with any parameters, now or just before the last act: what comes nearest."""
        machine = self._source.machine(node.moment)
        states = [state] if state is not None else [node.moment.state, self._before_act(node)]
        tried = [
            (where, found)
            for where in dict.fromkeys(states)
            for name in names
            for found in self._each(machine, where, name)
        ]
        if not tried:
            raise Refused("no action of the specification does that")
        where, best = min(tried, key=lambda item: (len(item[1].refusals), states.index(item[0])))
        receives = self._source.spec.actions[best.action].receives
        if best.enabled and receives is not None and not self._flies(node, receives):
            return self._missing(question, node, receives, best.action)
        if best.enabled:
            nothing = ("Nothing keeps it from it: it can happen now.", "")
            return Why(question, (nothing,), action=best.action)
        refusals = _nearest(best.refusals)
        answers = tuple((_sentence(item.guard.reason), item.guard.clause) for item in refusals)
        values = tuple(
            dict.fromkeys(v for item in refusals for v in self._values(node, where, item))
        )
        return Why(
            question, answers, values, best.action, tuple(show(x.guard.term) for x in refusals)
        )

    def _flies(self, node: Node, message: str) -> bool:
        return any(copy.message == message for copy in node.moment.flight)

    def _missing(self, question: str, node: Node, message: str, action: str) -> Why:
        """The end would take a message, which is not on its way."""
        title = MESSAGES[message]
        last = node
        while last.parent is not None and not (
            last.event.message is not None and last.event.message.message == message
        ):
            last = last.parent
        lost = f": {last.event.lost}" if last.event.lost else ""
        answer = f"{title.long[:1].upper()}{title.long[1:]} has not arrived{lost}."
        values = (Value(title.short, "not in flight", last),)
        return Why(question, ((answer, "RFC 2408 section 4.1"),), values, action)

    def _each(self, machine: Machine, state: State, name: str) -> Iterator[Explanation]:
        action = self._source.spec.actions[name]
        spans = [_span(item, machine) for item in action.params]
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

    def _sent_before(self, node: Node, message: str) -> bool:
        return any(x.event.sends is not None and x.event.sends.message == message
                   for x in node.path())  # fmt: skip

    def _receiving(self, message: str) -> list[Action]:
        """What takes a message, without those that refuse it."""
        taking = [a for a in self._source.spec.actions.values() if a.receives == message]
        return [a for a in taking if not self._refuses(a)] or taking

    @staticmethod
    def _refuses(action: Action) -> bool:
        verb = action.name.partition(".")[2]
        return verb.startswith(_REFUSALS) or verb == "give_up"

    def _better(self, action: Action) -> list[str]:
        """What the same end would rather have done with the same message."""
        heard = heard_by(action)
        others = [a for a in self._source.spec.actions.values()
                  if a.actor == action.actor and a.receives in heard
                  and a.name != action.name and not self._refuses(a)]  # fmt: skip
        return [a.name for a in others] or [action.name]


_REFUSALS = ("refuse", "reject", "lack", "initiator_lacks", "name_alternatives", "ignore", "doubt")


def _nearest(refusals: Sequence[Answer]) -> Sequence[Answer]:
    """Without those that say no only because another one does: nothing is known of a message that has not
    arrived, and a guard that asks for more than one that refuses has nothing to add."""
    missing = [item for item in refusals if item.guard.name == "arrived"]
    if missing:
        return missing
    parts = [_conjuncts(item.guard.term) for item in refusals]
    return [
        item for item, own in zip(refusals, parts, strict=True)
        if not any(other < own for other in parts)
    ]  # fmt: skip


def _conjuncts(term: Term) -> frozenset[Term]:
    if term.op != "and":
        return frozenset([term])
    return frozenset().union(*(_conjuncts(part) for part in term.args))


def _span(item: Term, machine: Machine) -> range:
    if isinstance(item.sort, Int):
        return range(item.sort.low, item.sort.high + 1)
    if isinstance(item.sort, Domain):
        return range(machine.instance.sizes[item.sort.name])
    return range(len(getattr(item.sort, "members", (0, 1))))


def _capital(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _sentence(reason: str) -> str:
    """A guard's reason as a sentence, with messages as people call them."""
    words = [MESSAGES[w].long if w in MESSAGES else w for w in reason.split()]
    text = " ".join(words)
    return f"{text[:1].upper()}{text[1:]}."
