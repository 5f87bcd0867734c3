"""Which panes stand where on the explore screen, and which keys its last line names."""

from __future__ import annotations

from explorer.view.explore.panes import PANES

INSPECTOR = ("why", "peers", "timers", "promises")
BELOW = ("network", "branches")
BELOW_WIDE = ("why", "network", "branches", "promises")
MIDDLE = ("packet", "changes", "choices")
SIDE = ("peers", "sadb", "timers", "states")
#: where the panes of a source with octets stand, by the size of the screen
OF_PACKETS = {
    "below": (("packet",), ("why",)), "side": (("why", "peers"), ("peers", "changes")),
    "middle": (("packet",), ("packet",)),
}  # fmt: skip
PACKET_KEYS = (("n/N", "step"), ("J/K", "field"), ("}", "problem"), ("w", "why"), ("Tab", "pane"), ("z", "zoom"), ("?", "help"))  # fmt: skip
TABS = (
    "why",
    "packet",
    "peers",
    "sadb",
    "timers",
    "promises",
    "states",
    "network",
    "branches",
    "axis",
)
FIELD_KEYS = {"down": "next-field", "up": "previous-field"}
DIGITS = {item[0]: name for name, item in PANES.items() if item[0].isdigit()}
KEYS = (("n/N", "step"), ("c/C", "run"), ("x", "drop"), ("w", "why"), ("|", "compare"), (":", "command"), ("?", "help"))  # fmt: skip
MORE_KEYS = (("s/S", "into"), ("/", "find"), ("^p", "all"))
