"""Every key that swanctl 5.9.8 knows, what its value may be, and what it means for a verdict.

The keys are those of swanctl.conf(5) of 5.9.8; the values those that its daemon takes (each tried).
docs/policies.md has the table, and a test holds that no key is missing from it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from model.formats.swanctl.keytable import TABLE
from model.formats.swanctl.settings import Section, Setting
from model.vocabulary.findings import Finding, Severity
from model.vocabulary.places import PolicyError


class Effect(Enum):
    """What a key means for a verdict."""

    DECIDES = "decides"
    REPORTED = "reported by a finding, or undecided"
    NOTHING = "not relevant here"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section: `value` is a name in `_VALUES` or words between `|`; `why` a short reason."""

    section: str
    name: str
    value: str
    effect: Effect
    why: str


_MARKS = {"!": Effect.DECIDES, "?": Effect.REPORTED, "-": Effect.NOTHING}


def _read() -> Iterator[Key]:
    section = ""
    for line in TABLE.strip().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line:
            name, value, mark, why = line.split(None, 3)
            yield Key(section, name, value, _MARKS[mark], why)


KEYS = tuple(_read())
SECTIONS: dict[str, dict[str, Key]] = {}
for _key in KEYS:
    SECTIONS.setdefault(_key.section, {})[_key.name] = _key

TOP = frozenset("connections secrets pools authorities".split())
AUTH_SECTION = re.compile(r"(local|remote).*", re.IGNORECASE)
CERT_SECTION = re.compile(r"(ca)?cert.*", re.IGNORECASE)

_INTEGER = r"[+-]?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)"
#: what a value of a kind must look like; the other kinds are checked where they are used
_VALUES = {
    "bool": re.compile("yes|true|enabled|1|no|false|disabled|0", re.IGNORECASE),
    "uint": re.compile(_INTEGER),
    "time": re.compile(_INTEGER + " *[sSmMhHdD]?"),
    "bytes": re.compile(_INTEGER + " *[kKmMgG]?"),
    "bits": re.compile("[+-]?[01]+"),
    "mark": re.compile(rf"(%unique|%unique-dir|{_INTEGER})(/{_INTEGER})?"),
    "ifid": re.compile(rf"%unique|%unique-dir|{_INTEGER}"),
    "padding": re.compile(rf"mtu|{_INTEGER}"),
}


def check(section: Section, kind: str) -> None:
    """PolicyError for a section with a key or value that makes swanctl discard the connection."""
    known = SECTIONS[kind]
    for name, setting in section.values.items():
        if not setting.text:
            continue  # as if it were not there
        key = known.get(name)
        if key is None:
            near = difflib.get_close_matches(name, sorted(known), 1)
            raise PolicyError(
                f"{name} is not an option of a {_CALLED[kind]}",
                place=setting.place,
                mend=f"did you mean {near[0]}?" if near else "remove the line",
            )
        _value(key, setting)


_CALLED = {
    "connection": "connection", "auth": "local or remote section", "child": "child",
    "cert": "certificate section", "authority": "authority",
}  # fmt: skip


#: what is wrong with a value of a kind, and what to write
_FAULTS = {
    "bool": ("neither yes nor no", "write yes or no"),
    "time": ("not a time", "write for example 3600s, 60m, 8h or 1d"),
    "bytes": ("not a number of octets", "write for example 500m or 1g"),
    "uint": ("not a number", "write digits only"),
}


def _value(key: Key, setting: Setting) -> None:
    text = setting.text
    if "|" in key.value:
        words = key.value.split("|")
        if text.lower() not in words:
            raise PolicyError(
                f"{text!r} is not a valid value of {key.name}",
                place=setting.place,
                mend=f"write {', '.join(words[:-1])} or {words[-1]}",
            )
    elif key.value in _VALUES and not _VALUES[key.value].fullmatch(text):
        what, mend = _FAULTS.get(
            key.value, (f"not a valid value of {key.name}", "see swanctl.conf(5) for its syntax")
        )
        raise PolicyError(f"{text!r} is {what}", place=setting.place, mend=mend)


#: values of reported keys that are the default
_HARMLESS = {
    "policies": ("yes", "true", "enabled", "1"), "sha256_96": ("no", "false", "disabled", "0"),
    "hw_offload": ("no", "auto"), "inactivity": ("0", "0s"),
}  # fmt: skip


def remarks(section: Section, kind: str) -> Iterator[Finding]:
    """A finding for each key that the table marks as reported."""
    for name, setting in section.values.items():
        key = SECTIONS[kind].get(name)
        if key is None or key.effect is not Effect.REPORTED or not setting.text:
            continue
        if setting.text.lower() not in _HARMLESS.get(name, ()):
            yield Finding(
                "NOT-JUDGED",
                Severity.NOTE,
                setting.place,
                f"{name}: {key.why}",
                "check it by hand at both ends",
            )


def check_sections(section: Section, known: re.Pattern[str], kind: str) -> None:
    """PolicyError for a section with subsections that make swanctl discard the connection."""
    for name, child in section.sections.items():
        if not known.fullmatch(name):
            near = difflib.get_close_matches(name, ["local", "remote", "children"], 1)
            raise PolicyError(
                f"{name} is not a section of a {_CALLED[kind]}",
                place=child.place,
                mend=f"did you mean {near[0]}?" if near else "remove the section",
            )


def _referred(section: Section) -> Iterator[str]:
    yield from (path for path, _ in section.references)
    for child in section.sections.values():
        yield from _referred(child)


def unknown_at_top(root: Section) -> Iterator[Finding]:
    """A finding for each top-level section that swanctl ignores."""
    places = {name: item.place for name, item in root.values.items()}
    used = {path.partition(".")[0] for path in _referred(root)}  # templates
    known = TOP | used
    places |= {name: item.place for name, item in root.sections.items() if name not in known}
    for name, place in places.items():
        near = difflib.get_close_matches(name, sorted(TOP), 1)
        yield Finding(
            "UNKNOWN-KEY",
            Severity.WARNING,
            place,
            f"{name} is not a section of swanctl.conf: swanctl ignores it",
            f"did you mean {near[0]}?" if near else "remove it",
        )
