"""The options of `explore`, each with its help."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Theme(StrEnum):
    """Colours of the explorer."""

    DARK = "dark"
    LIGHT = "light"
    MONO = "mono"


class Drawn(StrEnum):
    """What `explore` can write instead of a screen."""

    TEXT = "text"
    JSON = "json"
    ITF = "itf"
    MERMAID = "mermaid"
    SVG = "svg"
    HTML = "html"


FilesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[A B | FILE.run | weakness:NAME | FILE.ikex | TOKEN]"),
]
ScenarioOption = Annotated[
    str | None, typer.Option("--scenario", metavar="NAME", help="A scenario that ships.")
]
CaptureOption = Annotated[
    str | None, typer.Option("--capture", metavar="FILE", help="A pcap or pcapng file.")
]
KeylogOption = Annotated[
    str | None, typer.Option("--keylog", metavar="FILE", help="Keys for the capture.")
]
PskOption = Annotated[str | None, typer.Option("--psk-file", metavar="FILE", help="As for decode.")]
CertOption = Annotated[
    list[str] | None, typer.Option("--cert", metavar="FILE", help="As for decode.")
]
PortsOption = Annotated[
    list[int] | None,
    typer.Option("--port", metavar="N", min=1, max=65535, help="As for decode."),
]
ConversationOption = Annotated[
    int | None, typer.Option("--conversation", metavar="N", help="Which one of the capture.")
]
EndOption = Annotated[
    list[str] | None,
    typer.Option("--end", metavar="PEER=ADDRESS", help="The peer has this address there."),
]
FindingOption = Annotated[
    str | None, typer.Option("--finding", metavar="ID", help="Open two policies at a finding.")
]
ExampleOption = Annotated[
    str | None,
    typer.Option("--example", metavar="NAME", help="The two policies of an example."),
]
ChildOption = Annotated[
    str | None, typer.Option("--child", metavar="NAME", help="Of several, the finding on it.")
]
ExecOption = Annotated[
    str | None, typer.Option("--exec", metavar="COMMANDS", help="Commands, separated by ;.")
]
ScriptOption = Annotated[
    str | None,
    typer.Option("--script", metavar="FILE", help="Commands from a file; - is stdin."),
]
FormatOption = Annotated[
    Drawn | None, typer.Option("--format", help="Write this instead of opening a screen.")
]
SizeOption = Annotated[
    str,
    typer.Option(
        "--size",
        metavar="COLUMNSxROWS",
        help="The width of text and pictures; rows are what it takes.",
    ),
]
ThemeOption = Annotated[Theme | None, typer.Option("--theme", help="Colours.")]
AsciiOption = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII only.")]
