"""The house: what README promises, what CI runs, what may stand in files."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.cli import main
from explorer.report.docs import DOCS, pages

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
#: what a network engineer would not say; docs/glossary.md has the words for it
UNIDIOMATIC = re.compile(
    r"""\b(?:refused\ with\ its\ line|is\ no\ (?:address|certificate|file|socket)|the\ own\ |an?\ own\ (?:address|identity)
    |is\ told|are\ told|told\ apart|write\ such\ as|while\ no\ SA|SA\ stands|SAs\ stand|held\ off|in\ vain
    |of\ its\ own\ accord|what\ of\b|how\ manieth|holds\ its\ own|not\ at\ all|whoever\ has\ no|leave[s]?\ in\ clear
    |what\ bec(?:o|a)mes?\ of|says\ of\ itself|likely\ not\ what|\banew\b|\bmanieth\b|'s\ stead\b
    |is\ no\ (?:error|authority|variable|transform)|held\ against|tells?\ who|state\ them,\ such|cannot\ be\ run
    |met\ silence|prove\ oneself|go(?:es)?\ clear\b)""",
    re.VERBOSE,
)


def commands() -> list[str]:
    return re.findall(r"^```sh\n(.+)\n```$", README, re.MULTILINE)


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_readme_has_two_commands_and_ci_runs_the_second_word_for_word() -> None:
    first, second = commands()
    assert first.endswith("verify --example branch-office")
    assert "pytest" in second
    assert f"\n{second}\n" in (ROOT / ".ci" / "run").read_text()


def printed(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """A command and what it prints, as documents show it."""
    main(command.split())
    said = re.sub(r"\S*(?=examples/)", "", capsys.readouterr().out)
    block = "\n".join(f"    {line}".rstrip() for line in said.splitlines())
    return f"    $ ikeproof {command}\n{block}\n"


def test_readme_shows_what_the_command_really_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed("verify --example branch-office", capsys) in README


def test_documents_show_what_commands_really_print(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    text = (DOCS / "verify.md").read_text()
    commands_shown = re.findall(r"^    \$ ikeproof (.+)$", text, re.MULTILINE)
    assert len(commands_shown) > 1
    for command in commands_shown:
        assert printed(command, capsys) in text


@pytest.mark.parametrize("name", sorted(pages()))
def test_pages_made_from_the_code_are_current(name: str) -> None:
    assert (DOCS / name).read_text() == pages()[name], "python -m explorer.report.docs"


def test_links_between_documents_lead_somewhere() -> None:
    for page in (*ROOT.glob("*.md"), *DOCS.glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_links_into_pages_lead_to_headings() -> None:
    for page in (*ROOT.glob("*.md"), *DOCS.glob("*.md")):
        for target, part in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text()):
            text = (page.parent / target).read_text() if target else page.read_text()
            heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}
            assert part in slugs, f"{page.name}: {target}#{part}"


def test_every_page_is_in_the_index_with_one_line() -> None:
    index = (DOCS / "index.md").read_text()
    listed = re.findall(r"^- \[[^]]+\]\(([^)]+)\): \S.+$", index, re.MULTILINE)
    assert sorted(listed) == sorted(x.name for x in DOCS.glob("*.md") if x.name != "index.md")
    assert "docs/index.md" in README


def test_numbers_of_recorded_pairs_are_those_of_the_agreement() -> None:
    (cases,) = re.findall(r"\*\*all\*\* \| (\d+)", (DOCS / "agreement.md").read_text())
    for page in (ROOT / "README.md", DOCS / "trust.md"):
        assert re.findall(r"(\d+) pairs of\s+configurations", page.read_text()) == [cases], page


def spoken() -> Iterator[tuple[str, str]]:
    """Pages that people wrote or that explain findings, and the texts of the product, each with where."""
    made = {
        "glossary.md",
        "specification.md",
        "states.md",
        "promises.md",
        "weaknesses.md",
        "agreement.md",
    }
    for page in (*ROOT.glob("*.md"), *DOCS.glob("*.md")):
        if page.name not in made:
            yield page.name, " ".join(page.read_text().split())
    for folder in ("proofs/verify", "model", "impl", "explorer"):
        for path in (ROOT / folder).rglob("*.py"):
            nodes = list(ast.walk(ast.parse(path.read_text())))
            alone = {id(x.value) for x in nodes if isinstance(x, ast.Expr)}  # docstrings
            for x in nodes:
                if isinstance(x, ast.Constant) and isinstance(x.value, str) and id(x) not in alone:
                    yield f"{path.name}:{x.lineno}", x.value


def test_texts_are_in_the_words_of_the_glossary() -> None:
    found = [(where, hit[0]) for where, text in spoken() if (hit := UNIDIOMATIC.search(text))]
    assert not found


def test_every_dependency_is_pinned_without_addresses() -> None:
    lines = (ROOT / "constraints.txt").read_text().split()
    pins = {re.split("==", line)[0].lower().replace("_", "-") for line in lines}
    assert all(re.fullmatch(r"[\w.\-]+==[\w.]+", line) for line in lines)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(line for extra in extras for line in extra)]
    for line in wanted:
        assert re.split(r"[<>=\[]", line)[0].lower().replace("_", "-") in pins, line


def test_no_file_names_a_machine_or_a_registry() -> None:
    forbidden = re.compile(r"/(?:work|root|home)/\w|pypi\.|files\.pythonhosted|index-url")
    for path in tracked():
        if path == Path(__file__).resolve():
            continue
        text = path.read_text(errors="replace")
        assert not forbidden.search(text), f"{path}: {forbidden.search(text)}"


def test_no_file_of_ours_grows_beyond_about_500_lines() -> None:
    for path in tracked():
        if path.suffix == ".py" and "rig" not in path.parts:
            assert len(path.read_text().splitlines()) <= 520, path
