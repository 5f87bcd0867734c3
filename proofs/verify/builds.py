"""What `default` proposals of both ends contain: the lists of one build, under an assumption that is printed.

If only one end has `default`, its version decides, and must be stated.
"""

from __future__ import annotations

from model.formats.swanctl.defaults import USUAL, VERSIONS, in_child, in_connection
from model.vocabulary.policy import Child, Connection

SAME_BUILD = (
    f"both run strongSwan {USUAL} with the plugins of {VERSIONS[USUAL].build} (proposals = default)"
)


def same_build(one: Connection, other: Connection) -> tuple[Connection, Connection] | None:
    """Both connections with exact Phase I proposals, if both say `default`."""
    if not all(any(item.default for item in x.proposals) for x in (one, other)):
        return None
    return in_connection(one, VERSIONS[USUAL]), in_connection(other, VERSIONS[USUAL])


def same_child_build(one: Child, other: Child) -> tuple[Child, Child] | None:
    """Both children with exact proposals, if both say `default`."""
    if not all(any(item.default for item in x.proposals) for x in (one, other)):
        return None
    return in_child(one, VERSIONS[USUAL]), in_child(other, VERSIONS[USUAL])
