"""Python source from a specification and an instance: one function an action, one for all.

The generated text is the product that runs; `walk` is the oracle it is held against. States are flat
tuples, parameters plain numbers. Rigid values are folded into the text, so that an action that a
policy rules out costs nothing when enabled actions are enumerated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from model.language.instance import Instance, Value, cardinality
from model.language.sorts import NONE, Duration, Int, Timer
from model.language.specification import Action, Field, Specification
from model.language.terms import Term, interval, subterms

DELAY = "delay"
_COMPARE = {"eq": "==", "lt": "<", "le": "<=", "add": "+", "sub": "-"}
_TIMERS = {"armed": ">= 0", "running": "> 0", "expired": "== 0"}


class Source:
    """Generates the text. `slots` maps (group, field) to (base, stride); stride 0 for a record."""

    def __init__(
        self,
        spec: Specification,
        instance: Instance,
        slots: Mapping[tuple[str, str], tuple[int, int]],
        strides: Mapping[str, tuple[int, ...]],
        tick: int,
    ) -> None:
        self._spec, self._instance, self._tick = spec, instance, tick
        self._slots, self._strides = slots, strides

    # ---- expressions
    def expression(self, term: Term) -> str:
        """Python text of a term over `s`, `p_NAME` and bound names; constants come out folded."""
        op, args = term.op, term.args
        if op == "const":
            return self._literal(term.data, term)
        if op in ("param", "bound"):
            return f"p_{term.data}" if op == "param" else str(term.data)
        if op in ("var", "cell"):
            return f"s[{self.slot(term)}]"
        if op in ("rigid", "apply"):
            return self._rigid(term)
        if op in ("and", "or"):
            return self._connective(op, [self.expression(item) for item in args])
        if op in ("every", "some"):
            return self._quantified(term)
        texts = [self.expression(item) for item in args]
        if op == "not":
            return {"True": "False", "False": "True"}.get(texts[0], f"(not {texts[0]})")
        if op == "implies":
            negated = {"True": "False", "False": "True"}.get(texts[0], f"(not {texts[0]})")
            return self._connective("or", [negated, texts[1]])
        if op == "ite":
            return self._choice(*texts)
        if op == "is_none":
            return f"({texts[0]} == {NONE})"
        if op == "arm":
            return texts[0]
        if op == "left":
            return f"max({texts[0]}, 0)"
        if op in _TIMERS:
            return f"({texts[0]} {_TIMERS[op]})"
        if op in ("min", "max"):
            return f"{op}({texts[0]}, {texts[1]})"
        if op == "eq" and texts[0] == texts[1]:
            return "True"
        if op == "eq" and all(item.lstrip("-").isdigit() for item in texts):
            return "False"
        return f"({texts[0]} {_COMPARE[op]} {texts[1]})"

    def slot(self, term: Term) -> str:
        """Text of a variable's position in the state."""
        base, stride = self._slots[term.data]
        if term.op == "var":
            return str(base)
        return f"{base} + {self.expression(term.args[0])} * {stride}"

    def _literal(self, value: Value, term: Term) -> str:
        if isinstance(term.sort, Duration):
            return str(int(value * self._tick))
        return str(value)

    def _rigid(self, term: Term) -> str:
        values = self._instance.rigid[term.data]
        if len(set(values)) == 1:
            return self._literal(values[0], term)
        parts = [
            f"{self.expression(item)} * {stride}" if stride != 1 else self.expression(item)
            for item, stride in zip(term.args, self._strides[term.data], strict=True)
        ]
        return f"r_{term.data}[{' + '.join(parts)}]"

    @staticmethod
    def _connective(op: str, texts: Sequence[str]) -> str:
        unit, zero = ("True", "False") if op == "and" else ("False", "True")
        if zero in texts:
            return zero
        rest = [text for text in texts if text != unit]
        if not rest:
            return unit
        return rest[0] if len(rest) == 1 else f"({f' {op} '.join(rest)})"

    @staticmethod
    def _choice(condition: str, then: str, otherwise: str) -> str:
        if condition in ("True", "False"):
            return then if condition == "True" else otherwise
        return f"({then} if {condition} else {otherwise})"

    def _quantified(self, term: Term) -> str:
        variable, body = term.args
        size = self._instance.sizes[str(variable.sort)]
        text = self.expression(body)
        if text in ("True", "False") and size:
            return text
        name = "all" if term.op == "every" else "any"
        return f"{name}({text} for {variable.data} in range({size}))"

    # ---- functions
    def module(self, fields: Sequence[Field]) -> str:
        """The whole text: `step_K` for each action, `enabled`; `fields` in the order of slots."""
        lines: list[str] = []
        for name, values in self._instance.rigid.items():
            if len(set(values)) > 1:
                tick = self._tick if isinstance(self._spec.rigids[name].sort, Duration) else None
                table = tuple(int(v * tick) for v in values) if tick else values
                lines.append(f"r_{name} = {table!r}")
        for number, action in enumerate(self._spec.actions.values()):
            lines += self._step(number, action)
        timers = [(i, field.urgent) for i, field in enumerate(fields) if _is_timer(field)]
        if timers:
            lines += self._delay(timers)
        lines += self._enabled(timers)
        return "\n".join(lines) + "\n"

    def _step(self, number: int, action: Action) -> list[str]:
        names = "".join(f", p_{item.data}" for item in action.params)
        lines = [f"def step_{number}(s{names}):  # {action.name}"]
        texts = self._ordered([item.term for item in action.guards], action.params)
        test = self._connective("and", [text for _, text in texts])
        if test == "False":
            return [*lines, "    return None"]
        if test != "True":
            lines += [f"    if not ({test}):", "        return None"]
        if not action.updates:
            return [*lines, "    return s"]
        lines.append("    n = list(s)")
        for target, value in action.updates:
            lines += self._assignment(action, target, value)
        return [*lines, "    return tuple(n)"]

    def _assignment(self, action: Action, target: Term, value: Term) -> list[str]:
        text, slot = self.expression(value), self.slot(target)
        if isinstance(target.sort, Int):
            (low, high), (least, most) = interval(value), interval(target)
            if low < least or high > most:  # only then can it leave the range
                return [
                    f"    v = {text}",
                    f"    if not {least} <= v <= {most}:",
                    f"        raise RangeError({action.name!r}, {str(target)!r}, v)",
                    f"    n[{slot}] = v",
                ]
        return [f"    n[{slot}] = {text}"]

    @staticmethod
    def _delay(timers: Sequence[tuple[int, bool]]) -> list[str]:
        urgent = "".join(f" or 0 <= s[{i}] < p_ticks" for i, is_urgent in timers if is_urgent)
        lines = [
            "def delay(s, p_ticks):",
            f"    if p_ticks <= 0{urgent}:",
            "        return None",
            "    n = list(s)",
        ]
        for i, _ in timers:
            lines += [f"    if n[{i}] > 0:", f"        n[{i}] = max(n[{i}] - p_ticks, 0)"]
        return [*lines, "    return tuple(n)"]

    def _ordered(self, terms: Sequence[Term], params: Sequence[Term]) -> list[tuple[int, str]]:
        """Conjuncts with the number of leading parameters each needs, fewest first."""
        found = []
        for term in terms:
            for part in term.args if term.op == "and" else (term,):
                used = {item for item in subterms(part) if item.op == "param"}
                depth = max((i + 1 for i, item in enumerate(params) if item in used), default=0)
                found.append((depth, self.expression(part)))
        return sorted(found, key=lambda item: item[0])

    def _enabled(self, timers: Sequence[tuple[int, bool]]) -> list[str]:
        lines = ["def enabled(s):", "    out = []", "    add = out.append"]
        for number, action in enumerate(self._spec.actions.values()):
            lines += self._enabled_action(number, action)
        if timers:
            # The next moment at which a guard may change is the one delay worth offering.
            ahead = ", ".join([*(f"s[{i}]" for i, _ in timers), *self._windows()])
            lines += [
                f"    ahead = [t for t in ({ahead},) if t > 0]",
                "    if ahead and delay(s, min(ahead)) is not None:",
                f"        add(({len(self._spec.actions)}, (min(ahead),)))",
            ]
        return [*lines, "    return out"]

    def _windows(self) -> list[str]:
        """How long until the time left of a timer is no more than a guard asks."""
        found = []
        for timer, least in self._spec.windows():
            domain = self._spec.groups[timer.data[0]].domain
            base, stride = self._slots[timer.data]
            for index in range(self._instance.sizes[domain.name] if domain else 1):
                found.append(f"s[{base + index * stride}] - {self.expression(least)}")
        return list(dict.fromkeys(found))

    def _enabled_action(self, number: int, action: Action) -> list[str]:
        ordered = self._ordered([item.term for item in action.guards], action.params)
        if any(text == "False" for _, text in ordered):
            return []
        lines, pad = [], "    "
        for depth in range(len(action.params) + 1):
            if depth:
                item = action.params[depth - 1]
                size = cardinality(item.sort, self._instance.sizes)
                low = item.sort.low if isinstance(item.sort, Int) else 0
                lines.append(f"{pad}for p_{item.data} in range({low}, {low + size}):")
                pad += "    "
            here = [text for level, text in ordered if level == depth]
            test = self._connective("and", here)
            if test != "True":
                lines.append(f"{pad}if {test}:")
                pad += "    "
        names = "".join(f"p_{item.data}, " for item in action.params)
        return [*lines, f"{pad}add(({number}, ({names})))"]


def _is_timer(field: Field) -> bool:
    return isinstance(field.sort, Timer)
