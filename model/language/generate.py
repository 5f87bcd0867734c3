"""Python source from a specification and an instance: one function an action, one for all.

The generated text is the product that runs; `walk` is the oracle that it is compared with. States are flat
tuples, parameters plain numbers. Rigid values are folded into the text, so that an action that a
policy rules out costs nothing when enabled actions are enumerated.
"""

from __future__ import annotations

import math
import operator
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from model.language.instance import Instance, Value, cardinality
from model.language.sorts import NONE, Duration, Int, Timer
from model.language.specification import Action, Field, Specification
from model.language.terms import Term, interval, subterms

DELAY = "delay"
#: domains up to this size are written out, element by element, so that policies fold
UNROLLED = 8
#: and as many combinations of an action's parameters
COMBINATIONS = 64
#: names and the numbers that they stand for
Given = tuple[tuple[str, int], ...]
_WORKED_OUT: Mapping[str, Callable[[int, int], int]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    "+": operator.add,
    "-": operator.sub,
}
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
        self._texts: dict[tuple[Term, Given], str] = {}
        self._names: dict[Term, frozenset[str]] = {}

    # ---- expressions
    def expression(self, term: Term, given: Given = ()) -> str:
        """Python text of a term over `s`, `p_NAME` and bound names; what is known comes out folded.

        given   names that stand for a number here, each with it
        """
        if given:
            names = self._free(term)
            given = tuple(pair for pair in given if pair[0] in names)
        key = term, given
        found = self._texts.get(key)
        if found is None:
            found = self._texts[key] = self._expression(term, given)
        return found

    def _free(self, term: Term) -> frozenset[str]:
        found = self._names.get(term)
        if found is None:
            if term.op in ("param", "bound"):
                found = frozenset({_name(term)})
            else:
                found = frozenset().union(*map(self._free, term.args))
            self._names[term] = found
        return found

    def _expression(self, term: Term, given: Given) -> str:
        op, args = term.op, term.args
        if op == "const":
            return self._literal(term.data, term)
        if op in ("param", "bound"):
            return str(dict(given).get(_name(term), _name(term)))
        if op in ("var", "cell"):
            return f"s[{self.slot(term, given)}]"
        if op in ("rigid", "apply"):
            return self._rigid(term, given)
        if op in ("every", "some"):
            return self._quantified(term, given)
        if op == "eq" and args[0].op == "ite" and args[1].op == "const":
            condition, then, otherwise = args[0].args
            if then.op == otherwise.op == "const":
                return self._chosen(condition, then, otherwise, args[1], given)
        texts = [self.expression(item, given) for item in args]
        if op in ("and", "or"):
            return self._connective(op, texts)
        if op == "not":
            return _negated(texts[0])
        if op == "implies":
            return self._connective("or", [_negated(texts[0]), texts[1]])
        if op == "ite":
            return self._choice(*texts)
        if op == "is_none":
            return _compared("==", texts[0], str(NONE))
        if op == "arm":
            return texts[0]
        if op == "left":
            return f"max({texts[0]}, 0)"
        if op in _TIMERS:
            return f"({texts[0]} {_TIMERS[op]})"
        if op in ("min", "max"):
            return f"{op}({texts[0]}, {texts[1]})"
        return _compared(_COMPARE[op], *texts)

    def _chosen(
        self, condition: Term, then: Term, otherwise: Term, value: Term, given: Given
    ) -> str:
        """Whether a choice of two constants is a third."""
        text = self.expression(condition, given)
        if then.data == otherwise.data:
            return str(then.data == value.data)
        if value.data == then.data:
            return text
        return _negated(text) if value.data == otherwise.data else "False"

    def slot(self, term: Term, given: Given = ()) -> str:
        """Text of a variable's position in the state."""
        base, stride = self._slots[term.data]
        if term.op == "var":
            return str(base)
        index = self.expression(term.args[0], given)
        return (
            str(base + int(index) * stride) if index.isdigit() else f"{base} + {index} * {stride}"
        )

    def _literal(self, value: Value, term: Term) -> str:
        if isinstance(term.sort, Duration):
            return str(int(value * self._tick))
        return str(value)

    def _rigid(self, term: Term, given: Given) -> str:
        values = self._instance.rigid[term.data]
        if len(set(values)) == 1:
            return self._literal(values[0], term)
        texts = [self.expression(item, given) for item in term.args]
        strides = self._strides[term.data]
        if all(map(_is_number, texts)):
            index = sum(_number(text) * stride for text, stride in zip(texts, strides, strict=True))
            return self._literal(values[index], term)
        parts = [
            f"{text} * {stride}" if stride != 1 else text
            for text, stride in zip(texts, strides, strict=True)
        ]
        return f"r_{term.data}[{' + '.join(parts)}]"

    @staticmethod
    def _connective(op: str, texts: Sequence[str]) -> str:
        unit, zero = ("True", "False") if op == "and" else ("False", "True")
        if zero in texts:
            return zero
        rest = [text for text in dict.fromkeys(texts) if text != unit]
        if not rest:
            return unit
        return rest[0] if len(rest) == 1 else f"({f' {op} '.join(rest)})"

    @staticmethod
    def _choice(condition: str, then: str, otherwise: str) -> str:
        if condition in ("True", "False"):
            return then if condition == "True" else otherwise
        if then == otherwise:
            return then
        return f"({then} if {condition} else {otherwise})"

    def _quantified(self, term: Term, given: Given) -> str:
        variable, body = term.args
        name, size = str(variable.data), self._instance.sizes[str(variable.sort)]
        if size <= UNROLLED:
            texts = [self.expression(body, (*given, (name, i))) for i in range(size)]
            return self._connective("and" if term.op == "every" else "or", texts)
        text = self.expression(body, given)
        if text in ("True", "False"):
            return text
        return f"{'all' if term.op == 'every' else 'any'}({text} for {name} in range({size}))"

    # ---- functions
    def preamble(self) -> str:
        """The policies that differ from element to element, as tables."""
        lines = []
        for name, values in self._instance.rigid.items():
            if len(set(values)) > 1:
                tick = self._tick if isinstance(self._spec.rigids[name].sort, Duration) else None
                table = tuple(int(v * tick) for v in values) if tick else values
                lines.append(f"r_{name} = {table!r}")
        return _joined(lines)

    def step(self, action: Action) -> str:
        """A function of the state and the action's parameters: the state after it, or None."""
        names = "".join(f", p_{item.data}" for item in action.params)
        lines = [f"def step(s{names}):  # {action.name}"]
        texts = self._ordered([item.term for item in action.guards], action.params)
        test = self._connective("and", [self.expression(part) for _, part in texts])
        if test == "False":
            return _joined([*lines, "    return None"])
        if test != "True":
            lines += [f"    if not ({test}):", "        return None"]
        if not action.updates:
            return _joined([*lines, "    return s"])
        lines.append("    n = list(s)")
        for target, value in action.updates:
            lines += self._assignment(action, target, value)
        return _once(lines[0], _joined([*lines[1:], "    return tuple(n)"]))

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

    def delay(self, fields: Sequence[Field]) -> str:
        """How time passes, of the state and a number of ticks; `fields` in the order of slots."""
        timers = _timers(fields)
        lines = [
            "def step(s, p_ticks):",
            f"    if p_ticks <= 0{self._urgent(timers)}:",
            "        return None",
            "    n = list(s)",
        ]
        for i, _ in timers:
            lines += [f"    if n[{i}] > 0:", f"        n[{i}] = max(n[{i}] - p_ticks, 0)"]
        return _joined([*lines, "    return tuple(n)"])

    @staticmethod
    def _urgent(timers: Sequence[tuple[int, bool]]) -> str:
        return "".join(f" or 0 <= s[{i}] < p_ticks" for i, is_urgent in timers if is_urgent)

    def _ordered(self, terms: Sequence[Term], params: Sequence[Term]) -> list[tuple[int, Term]]:
        """Conjuncts with the number of leading parameters each needs, fewest first."""
        found = []
        for term in terms:
            for part in term.args if term.op == "and" else (term,):
                used = {item for item in subterms(part) if item.op == "param"}
                depth = max((i + 1 for i, item in enumerate(params) if item in used), default=0)
                found.append((depth, part))
        return sorted(found, key=lambda item: item[0])

    def enabled(self, fields: Sequence[Field]) -> str:
        """A function of the state: all steps that can be taken in it; `fields` in the order of slots."""
        lines: list[str] = []
        for number, action in enumerate(self._spec.actions.values()):
            lines += self._enabled_action(number, action)
        timers = _timers(fields)
        if timers:
            # The next moment at which a guard may change is the one delay worth offering.
            ahead = ", ".join([*(f"s[{i}]" for i, _ in timers), *self._windows()])
            lines += [
                f"    p_ticks = min([t for t in ({ahead},) if t > 0], default=0)",
                f"    if not (p_ticks <= 0{self._urgent(timers)}):",
                f"        add(({len(self._spec.actions)}, (p_ticks,)))",
            ]
        text = _joined(lines)
        uses = Counter(_SLOT.findall(text))
        often = {slot for slot, count in uses.items() if count > 2}
        head = ["def enabled(s):", "    out = []", "    add = out.append"]
        head += [f"    s{slot} = s[{slot}]" for slot in sorted(often, key=int)]
        local = _SLOT.sub(lambda m: f"s{m[1]}" if m[1] in often else m[0], text)
        return _joined(head) + local + "    return out\n"

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
        ranges = [self._range(item) for item in action.params]
        if math.prod(map(len, ranges)) <= COMBINATIONS:
            return self._written_out(number, action, ordered, ranges, ())
        lines, pad = [], "    "
        for depth in range(len(action.params) + 1):
            if depth:
                over = ranges[depth - 1]
                name = _name(action.params[depth - 1])
                lines.append(f"{pad}for {name} in range({over.start}, {over.stop}):")
                pad += "    "
            here = [self.expression(part) for level, part in ordered if level == depth]
            test = self._connective("and", here)
            if test == "False":
                return []
            if test != "True":
                lines.append(f"{pad}if {test}:")
                pad += "    "
        names = "".join(f"{_name(item)}, " for item in action.params)
        return [*lines, f"{pad}add(({number}, ({names})))"]

    def _written_out(
        self,
        number: int,
        action: Action,
        ordered: Sequence[tuple[int, Term]],
        ranges: Sequence[range],
        given: Given,
        pad: str = "    ",
    ) -> list[str]:
        """The steps by an action where its first parameters are given, each value of the next by itself."""
        depth = len(given)
        here = [self.expression(part, given) for level, part in ordered if level == depth]
        test = self._connective("and", here)
        if test == "False":
            return []
        inner = pad if test == "True" else pad + "    "
        if depth == len(ranges):
            values = "".join(f"{value}, " for _, value in given)
            lines = [f"{inner}add(({number}, ({values})))"]
        else:
            name, lines = _name(action.params[depth]), []
            for value in ranges[depth]:
                more = (*given, (name, value))
                lines += self._written_out(number, action, ordered, ranges, more, inner)
        return lines if test == "True" or not lines else [f"{pad}if {test}:", *lines]

    def _range(self, item: Term) -> range:
        size = cardinality(item.sort, self._instance.sizes)
        low = item.sort.low if isinstance(item.sort, Int) else 0
        return range(low, low + size)


