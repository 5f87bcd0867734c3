"""Events as JSON, and the schema that describes them."""

from __future__ import annotations

from typing import Any

from impl.daemon.told import events_schema, kinds
from impl.ike.events import Phase1Established, SasInstalled
from tests.impl.daemon.conftest import Tree, ask, run, two


def fits(value: Any, schema: Tree) -> bool:
    """Whether a value is as a schema says, as far as ours go."""
    if "const" in schema:
        return bool(value == schema["const"])
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return sum(fits(value, item) for item in schema[word]) >= 1
    kind = schema["type"]
    if kind == "object":
        return (
            isinstance(value, dict)
            and set(value) == set(schema["required"]) == set(schema["properties"])
            and all(fits(value[key], item) for key, item in schema["properties"].items())
        )
    if kind == "array":
        return isinstance(value, list) and all(fits(item, schema["items"]) for item in value)
    types: dict[str, Any] = {
        "string": str,
        "integer": int,
        "number": (int, float),
        "null": type(None),
    }
    return isinstance(value, bool) if kind == "boolean" else isinstance(value, types[kind])


def test_every_event_of_a_run_fits_the_schema_and_no_other_kind_does(tmp_path: Any) -> None:
    schema, seen = events_schema(), list[Tree]()

    async def test() -> None:
        async with two(tmp_path) as (a, b):
            await ask(tmp_path / "a.sock", {"command": "up", "connection": "rig", "wait": 15})
            await b.until("sas-installed", 2)
            await a.stop()
            await b.until("phase1-ended")
            seen.extend([*a.events, *b.events])

    run(test)
    assert {item["event"] for item in seen} >= {
        "listening",
        "phase1-established",
        "sas-installed",
        "sas-deleted",
        "phase1-ended",
        "stopping",
        "stopped",
    }
    for event in seen:
        fitting = [one["title"] for one in schema["oneOf"] if fits(event, one)]
        assert fitting == [event["event"]]
        assert not fits({**event, "more": 1}, schema)


def test_every_kind_of_event_is_described_and_no_key_is_among_its_fields() -> None:
    described = {item["title"]: item for item in events_schema()["oneOf"]}
    assert len(described) == len(kinds()) and Phase1Established in kinds()
    pair = described["sas-installed"]["properties"]["pair"]["properties"]
    sas = pair["sas"]["items"]["properties"]
    assert {"local", "life"} <= set(pair) and {"inbound_spi", "choice"} <= set(sas)
    assert not [name for name in (*pair, *sas) if "key" in name]
    assert SasInstalled in kinds() and all(item["description"] for item in described.values())
