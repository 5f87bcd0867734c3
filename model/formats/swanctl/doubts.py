"""Values that charon takes, and that surely do not mean what their writer meant (5.9.8, each form tried)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from model.formats.swanctl import proposals, values
from model.formats.swanctl.settings import Section
from model.vocabulary.findings import Finding, Severity

_DOUBTS: dict[str, Callable[[str], str]] = {
    "local_addrs": values.address_doubt,
    "remote_addrs": values.address_doubt,
    "local_ts": values.selector_doubt,
    "remote_ts": values.selector_doubt,
    "proposals": partial(proposals.doubt, "proposals"),
    "esp_proposals": partial(proposals.doubt, "esp_proposals"),
    "ah_proposals": partial(proposals.doubt, "ah_proposals"),
}


def doubts(section: Section) -> Iterator[Finding]:
    """A finding for each such value of a connection or child, all of which can be read."""
    for name, setting in section.values.items():
        why = _DOUBTS.get(name)
        for text in values.words(setting) if why else []:
            assert why is not None
            problem = why(text)
            if problem:
                yield Finding(
                    "VALUE-DOUBT", Severity.WARNING, setting.place, problem, _mend(name, text)
                )


def _mend(name: str, text: str) -> str:
    several = any(mark in text.strip() for mark in " \t;|") and "proposals" not in name
    return f"separate the entries of {name} by commas" if several else f"correct {name}"
