"""A JSON file that can be edited and keeps every byte that the edit is not about; and a task definition in one.

An edit gives a new ``Source``. What is put in takes the file's own indentation, spacing and line ends.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Final

from outrider.model.errors import Place, UserError
from outrider.taskdef import trees
from outrider.taskdef.jsontree import Node, Value, read_tree
from outrider.taskdef.layout import Style, line_indent, style_of
from outrider.taskdef.shape import Path, TaskDefinition, check_shape

_NAME: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
SIZE_LIMIT = 4 * 1024 * 1024
"""Largest file in bytes. ECS takes task definitions up to 64 KiB."""


class Source:
    """``text`` of ``file``, which holds one JSON ``value``."""

    can_be_edited = True
    title = ""
    """What distinguishes its value from others in the same file."""

    def __init__(self, text: str, file: str, read: Callable[[str, str], Node] = read_tree) -> None:
        """Raises UserError with line and column if ``text`` is not JSON, or what ``read`` reads."""
        self.text = text
        self.file = file
        self._root = read(text, file)
        self._ends: list[int] = []

    @property
    def value(self) -> Value:
        """What the file holds; not to be changed."""
        return self._root.value

    def place(self, path: Path) -> Place:
        """Where the value at ``path`` stands, or its nearest ancestor that exists."""
        return self.place_at(self._find(path)[0].start)

    def place_at(self, start: int) -> Place:
        """Line and column of a character."""
        if not self._ends:  # a report asks for many places
            self._ends = [-1, *(found.start() for found in re.finditer("\n", self.text))]
        line = bisect_left(self._ends, start)
        return Place(self.file, line, start - self._ends[line - 1])

    def span(self, path: Path) -> tuple[int, int]:
        """The characters of the value at ``path``, or of its nearest ancestor: the first, and after the last."""
        node, _ = self._find(path)
        return node.start, node.end

    def append(self, path: Path, value: Any) -> Source:
        """The file with ``value`` after the last item of the array at ``path``. Raises KeyError if there is none."""
        array = self._get(path)
        if not isinstance(array.value, list):
            raise KeyError(path)
        return self._checked(self._append(path, value), trees.appended(self.value, path, value))

    def set(self, path: Path, key: str, value: Any) -> Source:
        """The file with this member in the object at ``path``: in the old one's place, else after the last.

        Raises KeyError if there is no object at ``path``.
        """
        holder = self._get(path)
        if not isinstance(holder.value, dict):
            raise KeyError(path)
        return self._checked(self._set(path, key, value), trees.with_member(self.value, path, key, value))

    def rename(self, path: Path, key: str, name: str) -> Source:
        """The file with another name for this member of the object at ``path``; the rest stays.

        Raises KeyError if there is no such member, UserError if another one has the name.
        """
        if key not in self._get(path).members:
            raise KeyError(path)
        return self._checked(self._rename(path, key, name), trees.renamed(self.value, path, key, name))

    def remove(self, path: Path) -> Source:
        """The file without the member or item at ``path``: the very bytes that ``append`` or ``set`` put there.

        Raises KeyError if there is none.
        """
        if not path:
            raise KeyError(path)
        _ = self._get(path)
        return self._checked(self._remove(path), trees.without(self.value, path))

    def _append(self, path: Path, value: Any) -> str:
        return self._add(self._get(path), "", value, expand=True)

    def _set(self, path: Path, key: str, value: Any) -> str:
        holder = self._get(path)
        style = style_of(self.text, self._root)
        if key not in holder.members:
            return self._add(holder, style.inline(key) + style.colon, value, expand=False)
        start, old = holder.members[key]
        return self._replace(old.start, old.end, style.lay_out(value, line_indent(self.text, start)))

    def _rename(self, path: Path, key: str, name: str) -> str:
        start, _ = self._get(path).members[key]
        written = _NAME.match(self.text, start)
        assert written is not None, "a name in JSON"
        return self._replace(start, written.end(), style_of(self.text, self._root).inline(name))

    def _remove(self, path: Path) -> str:
        holder, key = self._get(path[:-1]), path[-1]
        children = holder.children()
        places: list[str | int] = list(holder.members) if holder.members else list(range(len(children)))
        at = places.index(key)
        if at > 0:
            return self._replace(children[at - 1][1].end, children[at][1].end, "")
        if len(children) > 1:
            return self._replace(children[0][0], children[1][0], "")
        return self._replace(holder.start + 1, holder.end - 1, "")

    def _read(self, text: str) -> Source:
        """The file with another text."""
        return Source(text, self.file)

    def _checked(self, text: str, wanted: Any) -> Source:
        """The file with another text, which is known to hold what the edit was for. Raises UserError if not."""
        found = self._read(text)
        if not trees.same(found.value, wanted):
            raise UserError(f"the edit of {self.file} gives another value than it should", fix="edit it by hand")
        return found

    def _find(self, path: Path) -> tuple[Node, int]:
        node, steps = self._root, 0
        for step in path:
            if isinstance(step, str) and step in node.members:
                node = node.members[step][1]
            elif isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            else:
                break
            steps += 1
        return node, steps

    def _get(self, path: Path) -> Node:
        node, steps = self._find(path)
        if steps != len(path):
            raise KeyError(path)
        return node

    def _replace(self, start: int, end: int, text: str) -> str:
        return self.text[:start] + text + self.text[end:]

    def _add(self, holder: Node, label: str, value: Any, *, expand: bool) -> str:
        style = style_of(self.text, self._root)
        children = holder.children()
        if not children:
            return self._fill(holder, label, value, style, expand=expand)
        last_start, last = children[-1]
        before = children[-2][1].end if len(children) > 1 else holder.start
        gap = self.text[before:last_start]
        blanks = gap[len(gap.rstrip(" \t\r\n")) :]
        if "\n" in blanks:
            added = "," + blanks + label + style.lay_out(value, blanks.rpartition("\n")[2], expand=expand)
        elif "\n" in self.text[last.start : last.end]:
            added = style.comma + label + style.lay_out(value, line_indent(self.text, last.end), expand=expand)
        else:
            added = style.comma + label + style.inline(value)
        return self._replace(last.end, last.end, added)

    def _fill(self, holder: Node, label: str, value: Any, style: Style, *, expand: bool) -> str:
        """An empty object or array gets its first member or item; on a line of its own if the file has lines."""
        if style.unit is None:
            return self._replace(holder.start + 1, holder.end - 1, label + style.inline(value))
        indent = line_indent(self.text, holder.start)
        inner = indent + style.unit
        added = label + style.lay_out(value, inner, expand=expand)
        return self._replace(holder.start + 1, holder.end - 1, f"{style.newline}{inner}{added}{style.newline}{indent}")


@dataclass(frozen=True, slots=True)
class TaskSource:
    """A file with a task definition: itself, or as ``aws ecs describe-task-definition`` prints it, at ``base``."""

    source: Source
    base: Path

    @property
    def name(self) -> str:
        """What the file calls it; empty where it is the file's only one, without a name."""
        return str(self.base[1]) if len(self.base) > 2 else self.source.title

    @property
    def sources(self) -> tuple[Source, ...]:
        """The files that it stands in."""
        return (self.source,)

    def home(self, _path: Path) -> Source:
        """The file in which the value at a path inside the task definition stands."""
        return self.source

    @property
    def task(self) -> TaskDefinition:
        """The task definition, its shape checked; not to be changed. Raises UserError with the place."""
        value: Any = self.source.value
        for step in self.base:
            value = value[step]
        return check_shape(value, self.place)

    def place(self, path: Path) -> Place:
        """Where the value at a path inside the task definition stands."""
        return self.source.place((*self.base, *path))

    def span(self, path: Path) -> tuple[int, int]:
        """See ``Source.span``; the path is inside the task definition."""
        return self.source.span((*self.base, *path))

    def append(self, path: Path, value: Any) -> TaskSource:
        """See ``Source.append``; the path is inside the task definition."""
        return TaskSource(self.source.append((*self.base, *path), value), self.base)

    def set(self, path: Path, key: str, value: Any) -> TaskSource:
        """See ``Source.set``; the path is inside the task definition."""
        return TaskSource(self.source.set((*self.base, *path), key, value), self.base)

    def remove(self, path: Path) -> TaskSource:
        """See ``Source.remove``; the path is inside the task definition."""
        return TaskSource(self.source.remove((*self.base, *path)), self.base)

    def rename(self, path: Path, key: str, name: str) -> TaskSource:
        """See ``Source.rename``; the path is inside the task definition."""
        return TaskSource(self.source.rename((*self.base, *path), key, name), self.base)


