"""Lines of the explorer as SVG and as a page of HTML: no font, script or address in them; text can be selected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from explorer.view.explore.palette import PALETTES, look
from explorer.view.explore.spans import Line, cells
from explorer.view.safe import safe

WIDE, HIGH, SIZE, EDGE = 8.4, 18, 14, 12  # of a column, a line, the letters, the margin
_NAMESPACE = "http://www.w3.org/2000/svg"  # a name, which nothing fetches


def svg(lines: Sequence[Line], columns: int, title: str, theme: str = "dark") -> str:
    """The lines as a picture of its own."""
    return "\n".join(_svg(lines, columns, title, theme)) + "\n"


def _svg(lines: Sequence[Line], columns: int, title: str, theme: str) -> Iterator[str]:
    width, height = round(columns * WIDE) + 2 * EDGE, len(lines) * HIGH + 2 * EDGE
    colours = PALETTES[theme]
    yield (
        f'<svg xmlns="{_NAMESPACE}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="monospace" font-size="{SIZE}" xml:space="preserve">'
    )
    yield f"<title>{escape(safe(title))}</title>"
    yield f'<rect width="{width}" height="{height}" fill="{colours["background"]}"/>'
    for number, line in enumerate(lines):
        yield from _line(line, EDGE + number * HIGH, theme)
    yield "</svg>"


def _line(line: Line, top: int, theme: str) -> Iterator[str]:
    ground = PALETTES[theme]["background"]
    fills, parts, at = [], [], 0
    for text, role in line:
        width, found = cells(text), look(theme, role)
        left = round(EDGE + at * WIDE, 1)
        if found.ground != ground:
            size = f'width="{round(width * WIDE, 1)}" height="{HIGH}"'
            fills.append(f'<rect x="{left}" y="{top}" {size} fill="{found.ground}"/>')
        if text.strip():
            bold = ' font-weight="bold"' if found.bold else ""
            fit = f'textLength="{round(width * WIDE, 1)}" lengthAdjust="spacingAndGlyphs"'
            said = escape(safe(text))
            parts.append(f'<tspan x="{left}" {fit} fill="{found.color}"{bold}>{said}</tspan>')
        at += width
    yield from fills
    if parts:
        yield f'<text y="{top + round(HIGH * 0.75, 1)}">{"".join(parts)}</text>'


def html(
    lines: Sequence[Line],
    columns: int,
    title: str,
    theme: str,
    rows: Sequence[Sequence[str]],
) -> str:
    """A page with the picture, and below it the rows as a table; the first one is its head."""
    c = PALETTES[theme]
    css = (
        f"body{{background:{c['background']};color:{c['foreground']};font-family:monospace;margin:1em}}"
        f"svg{{max-width:100%;height:auto}}table{{border-collapse:collapse;margin-top:1em}}"
        f"th,td{{text-align:left;vertical-align:top;padding:.2em .8em;border-bottom:1px solid {c['rule']}}}"
    )
    head, *body = rows
    policy = quoteattr("default-src 'none'; style-src 'unsafe-inline'")
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content={policy}>',
        f"<title>{escape(safe(title))}</title><style>{css}</style></head><body>",
        svg(lines, columns, title, theme).rstrip(),
        "<table><thead>" + _row("th", head) + "</thead><tbody>",
        *(_row("td", row) for row in body),
        "</tbody></table></body></html>",
    ]
    return "\n".join(parts) + "\n"


def _row(tag: str, row: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(safe(item))}</{tag}>" for item in row) + "</tr>"
