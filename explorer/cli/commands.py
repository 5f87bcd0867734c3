"""The commands and their options. Each is implemented in a file of its own, which is imported when it runs."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from explorer.cli import exits
from explorer.cli.explore_command import explore
from explorer.cli.options import (
    Action,
    Color,
    ColorOption,
    ControlOption,
    Format,
    FormatOption,
    LinkOption,
    NatOption,
    PortOption,
    ProfileOption,
    SettingsOption,
    Shape,
    Threshold,
    VersionOption,
)
from explorer.view.safe import safe

# typer may bundle its own click; its public names lead to the right classes.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    add_completion=True,
    no_args_is_help=False,
    pretty_exceptions_enable=False,  # it would print local variables, secrets among them
    rich_markup_mode=None,
    help="Judge IKEv1 policies, negotiate with them, decode captures, prove the specification.",
)


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
) -> None:
    """Judge IKEv1 policies, negotiate with them, decode captures, prove the specification."""
    if version:
        from explorer.cli.about import version_here

        print(f"ikeproof {version_here()}")
        raise typer.Exit(exits.FINE)
    if context.invoked_subcommand is None:
        print(
            "ikeproof says whether two IKEv1 peers come up with each other, and what to change. Try:"
        )
        print(
            "  ikeproof verify --example branch-office               an example with a real problem"
        )
        print("  ikeproof verify hq/swanctl.conf branch/swanctl.conf   your own peers")
        print("  ikeproof --help                                       all commands")


@app.command()
def verify(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE...", help="A swanctl.conf or a native policy."),
    ] = None,
    link: LinkOption = None,
    profile: ProfileOption = None,
    nat: NatOption = None,
    version: VersionOption = None,
    strongswan_conf: SettingsOption = None,
    fail_on: Annotated[
        Threshold,
        typer.Option("--fail-on", help="Exit with code 1 for findings of this severity or above."),
    ] = Threshold.ERROR,
    details: Annotated[
        bool, typer.Option("--details", help="Show suites, selectors, lifetimes and all findings.")
    ] = False,
    output: FormatOption = Format.TEXT,
    color: ColorOption = Color.AUTO,
    runs: Annotated[
        str | None,
        typer.Option(
            "--runs",
            metavar="DIR",
            help="Save a run of the specification for each verdict in this folder.",
        ),
    ] = None,
    log: Annotated[
        str | None,
        typer.Option("--log", metavar="FILE", help="Compare the verdict with this strongSwan log."),
    ] = None,
    example: Annotated[
        str | None,
        typer.Option("--example", metavar="NAME", help="Judge an example instead of files."),
    ] = None,
) -> None:
    """Say whether IKEv1 peers come up, and what to change.

    Each direction is judged by itself. Two files are a pair; with more files, name each pair with
    --link A=B. A single file is judged alone: the output is a sheet of what the other end must
    have. Options that take PEER= are repeatable. For details see docs/verify.md.
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


app.command()(explore)


