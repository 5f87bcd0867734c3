"""Secrets that can be compared but not shown (DESIGN.md section 5, last point)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import NoReturn

from model.vocabulary.places import Place


class Secret:
    """A shared secret, known by a label; its octets never reach text, hashes, equality or pickles.

    label   the name of the secret in output, for example `ike-rig` or `file:psk.txt`
    place   where the policy refers to it
    octets  the secret itself, or None where the reference could not be read (`missing` says why)
    """

    __slots__ = ("_compare", "_known", "label", "missing", "place")

    def __init__(
        self, label: str, place: Place | None, octets: bytes | None, missing: str | None = None
    ) -> None:
        self.label = label
        self.place = place
        self.missing = missing
        self._known = octets is not None
        # kept in a closure, so that no dump of attributes shows it
        self._compare: Callable[[Callable[[bytes], bool]], bool] = (
            (lambda test: test(octets)) if octets is not None else (lambda _test: False)
        )

    @classmethod
    def later(cls, label: str, place: Place | None, read: Callable[[], bytes | None]) -> Secret:
        """A secret that is read each time it is used; `read` returns None if it cannot be read."""
        made = cls(label, place, None, "it cannot be read")

        def compare(test: Callable[[bytes], bool]) -> bool:
            octets = read()
            return octets is not None and test(octets)

        made._known, made._compare = True, compare
        return made

    @property
    def known(self) -> bool:
        """True if the octets could be read, or are read when they are used."""
        return self._known

    def same_as(self, other: Secret) -> bool:
        """Whether both are known and have the same octets, in constant time."""
        return self._compare(
            lambda mine: other._compare(lambda theirs: hmac.compare_digest(mine, theirs))
        )

    def use(self, test: Callable[[bytes], bool]) -> bool:
        """Call `test` with the octets and return its answer; False if they are not known."""
        return self._compare(test)

    def __repr__(self) -> str:
        return f"Secret({self.label!r}, {'known' if self._known else 'missing'})"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never pickled")
