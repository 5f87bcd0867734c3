"""The grammar of strongSwan's settings: values, sections, references, includes, places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.formats.swanctl import load as load_swanctl
from model.formats.swanctl.settings import Section, Settings, load
from model.vocabulary.places import PolicyError
from model.vocabulary.policy import Peer
from tests.conftest import DictReader

Files = Callable[..., Any]


@pytest.fixture(scope="module")
def parse(read_files: Files) -> Callable[..., Settings]:
    def make(text: str | bytes, **files: str) -> Settings:
        return load("a.conf", read_files({"a.conf": text, **files}))

    return make


def values(section: Section) -> dict[str, str]:
    return {key: setting.text for key, setting in section.values.items()}


def test_values_end_at_the_line_a_comment_or_a_brace(parse: Files) -> None:
    tree = parse('a { b = one two # three\n c = "x # y" \n d = e }\n f = "g\\n\\"h\\"" # i\n')
    assert values(tree.root.sections["a"]) == {"b": "one two", "c": "x # y", "d": "e"}
    assert values(tree.root) == {"f": 'g\n"h"'}


def test_every_value_and_section_keeps_its_line(parse: Files) -> None:
    tree = parse("# c\na\n{\n\n  b = 1\n  c {\n  }\n}\n")
    section = tree.root.sections["a"]
    assert section.place.line == 2
    assert section.values["b"].place.line == 5
    assert section.sections["c"].place.line == 6


def test_sections_merge_and_later_values_replace_with_a_finding(parse: Files) -> None:
    tree = parse("a { b = 1\n c = 2 }\na { b = 3 }\n")
    assert values(tree.root.sections["a"]) == {"c": "2", "b": "3"}
    (finding,) = tree.findings
    assert finding.id == "DUPLICATE-KEY"
    assert finding.place is not None and finding.place.line == 3


def test_references_bring_in_values_and_subsections_and_own_values_win(parse: Files) -> None:
    text = "base { a = 1\n b = 2\n sub { x = 1 } }\nmore { a = 9\n c = 3 }\nuse : base, more { b = 5\n sub { y = 2 } }\n"
    use = parse(text).root.sections["use"]
    assert values(use) == {"a": "1", "b": "5", "c": "3"}
    assert values(use.sections["sub"]) == {"x": "1", "y": "2"}


def test_references_are_dotted_paths_resolved_late(parse: Files) -> None:
    tree = parse("use : later.inner { }\nlater { inner { a = 1 } }\n")
    assert values(tree.root.sections["use"]) == {"a": "1"}


def test_includes_are_relative_to_the_including_file_and_work_inside_sections(
    read_files: Files,
) -> None:
    files = {"d/a.conf": "s { include sub/*.conf\n b = 2 }\n", "d/sub/x.conf": "a = 1\n"}
    tree = load("d/a.conf", read_files(files))
    assert values(tree.root.sections["s"]) == {"a": "1", "b": "2"}
    assert tree.files == ["d/a.conf", "d/sub/x.conf"]
    assert tree.root.sections["s"].values["a"].place.file == "d/sub/x.conf"


def test_an_include_that_matches_nothing_is_a_note(parse: Files) -> None:
    (finding,) = parse("include none/*.conf\na { }\n").findings
    assert finding.id == "INCLUDE-EMPTY"


BROKEN = {
    "a { b = 1\n": (2, "is not closed"),
    "a { }\n}\n": (2, "a } without a {"),
    'a = "x\n\n': (1, "an unterminated string"),
    "a\n": (1, "neither a value nor a section"),
    "\n= b\n": (2, "unexpected"),
    "a : b c { }\n": (1, "two names without a comma"),
    "a : b. { }\n": (1, "empty reference"),
    "\na : a.b { b { } }\n": (2, "a.b, which is a part of it"),
    "a : a.b.c { b { } }\n": (1, "a.b.c, which is a part of it"),
    "a : { }\n": (1, "empty reference"),
    "include a.conf\n": (1, "includes itself"),
    "include\n": (1, "without a file"),
    "a { \x1b[31m }\n": (1, "U+001B"),
    "x = 1\na \x00 b": (2, "NUL"),
    "x { " * 40: (1, "nested too deep"),
}


@pytest.mark.parametrize("text", BROKEN)
def test_broken_files_are_errors_with_their_line(parse: Files, text: str) -> None:
    line, says = BROKEN[text]
    with pytest.raises(PolicyError, match=r"a\.conf:") as error:
        parse(text)
    assert says in str(error.value)
    assert error.value.place is not None and error.value.place.line == line
    assert error.value.mend


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a { x = 1 }\nb : c, a { }\n", 2, "no section c"),
        ("a { x = 1 }\nb : b, a { }\n", 2, "b refers to itself"),
        ("a : b { x = 1 }\nb : a { }\n", 2, "a refers to itself by way of b"),
    ],
)
def test_references_that_lead_nowhere_or_back_are_passed_over(
    parse: Files, text: str, line: int, says: str
) -> None:
    """Measured: swanctl takes what the others have."""
    tree = parse(text)
    assert values(tree.root.sections["b"]) == {"x": "1"}
    (found,) = tree.findings
    assert found.id == "REFERENCE" and says in found.what
    assert found.place is not None and found.place.line == line


def test_a_section_gets_what_surrounds_it_only_once(parse: Files) -> None:
    tree = parse("a {\n x = 1\n b : a {\n y = 2\n }\n}\n")
    inner = tree.root.sections["a"].sections["b"]
    assert values(inner) == {"x": "1", "y": "2"} and list(inner.sections) == ["b"]
    assert values(inner.sections["b"]) == {"x": "1", "y": "2"}
    assert not inner.sections["b"].sections


_REFERRING = st.dictionaries(
    st.sampled_from("abcd"),
    st.lists(st.sampled_from(["a", "b", "c", "d", "e", "a.s", "b.s", "c.s.s"]), max_size=4),
)


@given(_REFERRING)
def test_whatever_sections_refer_to_their_own_values_win(references: dict[str, list[str]]) -> None:
    lines = [
        f"{name}{' : ' if others else ''}{', '.join(others)} {{\n own = {name}\n s {{\n in = {name}\n }}\n}}"
        for name, others in references.items()
    ]

    def read() -> Settings:
        return load("a.conf", DictReader({"a.conf": "\n".join(lines).encode()}))

    if any(x.startswith(f"{name}.") for name, others in references.items() for x in others):
        with pytest.raises(PolicyError, match="a part of it"):
            read()
        return
    tree = read()
    for name in references:
        assert tree.root.sections[name].values["own"].text == name
        assert tree.root.sections[name].sections["s"].values["in"].text == name
    known = {*references, *(f"{name}.s" for name in references)}
    for found in tree.findings:
        assert found.id == "REFERENCE"
    missing = {x for others in references.values() for x in others} - known
    said = {x for x in missing for found in tree.findings if f"no section {x}," in found.what}
    assert said >= {x for x in missing if not x.endswith(".s.s")}


def test_octets_that_are_no_text_are_an_error_with_their_line(parse: Files) -> None:
    with pytest.raises(PolicyError, match=r"a\.conf:3.*UTF-8"):
        parse(b"a {\n}\n\xff\xfe")


def test_include_loops_over_several_files_are_errors(read_files: Files) -> None:
    files = {"a.conf": "\ninclude b.conf\n", "b.conf": "include a.conf\n"}
    with pytest.raises(PolicyError, match=r"b\.conf:1.*includes itself"):
        load("a.conf", read_files(files))


def test_a_missing_file_is_an_error(read_files: Files) -> None:
    with pytest.raises(PolicyError, match="No such file"):
        load("none.conf", read_files({}))


_PIECES = st.sampled_from(
    ["connections", "a", " {", "}", "\n", "=", '"', "#", ":", ",", "include ", "proposals", "\\",
     "aes128-sha256-modp2048", "children", "local_ts", "10.0.0.0/8", "id", "auth", "psk", "version",
     "1", "secrets", "ike-a", "secret", "0x12", "\x1b", "\udc80", "é", "local", "remote", "%any"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=60).map("".join))
def test_any_text_is_a_peer_or_a_policy_error(read_files: Files, text: str) -> None:
    reader = read_files({"a.conf": text.encode("utf-8", "surrogatepass")})
    try:
        peer = load_swanctl("a.conf", "a", reader)
    except PolicyError as error:
        assert error.mend
    else:
        assert isinstance(peer, Peer)


@given(st.binary(max_size=200))
def test_any_octets_are_a_peer_or_a_policy_error(read_files: Files, octets: bytes) -> None:
    with pytest.raises(PolicyError):
        load_swanctl("a.conf", "a", read_files({"a.conf": octets}))


@pytest.mark.parametrize("rest", ["Rest99", "Rest99 {", "Rest99 }", "Rest99, x", "Rest99\nx = y"])
def test_r6_the_rest_of_a_secret_that_a_brace_has_cut_is_never_shown(
    parse: Callable[..., Settings], rest: str
) -> None:
    with pytest.raises(PolicyError) as refused:
        parse(f"secrets {{\n ike-1 {{\n secret = abc}}{rest}\n}}\n")
    assert "Rest99" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\ufeffconnections { }", "byte order mark"),
        ('"connections" { }', "a name in quotes"),
        ('a { "version" = 1\n}', "a name in quotes"),
        ("a {\n\fversion = 1\n}", r"a\.conf:2.*U\+000C"),
        ("a {\n\vversion = 1\n}", r"a\.conf:2.*U\+000B"),
    ],
)
def test_what_strongswan_does_not_read_is_refused(
    parse: Callable[..., Settings], text: str, words: str
) -> None:
    with pytest.raises(PolicyError, match=words):
        parse(text)


@given(st.sampled_from(["a = b", "a = b c", 'a = "b # c"', "a {\n x = 1\n}", "a : b {\n}\nb {\n}"]),
       st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=20))  # fmt: skip
def test_a_comment_at_the_end_changes_nothing(read_files: Files, text: str, comment: str) -> None:
    def tree(said: str) -> Any:
        def of(section: Section) -> Any:
            return values(section), {name: of(x) for name, x in section.sections.items()}

        return of(load("a.conf", read_files({"a.conf": said})).root)

    lines = text.split("\n")
    assert tree("\n".join(f"{line} # {comment}" for line in lines)) == tree(text)
