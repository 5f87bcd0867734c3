"""What an attacker can derive: a small Dolev-Yao saturation over terms (RFC 2409 section 5).

Terms are tuples, the first item the operator; a name alone is an atom.

    ("g", x)         the public value of a secret        ("dh", x, y)   g^xy, x <= y
    ("prf", k, ...)  keyed by its first argument, or derivable from all of them
    ("enc", k, ...)  opens with k
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Term = Any  # an atom, or a tuple of an operator and terms
ONE: Term = "degenerate secret"


def dh(one: str, other: str) -> Term:
    """The Diffie-Hellman secret of two private values."""
    return ("dh", *sorted((one, other)))


class Knowledge:
    """What is derivable from some terms; `breaks` yields a secret from its public value."""

    def __init__(self, terms: Iterable[Term], *, breaks: bool = False) -> None:
        self._breaks = breaks
        self.known: set[Term] = set()
        todo = list(terms)
        while todo:
            term = todo.pop()
            if term in self.known:
                continue
            self.known.add(term)
            if breaks and isinstance(term, tuple) and term[0] == "g":
                todo.append(term[1])
            # A new term may open what was closed before.
            for kept in list(self.known):
                if isinstance(kept, tuple) and kept[0] == "enc" and self.has(kept[1]):
                    todo += [part for part in kept[2:] if part not in self.known]

    def has(self, term: Term) -> bool:
        """Whether a term can be made, or is known."""
        if term in self.known or term == ONE:
            return True
        if not isinstance(term, tuple):
            return False
        if term[0] == "dh":
            _, one, other = term
            return any(
                self.has(a) and (self.has(b) or ("g", b) in self.known)
                for a, b in ((one, other), (other, one))
            )
        if term[0] == "g":
            return self.has(term[1])
        return all(self.has(part) for part in term[1:])
