"""The commands and their options; what each does is in a file of its own, imported when it runs."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from explorer.cli import exits
from explorer.view.safe import safe

# typer may bring a click of its own; its public names lead to the right classes.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    add_completion=True,
    no_args_is_help=False,
    pretty_exceptions_enable=False,  # it would print local variables, secrets among them
    rich_markup_mode=None,
    help="Judge IKEv1 policies, negotiate by them, decode captures, prove the specification.",
)


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
    """What a running daemon may be asked."""

    STATUS = "status"
    UP = "up"
    DOWN = "down"
    REKEY = "rekey"
    EVENTS = "events"


PortOption = Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535)]
ColorOption = Annotated[Color, typer.Option("--color", help="When to colour the output.")]
FormatOption = Annotated[Format, typer.Option("--format", help="Output for people or programs.")]


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
) -> None:
    """Judge IKEv1 policies, negotiate by them, decode captures, prove the specification."""
    if version:
        from explorer.cli.about import version_here

        print(f"ikeproof {version_here()}")
        raise typer.Exit(exits.FINE)
    if context.invoked_subcommand is None:
        print(
            "ikeproof tells whether IKEv1 peers come up with each other, and what to change. Try:"
        )
        print(
            "  ikeproof verify --example branch-office               an example with a real problem"
        )
        print("  ikeproof verify hq/swanctl.conf branch/swanctl.conf   your own peers")
        print("  ikeproof --help                                       all commands")


@app.command()
def verify(
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE...")] = None,
    link: Annotated[
        list[str] | None, typer.Option("--link", metavar="A=B", help="A pair to judge; repeatable.")
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile", metavar="PEER=NAME", help="Its implementation: charon or windows2000."
        ),
    ] = None,
    nat: Annotated[
        list[str] | None,
        typer.Option(
            "--nat",
            metavar="PEER=ADDRESS[,forwarded]",
            help="It is behind a NAT with this public address; forwarded: UDP 500 and 4500 are "
            "forwarded to it.",
        ),
    ] = None,
    version: Annotated[
        list[str] | None,
        typer.Option("--version", metavar="PEER=VERSION", help="Its strongSwan version."),
    ] = None,
    strongswan_conf: Annotated[
        list[str] | None,
        typer.Option("--strongswan-conf", metavar="PEER=FILE", help="Its strongswan.conf."),
    ] = None,
    fail_on: Annotated[
        Threshold, typer.Option("--fail-on", help="Exit code 1 from this severity on.")
    ] = Threshold.ERROR,
    details: Annotated[
        bool, typer.Option("--details", help="Show suites, selectors, lifetimes and all findings.")
    ] = False,
    output: FormatOption = Format.TEXT,
    color: ColorOption = Color.AUTO,
    runs: Annotated[
        str | None,
        typer.Option(
            "--runs", metavar="DIR", help="Save a run of the specification for each verdict."
        ),
    ] = None,
    log: Annotated[
        str | None,
        typer.Option("--log", metavar="FILE", help="A strongSwan log to compare the verdict with."),
    ] = None,
    example: Annotated[
        str | None,
        typer.Option("--example", metavar="NAME", help="Judge an example instead of files."),
    ] = None,
) -> None:
    """Tell whether IKEv1 peers come up, or what to change.

    Each direction is judged. Two files are a pair; more files need --link A=B for each pair. One
    file is judged alone, with a sheet of what the other end must have. Options with PEER= can be
    repeated. docs/verify.md has the rest.
    """
    from explorer.cli.peers import Beside
    from explorer.cli.verify import Asked, run_verify

    beside = Beside(*map(tuple, (profile or (), nat or (), version or (), strongswan_conf or ())))
    raise typer.Exit(
        run_verify(
            Asked(
                files or [],
                link or [],
                beside,
                fail_on.value,
                output.value,
                details,
                color.value,
                runs,
                example,
                log,
            )
        )
    )


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


@app.command()
def explore(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[A B | FILE.run | weakness:NAME]")
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
    finding: Annotated[
        str | None, typer.Option("--finding", metavar="ID", help="Open two policies at a finding.")
    ] = None,
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

    raise typer.Exit(
        run_explore(
            Asked(
                files or (),
                scenario,
                capture,
                keylog,
                finding,
                script,
                execute,
                output.value if output else None,
                size,
                theme.value if theme else None,
                ascii_,
            )
        )
    )


@app.command()
def explain(
    id_: Annotated[str | None, typer.Argument(metavar="[ID]")] = None,
    log: Annotated[
        str | None,
        typer.Option("--log", metavar="FILE", help="A strongSwan log; - is standard input."),
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Explain a finding, or list those that a strongSwan log points to."""
    from explorer.cli.explain import run_explain

    raise typer.Exit(run_explain(id_, output.value, log))


