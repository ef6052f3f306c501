"""Fluent Bit's classic configuration language, lossless, with the standard library only.

``parse`` gives a ``Document`` whose ``text()`` is byte for byte what was read; ``Section.set`` and
``Document.add_section`` change only the lines that they must. ``@INCLUDE`` lines are represented, not followed:
``outrider.formats.classic_load`` does that.

Source: Fluent Bit 5.1.1, ``src/config_format/flb_cf_fluentbit.c``. The grammar is stricter than it looks. There are no
trailing comments and no quotes; a key ends at the first space, never at a tab; the first indented line of a file fixes
the indentation of all its lines, comments and blank lines included; twice the indentation is the level of a group.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from outrider.model.errors import Place, UserError

LINE_LIMIT = 32 * 1024 * 1024
"""Longest line, in characters."""

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_BLANKS = " \t"
_SPACES = " \t\n\v\f\r"
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_INCLUDE = "@include "

_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("service", ("service",)),
    ("parser", ("parser",)),
    ("multiline_parser", ("multiline_parser",)),
    ("stream_processor", ("stream_processor",)),
    ("plugins", ("plugins",)),
    ("upstream_servers", ("upstream_servers",)),
    *((name, (name, f"{name}s")) for name in ("custom", "input", "filter", "output")),
)


def section_kind(name: str) -> str:
    """What a section of this name is: ``service``, ``parser``, … ``input``, ``filter``, ``output``, else ``other``.

    Case does not count. Fluent Bit compares only as many letters as the name has, so ``[I]`` and ``[IN]`` are inputs,
    ``[P]`` is a parser and ``[S]`` the service: the first kind in its order that begins so.
    """
    lowered = name.translate(_LOWER)
    return next((kind for kind, spellings in _KINDS if any(s.startswith(lowered) for s in spellings)), "other")


@dataclass(slots=True, eq=False)
class _Line:
    """One physical line with its ending; the parts of the document point at these, so that edits keep the rest."""

    text: str


@dataclass(slots=True, eq=False)
class Entry:
    """One property: ``key`` is lower-cased, ``spelling`` as written; ``value`` is trimmed and otherwise verbatim."""

    key: str
    spelling: str
    value: str
    place: Place
    value_place: Place
    _line: _Line = field(repr=False)


@dataclass(slots=True, eq=False)
class Group:
    """A named group inside a section, such as ``[GROUP 1]`` at the level of properties."""

    name: str
    place: Place
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Meta:
    """A command such as ``@SET key=value``: ``name`` is ``SET``, as written; both parts are trimmed."""

    name: str
    parameter: str
    place: Place


@dataclass(frozen=True, slots=True)
class Include:
    """An ``@INCLUDE``: the path is verbatim, trailing blanks too."""

    path: str
    place: Place
    _line: _Line = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Note:
    """Something that Fluent Bit accepts but that is hardly what its writer wanted."""

    message: str
    place: Place


class Section:
    """A ``[NAME]`` with its properties in order; keys may repeat. ``place`` is that of the header."""

    __slots__ = ("_document", "_header", "entries", "faulty", "groups", "name", "place")

    def __init__(self, name: str, place: Place, document: Document, header: _Line) -> None:
        self.name = name
        self.place = place
        self.entries: list[Entry] = []
        self.groups: list[Group] = []
        self.faulty = False
        """Whether a line of it could not be read."""
        self._document = document
        self._header = header

    @property
    def kind(self) -> str:
        """See ``section_kind``."""
        return section_kind(self.name)

    def get(self, key: str) -> Entry | None:
        """The last property of this key, in any case of letters; None if there is none."""
        wanted = key.translate(_LOWER)
        return next((entry for entry in reversed(self.entries) if entry.key == wanted), None)

    def set(self, key: str, value: str) -> None:
        """Give ``key`` this value and no other.

        An existing property of that key (in any case of letters) keeps its spelling and place and gets the value. If
        there are several, the last is kept and the others are removed: what the key means afterwards is then the same
        for options that take the first, the last, or every value. A new property goes after the last one of the
        section, with the file's indentation. Raises ValueError if the key or value cannot be written in this language.
        """
        _check_pair(key, value)
        wanted = key.translate(_LOWER)
        same = [entry for entry in self.entries if entry.key == wanted]
        if not same:
            self._append(key, value)
            return
        for extra in same[:-1]:
            self.entries.remove(extra)
            self._document._remove(extra._line)
        self.replace(same[-1], value)

    def replace(self, entry: Entry, value: str) -> None:
        """Give one property another value. Raises ValueError if it cannot be written in this language."""
        _check_value(entry.spelling, value)
        start = entry.value_place.column - 1
        rest = entry._line.text[start + len(entry.value) :]
        entry.value = value.strip(_SPACES)
        entry._line.text = entry._line.text[:start] + entry.value + rest

    def _append(self, key: str, value: str) -> None:
        after = self.entries[-1]._line if self.entries else self._header
        indent = self._document._indentation()
        value = value.strip(_SPACES)
        line = _Line(f"{indent}{key} {value}")
        self._document._insert(after, line)
        # Added lines have no line number of their own until the text is read again; the header's is the best guide.
        place = Place(self.place.file, self.place.line, 0)
        start = Place(self.place.file, self.place.line, len(indent) + len(key) + 2)
        self.entries.append(Entry(key.translate(_LOWER), key, value, place, start, line))


class Document:
    """One file: ``sections``, ``metas``, ``includes`` and ``notes`` in the order of the file.

    ``indent`` is the indentation that the file's first property has fixed; empty if it has none.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.indent = ""
        self.sections: list[Section] = []
        self.metas: list[Meta] = []
        self.includes: list[Include] = []
        self.notes: list[Note] = []
        self._lines: list[_Line] = []

    def text(self) -> str:
        """The file, byte for byte as it was read but for the edits."""
        return "".join([line.text for line in self._lines])

    def of_kind(self, kind: str) -> list[Section]:
        """The sections whose ``section_kind`` this is."""
        return [section for section in self.sections if section.kind == kind]

    def add_section(self, name: str, pairs: list[tuple[str, str]]) -> Section:
        """Append ``[NAME]`` with these properties, after a blank line. Raises ValueError for what cannot be written."""
        if not name or any(c in name for c in "]\r\n"):
            raise ValueError(f"a section cannot be called {name!r}: it needs a name without ']' and line ends")
        self._indentation()
        for key, value in pairs:
            _check_pair(key, value)
        if self._lines and self._lines[-1].text.strip("\r\n"):
            self._insert(self._lines[-1], _Line(""))
        header = _Line(f"[{name}]")
        self._insert(self._lines[-1] if self._lines else None, header)
        section = Section(name, Place(self.file, len(self._lines), 1), self, header)
        self.sections.append(section)
        for key, value in pairs:
            section._append(key, value)
        return section

    def redirect(self, include: Include, paths: list[str]) -> None:
        """Let an ``@INCLUDE`` name these files, one or more, each on a line of its own. Raises ValueError."""
        if any("\n" in path for path in paths):
            raise ValueError("the name of an included file has a line end in it; this language has no way to write one")
        last, at = include._line, self._lines.index(include._line)
        command, ending = last.text[: len(_INCLUDE)], last.text[len(_INCLUDE) + len(include.path) :]
        last.text = f"{command}{paths[-1]}{ending}"
        self._lines[at:at] = [_Line(command + path + (ending or "\n")) for path in paths[:-1]]

    def _indentation(self) -> str:
        """That of a new property. Raises ValueError where no property can be written."""
        if self.indent.startswith("@"):
            raise ValueError("lines of this file are indented with '@', so a property would be read as a command")
        return self.indent or "    "

    def _insert(self, after: _Line | None, line: _Line) -> None:
        ending = "\r\n" if any(other.text.endswith("\r\n") for other in self._lines[:1]) else "\n"
        line.text += ending
        if after is None:
            self._lines.append(line)
            return
        if not after.text.endswith("\n"):
            after.text += ending
        self._lines.insert(self._lines.index(after) + 1, line)

    def _remove(self, line: _Line) -> None:
        self._lines.remove(line)


