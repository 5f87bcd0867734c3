"""Options of `explore` that do not go together are refused: none of them is ignored in silence."""

from __future__ import annotations

import itertools
from collections.abc import Collection

import pytest
import typer

from explorer.cli import explore_checks
from explorer.cli.explore_checks import check
from explorer.cli.explore_command import explore
from model.vocabulary.places import PolicyError
from tests.explorer.conftest import EXAMPLE, ROOT, Run
from tests.impl.conftest import VECTORS

CAPTURE = VECTORS / "captures" / "ikev1-psk-main-mode-complete.pcapng"
HQ, BRANCH = EXAMPLE / "hq" / "swanctl.conf", EXAMPLE / "branch" / "swanctl.conf"
RUN = ROOT / "examples" / "weaknesses" / "forged-refusal.run"
#: ways to name what is opened: the files, and the options that name it
OPENED: dict[str, tuple[list[str], set[str]]] = {
    "start": ([], set()),
    "scenario": ([], {"scenario"}),
    "run": (["a.run"], set()),
    "weakness": (["weakness:forged-refusal"], set()),
    "saved": (["a.ikex"], set()),
    "token": (["ikex1:abc"], set()),
    "pair": (["a", "b"], set()),
    "example": ([], {"example"}),
    "capture": ([], {"capture"}),
    "beside": (["a", "b"], {"capture"}),
    "beside-example": ([], {"capture", "example"}),
}
PAIRS, BESIDE = {"pair", "example"}, {"beside", "beside-example"}
CAPTURES = {"capture", *BESIDE}
#: where each of the other options says something; those of what is drawn are in the tests below
MEANS = {
    **dict.fromkeys(("keylog", "psk_file", "cert", "port", "conversation"), CAPTURES),
    "end": BESIDE,
    **dict.fromkeys(("finding", "link"), PAIRS),
    "child": set[str](),  # only with --finding
    **dict.fromkeys(("profile", "nat", "version", "strongswan_conf"), PAIRS | BESIDE),
    "execute": set(OPENED),
    "script": set(OPENED),
}
DRAWN = {"output", "size", "theme", "ascii_"}


def refuses(
    given: Collection[str], files: list[str], output: str | None = None, theme: str | None = None
) -> bool:
    try:
        check(given, files, output, theme)
    except PolicyError as error:
        assert error.problem and error.mend
        return True
    return False


def test_every_option_is_in_the_table() -> None:
    context = typer.main.get_command(_app())
    assert {x.name for x in context.params} == {
        "files", "scenario", "example", "capture", "help", *MEANS, *DRAWN
    } - {"help"}  # fmt: skip


def _app() -> typer.Typer:
    app = typer.Typer(add_completion=False)
    app.command()(explore)
    return app


@pytest.mark.parametrize("opened", OPENED)
@pytest.mark.parametrize("option", MEANS)
def test_an_option_is_taken_where_it_means_something_and_refused_elsewhere(
    option: str, opened: str
) -> None:
    files, named = OPENED[opened]
    assert not refuses(named, files)
    assert refuses(named | {option}, files) == (opened not in MEANS[option])


@pytest.mark.parametrize("opened", OPENED)
def test_a_child_narrows_a_finding(opened: str) -> None:
    files, named = OPENED[opened]
    assert refuses(named | {"finding", "child"}, files) == (opened not in PAIRS)


@pytest.mark.parametrize(("one", "other"), itertools.combinations(OPENED, 2))
def test_only_one_thing_is_opened(one: str, other: str) -> None:
    (files, named), (more, options) = OPENED[one], OPENED[other]
    if (
        "start" in (one, other)
        or {one, other} <= CAPTURES | {"example"}
        or ({one, other} in ({"pair", "capture"}, {"pair", "beside"}))
    ):
        return  # no two things, or the policies beside a capture
    assert refuses(named | options, [*files, *more])


def test_files_and_an_example_beside_a_capture_are_one_too_many() -> None:
    assert refuses({"capture", "example"}, ["a", "b"])


@pytest.mark.parametrize(
    ("given", "output", "theme", "refused"),
    [
        ({"size"}, "text", None, False),
        ({"size"}, "svg", None, False),
        ({"size"}, "html", None, False),
        ({"size"}, "json", None, True),
        ({"size"}, "itf", None, True),
        ({"size"}, "mermaid", None, True),
        ({"size", "execute"}, None, None, False),
        ({"ascii_"}, "text", None, False),
        ({"ascii_"}, "html", None, False),
        ({"ascii_"}, "json", None, True),
        ({"ascii_"}, "mermaid", None, True),
        ({"ascii_"}, None, None, False),
        ({"theme"}, "svg", "light", False),
        ({"theme"}, "html", "dark", False),
        ({"theme"}, "svg", "mono", True),
        ({"theme"}, "text", "light", True),
        ({"theme"}, "json", "light", True),
        ({"theme", "execute"}, None, "light", True),
        ({"theme", "script"}, None, "light", True),
        ({"theme"}, None, "mono", False),
    ],
)
def test_width_colours_and_signs_are_for_what_has_them(
    given: set[str], output: str | None, theme: str | None, refused: bool
) -> None:
    assert refuses({*given, "output"} if output else given, [], output, theme) == refused


def test_a_screen_has_the_size_of_its_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore_checks, "on_terminal", lambda: True)
    assert refuses({"size"}, [])
    assert not refuses({"size", "output"}, [], "text")
    monkeypatch.setattr(explore_checks, "on_terminal", lambda: False)
    assert not refuses({"size"}, [])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scenario", "main-psk", RUN], "--scenario and a file each name what to open"),
        (["--finding", "P1-PSK"], "--finding means nothing for the start screen"),
        (["--scenario", "main-psk", "--finding", "P1-PSK"], "--finding means nothing for a scenario"),
        (["--conversation", "0"], "--conversation means nothing for the start screen"),
        ([RUN, "--strongswan-conf", "a=b"], "--strongswan-conf means nothing for a run"),
        (["--example", "branch-office", "--child", "net"], "--child narrows --finding"),
        (["--capture", CAPTURE, "--end", "a=192.0.2.1"], "--end means nothing for a capture"),
        ([HQ, BRANCH, "--capture", CAPTURE, "--finding", "P1-PSK"], "--finding means nothing for a capture with two"),
        (["--scenario", "main-psk", "--exec", "", "--theme", "light"], "--theme means nothing for the text"),
        (["x.ikex", HQ], "x.ikex is opened alone"),
    ],
)  # fmt: skip
def test_the_command_line_says_so_and_ends_with_2(
    run: Run, arguments: list[object], says: str
) -> None:
    done = run("explore", *arguments)
    assert done.code == 2 and says in done.err and ";" in done.err
    assert done.out == ""


def test_policies_beside_a_capture_take_what_is_said_about_the_peers(run: Run) -> None:
    asked = ["explore", HQ, BRANCH, "--capture", CAPTURE, "--exec", ""]
    assert run(*asked, "--profile", "hq=windows2000").code == 0
    wrong = run(*asked, "--profile", "nobody=charon")
    assert wrong.code == 2 and "no peer 'nobody'" in wrong.err
    assert (
        run("explore", "--example", "branch-office", "--capture", CAPTURE, "--exec", "").code == 0
    )
