"""Makes text from files safe for a terminal; the only place that does."""

from __future__ import annotations

import re

# C0, DEL, C1, line and paragraph separators, bidirectional controls, zero-width joiners, BOM and
# lone surrogates: each could move the cursor, hide text or reorder it.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def safe(text: str) -> str:
    """The text with every control character shown as a picture or as `<U+XXXX>`."""
    return _UNSAFE.sub(_picture, text)


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"<U+{code:04X}>"