def task_source(text: str, file: str) -> TaskSource:
    """The task definition in ``text``, which is JSON. Raises UserError with line and column if it is none."""
    return task_in(Source(text, file))


def task_in(source: Source) -> TaskSource:
    """The task definition in a file. Raises UserError with line and column if it is none."""
    found = TaskSource(source, ("taskDefinition",) if _is_wrapped(source.value) else ())
    _ = found.task
    return found


def is_task(value: Value) -> bool:
    """Whether a value looks like a task definition."""
    return isinstance(value, dict) and ("containerDefinitions" in value or _is_wrapped(value))


def _is_wrapped(value: Value) -> bool:
    """Whether it is as ``aws ecs describe-task-definition`` prints it."""
    if not isinstance(value, dict) or "containerDefinitions" in value:
        return False
    return isinstance(value.get("taskDefinition"), dict)


def read_text(path: str, what: str = "a task definition") -> tuple[str, str]:
    """The text of a file, or of standard input if ``path`` is ``-``, and what messages call it. Raises UserError."""
    limit = "ECS takes task definitions up to 65536 bytes"
    return _read_text(path, what, limit if what == "a task definition" else f"give {what}")


def read_neighbour(file: str, path: str) -> tuple[str, str] | None:
    """The text and the name of a file that ``file`` names by a relative path. Raises UserError.

    None if it stands neither below the folder of ``file`` nor below the working directory.
    """
    folder = FilePath(file).parent
    try:
        found = (folder / path).resolve()
        if not any(found.is_relative_to(root.resolve()) for root in (folder, FilePath())):
            return None
        if not found.is_file():
            raise UserError(f"cannot read {path}: there is no such file", fix="give it beside the file that names it")
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(f"cannot read {path!r}: it is no path", fix="give the path of a file") from error
    return read_text(str(folder / path))


