"""Declarations and actions: a specification is data, checked while it is written down.

A mistake (a wrong sort, an unknown field, a guard that reads an SA nobody tracks) raises
SpecificationError with the file and line of the declaration at fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from model.language.errors import SpecificationError, origin
from model.language.sorts import BOOL, TIMER, Bool, Domain, Enum, Int, Maybe, Sort, Timer
from model.language.terms import TRUE, Term, conjunction, fits, interval, lift, subterms

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ACTION_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


@dataclass(frozen=True, slots=True)
class Field:
    """One variable of a record or family: its sort and value at the start.

    ghost    only proofs and readers look at it: no guard, no update of another variable
    urgent   (timers) time does not pass its deadline before something is done about it
    """

    name: str
    sort: Sort
    initial: Term
    ghost: bool = False
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A record (`domain` None) or a family of records indexed by a domain of rigid size."""

    name: str
    says: str
    fields: tuple[Field, ...]
    domain: Domain | None
    place: str
    message: bool = False
    protected: bool = False
    sender: str = ""
    receiver: str = ""

    def field(self, name: str) -> Field:
        """The field of that name."""
        for item in self.fields:
            if item.name == name:
                return item
        known = ", ".join(item.name for item in self.fields)
        raise SpecificationError(f"{self.name} has no field {name!r}; fields: {known}")


class Record:
    """Access to the fields of a group: `initiator.state`, or `negotiation[i].state` by index."""

    __slots__ = ("_group", "_index")

    def __init__(self, group: Group, index: Term | None = None) -> None:
        self._group = group
        self._index = index

    def __getattr__(self, name: str) -> Term:
        if name.startswith("__"):
            raise AttributeError(name)
        item = self._group.field(name)
        if self._index is None:
            if self._group.domain is not None:
                raise SpecificationError(f"{self._group.name} is a family: give an index")
            return Term("var", (), item.sort, (self._group.name, name))
        return Term("cell", (self._index,), item.sort, (self._group.name, name))

    def __getitem__(self, index: Term) -> Self:
        domain = self._group.domain
        if domain is None or self._index is not None:
            raise SpecificationError(f"{self._group.name} takes no index")
        return type(self)(self._group, lift(index, domain))


class Message(Record):
    """A message: `.sent`, and its contents, which stay as they were when it was sent."""

    __slots__ = ()

    def carrying(self, **contents: object) -> Sending:
        """This message with these contents, for `sends` of an action."""
        return Sending(self, contents)

    @property
    def group(self) -> Group:
        """The declaration."""
        return self._group


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that an action sends, with its contents by field."""

    message: Message
    contents: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition of an action.

    reason   in words, what is the case when the guard says no
    clause   where the standard, or the requirement, says so
    """

    name: str
    term: Term
    reason: str
    clause: str


@dataclass(frozen=True, slots=True)
class Action:
    """What one actor may do in one step; all nondeterminism is in `params`."""

    name: str
    actor: str
    says: str
    requirements: tuple[str, ...]
    params: tuple[Term, ...]
    guards: tuple[Guard, ...]
    updates: tuple[tuple[Term, Term], ...]
    sends: tuple[str, ...]
    receives: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Rigid:
    """A policy parameter: a value (`arguments` empty) or a table over domains and enumerations."""

    name: str
    says: str
    arguments: tuple[Sort, ...]
    sort: Sort


def guard(name: str, term: object, reason: str, clause: str) -> Guard:
    """A named condition; `term` must be a Bool term."""
    if not _NAME.fullmatch(name):
        raise SpecificationError(f"guard name {name!r}: lower-case words joined by _")
    return Guard(name, lift(term, BOOL), reason, clause)


