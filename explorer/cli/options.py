"""Choices and options that several commands of the command line share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Format(StrEnum):
    """Output formats."""

    TEXT = "text"
    JSON = "json"


class Color(StrEnum):
    """When to colour."""

    ALWAYS = "always"
    NEVER = "never"
    AUTO = "auto"


class Threshold(StrEnum):
    """Severities."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Shape(StrEnum):
    """How the specification is shown."""

    MARKDOWN = "markdown"
    MERMAID = "mermaid"
    DOT = "dot"


class Action(StrEnum):
    """What `ctl` can ask of a running daemon."""

    STATUS = "status"
    UP = "up"
    DOWN = "down"
    REKEY = "rekey"
    EVENTS = "events"


PortOption = Annotated[
    int,
    typer.Option(
        "--port", metavar="N", min=0, max=65535, help="Local port; 0 takes any free port."
    ),
]
ControlOption = Annotated[
    str | None, typer.Option("--control", metavar="PATH", help="The daemon's control socket.")
]
ColorOption = Annotated[Color, typer.Option("--color", help="When to colour the output.")]
FormatOption = Annotated[Format, typer.Option("--format", help="Output for people or programs.")]
LinkOption = Annotated[
    list[str] | None, typer.Option("--link", metavar="A=B", help="Judge this pair; repeatable.")
]
ProfileOption = Annotated[
    list[str] | None,
    typer.Option(
        "--profile", metavar="PEER=NAME", help="The peer's implementation: charon or windows2000."
    ),
]
NatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--nat",
        metavar="PEER=ADDRESS[,forwarded]",
        help="The peer is behind a NAT with this public address. With ,forwarded the NAT "
        "forwards UDP 500 and 4500 to it.",
    ),
]
VersionOption = Annotated[
    list[str] | None,
    typer.Option("--version", metavar="PEER=VERSION", help="The peer's strongSwan version."),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option("--strongswan-conf", metavar="PEER=FILE", help="The peer's strongswan.conf."),
]