_SLOT = re.compile(r"\bs\[(\d+)\]")
_PRODUCT = re.compile(r"\bp_\w+ \* \d+")
_READ = re.compile(r"\bs\[([^\[\]]+)\]")


def _once(head: str, body: str) -> str:
    """A function whose body works out a product, or reads a variable of the state, once where it needs it more
    often."""
    lines = [head]
    for mark, pattern in (("k", _PRODUCT), ("v", _READ)):
        uses = Counter(match[0] for match in pattern.finditer(body))
        for text, count in uses.items():
            if count > 1:
                name = f"{mark}{len(lines)}"
                lines.append(f"    {name} = {text}")
                body = re.sub(rf"\b{re.escape(text)}(?!\d)", name, body)
    return _joined(lines) + body


def _name(item: Term) -> str:
    """What a parameter or a bound variable is called in the text."""
    return f"p_{item.data}" if item.op == "param" else str(item.data)


def _timers(fields: Sequence[Field]) -> list[tuple[int, bool]]:
    """The slots of timers, each with whether it is urgent."""
    return [(i, field.urgent) for i, field in enumerate(fields) if isinstance(field.sort, Timer)]


def _is_number(text: str) -> bool:
    return text in ("True", "False") or text.removeprefix("-").isdigit()


def _number(text: str) -> int:
    return int(text == "True") if text in ("True", "False") else int(text)


def _negated(text: str) -> str:
    return {"True": "False", "False": "True"}.get(text, f"(not {text})")


def _compared(op: str, left: str, right: str) -> str:
    """A comparison, a sum or a difference; worked out where both sides are numbers."""
    if op == "==" and left == right:
        return "True"
    if _is_number(left) and _is_number(right):
        return str(_WORKED_OUT[op](_number(left), _number(right)))
    return f"({left} {op} {right})"


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