class Specification:
    """A machine under construction, then a frozen description of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.groups: dict[str, Group] = {}
        self.rigids: dict[str, Rigid] = {}
        self.domains: dict[str, Domain] = {}
        self.actions: dict[str, Action] = {}
        self.actors: dict[str, str] = {}
        self.families: set[Domain] = set()

    # ---- declarations
    def actor(self, name: str, says: str) -> str:
        """Someone who acts."""
        self.actors[name] = says
        return name

    def domain(self, name: str) -> Domain:
        """A set of rigid size: transforms on offer, negotiations."""
        return self.domains.setdefault(name, Domain(name))

    def rigid(self, name: str, sort: Sort, says: str) -> Term:
        """A policy parameter: fixed for a whole run."""
        self._new(name, self.rigids, "rigid parameter")
        self.rigids[name] = Rigid(name, says, (), sort)
        return Term("rigid", (), sort, name)

    def table(
        self, name: str, arguments: Sequence[Sort], sort: Sort, says: str
    ) -> Callable[..., Term]:
        """A policy parameter with arguments, such as "the peer offers this transform"."""
        self._new(name, self.rigids, "rigid parameter")
        for item in arguments:
            if not isinstance(item, Domain | Enum | Bool):
                raise SpecificationError(f"{name}: a {item} cannot index a table")
        declared = self.rigids[name] = Rigid(name, says, tuple(arguments), sort)

        def apply(*values: object) -> Term:
            if len(values) != len(declared.arguments):
                raise SpecificationError(f"{name} takes {len(declared.arguments)} arguments")
            lifted = tuple(map(lift, values, declared.arguments))
            return Term("apply", lifted, sort, name)

        return apply

    def record(self, name: str, says: str, **fields: object) -> Record:
        """Variables that belong together; a field is a sort, `(sort, initial)` or a Field."""
        return Record(self._group(name, says, fields, None))

    def family(self, name: str, domain: Domain, says: str, **fields: object) -> Record:
        """The same for every element of a domain: security associations, negotiations."""
        self.families.add(domain)
        return Record(self._group(name, says, fields, domain))

    def message(
        self,
        name: str,
        says: str,
        *,
        sender: str,
        receiver: str,
        protected: bool = False,
        family: Domain | None = None,
        contents: Mapping[str, object] | None = None,
    ) -> Message:
        """A message, once sent on its way for ever (one per element of `family`).

        protected  a key of the SA protects it: only its sender can have made it
        contents   fields as for `record`
        """
        fields = {"sent": (BOOL, False), **(contents or {})}
        group = self._group(name, says, fields, family)
        done = Group(
            name, says, group.fields, family, group.place, True, protected, sender, receiver
        )
        self.groups[name] = done
        if family is not None:
            self.families.add(family)
        return Message(done)

    def action(
        self,
        name: str,
        actor: str,
        says: str,
        *,
        requirements: str,
        guards: Iterable[Guard],
        updates: Mapping[Term, object] | None = None,
        params: Sequence[Term] = (),
        receives: Message | None = None,
        sends: Sequence[Sending] = (),
    ) -> Action:
        """Declare an action; see Action. `receives` adds the guard that the message was sent."""
        place = origin()
        if not _ACTION_NAME.fullmatch(name) or name in self.actions:
            raise SpecificationError(f"action name {name!r} is malformed or taken")
        if actor not in self.actors:
            raise SpecificationError(f"{name}: {actor!r} is not an actor of {self.name}")
        conditions = list(guards)
        if receives is not None:
            arrived = f"{receives.group.name} has not arrived"
            conditions.insert(0, Guard("arrived", receives.sent, arrived, "RFC 2408 section 4.1"))
        changes = dict(self._changes(name, updates or {}, sends))
        made = Action(
            name,
            actor,
            says,
            tuple(requirements.split()),
            tuple(params),
            tuple(conditions),
            tuple(changes.items()),
            tuple(item.message.group.name for item in sends),
            receives.group.name if receives is not None else None,
            place,
        )
        self._check(made)
        self.actions[name] = made
        return made

    # ---- checks
    def _changes(
        self, name: str, updates: Mapping[Term, object], sends: Sequence[Sending]
    ) -> Iterable[tuple[Term, Term]]:
        for target, value in updates.items():
            yield self._change(name, target, value)
        for sending in sends:
            missing = {f.name for f in sending.message.group.fields} - {"sent"}
            if missing != set(sending.contents):
                raise SpecificationError(
                    f"{name} sends {sending.message.group.name} with {sorted(sending.contents)}, "
                    f"its contents are {sorted(missing)}"
                )
            yield self._change(name, sending.message.sent, TRUE)
            for item, value in sending.contents.items():
                yield self._change(name, getattr(sending.message, item), value)

    def _change(self, name: str, target: object, value: object) -> tuple[Term, Term]:
        if not isinstance(target, Term) or target.op not in ("var", "cell"):
            raise SpecificationError(f"{name}: only variables are updated, not {target}")
        lifted = lift(value, target.sort)
        if isinstance(target.sort, Int):
            (low, high), (least, most) = interval(lifted), interval(target)
            if high < least or low > most:
                raise SpecificationError(f"{name}: {lifted} is never within {target.sort}")
        return target, lifted

    def _check(self, action: Action) -> None:
        names = {item.name for item in action.guards}
        if len(names) != len(action.guards):
            raise SpecificationError(f"{action.name}: two guards have one name", action.place)
        written = [target for target, _ in action.updates]
        if len({str(target) for target in written}) != len(written):
            raise SpecificationError(f"{action.name}: one variable updated twice", action.place)
        ghosts = {target for target in written if self.field_of(target).ghost}
        indexes: dict[Domain, Term] = {}
        for item in action.guards:
            self._check_term(action, item.term, f"guard {item.name}", indexes, ghosts=False)
        for target, value in action.updates:
            where = f"update of {target}"
            self._check_term(action, target, where, indexes, ghosts=True)
            self._check_term(action, value, where, indexes, ghosts=target in ghosts)

    def _check_term(
        self,
        action: Action,
        term: Term,
        where: str,
        indexes: dict[Domain, Term],
        *,
        ghosts: bool,
    ) -> None:
        """One term of an action: its names are declared, and it reads tracked cells only.

        A proof follows one arbitrary element of each family, the one that the action's own
        parameter names. A term that reads any other would see a value nobody follows.
        """

        params = set(action.params)

        def wrong(problem: str) -> SpecificationError:
            return SpecificationError(f"{action.name}, {where}: {problem}", action.place)

        for item in subterms(term):
            if item.op == "param" and item not in params:
                raise wrong(f"{item.data} is not a parameter of the action")
            if item.op in ("every", "some") and item.args[0].sort in self.families:
                raise wrong(
                    f"{item.op} ranges over the family {item.args[0].sort}, of which a proof "
                    "tracks one element only: keep a counter on the parent instead"
                )
            if item.op in ("var", "cell"):
                field = self.field_of(item)
                if field.ghost and not ghosts:
                    raise wrong(f"{item} is a ghost: only other ghosts may depend on it")
            if item.op == "cell":
                index = item.args[0]
                domain = self.groups[item.data[0]].domain
                assert domain is not None
                if index.op != "param":
                    raise wrong(
                        f"{item} reads an element of {domain} that the proof does not track: "
                        "index a family by a parameter of the action only"
                    )
                if indexes.setdefault(domain, index) is not index:
                    raise wrong(
                        f"{item} reads a second element of {domain}: a proof tracks one, "
                        f"{indexes[domain].data}"
                    )

    def field_of(self, term: Term) -> Field:
        """The declaration of a var or cell term."""
        return self.groups[term.data[0]].field(term.data[1])

    def _new(self, name: str, taken: Mapping[str, object], kind: str) -> None:
        if not _NAME.fullmatch(name) or name in taken:
            raise SpecificationError(f"{kind} {name!r} is malformed or declared twice")

    def _group(
        self, name: str, says: str, fields: Mapping[str, object], domain: Domain | None
    ) -> Group:
        self._new(name, self.groups, "record")
        made = tuple(_field(f"{name}.{key}", key, value) for key, value in fields.items())
        group = self.groups[name] = Group(name, says, made, domain, origin())
        return group

    @property
    def messages(self) -> tuple[Group, ...]:
        """The messages, in the order of their declaration."""
        return tuple(group for group in self.groups.values() if group.message)

    def windows(self) -> Iterator[tuple[Term, Term]]:
        """Moments at which a guard changes before a timer's end: the timer (of every element, if it is
        a family's), and how much time must be left at most."""
        found: dict[tuple[Term, Term], None] = {}
        for action in self.actions.values():
            for term in (part for item in action.guards for part in subterms(item.term)):
                if term.op == "le" and term.args[0].op == "left":
                    timer, least = term.args[0].args[0], term.args[1]
                    if least.op in ("const", "rigid"):
                        found[timer, least] = None
        yield from found

    def enabled_when(self, name: str) -> Term:
        """The conjunction of an action's guards."""
        return conjunction(*(item.term for item in self.actions[name].guards))


