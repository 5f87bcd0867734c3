"""What has happened so far, in one sentence or two: this line alone answers the question."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from explorer.session.moments import Deed, Handle, Kind, Lane, Tone, Verdict
from explorer.session.times import duration, ordinal, since_start, spoken, times
from explorer.session.tree import Node
from model.language.machine import Machine, State
from model.language.specification import Specification
from model.spec.words import MESSAGES, REASONS, resent, state_words


class Verdicts(Protocol):
    """The verdicts on one machine."""

    def verdict(self, machine: Machine, node: Node) -> Verdict:
        """What has happened up to a node."""
        ...


def verdicts_of(spec: Specification, lanes: Sequence[Lane]) -> Verdicts:
    """The verdicts on that machine."""
    return _Ike(lanes) if spec.name == "ike" else _Plain(lanes)


class _Plain:
    """Machines without messages: what was done last."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes = lanes

    def verdict(self, machine: Machine, node: Node) -> Verdict:
        event = node.event
        if event.kind is Kind.START:
            return Verdict("START", Tone.PENDING, "Nothing has happened yet.")
        who = self._lanes[event.actor].name if event.actor is not None else "The network"
        first = f"{who} {event.says}." if event.kind is Kind.ACT else f"{event.says}."
        over = not machine.enabled(node.moment.state)
        return Verdict("UNDER WAY", Tone.PENDING, first[0].upper() + first[1:], over=over)