def _check_pair(key: str, value: str) -> None:
    if not key or key[0] in "#[" or any(c in _SPACES for c in key):
        raise ValueError(f"{key!r} cannot be a key: a key has no blanks and does not begin with '#' or '['")
    _check_value(key, value)


def _check_value(key: str, value: str) -> None:
    if not value.strip(_SPACES):
        raise ValueError(f"the key '{key}' has an empty value; this language has no way to write one")
    if "\n" in value.strip(_SPACES):
        raise ValueError(f"the value of '{key}' has more than one line; this language has no continuation lines")


def raise_fault(error: UserError) -> None:
    """The taker of faults where the first one is the end."""
    raise error


Faults = Callable[[UserError], None]
"""Takes each fault, and returns where reading shall go on without what is wrong."""


def parse(text: str, file: str, fault: Faults = raise_fault) -> Document:
    """Read one file. Raises UserError with file, line and column, in Fluent Bit's words and with the remedy.

    A ``fault`` that returns is given every faulty line; of wrong indentation the first, for it may be the one that is
    right.
    """
    parser = _Parser(file)
    for raw in _LINES.findall(text):
        try:
            parser.line(raw)
        except UserError as error:
            parser.pass_over(raw)
            fault(error)
    document = parser.document
    document.notes += [
        Note(f"section [{section.name}] has no keys", section.place)
        for section in document.sections
        if not section.entries and not section.groups and not section.faulty
    ]
    return document


