"""Options of `explore` that do not go together: what would be ignored is an error instead."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from enum import Enum

from explorer.cli.explore_shared import is_saved
from explorer.cli.peers import usage


class Opens(Enum):
    """What the command line opens, as an error calls it."""

    START = "the start screen"
    SCENARIO = "a scenario"
    RUN = "a run"
    SAVED = "a saved session"
    PAIR = "two policies"
    CAPTURE = "a capture"
    CAPTURE_BESIDE = "a capture with two policies beside it"


_CAPTURES = frozenset({Opens.CAPTURE, Opens.CAPTURE_BESIDE})
_PAIRS = frozenset({Opens.PAIR})
_POLICIES = frozenset({Opens.PAIR, Opens.CAPTURE_BESIDE})
_BESIDE = frozenset({Opens.CAPTURE_BESIDE})
_CAPTURE = "name the capture with --capture FILE"
_TWO = "name two policies, A B, or --example NAME"
#: where an option means something, and what to add for it
_WITH: Mapping[str, tuple[frozenset[Opens], str]] = {
    "keylog": (_CAPTURES, _CAPTURE),
    "psk_file": (_CAPTURES, _CAPTURE),
    "cert": (_CAPTURES, _CAPTURE),
    "port": (_CAPTURES, _CAPTURE),
    "conversation": (_CAPTURES, _CAPTURE),
    "end": (_BESIDE, "name two policies and the capture: A B --capture FILE"),
    "finding": (_PAIRS, _TWO),
    "child": (_PAIRS, _TWO),
    "link": (_PAIRS, _TWO),
    "profile": (_POLICIES, _TWO),
    "nat": (_POLICIES, _TWO),
    "version": (_POLICIES, _TWO),
    "strongswan_conf": (_POLICIES, _TWO),
}
#: what names something to open; of these only a capture goes with another one
_SOURCES = ("scenario", "example", "capture")
_DATA = frozenset({"json", "itf", "mermaid"})
_PICTURES = frozenset({"svg", "html"})


def check(
    given: Collection[str], files: Sequence[str], output: str | None, theme: str | None
) -> None:
    """Refuse a combination of options of which one would be ignored. Raises PolicyError.

    given  the parameters of the command that were stated, by name     output  the format, if stated
    """
    opens = _opens(given, files)
    for name, (where, add) in _WITH.items():
        if name in given and opens not in where:
            raise usage(f"{_option(name)} means nothing for {opens.value}", add)
    if "child" in given and "finding" not in given:
        raise usage("--child narrows --finding", "add --finding ID")
    _drawn(given, output, theme)


def _opens(given: Collection[str], files: Sequence[str]) -> Opens:
    named = [f"--{name}" for name in _SOURCES if name in given]
    beside = "capture" in given and "scenario" not in given
    if len(named) + bool(files) > 1 + beside or ("example" in given and files):
        both = " and ".join([*named, *(["a file"] if files else [])])
        raise usage(f"{both} each name what to open", "leave out all but one")
    alone = [file for file in files if is_saved(file) or _is_run(file)]
    if alone and (len(files) > 1 or named):
        raise usage(f"{_short(alone[0])} is opened alone", "leave the other files and options out")
    if "capture" in given:
        return Opens.CAPTURE_BESIDE if files or "example" in given else Opens.CAPTURE
    if "scenario" in given:
        return Opens.SCENARIO
    if "example" in given or len(files) > 1:
        return Opens.PAIR
    if not files:
        return Opens.START
    return Opens.SAVED if alone and is_saved(files[0]) else Opens.RUN


def _is_run(file: str) -> bool:
    return file.startswith("weakness:") or file.endswith(".run")


def _short(file: str) -> str:
    return file if len(file) <= 60 else f"{file[:57]}..."


def _drawn(given: Collection[str], output: str | None, theme: str | None) -> None:
    """Width, colours and signs, for what has them."""
    replies = output is None and bool({"execute", "script"} & set(given))
    if "size" in given and output is None and not replies and on_terminal():
        raise usage("--size is of text and pictures, a screen has that of its terminal",
                    "add --format text")  # fmt: skip
    for name in ("size", "ascii_"):
        if name in given and output in _DATA:
            raise usage(f"{_option(name)} means nothing for --format {output}",
                        "leave it out, or choose --format text, svg or html")  # fmt: skip
    if theme is not None and (replies or output not in (None, *_PICTURES)):
        what = (
            f"--format {output}"
            if output is not None
            else "the text that --exec and --script print"
        )
        raise usage(
            f"--theme means nothing for {what}", "leave it out, or choose --format svg or html"
        )
    if theme == "mono" and output in _PICTURES:
        raise usage(f"--format {output} has no theme mono", "choose dark or light")


def on_terminal() -> bool:
    """Whether there is a terminal to draw on."""
    able = os.environ.get("TERM", "dumb") != "dumb"
    return able and sys.stdout.isatty() and sys.stdin.isatty()


def _option(name: str) -> str:
    return "--" + name.rstrip("_").replace("_", "-")