def ghost(sort: Sort, initial: object = None) -> Field:
    """A field that only proofs and readers look at."""
    return Field("", sort, _initial("ghost", sort, initial), ghost=True)


def urgent_timer() -> Field:
    """A timer whose deadline time does not pass."""
    return Field("", TIMER, lift(None, TIMER), urgent=True)


def _field(where: str, name: str, value: object) -> Field:
    if not _NAME.fullmatch(name):
        raise SpecificationError(f"{where}: field names are lower-case words joined by _")
    if isinstance(value, Field):
        return Field(name, value.sort, value.initial, value.ghost, value.urgent)
    sort, initial = value if isinstance(value, tuple) else (value, None)
    if not isinstance(sort, Bool | Int | Enum | Domain | Maybe | Timer):
        raise SpecificationError(f"{where}: {sort!r} is not a sort for a variable")
    return Field(name, sort, _initial(where, sort, initial))


def _initial(where: str, sort: Sort, value: object) -> Term:
    if value is None:
        if isinstance(sort, Bool):
            value = False
        elif isinstance(sort, Enum):
            value = sort.members[0]
        elif isinstance(sort, Int):
            value = max(sort.low, min(0, sort.high))
        elif isinstance(sort, Domain):
            return Term("const", (), sort, 0)
    term = lift(value, sort)
    if not fits(term.sort, sort) or term.op not in ("const", "rigid", "apply"):
        raise SpecificationError(f"{where}: an initial value is a constant or a rigid parameter")
    if isinstance(sort, Int) and term.op == "const" and not sort.low <= term.data <= sort.high:
        raise SpecificationError(f"{where}: initial value {term.data} is outside {sort}")
    return term
