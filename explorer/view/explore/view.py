"""What every pane is drawn with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from explorer.session.session import Session
from explorer.view.explore.spans import Glyphs, Line


@dataclass(frozen=True, slots=True)
class View:
    """What a pane is drawn with: the session, how wide, and the signs.

    bare  presenter mode: nothing that only an engineer needs
    alone the pane has the screen to itself, or is printed: it leaves nothing out, as it can be scrolled
    rows  how many lines there is room for; None: as many as it takes
    """

    session: Session
    columns: int
    glyphs: Glyphs
    bare: bool = False
    rows: int | None = None
    alone: bool = False


Pane = Callable[[View], list[Line]]
