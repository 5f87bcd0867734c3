"""The line of each value of a TOML file: tomllib reads the values, tree-sitter the lines."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from model.vocabulary.places import Place, PolicyError

Path = tuple[str | int, ...]
MAX_DEPTH = 64
_DIGITS = 1000


def parse(text: str, file: str) -> tuple[dict[str, Any], dict[Path, Place]]:
    """The values of a TOML document and the line of each. PolicyError with the line if it is not valid."""
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"\(at line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        problem = re.sub(r" \(at .*\)", "", str(error)) or "nested too deeply"
        raise PolicyError(
            f"not valid TOML: {problem[:200]}", place=Place(file, line), mend="correct the line"
        ) from None
    except ValueError:  # without a place: of a number with more digits than Python takes
        found = re.search(rf"[0-9_]{{{_DIGITS},}}", text)
        line = text.count("\n", 0, found.start()) + 1 if found else 1
        problem = "a number with too many digits"
        raise PolicyError(problem, place=Place(file, line), mend="write a shorter one") from None
    return tree, _Lines(file).read(text)


class _Lines:
    def __init__(self, file: str) -> None:
        self._file = file
        self.places: dict[Path, Place] = {}
        self._elements: dict[Path, int] = {}

    def read(self, text: str) -> dict[Path, Place]:
        """Walk the syntax tree of the whole document."""
        parser = Parser(Language(tree_sitter_toml.language()))
        for node in parser.parse(text.encode()).root_node.children:
            if node.type == "pair":
                self._pair(node, ())
            elif node.type in ("table", "table_array_element"):
                self._table(node)
        return self.places

    def _table(self, node: Node) -> None:
        path = self._current(_key(node.named_children[0]))
        if node.type == "table_array_element":
            count = self._elements.get(path, 0)
            self._elements[path] = count + 1
            path = (*path, count)
        self._note(path, node)
        for child in node.named_children[1:]:
            if child.type == "pair":
                self._pair(child, path)

    def _current(self, names: tuple[str, ...]) -> Path:
        """A dotted name with the number of the current element after each array of tables."""
        path: Path = ()
        for position, name in enumerate(names):
            path = (*path, name)
            if position < len(names) - 1 and path in self._elements:
                path = (*path, self._elements[path] - 1)
        return path

    def _pair(self, node: Node, above: Path) -> None:
        key, value = node.named_children[0], node.named_children[-1]
        path = (*above, *_key(key))
        self._note(path, node)
        self._value(value, path)

    def _value(self, node: Node, path: Path) -> None:
        if len(path) > MAX_DEPTH:
            return
        if node.type == "array":
            items = [child for child in node.named_children if child.type != "comment"]
            for number, child in enumerate(items):
                self._note((*path, number), child)
                self._value(child, (*path, number))
        elif node.type == "inline_table":
            for child in node.named_children:
                if child.type == "pair":
                    self._pair(child, path)

    def _note(self, path: Path, node: Node) -> None:
        self.places.setdefault(path, Place(self._file, node.start_point[0] + 1))


def _key(node: Node) -> tuple[str, ...]:
    if node.type == "dotted_key":
        return tuple(name for child in node.named_children for name in _key(child))
    text = (node.text or b"").decode()
    if node.type == "quoted_key":
        value: str = tomllib.loads(f"x = {text}")["x"]
        return (value,)
    return (text,)
