"""Events as JSON: one object a line, whose `event` says which; docs/events.schema.json describes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, get_args

from impl.daemon.words import Tree, schema, tree
from impl.ike.events import Event


@dataclass(frozen=True, slots=True)
class Listening:
    """The daemon is reached at this address: at one port, and at the other one for NAT traversal."""

    address: str
    port: int
    nat_port: int


@dataclass(frozen=True, slots=True)
class Noted:
    """Something of the policy that is not the daemon's business, in words."""

    note: str


@dataclass(frozen=True, slots=True)
class Stopping:
    """The daemon ends: it deletes its SAs, and tells the peers."""

    why: str
    sas: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """The last event: the sockets are closed."""


DaemonEvent = Listening | Noted | Stopping | Stopped
Told = Event | DaemonEvent
SCHEMA_VERSION = 1


def kind_of(event: object) -> str:
    """The name of an event in JSON: `Phase1Established` is `phase1-established`."""
    name = event.__name__ if isinstance(event, type) else type(event).__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def told(event: Told, time: str) -> Tree:
    """An event; `time` in ISO 8601, with the zone."""
    found = tree(event)
    assert isinstance(found, dict)
    return {"event": kind_of(event), "time": time, **found}


def kinds() -> list[type[Any]]:
    """Every kind of event."""
    return [*get_args(DaemonEvent), *get_args(Event)]


def events_schema() -> Tree:
    """The JSON Schema of one line of the event stream."""
    found = []
    for kind in kinds():
        made = schema(kind)
        made["properties"] = {
            "event": {"const": kind_of(kind)},
            "time": {"type": "string", "format": "date-time"},
            **made["properties"],
        }
        made["required"] = list(made["properties"])
        made["title"], made["description"] = kind_of(kind), _first_sentence(kind)
        found.append(made)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Events of ikeproof run",
        "oneOf": found,
    }


def _first_sentence(kind: type[Any]) -> str:
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())
