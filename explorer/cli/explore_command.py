"""The command `explore`."""

from __future__ import annotations

import typer

from explorer.cli.explore_options import (
    AsciiOption,
    CaptureOption,
    CertOption,
    ChildOption,
    ConversationOption,
    EndOption,
    ExampleOption,
    ExecOption,
    FilesArgument,
    FindingOption,
    FormatOption,
    KeylogOption,
    PortsOption,
    PskOption,
    ScenarioOption,
    ScriptOption,
    SizeOption,
    ThemeOption,
)
from explorer.cli.options import LinkOption, NatOption, ProfileOption, SettingsOption, VersionOption


def explore(
    context: typer.Context,
    files: FilesArgument = None,
    scenario: ScenarioOption = None,
    capture: CaptureOption = None,
    keylog: KeylogOption = None,
    psk_file: PskOption = None,
    cert: CertOption = None,
    port: PortsOption = None,
    conversation: ConversationOption = None,
    end: EndOption = None,
    finding: FindingOption = None,
    example: ExampleOption = None,
    child: ChildOption = None,
    link: LinkOption = None,
    profile: ProfileOption = None,
    nat: NatOption = None,
    version: VersionOption = None,
    strongswan_conf: SettingsOption = None,
    execute: ExecOption = None,
    script: ScriptOption = None,
    output: FormatOption = None,
    size: SizeOption = "100x40",
    theme: ThemeOption = None,
    ascii_: AsciiOption = False,
) -> None:
    """Step through a negotiation, forward and back, and see why.

    Without arguments a start screen lists the scenarios. Without a terminal, or with --exec, --script or
    --format, the result is written as text.
    """
    from explorer.cli.explore import Asked, run_explore
    from explorer.cli.explore_checks import check
    from explorer.cli.peers import Beside

    given = {
        name
        for name in context.params
        if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    }
    check(given, files or (), output.value if output else None, theme.value if theme else None)
    named = None
    if capture is not None:
        from explorer.cli.explore_capture import Capture

        named = Capture(capture, keylog, psk_file, cert or (), port or (), conversation, end or ())
    beside = Beside(*map(tuple, (profile or (), nat or (), version or (), strongswan_conf or ())))
    asked = Asked(
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
        beside,
        child,
        example,
    )
    raise typer.Exit(run_explore(asked))