class _Parser:
    """One pass over the lines; ``number`` is the current line's, ``section`` and ``group`` are the open ones."""

    def __init__(self, file: str) -> None:
        self.document = Document(file)
        self.file = file
        self.number = 0
        self.section: Section | None = None
        self.group: Group | None = None
        self.indent_line = 0
        self.misindented = False

    def place(self, offset: int) -> Place:
        return Place(self.file, self.number, offset + 1)

    def line(self, raw: str) -> None:
        self.number += 1
        line = _Line(raw)
        self.document._lines.append(line)
        text = raw.removesuffix("\n").removesuffix("\r")
        if len(text) > LINE_LIMIT:
            raise UserError(
                f"the line has {len(text)} characters", self.place(0), fix=f"keep lines under {LINE_LIMIT} characters"
            )
        if not text or text[0] == "#":
            return
        if len(text) > 9 and text[:9].translate(_LOWER) == _INCLUDE:
            self.document.includes.append(Include(text[9:], self.place(9), line))
        elif text[0] == "@" and len(text) > 3:
            self._meta(text)
        elif text[0] == "[":
            self._header(text, line)
        else:
            self._property(text, line)

    def pass_over(self, raw: str) -> None:
        """Go on behind a faulty line. What follows a faulty header belongs to no section that is known."""
        if raw.startswith("["):
            self.section, self.group = Section("", self.place(0), self.document, _Line(raw)), None
        if self.section is not None:
            self.section.faulty = True

    def _meta(self, text: str) -> None:
        name, space, parameter = text[1:].partition(" ")
        if not space:
            raise UserError(
                f"invalid meta command '{text}'", self.place(0), fix="write '@SET key=value' or '@INCLUDE path'"
            )
        self.document.metas.append(Meta(name.strip(_SPACES), parameter.strip(_SPACES), self.place(0)))

    def _header(self, text: str, line: _Line) -> None:
        end = text.find("]")
        if end < 0:
            raise UserError(
                f"bad header definition: '{text}' has no ']'", self.place(0), fix=f"write '{text.rstrip()}]'"
            )
        self.section = Section(text[1:end], self.place(0), self.document, line)
        self.group = None
        self.document.sections.append(self.section)

    def _property(self, text: str, line: _Line) -> None:
        if not self.document.indent:
            self._fix_indent(text)
            if len(self.document.indent) == len(text):
                return
        start = self._content(text)
        if start == len(text) or text[start] == "#":
            return
        end = text.find(" ", start)
        if end < 0:
            self._no_value(text, start)
        value = text[end + 1 :].strip(_SPACES)
        spelling = text[start:end].strip(_SPACES)
        if text[start] == "[" and start == len(self.document.indent):
            self._open_group(text, start)
            return
        if not value or not spelling or self.section is None:
            self._no_pair(text, start, end)
            return
        value_start = end + 1 + len(text[end + 1 :]) - len(text[end + 1 :].lstrip(_SPACES))
        entry = Entry(spelling.translate(_LOWER), spelling, value, self.place(start), self.place(value_start), line)
        if self.group is not None and start == 2 * len(self.document.indent):
            self.group.entries.append(entry)
        else:
            self.group = None
            self.section.entries.append(entry)

    def _fix_indent(self, text: str) -> None:
        end = 1
        while end < len(text) and text[end] in _BLANKS:
            end += 1
        self.document.indent = text[:end]
        self.indent_line = self.number
        if text[0] not in _BLANKS:
            self.document.notes.append(
                Note(
                    f"the first property of the file is not indented, so its first letter '{text[0]}' counts as the "
                    f"indentation: the key is '{text[end:].partition(' ')[0]}'; indent it with blanks",
                    self.place(0),
                )
            )

    def _content(self, text: str) -> int:
        """Where the line begins behind its indentation, which is the file's or twice that."""
        indent = self.document.indent
        if text.startswith(indent):
            start = len(indent)
            while start < len(text) and text[start] in _BLANKS:
                start += 1
            if start in (len(indent), 2 * len(indent)):
                return start
            reason = "extra indentation level found"
        else:
            same = next(i for i, c in enumerate(indent) if i >= len(text) or text[i] != c)
            mixed = same < len(text) and text[same] in _BLANKS
            reason = "inconsistent use of tab and space" if mixed else "indentation level is too low"
        if self.misindented:
            self.pass_over(text)
            return len(text)
        self.misindented = True
        what = (
            "comment" if text.lstrip(_BLANKS).startswith("#") else "blank line" if not text.strip(_BLANKS) else "line"
        )
        raise UserError(
            f"invalid indentation level: {reason}",
            self.place(0),
            fix=f"begin this {what} with {_describe(indent)}, as line {self.indent_line} does",
        )

    def _no_value(self, text: str, start: int) -> None:
        word = text[start:]
        if word.startswith("["):
            fix = "a section header begins in the first column; a group needs a space inside, as in '[GROUP 1]'"
        elif "\t" in word.rstrip():
            fix = "put a space between key and value; a tab does not separate them"
        else:
            fix = f"write '{word.strip()} VALUE', or remove the line"
        raise UserError(
            "undefined value - check config is in valid classic format", self.place(start), found=word.strip(), fix=fix
        )

    def _no_pair(self, text: str, start: int, end: int) -> None:
        if end + 1 == len(text):
            raise UserError("key has an empty value", self.place(end), fix="write a value, or remove the line")
        message = "could not allocate key value pair"
        if not text[end + 1 :].strip(_SPACES):
            raise UserError(f"{message}: the value is only blanks", self.place(end), fix="write a value, or remove it")
        if self.section is None:
            raise UserError(
                f"{message}: no section is open", self.place(start), fix="put a header such as [INPUT] before it"
            )
        raise UserError(f"{message}: the key is empty", self.place(start), fix="write a key before the value")

    def _open_group(self, text: str, start: int) -> None:
        end = text.find("]", start)
        if end < 0:
            raise UserError("bad header definition: a group has no ']'", self.place(start), fix="close it with ']'")
        if self.section is None:
            raise UserError("a group stands before any section", self.place(start), fix="put it inside a section")
        self.group = Group(text[start + 1 : end], self.place(start))
        self.section.groups.append(self.group)


def _describe(indent: str) -> str:
    """An indentation in words: ``4 spaces``, ``1 tab``, else the text quoted."""
    for char, word in ((" ", "space"), ("\t", "tab")):
        if indent == char * len(indent):
            return f"exactly {len(indent)} {word}{'s' if len(indent) != 1 else ''}"
    return repr(indent)
