"""Native TOML policies, structured as Windows 2000's: rules, filter lists, filter actions.

document  the shape, typed      places  the line of every value      translate  to the vocabulary
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from model.formats.native import document
from model.formats.native.places import Path, parse
from model.formats.native.translate import Translator
from model.formats.reader import Reader, ReadError
from model.vocabulary.findings import Finding, Severity
from model.vocabulary.places import Place, PolicyError
from model.vocabulary.policy import Peer


def schema() -> dict[str, Any]:
    """The JSON Schema of a native policy."""
    return document.Policy.model_json_schema()


def load(path: str, name: str, reader: Reader) -> Peer:
    """Read a native policy. PolicyError: it cannot be read, or a value is wrong, with its line."""
    try:
        octets = reader.read(path)
    except ReadError as error:
        raise PolicyError(
            f"cannot read {path}: {error}",
            place=None,
            mend="check the name and the permissions",
        ) from None
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise PolicyError(
            "not valid UTF-8",
            place=Place(path, line),
            mend="save the file as UTF-8 text",
        ) from None
    tree, places = parse(text, path)
    try:
        policy = document.Policy.model_validate(tree)
    except ValidationError as error:
        raise _wrong(error, path, places) from None
    findings = tuple(_unknown(tree, document.Policy, (), places))
    return Translator(path, name, policy, places, reader).peer(findings)


def _wrong(error: ValidationError, file: str, places: Mapping[Path, Place]) -> PolicyError:
    """The first fault, at the nearest known line. Values are not shown: one may be secret."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    path: Path = tuple(item for item in first["loc"] if not _is_branch(item))
    place = Place(file, 1)
    for length in range(len(path), 0, -1):
        if path[:length] in places:
            place = places[path[:length]]
            break
    where = ".".join(map(str, path))
    return PolicyError(
        f"{where}: {first['msg'][:200]}",
        place=place,
        mend="see ikeproof schema for what is allowed",
    )


def _is_branch(item: object) -> bool:
    """Whether part of a location names a branch of a union, not a key."""
    return item in ("int", "str", "constrained-int", "constrained-str")


def _unknown(
    tree: Mapping[str, Any], shape: type[BaseModel], above: Path, places: Mapping[Path, Place]
) -> Iterator[Finding]:
    """A finding for every key that the shape does not have."""
    for key, value in tree.items():
        path = (*above, key)
        if key not in shape.model_fields:
            near = difflib.get_close_matches(key, shape.model_fields, 1)
            yield Finding(
                "UNKNOWN-KEY",
                Severity.WARNING,
                places.get(path),
                f"{'.'.join(map(str, path))} is not a key of a native policy, and has no effect",
                f"did you mean {near[0]}?" if near else "remove it",
            )
            continue
        inner = _shape_of(shape, key)
        if inner is None:
            continue
        if isinstance(value, list):
            for number, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _unknown(item, inner, (*path, number), places)
        elif isinstance(value, dict) and key in ("filter_lists", "filter_actions") and not above:
            for name, item in value.items():
                yield from _unknown(item, inner, (*path, name), places)
        elif isinstance(value, dict):
            yield from _unknown(value, inner, path, places)


_SHAPES: dict[tuple[type[BaseModel], str], type[BaseModel]] = {
    (document.Policy, "main_mode"): document.MainMode,
    (document.Policy, "filter_lists"): document.FilterList,
    (document.Policy, "filter_actions"): document.FilterAction,
    (document.Policy, "rules"): document.Rule,
    (document.MainMode, "offers"): document.MainModeOffer,
    (document.FilterList, "filters"): document.Filter,
    (document.FilterAction, "offers"): document.QuickModeOffer,
    (document.QuickModeOffer, "esp"): document.Esp,
    (document.QuickModeOffer, "ah"): document.Ah,
    (document.Rule, "authentication"): document.Method,
}


def _shape_of(shape: type[BaseModel], key: str) -> type[BaseModel] | None:
    return _SHAPES.get((shape, key))