@app.command()
def explain(
    id_: Annotated[str | None, typer.Argument(metavar="ID")] = None,
    log: Annotated[
        str | None,
        typer.Option(
            "--log",
            metavar="FILE",
            help="List the findings that this strongSwan log points to; - reads standard input.",
        ),
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
    psk_file: Annotated[
        str | None,
        typer.Option(
            "--psk-file",
            metavar="FILE",
            help="The pre-shared key. Main Mode also needs a key log.",
        ),
    ] = None,
    keylog: Annotated[
        str | None,
        typer.Option("--keylog", metavar="FILE", help="Keys that decrypt the messages."),
    ] = None,
    cert: Annotated[
        list[str] | None,
        typer.Option("--cert", metavar="FILE", help="Trusted certificates; repeatable."),
    ] = None,
    port: Annotated[
        list[int] | None,
        typer.Option(
            "--port", metavar="N", min=1, max=65535, help="A further ISAKMP port; repeatable."
        ),
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Say how the negotiations in a capture ended, and why.

    Their messages follow. CAPTURE is a pcap or pcapng file. For the formats of keys and
    certificates see docs/decode.md.
    """
    from explorer.cli.decode import run_decode

    raise typer.Exit(run_decode(capture, psk_file, keylog, cert or [], port or [], output.value))


@app.command("run")
def run_policy(
    policy: Annotated[str, typer.Argument(metavar="POLICY")],
    peer: Annotated[
        list[str] | None,
        typer.Option("--peer", metavar="NAME", help="Load only this connection; repeatable."),
    ] = None,
    listen: Annotated[
        list[str] | None,
        typer.Option("--listen", metavar="ADDRESS", help="A local address; repeatable."),
    ] = None,
    port: PortOption = 500,
    nat_port: Annotated[
        int,
        typer.Option(
            "--nat-port", metavar="N", min=0, max=65535, help="Local port for NAT traversal."
        ),
    ] = 4500,
    peer_port: Annotated[
        int, typer.Option("--peer-port", metavar="N", min=1, max=65535, help="The peers' port.")
    ] = 500,
    peer_nat_port: Annotated[
        int,
        typer.Option(
            "--peer-nat-port",
            metavar="N",
            min=1,
            max=65535,
            help="The peers' port for NAT traversal.",
        ),
    ] = 4500,
    up: Annotated[
        list[str] | None,
        typer.Option("--up", metavar="CONNECTION", help="Bring up at once; repeatable."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", metavar="NAME", help="Behave like charon or windows2000."),
    ] = None,
    control: ControlOption = None,
    keylog: Annotated[
        str | None,
        typer.Option("--keylog", metavar="FILE", help="Write the keys, as decode reads them."),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="FILE",
            help="The private key of a local certificate; repeatable.",
        ),
    ] = None,
    ccache: Annotated[
        str | None, typer.Option("--ccache", metavar="NAME", help="Kerberos ticket cache.")
    ] = None,
    keytab: Annotated[
        str | None, typer.Option("--keytab", metavar="NAME", help="Kerberos keytab.")
    ] = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Negotiate on UDP as a policy says, until Ctrl-C.

    POLICY is a swanctl.conf or a native policy in TOML. On Ctrl-C all SAs are deleted first. For
    details see docs/run.md.
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
    connection: Annotated[str | None, typer.Argument(metavar="CONNECTION")] = None,
    child: Annotated[str | None, typer.Argument(metavar="CHILD")] = None,
    everything: Annotated[bool, typer.Option("--all", help="With down: all connections.")] = False,
    wait: Annotated[
        float,
        typer.Option(
            "--wait",
            metavar="SECONDS",
            min=0,
            max=600,
            help="How long up and rekey wait for the result.",
        ),
    ] = 45,
    control: ControlOption = None,
    output: FormatOption = Format.TEXT,
) -> None:
    """Control a running daemon: status, up, down, rekey, events.

    With up and rekey the exit code is 0 if everything came up, 1 if something failed, 3 if the
    result is still open after --wait.
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
    names: Annotated[list[str] | None, typer.Argument(metavar="PROMISE...")] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="Also show whether each promise needs its exceptions if both peers have this "
            "profile; repeatable, or all.",
        ),
    ] = None,
    attacker: Annotated[
        str | None,
        typer.Option(
            "--attacker",
            metavar="POWER,...",
            help="Give the attacker only these powers, or none. By default it has all.",
        ),
    ] = None,
    mutants: Annotated[
        bool,
        typer.Option(
            "--mutants",
            help="Change each guard and update, and list the changes that no promise detects.",
        ),
    ] = False,
    weaknesses: Annotated[
        bool,
        typer.Option(
            "--weaknesses",
            help="Show the fewest conditions that break each promise, and the run.",
        ),
    ] = False,
    certificates: Annotated[
        str | None,
        typer.Option("--certificates", metavar="DIR", help="Write every obligation as SMT-LIB 2."),
    ] = None,
    runs: Annotated[
        str | None, typer.Option("--runs", metavar="DIR", help="Save the runs in this folder.")
    ] = None,
    jobs: Annotated[
        int,
        typer.Option("--jobs", min=0, max=64, help="Processes; 0: one for each core, 8 at most."),
    ] = 0,
    output: FormatOption = Format.TEXT,
) -> None:
    """Prove the promises of the specification.

    A promise is proved for all policies and for runs of any length. Without PROMISE all are proved.
    For details see docs/trust.md.
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
        if isinstance(error.__context__, BrokenPipeError):  # so typer reports it
            raise error.__context__ from None
        raise
    except _UsageError as error:
        said = getattr(error, "format_message", error.__str__)()
        print(safe(f"error: {said}; see ikeproof --help"), file=sys.stderr)
        return exits.USAGE
    if code == exits.INTERRUPTED:  # so some versions of typer report Ctrl-C
        raise KeyboardInterrupt
    return code if isinstance(code, int) else exits.FINE
