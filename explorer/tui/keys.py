"""Keys to commands, from the registry: one table, with counts such as 6x and letters after m and '."""

from __future__ import annotations

from explorer.session.commands import COMMANDS

#: keys that Textual calls by another name than people do
_NAMES = {"apostrophe": "'", "full_stop": "."}


def table() -> dict[str, str]:
    """A key, as `pressed` gives it, to the line of the command that it stands for."""
    found: dict[str, str] = {}
    for item in COMMANDS.values():
        for key in item.keys:
            found[_NAMES.get(key, key)] = item.name
    found["{"] = "problem back"
    return found


class Counting:
    """Digits before a key are its count; m and ' wait for a letter."""

    def __init__(self) -> None:
        self._digits, self._prefix = "", ""
        self._table = table()

    @property
    def pending(self) -> str:
        """What has been typed, and waits for more."""
        return self._digits or self._prefix

    def forget(self) -> None:
        """What has been typed counts no more."""
        self._digits, self._prefix = "", ""

    def pressed(self, key: str, character: str | None) -> tuple[str, str] | None:
        """A command and its count for a key; None: nothing yet, or no command at all.

        A digit gives the command `pane` at once, and may turn out to be a count.
        """
        name = character if character and character.isprintable() else key
        if self._prefix:
            command, self._prefix = ("mark" if self._prefix == "m" else "jump"), ""
            return (f"{command} {name}", "") if len(name) == 1 else None
        if len(name) == 1 and name.isdigit():
            self._digits = (self._digits + name)[:9]
            return "pane", name
        count, self._digits = self._digits, ""
        if name in ("m", "'"):
            self._prefix = name
            return None
        line = self._table.get(name) or self._table.get(key)
        if len(name) > 1:  # Enter, arrows: who looks at pane 4 and goes on takes one step, not four
            count = ""
        return (line, count) if line is not None else None


#: what a number before its key makes of a command
_COUNTED = {
    "drop": "drop x{}", "last": "goto {}",
    **{name: f"{name} {{}}" for name in ("step", "back", "expire")},
}  # fmt: skip


def counted(command: str, count: str) -> str:
    """The line of a command with a count: 6x is `drop x6`, 5G is `goto 5`, 3n is `step 3`.

    Any other command is what it is without one: 5c shows the promises, and runs.
    """
    return _COUNTED[command].format(count) if count and command in _COUNTED else command