class _Ike:
    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._names = [lane.name or f"the {lane.title.lower()}" for lane in lanes]

    def verdict(self, machine: Machine, node: Node) -> Verdict:
        state = node.moment.state
        here = _Reader(machine, state)
        over = self._over(here)
        i, r = here.text("initiator", "state"), here.text("responder", "state")
        if node.event.kind is Kind.START:
            return Verdict("START", Tone.PENDING, "Nothing has been sent yet.")
        if i == "clear":
            left = here.left("initiator", "due")
            more = f" for {duration(left)} more" if left is not None else ""
            first = f"Nobody answered, so {self._names[0]} sends in clear{more}."
            return Verdict("IN CLEAR", Tone.WARNING, first, "Its policy allows it (R8).", True)
        if "failed" in (i, r):
            return self._failed(here, node, over)
        installed = here.installed()
        if "ended" in (i, r):
            return self._ended(here, node, installed, over)
        if i == r == "established":
            return self._up(here, installed, over)
        return self._under_way(here, node)

    def _over(self, here: _Reader) -> bool:
        """Both up and quiet, or both at an end."""
        i, r = here.text("initiator", "state"), here.text("responder", "state")
        if i == r == "established":
            states = here.quick()
            return bool(states) and not any("awaits" in item for item in states)
        gone = ("failed", "ended", "clear")
        return (i in gone and r in (*gone, "idle")) or (r in gone and i in (*gone, "idle"))

    def _failed(self, here: _Reader, node: Node, over: bool) -> Verdict:
        role = "initiator" if here.text("initiator", "state") == "failed" else "responder"
        other = "responder" if role == "initiator" else "initiator"
        who, peer = self._name(role), self._name(other)
        reason, theirs = here.text(role, "reason"), here.text(other, "reason")
        if theirs not in ("none", "timeout") and reason in ("none", "timeout"):
            first = f"{_capital(peer)} stopped: {REASONS.get(theirs, theirs)}."  # that is the cause
        elif reason == "timeout" and role == "initiator":
            first = self._silence(here, node, who)
        elif role == "responder" and reason in ("none", "timeout", "no_resources"):
            first = f"{_capital(who)} forgot the half-open exchange."
        else:
            first = f"{_capital(who)} stopped: {REASONS.get(reason, reason)}."
        return Verdict("FAILED", Tone.FAILED, first, self._after(here, role, other), over)

    def _after(self, here: _Reader, role: str, other: str) -> str:
        """What an end's failure means, and how the other end stands."""
        who, peer = _capital(self._name(role)), self._name(other)
        state = here.text(other, "state")
        if state in ("established", "ended"):
            left = here.left(other, "life")
            if left is None:
                return f"{who} gives up; {peer} took Phase I to be up until it ended."
            return f"{who} gives up; {peer} takes Phase I to be up for {duration(left)} more."
        says = f"{who} gives up: Phase I does not come up."
        left = here.left("responder", "half_open")
        if left is not None and state.startswith("awaits") and other == "responder":
            more = f"{duration(left)} more"
            return f"{says} {_capital(peer)} still keeps a half-open exchange: {more}."
        return f"{says} {_capital(peer)} still waits." if state.startswith("awaits") else says

    def _name(self, role: str) -> str:
        return self._names[role == "responder"]

    def _silence(self, here: _Reader, node: Node, who: str) -> str:
        """What was lost, and how often, before the initiator gave up."""
        nothing = f"No answer came, so {who} gave up."
        while node.parent is not None and node.event.action != "phase1.time_out":
            node = node.parent
        if node.parent is None:
            return nothing
        before = here.at(node.parent.moment.state)
        own = resent("phase1.resend", before.text("initiator", "state"))
        sendings, lost = 0, dict[str, int]()
        while node.parent is not None and own is not None:
            event, act = node.event, node.act
            dropped = isinstance(act, Handle) and act.deed is Deed.DROP
            if event.message is not None and (event.lost or dropped):
                lost[event.message.message] = lost.get(event.message.message, 0) + 1
            if event.sends is not None and event.sends.message == own:
                sendings += 1
                if not event.again:
                    break
            node = node.parent
        if own is None or not lost:
            return nothing
        said = [f"{MESSAGES[name].long} was lost {times(count)}" for name, count in lost.items()]
        of = "" if list(lost) == [own] else f" of {MESSAGES[own].long}"
        first = ", ".join(said[::-1])
        return f"{first[:1].upper()}{first[1:]}; R8 allows no {ordinal(sendings + 1)} sending{of}."

    def _ended(self, here: _Reader, node: Node, installed: Fraction | None, over: bool) -> Verdict:
        if installed is None:
            both = here.text("initiator", "state") == here.text("responder", "state")
            second = "" if both else "The other end has not heard of it yet."
            return Verdict("ENDED", Tone.PENDING, "Phase I has ended.", second, over)
        until = node.moment.at + installed
        first = (
            f"Phase I has ended. An SA made under it stands until {since_start(until)}: "
            f"{spoken(installed)} more."
        )
        second = "In that time no Delete can be protected under it: only the driver ends the SA."
        return Verdict("OVERLAP", Tone.WARNING, first, second, False)

    def _up(self, here: _Reader, installed: Fraction | None, over: bool) -> Verdict:
        left = here.left("initiator", "life")
        life = f"Phase I for {duration(left)} more" if left is not None else "Phase I is up"
        quick, both = here.quick(), here.installed_at_both()
        if any(item == "failed" for item in quick):
            reason = here.quick_reason()
            first = f"Quick Mode failed: {REASONS.get(reason, reason)}."
            second = "Phase I is up, but no packet is protected."
            if both is not None:
                second = "The SAs of another Quick Mode still stand."
            elif installed is not None:
                second = self._one_end(here, installed)
            return Verdict("FAILED", Tone.FAILED, first, second, over)
        if over and both is not None:
            second = f"{life}, the SAs for {duration(both)} more."
            return Verdict(
                "ESTABLISHED", Tone.OK, "Both ends are up, with their SAs.", second, True
            )
        if over and installed is not None:
            second = f"{life}; a packet to send starts another Quick Mode."
            first = self._one_end(here, installed)
            return Verdict("ONE-SIDED", Tone.WARNING, first, second)
        if over:
            second = f"{life}; a packet to send starts another Quick Mode."
            return Verdict(
                "NO SAS", Tone.PENDING, "Phase I is up; its SAs have ended.", second, True
            )
        waits = [state_words(item) for item in quick if "awaits" in item]
        first = f"Phase I is up at both ends; Quick Mode {waits[0]}." if waits else "Phase I is up."
        return Verdict("UNDER WAY", Tone.PENDING, first, f"{life}.")

    def _one_end(self, here: _Reader, left: Fraction) -> str:
        """Who holds SAs that the other end does not."""
        holders = here.holders()
        if len(holders) > 1:
            return (
                "Each end holds SAs that the other does not: nothing that they protect is opened."
            )
        who, peer = (self._names[at] for at in (holders[0], 1 - holders[0]))
        return f"Only {who} holds SAs, for {duration(left)} more: {peer} cannot open what they protect."

    def _under_way(self, here: _Reader, node: Node) -> Verdict:
        waits = [
            f"{name} {state_words(here.text(role, 'state'))}"
            for name, role in zip(self._names, ("initiator", "responder"), strict=True)
            if here.text(role, "state").startswith("awaits")
        ]
        idle = here.text("initiator", "state") == here.text("responder", "state") == "idle"
        nothing = "Nothing has been sent yet" if idle else "Phase I is up at one end"
        first = (_capital("; ".join(waits)) or nothing) + "."
        flight = ", ".join(MESSAGES[copy.message].short for copy in node.moment.flight)
        second = f"On the way: {flight}." if flight else "Nothing is on the way."
        return Verdict("UNDER WAY", Tone.PENDING, first, second)


