"""Runs in the Informal Trace Format (ITF) of Apalache and Quint.

Format: Apalache ADR-015; the two `mbt::` variables as Quint's `--mbt` writes them. One variable for each
record and message, its fields a record; for a family a map from number to record. Values:

    Bool       JSON's                     Int, Domain  {"#bigint": "3"}
    Enum       the member's name          Maybe        Some or None
    Timer      Some ticks left, or None when it is off; `ticks_per_second` stands in #meta

Some and None are {"tag": "Some", "value": ...} and {"tag": "None", "value": {"#tup": []}}.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from model.language.errors import StepError
from model.language.generate import DELAY
from model.language.machine import Machine, State, Step
from model.language.sorts import NONE, OFF, Bool, Enum, Maybe, Sort, Timer
from model.language.specification import Group, Specification
from model.run import Run, replay

DESCRIPTION = "https://apalache-mc.org/docs/adr/015adr-trace.html"
ACTION, PICKS = "mbt::actionTaken", "mbt::nondetPicks"
TICKS = "ticks"  # the pick of a delay

Json = dict[str, object]


def itf(machine: Machine, steps: Sequence[Step], about: str = "", status: str = "ok") -> Json:
    """The run that these steps make from the initial state, as ITF.

    StepError: a step that cannot be taken. `status` goes into #meta.
    """
    state = machine.initial
    states = [_state(machine, state, None, 0)]
    for index, step in enumerate(steps, 1):
        after = machine.apply(state, step)
        if after is None:
            raise StepError(f"{machine.describe(step)[0]} cannot be taken: a guard says no")
        state = after
        states.append(_state(machine, state, step, index))
    meta: Json = {
        "format": "ITF",
        "format-description": DESCRIPTION,
        "source": machine.spec.name,
        "description": about,
        "status": status,
        "ticks_per_second": machine.tick,
    }
    return {"#meta": meta, "vars": [*machine.spec.groups, ACTION, PICKS], "states": states}


def itf_of_run(spec: Specification, run: Run) -> Json:
    """A recorded run as ITF, as far as it replays; `status` is "ok" or says why it went no further.

    PolicyError: it is a run of something else altogether.
    """
    replayed = replay(spec, run)
    machine = replayed.machine
    taken = run.steps[: len(replayed.states) - 1]
    steps = [machine.step(name, **params) for name, params in taken]
    return itf(machine, steps, run.about, replayed.why or "ok")


def text(trace: Mapping[str, object]) -> str:
    """ITF as a file holds it: one line a state, so that files can be compared."""
    parts = [f'"#meta":{_compact(trace["#meta"])}', f'"vars":{_compact(trace["vars"])}']
    states = trace["states"]
    assert isinstance(states, list)
    lines = ",\n".join(_compact(state) for state in states)
    return "{" + ",\n".join(parts) + f',\n"states":[\n{lines}\n]}}\n'


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _state(machine: Machine, state: State, step: Step | None, index: int) -> Json:
    shown: Json = {"#meta": {"index": index}}
    for group in machine.spec.groups.values():
        shown[group.name] = _group(machine, group, state)
    shown[ACTION] = "init" if step is None else machine.describe(step)[0]
    shown[PICKS] = _picks(machine, step)
    return shown


def _group(machine: Machine, group: Group, state: State) -> Json:
    def record(index: int) -> Json:
        return {
            field.name: _value(field.sort, state[machine.slot(group.name, field.name, index)])
            for field in group.fields
        }

    if group.domain is None:
        return record(0)
    size = machine.instance.sizes[group.domain.name]
    return {"#map": [[_number(index), record(index)] for index in range(size)]}


def _picks(machine: Machine, step: Step | None) -> Json:
    """Every parameter of every action, as Quint has it: None where the action has no such one."""
    names = {str(item.data) for action in machine.actions for item in action.params}
    if DELAY in machine.numbers:
        names.add(TICKS)
    picks: Json = {name: _option(None) for name in sorted(names)}
    if step is None:
        return picks
    number, params = step
    if number == len(machine.actions):
        return {**picks, TICKS: _option(_number(params[0]))}
    for item, value in zip(machine.actions[number].params, params, strict=True):
        picks[str(item.data)] = _option(_value(item.sort, value))
    return picks


def _value(sort: Sort, value: int) -> object:
    if isinstance(sort, Bool):
        return bool(value)
    if isinstance(sort, Enum):
        return sort.members[value]
    if isinstance(sort, Maybe):
        return _option(None if value == NONE else _number(value))
    if isinstance(sort, Timer):
        return _option(None if value == OFF else _number(value))
    return _number(value)


def _number(value: int) -> Json:
    return {"#bigint": str(value)}


def _option(value: object) -> Json:
    none: Json = {"#tup": []}
    return {"tag": "None", "value": none} if value is None else {"tag": "Some", "value": value}
