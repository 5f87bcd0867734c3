"""Two policies of the command line as a session."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

from explorer.cli.peers import NOTHING, Beside, example_files, links, load_peers
from explorer.session.moments import Refused

if TYPE_CHECKING:
    from explorer.session.session import Session


def pair_session(
    files: Sequence[str],
    beside: Beside = NOTHING,
    stated: Sequence[str] = (),
    finding: str | None = None,
    child: str | None = None,
    example: str | None = None,
) -> Session:
    """The exchange of two policies as `verify` judged it. Refused: there is none to step through."""
    from explorer.session.paired import opened

    if example is not None and files:
        raise Refused("name files or --example, not both")
    peers = load_peers(example_files(example) if example is not None else files, beside)
    pairs = links(peers, stated)
    if len(pairs) != 1:
        raise Refused("one pair at a time: name it with one --link A=B")
    by_name = {peer.name: peer for peer in peers}
    a, b = (by_name[name] for name in pairs[0])
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return opened(a, b, today, finding, child)
