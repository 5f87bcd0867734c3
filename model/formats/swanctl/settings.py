"""strongSwan's settings grammar: sections, values, references, includes, each with its place.

    name : other.section, third { key = value   sub { ... }   include more/*.conf }

Facts: policy-formats 3.1; where that says nothing, swanctl 5.9.8 itself.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from model.formats.reader import Reader, ReadError
from model.vocabulary.findings import Finding, Severity
from model.vocabulary.places import Place, PolicyError

MAX_DEPTH = 32  # nested sections, and nested includes
MAX_FILES = 256
MAX_TOKENS = 500_000
_NAME = re.compile(r"[^.,:{}=\"#\s\x00-\x1f\x7f]+")
_JOINED = "several spaces or tabs between unquoted words become one space"
_TOUCHING = "parts in and out of quotes are joined by a space"
# Up to its end of line: `name = word word`, `name {`, or `}`.
_PLAIN_LINE = re.compile(
    r"""[ \t]*(?:([^.,:{}="\#\s\x00-\x1f\x7f]+)[ \t]*"""
    r"""(?:=[ \t]*([^"\#}\s\x00-\x1f]+(?:[ ][^"\#}\s\x00-\x1f]+)*)|(\{))|(\}))[ \t]*(?=\n)"""
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One `key = value`; an empty text unsets a value from a reference.

    odd   where the text is probably not what the author meant (it ends at a `#`, say), in words that
          show none of it; empty if not
    """

    text: str
    place: Place
    odd: str = ""


@dataclass(slots=True)
class Section:
    """A section: values, subsections in order, and the sections it refers to."""

    name: str
    place: Place
    values: dict[str, Setting] = field(default_factory=dict)
    sections: dict[str, Section] = field(default_factory=dict)
    references: list[tuple[str, Place]] = field(default_factory=list)


@dataclass(slots=True)
class Settings:
    """A file with all that it includes, references resolved."""

    root: Section
    files: list[str]
    findings: list[Finding]


def load(path: str, reader: Reader) -> Settings:
    """Read a file and what it includes. PolicyError: it cannot be read, or is not a settings file."""
    loader = _Loader(reader)
    root = Section("", Place(path, 1))
    loader.file(path, root, None, ())
    resolver = _Resolver(root)
    resolver.resolve()
    return Settings(root, loader.files, [*loader.findings, *resolver.findings])


# ---- tokens


class _Token(NamedTuple):
    kind: str  # name { } = : , newline string value include
    text: str
    line: int
    odd: str = ""


def _wrong(path: str, line: int, problem: str, mend: str) -> PolicyError:
    return PolicyError(problem, place=Place(path, line), mend=mend)


def _decode(path: str, octets: bytes) -> str:
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise _wrong(path, line, "not valid UTF-8", "save the file as UTF-8 text") from None
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise _wrong(path, line, "a NUL octet", "this is not a text file: check its name")
    if text.startswith("\ufeff"):
        raise _wrong(
            path,
            1,
            "the file begins with a byte order mark (BOM), which strongSwan takes for a part of the first name",
            "save the file as UTF-8 without BOM",
        )
    return text


class _Lexer:
    """Tokens of one file. After `=` the rest of the line, up to `#` or `}`, is the value."""

    def __init__(self, path: str, text: str) -> None:
        self._path, self._text = path, text
        self._at, self._line = 0, 1
        self._odd = ""

    def tokens(self) -> Iterator[_Token]:
        text, count = self._text, 0
        while self._at < len(text):
            count += 1
            if count > MAX_TOKENS:
                raise _wrong(
                    self._path, self._line, "the file is too long", "split it with include"
                )
            plain = _PLAIN_LINE.match(text, self._at)
            if plain is not None and plain[1] != "include":
                # Most lines: a setting without quotes or comments, or a section that begins or ends.
                self._at = plain.end()
                yield from self._plain(plain)
                continue
            char = text[self._at]
            if char == "\n":
                yield _Token("newline", "", self._line)
                self._line += 1
                self._at += 1
            elif char in " \t\r":
                self._at += 1
            elif char == "#":
                self._to_end_of_line()
            elif char in "{}:,":
                self._at += 1
                yield _Token(char, char, self._line)
            elif char == "=":
                self._at += 1
                line = self._line
                yield _Token("=", "=", line)
                value = self._value()
                yield _Token("value", value, line, self._odd)
            elif char == '"':
                line = self._line
                yield _Token("string", self._string(), line)
            else:
                yield from self._word()

    def _plain(self, found: re.Match[str]) -> Iterator[_Token]:
        name, value, brace, line = found[1], found[2], found[3] or found[4], self._line
        if name is not None:
            yield _Token("name", name, line)
        if value is not None:
            yield _Token("=", "=", line)
            yield _Token("value", value, line)
        elif brace:
            yield _Token(brace, brace, line)

    def _word(self) -> Iterator[_Token]:
        found = _NAME.match(self._text, self._at) or re.compile(r"\.").match(self._text, self._at)
        if found is None:
            shown = f"U+{ord(self._text[self._at]):04X}"
            raise _wrong(
                self._path, self._line, f"the character {shown} outside of quotes", "remove it"
            )
        self._at = found.end()
        if found[0] == "include":
            yield _Token("include", self._value(), self._line)
        else:
            yield _Token("name", found[0], self._line)

    def _to_end_of_line(self) -> None:
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end

    def _value(self) -> str:
        """The value after `=`: quoted strings and words, joined by one space, up to the end of the
        line, `#` or `}`. A `{` is part of it."""
        parts: list[str] = []
        gap, quoted = " ", False
        self._odd = ""
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in "\n#}":
                self._ended(char, cut=bool(parts) and not gap and not quoted)
                break
            if char in " \t\r\f\v":
                gap += char
                self._at += 1
                continue
            if parts and gap != " ":
                self._odd = _JOINED if gap else _TOUCHING
            gap, quoted = "", char == '"'
            if quoted:
                parts.append(self._string())
            else:
                start = self._at
                while self._at < len(self._text) and self._text[self._at] not in ' \t\r\f\v\n#}"':
                    self._at += 1
                parts.append(self._text[start : self._at])
        return " ".join(parts)

    def _ended(self, char: str, *, cut: bool) -> None:
        """Note if an unquoted value ends in the middle of a word."""
        following = self._text[self._at + 1 : self._at + 2]
        if cut and (char == "#" or (char == "}" and not following.isspace() and following)):
            self._odd = f"an unquoted {char} ends it"

    def _string(self) -> str:
        start, out = self._line, list[str]()
        self._at += 1
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if char == '"':
                return "".join(out)
            if char == "\\" and self._at < len(self._text):
                following = self._text[self._at]
                self._at += 1
                if following == "\n":
                    self._line += 1
                else:
                    out.append(_ESCAPES.get(following, following))
                continue
            if char == "\n":
                self._line += 1
            out.append(char)
        raise _wrong(self._path, start, "an unterminated string", 'add the closing "')


# ---- sections


class _Loader:
    """Reads files into one tree; later values replace, sections merge."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.files: list[str] = []
        self.findings: list[Finding] = []

    def file(
        self, path: str, into: Section, asked_at: Place | None, open_files: tuple[str, ...]
    ) -> None:
        """Read one file into a section."""
        where = asked_at or Place(path, 1)
        if path in open_files:
            raise PolicyError(f"{path} includes itself", place=where, mend="remove this include")
        if len(open_files) >= MAX_DEPTH or len(self.files) >= MAX_FILES:
            raise PolicyError(
                "too many included files",
                place=where,
                mend="use fewer includes, or fewer nested ones",
            )
        try:
            octets = self._reader.read(path)
        except ReadError as error:
            raise PolicyError(
                f"cannot read {path}: {error}",
                place=asked_at,
                mend="check the name and the permissions",
            ) from None
        self.files.append(path)
        _Parser(self, path, _decode(path, octets), (*open_files, path)).body(into)

    def include(
        self, pattern: str, into: Section, place: Place, open_files: tuple[str, ...]
    ) -> None:
        """Read the files that a pattern matches, relative to the including file."""
        full = posixpath.join(posixpath.dirname(place.file), pattern)
        paths = self._reader.glob(full)
        if not paths:
            self.findings.append(
                Finding(
                    "INCLUDE-EMPTY",
                    Severity.NOTE,
                    place,
                    f"include {pattern} matches no file",
                    "check the pattern, or remove the line",
                )
            )
        for path in paths:
            self.file(path, into, place, open_files)


#: the word itself is not shown: it can be the end of a secret that a } has cut off
_LONELY = "a word that has neither a value nor a section"


class _Parser:
    def __init__(self, loader: _Loader, path: str, text: str, open_files: tuple[str, ...]) -> None:
        self._loader, self._path, self._open = loader, path, open_files
        self._tokens = list(_Lexer(path, text).tokens())
        self._next = 0
        self._last_line = text.count("\n") + 1

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> _Token | None:
        token = self._peek()
        self._next += 1
        return token

    def body(self, root: Section) -> None:
        """All statements of the file; sections are kept on a stack, without recursion."""
        stack = [root]
        while (token := self._take()) is not None:
            if token.kind == "newline":
                continue
            if token.kind == "}":
                if len(stack) == 1:
                    raise self._error(
                        token.line,
                        "a } without a {",
                        "remove it; a value with a } in it must be quoted",
                    )
                stack.pop()
            elif token.kind == "include":
                self._include(token, stack[-1])
            elif token.kind == "string":
                raise self._error(
                    token.line,
                    "a name in quotes, which strongSwan does not read",
                    "remove the quotes",
                )
            elif token.kind == "name":
                self._statement(token, stack)
            else:
                raise self._error(
                    token.line, f"an unexpected {token.text}", "write `key = value` or `name { }`"
                )
        if len(stack) > 1:
            raise self._error(
                self._last_line,
                f"section {stack[-1].name} (line {stack[-1].place.line}) is not closed",
                "add the closing }",
            )

    def _include(self, token: _Token, into: Section) -> None:
        if not token.text:
            raise self._error(token.line, "include without a file", "name the file")
        place = Place(self._path, token.line)
        self._loader.include(token.text, into, place, self._open)

    def _statement(self, token: _Token, stack: list[Section]) -> None:
        name = token.text
        self._skip_newlines()
        following = self._take()
        if following is None:
            raise self._error(
                token.line, _LONELY, "write `key = value`; quote a value with a } or # in it"
            )
        place = Place(self._path, token.line)
        if following.kind == "=":
            value = self._take()
            assert value is not None
            self._set(stack[-1], name, Setting(value.text, place, value.odd))
            return
        references = self._references(following) if following.kind == ":" else []
        if following.kind == ":":
            self._skip_newlines()
            following = self._take() or following
        if following.kind != "{":
            raise self._error(
                token.line, _LONELY, "write `key = value`; quote a value with a } or # in it"
            )
        if len(stack) > MAX_DEPTH:
            raise self._error(token.line, "sections are nested too deeply", "use fewer levels")
        section = stack[-1].sections.get(name)
        if section is None:
            section = stack[-1].sections[name] = Section(name, place)
        section.references += references
        stack.append(section)

    def _set(self, section: Section, name: str, setting: Setting) -> None:
        before = section.values.pop(name, None)
        section.values[name] = setting
        if before is not None and before.text != setting.text:
            self._loader.findings.append(
                Finding(
                    "DUPLICATE-KEY",
                    Severity.WARNING,
                    setting.place,
                    f"{name} is set twice; this later value counts",
                    f"remove one of the two (the other: {before.place})",
                    (before.place,),
                )
            )

    def _references(self, colon: _Token) -> list[tuple[str, Place]]:
        """Names of sections, joined by dots, with commas between."""
        found: list[tuple[str, Place]] = []
        parts: list[str] = []
        while (token := self._peek()) is not None and token.kind in (
            "name",
            "string",
            ",",
            "newline",
        ):
            if token.kind == ",":
                found.append(("".join(parts), Place(self._path, token.line)))
                parts = []
            elif token.kind != "newline":
                parts.append(token.text)
            if [part == "." for part in parts] != [n % 2 == 1 for n in range(len(parts))]:
                raise self._error(token.line, "two names without a comma", "put a comma between")
            self._next += 1
        found.append(("".join(parts), Place(self._path, colon.line)))
        if any(not item or item.endswith(".") for item, _ in found):
            raise self._error(colon.line, "an empty reference", "name a section after the :")
        return found

    def _skip_newlines(self) -> None:
        while (token := self._peek()) is not None and token.kind == "newline":
            self._next += 1

    def _error(self, line: int, problem: str, mend: str) -> PolicyError:
        return _wrong(self._path, line, problem, mend)


class _Resolver:
    """Resolves references: a section's own values win, then the references in order. Like swanctl, it passes
    over those that lead nowhere, or back."""

    def __init__(self, root: Section) -> None:
        self._root = root
        self._done: set[int] = set()
        self._steps = 0
        self.findings: list[Finding] = []

    def resolve(self) -> None:
        """Resolve the whole tree."""
        self._section(self._root, (), ())

    def _section(
        self, section: Section, above: tuple[int, ...], referring: tuple[int, ...]
    ) -> None:
        """above   the sections that it stands in      referring   those that refer to it"""
        if id(section) in self._done:
            return
        if len(referring) > 2 * MAX_DEPTH:
            raise PolicyError(
                f"too many references, one to the other, up to {section.name}",
                place=section.place,
                mend="refer to fewer sections",
            )
        referring = (*referring, id(section))
        for path, place in section.references:
            target = self._find(path, section, place)
            if target is None:
                self._doubt(place, f"there is no section {path}, so {section.name} gets nothing of it",
                            "define it, or correct the name")  # fmt: skip
            elif target is section:
                self._doubt(
                    place, f"section {section.name} refers to itself", "remove the reference"
                )
            elif id(target) in above:
                self._from_above(section, target)
            else:
                if id(target) in referring:
                    self._doubt(place, f"section {target.name} refers to itself by way of {section.name}",
                                "remove one of the references")  # fmt: skip
                else:
                    self._section(target, (), referring)
                self._inherit(section, target, place)
        for child in list(section.sections.values()):
            self._section(child, (*above, id(section)), referring)
        self._done.add(id(section))

    def _doubt(self, place: Place, problem: str, mend: str) -> None:
        self.findings.append(Finding("REFERENCE", Severity.WARNING, place, problem, mend))

    def _find(self, path: str, referring: Section, place: Place) -> Section | None:
        """The section of a path. PolicyError: it stands in the one that refers to it; swanctl then loads
        nothing of the file."""
        section = self._root
        for name in path.split("."):
            if section is referring:
                raise PolicyError(
                    f"section {referring.name} refers to {path}, which is a part of it",
                    place=place,
                    mend="remove the reference",
                )
            if name not in section.sections:
                return None
            section = section.sections[name]
        return section

    def _from_above(self, section: Section, source: Section) -> None:
        """What a section gets of one that it stands in: without end, so that only its beginning is brought in."""
        for name, setting in source.values.items():
            section.values.setdefault(name, setting)
        for name, child in source.sections.items():
            section.sections.setdefault(name, Section(name, child.place, dict(child.values)))

    def _inherit(self, section: Section, source: Section, place: Place) -> None:
        self._steps += 1
        if self._steps > MAX_TOKENS:
            raise PolicyError("too many references", place=place, mend="refer to fewer sections")
        for name, setting in source.values.items():
            section.values.setdefault(name, setting)
        for name, child in source.sections.items():
            if name not in section.sections:
                section.sections[name] = Section(name, child.place)
            if section.sections[name] is not child:
                self._inherit(section.sections[name], child, place)