class _Reader:
    """Fields of a state by name."""

    def __init__(self, machine: Machine, state: State) -> None:
        self._machine, self._state = machine, state

    def at(self, state: State) -> _Reader:
        """The same of another state."""
        return _Reader(self._machine, state)

    def text(self, group: str, field: str, index: int = 0) -> str:
        return self._machine.text(self._machine.slot(group, field, index), self._state)

    def left(self, group: str, field: str, index: int = 0) -> Fraction | None:
        """Seconds left of a timer; None if it is off."""
        ticks = self._state[self._machine.slot(group, field, index)]
        return Fraction(ticks, self._machine.tick) if ticks >= 0 else None

    def _all(self) -> range:
        return range(self._machine.instance.sizes["negotiation"])

    def _holds(self, side: str, n: int) -> bool:
        return self.text(f"{side}_driver", "state", n) == "installed"

    def installed(self) -> Fraction | None:
        """Seconds for which an installed SA still stands at most; None if there is none."""
        found = [
            self.left(f"{side}_driver", "hard", n) or Fraction(0)
            for n in self._all()
            for side in ("starter", "answerer")
            if self._holds(side, n)
        ]
        return max(found) if found else None

    def installed_at_both(self) -> Fraction | None:
        """Seconds for which SAs that both ends hold still stand; None if there are none."""
        found = [
            min(self.left(f"{side}_driver", "hard", n) or Fraction(0)
                for side in ("starter", "answerer"))
            for n in self._all()
            if self._holds("starter", n) and self._holds("answerer", n)
            and self.text("answerer", "own", n) != "true"
        ]  # fmt: skip
        return max(found) if found else None

    def holders(self) -> list[int]:
        """The lanes of the ends that hold SAs: 0 for the initiator, 1 for the responder."""
        found = set()
        for n in self._all():
            starts = self.text("starter", "role", n) == "responder"
            answers = starts if self.text("answerer", "own", n) == "true" else not starts
            found |= {int(starts)} if self._holds("starter", n) else set()
            found |= {int(answers)} if self._holds("answerer", n) else set()
        return sorted(found)

    def quick(self) -> list[str]:
        """States of both sides of the newest Quick Mode."""
        for n in reversed(self._all()):
            found = [self.text(side, "state", n) for side in ("starter", "answerer")]
            if found != ["idle", "idle"]:
                return found
        return []

    def quick_reason(self) -> str:
        """Why the newest Quick Mode failed."""
        for n in reversed(self._all()):
            for side in ("answerer", "starter"):
                if self.text(side, "state", n) == "failed":
                    return self.text(side, "reason", n)
        return "none"


def _capital(text: str) -> str:
    """With a capital letter, unless it begins with a name of a peer."""
    return text[:1].upper() + text[1:] if text.startswith(("the ", "message", "no ")) else text
