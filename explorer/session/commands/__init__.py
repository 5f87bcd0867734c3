"""The commands, and scripts of them: one language for keys, palette, `:` line, `--exec` and saved sessions.

registry  what a command is     moving, doing, asking, sharing  the commands     script  several of them
"""

from explorer.session.commands import asking, doing, moving, sharing
from explorer.session.commands.registry import COMMANDS, GROUPS, Command, Reply, found
from explorer.session.commands.script import Script, execute, lines_of

__all__ = [
    "COMMANDS",
    "GROUPS",
    "Command",
    "Reply",
    "Script",
    "asking",
    "doing",
    "execute",
    "found",
    "lines_of",
    "moving",
    "sharing",
]