@app.command()
def schema() -> None:
    """Print the JSON Schema of native policies, for editors."""
    from explorer.cli.schema import run_schema

    raise typer.Exit(run_schema())


@app.command()
def spec(
    shape: Annotated[
        Shape, typer.Option("--format", help="Document, or state diagrams.")
    ] = Shape.MARKDOWN,
) -> None:
    """Print the specification, or its state diagrams."""
    from explorer.cli.spec import run_spec

    raise typer.Exit(run_spec(shape.value))


@app.command()
def replay(
    file: Annotated[str, typer.Argument(metavar="FILE")],
    output: FormatOption = Format.TEXT,
) -> None:
    """Replay a saved run, step by step."""
    from explorer.cli.replay import run_replay

    raise typer.Exit(run_replay(file, output.value))


@app.command()
def decode(
    capture: Annotated[str, typer.Argument(metavar="CAPTURE")],
    psk_file: Annotated[str | None, typer.Option("--psk-file", metavar="FILE")] = None,
    keylog: Annotated[str | None, typer.Option("--keylog", metavar="FILE")] = None,
    cert: Annotated[list[str] | None, typer.Option("--cert", metavar="FILE")] = None,
    port: Annotated[list[int] | None, typer.Option("--port", metavar="N", min=1, max=65535)] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Say how the negotiations in a capture ended, and why.

    Then their messages follow. CAPTURE is a pcap or pcapng file. --keylog FILE has keys to decipher them. --psk-file FILE has the pre-shared key; Main Mode needs a
    key log too. --cert FILE has trusted certificates. --port N adds an ISAKMP port.
    docs/decode.md has the formats.
    """
    from explorer.cli.decode import run_decode

    raise typer.Exit(run_decode(capture, psk_file, keylog, cert or [], port or [], output.value))


@app.command("run")
def run_policy(
    policy: Annotated[str, typer.Argument(metavar="POLICY")],
    peer: Annotated[list[str] | None, typer.Option("--peer", metavar="NAME")] = None,
    listen: Annotated[list[str] | None, typer.Option("--listen", metavar="ADDRESS")] = None,
    port: PortOption = 500,
    nat_port: Annotated[int, typer.Option("--nat-port", metavar="N", min=0, max=65535)] = 4500,
    peer_port: Annotated[int, typer.Option("--peer-port", metavar="N", min=1, max=65535)] = 500,
    peer_nat_port: Annotated[
        int, typer.Option("--peer-nat-port", metavar="N", min=1, max=65535)
    ] = 4500,
    up: Annotated[list[str] | None, typer.Option("--up", metavar="CONNECTION")] = None,
    profile: Annotated[str | None, typer.Option("--profile", metavar="NAME")] = None,
    control: Annotated[str | None, typer.Option("--control", metavar="PATH")] = None,
    keylog: Annotated[str | None, typer.Option("--keylog", metavar="FILE")] = None,
    key: Annotated[list[str] | None, typer.Option("--key", metavar="FILE")] = None,
    ccache: Annotated[str | None, typer.Option("--ccache", metavar="NAME")] = None,
    keytab: Annotated[str | None, typer.Option("--keytab", metavar="NAME")] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Negotiate on UDP as a policy says, until Ctrl-C.

    Ctrl-C deletes all SAs first. POLICY is swanctl.conf or native TOML. --peer NAME loads only that connection (repeatable); --up
    NAME starts one at once. --port 0 takes any free port; --peer-port is the port of the peers.
    --key FILE is the private key of a certificate; --ccache and --keytab are for Kerberos.
    --keylog FILE writes keys for `decode`. docs/run.md has the rest.
    """
    from explorer.cli.run import Asked, run_run

    raise typer.Exit(
        run_run(
            Asked(
                policy,
                profile,
                peer or [],
                listen or [],
                (port, nat_port),
                (peer_port, peer_nat_port),
                up or [],
                control,
                keylog,
                key or [],
                ccache,
                keytab,
                output.value,
            )
        )
    )


@app.command()
def ctl(
    action: Annotated[Action, typer.Argument(metavar="ACTION")],
    connection: Annotated[str | None, typer.Argument(metavar="[CONNECTION]")] = None,
    child: Annotated[str | None, typer.Argument(metavar="[CHILD]")] = None,
    everything: Annotated[bool, typer.Option("--all", help="With down: all connections.")] = False,
    wait: Annotated[float, typer.Option("--wait", metavar="SECONDS", min=0, max=600)] = 45,
    control: Annotated[str | None, typer.Option("--control", metavar="PATH")] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Control a running daemon: status, up, down, rekey, events.

    up and rekey wait for the result, --wait SECONDS at most. Exit code 1 if it fails, 3 if there is
    no result yet.
    """
    from explorer.cli.ctl import run_ctl

    raise typer.Exit(
        run_ctl(
            action.value,
            connection,
            child,
            everything=everything,
            wait=wait,
            control=control,
            output=output.value,
        )
    )


@app.command()
def prove(
    names: Annotated[list[str] | None, typer.Argument(metavar="[PROMISE]...")] = None,
    profile: Annotated[list[str] | None, typer.Option("--profile", metavar="NAME")] = None,
    attacker: Annotated[str | None, typer.Option("--attacker", metavar="POWER,...")] = None,
    mutants: Annotated[bool, typer.Option("--mutants")] = False,
    weaknesses: Annotated[bool, typer.Option("--weaknesses")] = False,
    certificates: Annotated[str | None, typer.Option("--certificates", metavar="DIR")] = None,
    runs: Annotated[str | None, typer.Option("--runs", metavar="DIR")] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=0, max=64)] = 0,
    output: FormatOption = Format.TEXT,
) -> None:
    """Prove the promises of the specification.

    They are proved for all policies and runs of any length. --profile NAME (or all) adds a column: whether the promise needs its exceptions if both peers
    have that profile. --attacker limits the attacker to these powers, or none (default: all).
    --weaknesses shows the fewest conditions that break each promise, with the run.
    --mutants changes each guard and update, and lists changes that no promise detects.
    --certificates DIR writes every obligation as SMT-LIB 2. --runs DIR saves the runs.
    """
    from explorer.cli.prove import Asked, run_prove

    raise typer.Exit(
        run_prove(
            Asked(
                names or [],
                profile or [],
                attacker,
                mutants,
                weaknesses,
                certificates,
                runs,
                jobs,
                output.value,
            )
        )
    )


def run(arguments: list[str]) -> int:
    """Parse and run; the exit code."""
    try:
        code = typer.main.get_command(app).main(arguments, "ikeproof", standalone_mode=False)
    except typer.Exit as error:
        return error.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # typer says that so
            raise error.__context__ from None
        raise
    except _UsageError as error:
        said = getattr(error, "format_message", error.__str__)()
        print(safe(f"error: {said}; see ikeproof --help"), file=sys.stderr)
        return exits.USAGE
    if code == exits.INTERRUPTED:  # some versions of typer say Ctrl-C so
        raise KeyboardInterrupt
    return code if isinstance(code, int) else exits.FINE
