"""The command `explore` and its options."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from explorer.cli.options import LinkOption, NatOption, ProfileOption, SettingsOption, VersionOption


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


def explore(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[A B | FILE.run | weakness:NAME | FILE.ikex | TOKEN]"),
    ] = None,
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="NAME", help="A scenario that ships.")
    ] = None,
    capture: Annotated[
        str | None, typer.Option("--capture", metavar="FILE", help="A pcap or pcapng file.")
    ] = None,
    keylog: Annotated[
        str | None, typer.Option("--keylog", metavar="FILE", help="Keys for the capture.")
    ] = None,
    psk_file: Annotated[
        str | None, typer.Option("--psk-file", metavar="FILE", help="As for decode.")
    ] = None,
    cert: Annotated[
        list[str] | None, typer.Option("--cert", metavar="FILE", help="As for decode.")
    ] = None,
    port: Annotated[
        list[int] | None,
        typer.Option("--port", metavar="N", min=1, max=65535, help="As for decode."),
    ] = None,
    conversation: Annotated[
        int | None, typer.Option("--conversation", metavar="N", help="Which one of the capture.")
    ] = None,
    end: Annotated[
        list[str] | None,
        typer.Option("--end", metavar="PEER=ADDRESS", help="The peer has this address there."),
    ] = None,
    finding: Annotated[
        str | None, typer.Option("--finding", metavar="ID", help="Open two policies at a finding.")
    ] = None,
    example: Annotated[
        str | None,
        typer.Option("--example", metavar="NAME", help="The two policies of an example."),
    ] = None,
    child: Annotated[
        str | None, typer.Option("--child", metavar="NAME", help="Of several, the finding on it.")
    ] = None,
    link: LinkOption = None,
    profile: ProfileOption = None,
    nat: NatOption = None,
    version: VersionOption = None,
    strongswan_conf: SettingsOption = None,
    execute: Annotated[
        str | None, typer.Option("--exec", metavar="COMMANDS", help="Commands, separated by ;.")
    ] = None,
    script: Annotated[
        str | None,
        typer.Option("--script", metavar="FILE", help="Commands from a file; - is stdin."),
    ] = None,
    output: Annotated[
        Drawn | None, typer.Option("--format", help="Write this instead of opening a screen.")
    ] = None,
    size: Annotated[
        str, typer.Option("--size", metavar="COLUMNSxROWS", help="The size of text and pictures.")
    ] = "100x40",
    theme: Annotated[Theme | None, typer.Option("--theme", help="Colours.")] = None,
    ascii_: Annotated[bool, typer.Option("--ascii", help="Draw with ASCII only.")] = False,
) -> None:
    """Step through a negotiation, forward and back, and see why.

    Without arguments a start screen lists the scenarios. Without a terminal, or with --exec, --script or
    --format, the result is written as text.
    """
    from explorer.cli.explore import Asked, run_explore
    from explorer.cli.peers import Beside, usage

    beside = keylog, psk_file, cert or (), port or (), conversation, end or ()
    named = None
    if capture is not None:
        from explorer.cli.explore_capture import Capture

        named = Capture(capture, *beside)
    elif any(beside):
        raise usage("keys, ports and ends belong to a capture", "name it with --capture FILE")
    raise typer.Exit(
        run_explore(
            Asked(
                files or (),
                scenario,
                named,
                finding,
                script,
                execute,
                output.value if output else None,
                size,
                theme.value if theme else None,
                ascii_,
                link or (),
                Beside(
                    *map(tuple, (profile or (), nat or (), version or (), strongswan_conf or ()))
                ),
                child,
                example,
            )
        )
    )