def read_source(path: str, what: str) -> Source:
    """The JSON in a file, or in standard input if ``path`` is ``-``; ``what`` it is to be. Raises UserError."""
    text, file = _read_text(path, what, f"give {what}")
    return Source(text, file)


def _read_text(path: str, what: str, if_larger: str) -> tuple[str, str]:
    """The text, and what the file is called in messages."""
    file = "standard input" if path == "-" else path
    try:
        raw = sys.stdin.buffer.read(SIZE_LIMIT + 1) if path == "-" else _read(path)
    except OSError as error:
        raise UserError(
            f"cannot read {file}: {error.strerror}", fix=f"give the path of {what}, or - for standard input"
        ) from error
    if len(raw) > SIZE_LIMIT:
        raise UserError(f"{file} is larger than {SIZE_LIMIT} bytes", fix=if_larger)
    return _decode(raw, file), file


def _read(path: str) -> bytes:
    with FilePath(path).open("rb") as stream:
        return stream.read(SIZE_LIMIT + 1)


def _decode(raw: bytes, file: str) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UserError(f"{file} is UTF-16, as PowerShell's > writes it", Place(file, 1, 1), fix="save it as UTF-8")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        place = Place(file, before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        raise UserError(f"byte 0x{raw[error.start]:02x} is not UTF-8", place, fix="save the file as UTF-8") from error
