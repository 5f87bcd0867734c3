"""What a term reads, worked out once a term: the variables and policy parameters, by name.

    "initiator.state"   a variable, of whichever element        "offers"   a policy parameter
    "now"               the clock, where a timer is compared with it

So a question to the solver can leave out what it does not speak of, and a term that a step does not touch
need not be built again for the state after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from model.language.terms import Term

NOW = "now"
_CLOCKED = frozenset(("running", "expired", "left", "arm"))
_NOTHING: frozenset[str] = frozenset()


def variable(group: str, field: str) -> str:
    """The name of a variable."""
    return f"{group}.{field}"


@cache
def footprint(term: Term) -> frozenset[str]:
    """The names of all that a term reads."""
    own: frozenset[str] = _NOTHING
    if term.op in ("var", "cell"):
        own = frozenset((variable(*term.data),))
    elif term.op in ("rigid", "apply"):
        own = frozenset((term.data,))
    elif term.op in _CLOCKED:
        own = frozenset((NOW,))
    return own.union(*map(footprint, term.args))


@cache
def free(term: Term) -> frozenset[Term]:
    """The parameters and bound names in a term that no quantifier in it binds."""
    if term.op in ("param", "bound"):
        return frozenset((term,))
    if term.op in ("every", "some"):
        variable, body = term.args
        return free(body) - {variable}
    return frozenset().union(*map(free, term.args))


def footprints(terms: Iterable[Term]) -> frozenset[str]:
    """The names of all that any of the terms reads."""
    return _NOTHING.union(*map(footprint, terms))
