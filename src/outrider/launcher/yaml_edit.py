"""One YAML file, and the changes to it, in its text: comments, order and spelling stay.

Source: Fluent Bit 5.1.1: ``service`` is a map, ``pipeline`` has lists of maps, ``includes`` is a list of paths that
count from the folder of the file which names them; names count in any case of letters, and ``memBufLimit`` is
``mem_buf_limit``.
"""

from __future__ import annotations

import json
import os.path
import re

from outrider.formats.classic_load import Files
from outrider.formats.words import key_name
from outrider.launcher.arguments import Change
from outrider.launcher.classic_edit import BESIDE_MAIN
from outrider.launcher.yaml_text import Part, read
from outrider.model.errors import UserError

EXTENSIONS = (".yaml", ".yml")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*|[0-9]+")
_BOOLEANS = re.compile(r"(?i:y|n|yes|no|on|off|true|false|null)")
_EMPTY = ("", "~", "null")


class YamlFile:
    """See ``outrider.launcher.tree.ConfigFile``."""

    includes_from_main = False

    def __init__(self, text: str, file: str) -> None:
        self._original = text
        made = read(text, file)
        self._root, self._aliases = made.root, made.aliases
        if self._root is not None and self._root.kind != "map" and not _is_empty(self._root):
            raise UserError("a YAML configuration is a map with service and pipeline", self._root.place)
        self._service: dict[str, Change] = {}
        self._changes: dict[Part, dict[str, Change]] = {}
        self._paths: dict[Part, list[str]] = {}
        self.notes: list[str] = []

    @property
    def includes(self) -> list[tuple[Part, str]]:
        """In the order of the file, with the path as it is written. Raises UserError."""
        listed = _member(self._root, "includes")
        if listed is None or _is_empty(listed):
            return []
        if listed.meant.kind != "list" or any(item.kind != "scalar" for item in listed.meant.parts):
            raise UserError("'includes' must be a list of paths", listed.place, fix="write '- PATH' lines below it")
        return [(item, item.value) for item in listed.meant.parts]

    def find(self, include: Part, folder: str, files: Files) -> list[str]:
        """The files that an include names. Raises UserError."""
        path = os.path.join(folder, include.value)
        paths = sorted(files.glob(path)) if "*" in path else [path]
        if not paths or files.identity(paths[0]) is None:
            what = "no file matches the include" if "*" in path else "the include was not found:"
            raise UserError(f"{what} '{path}'", include.place)
        return paths

    def redirect(self, include: Part, paths: list[str]) -> None:
        """Let an include name these files."""
        self._paths[include] = paths

    def named(self) -> list[tuple[Part, str]]:
        """The values that name a file which may stand beside the main file, with that name."""
        found: list[tuple[Part, str]] = []
        for kind, keys in BESIDE_MAIN.items():
            for section in self._sections(kind):
                values = [value for key, value in section.pairs() if key_name(key.value) in keys]
                found += [(value, value.meant.value) for value in values if value.meant.kind == "scalar"]
        return found

    def rename(self, value: Part, path: str) -> None:
        """Give such a value another name."""
        self._paths[value] = [path]

    def set(self, change: Change) -> int:
        """Make the change in each section of its kind; the number of these sections. Raises UserError."""
        name = key_name(change.key)
        if change.kind == "service" and self._service:
            self._service[name] = change
            return 1
        sections = self._sections(change.kind)
        for section in sections:
            self._changes.setdefault(section, {})[name] = change
        return len(sections)

    def add_service(self, change: Change) -> None:
        """Add a service with this property."""
        self._service[key_name(change.key)] = change

    def text(self) -> str:
        """The file as it is after the changes. Raises UserError for what they cannot be written into."""
        edits = [self._redirected(part, paths) for part, paths in self._paths.items()]
        for section, changes in self._changes.items():
            edits += self._changed(section, changes)
        if self._service:
            edits.append(self._added())
        text = self._original
        # From the end of the file, so that the positions of those before stay true.
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def _sections(self, kind: str) -> list[Part]:
        if kind == "service":
            listed = [_member(self._root, "service")]
        else:
            part = _member(_member(self._root, "pipeline"), f"{kind}s")
            listed = [*part.meant.parts] if part is not None and part.meant.kind == "list" else []
        found = [part.meant for part in listed if part is not None and part.meant.kind == "map" and part.meant.parts]
        # An alias is the same section again, which is to be changed once.
        return list(dict.fromkeys(found))

    def _redirected(self, part: Part, paths: list[str]) -> tuple[int, int, str]:
        self._check_anchors(part, part.meant.value)
        before = self._original[: part.start].rpartition("\n")[2]
        between = f"\n{before}" if before.strip() == "-" else ", "
        return part.start, part.end, between.join(json.dumps(path, ensure_ascii=False) for path in paths)

    def _changed(self, section: Part, changes: dict[str, Change]) -> list[tuple[int, int, str]]:
        """A key that is there, the last one if it is there twice, gets its value; the others come first."""
        edits: list[tuple[int, int, str]] = []
        new: list[str] = []
        present = {key_name(key.value): value for key, value in section.pairs()}
        for name, change in changes.items():
            if name not in present:
                new.append(_pair(change))
                continue
            old = present[name]
            self._check_anchors(old, change.key)
            edits.append((old.start, old.end, _space(old) + _scalar(change.value)))
        if new:
            start = section.parts[0].start
            between = ", " if section.flow else "\n" + " " * (section.parts[0].place.column - 1)
            edits.append((start, start, between.join([*new, ""])))
        return edits

    def _check_anchors(self, old: Part, what: str) -> None:
        for alias in self._aliases:
            if old.start <= alias.meant.start < old.end and not old.start <= alias.start < old.end:
                raise UserError(
                    f"cannot change {what}: line {alias.place.line} uses the value that is there by an alias",
                    old.place,
                    fix="write the value out where the alias stands",
                )

    def _added(self) -> tuple[int, int, str]:
        pairs = [_pair(change) for change in self._service.values()]
        inline = f"{{ {', '.join(pairs)} }}"
        empty = _member(self._root, "service")
        if empty is not None:
            return empty.start, empty.end, _space(empty) + inline
        root, end = self._root, len(self._original)
        if root is None:
            return end, end, f"\nservice: {inline}\n"
        if root.kind == "scalar":
            return root.start, root.end, f"\nservice: {inline}\n"
        if root.flow:
            return root.start + 1, root.start + 1, f"service: {inline}{', ' if root.parts else ''}"
        start, indent = root.parts[0].start, " " * (root.parts[0].place.column - 1)
        lines = "".join([f"\n{indent}  {pair}" for pair in pairs])
        return start, start, f"service:{lines}\n{indent}"


def _member(part: Part | None, name: str) -> Part | None:
    """The value of a key of a map, the last one if it is there twice; None if it is not there."""
    if part is None or part.meant.kind != "map":
        return None
    found = [value for key, value in part.meant.pairs() if key.value.lower() == name]
    return found[-1] if found else None


def _is_empty(part: Part) -> bool:
    return part.meant.kind == "scalar" and part.meant.value in _EMPTY


def _space(old: Part) -> str:
    """What a text needs before it that takes the place of a value: nothing stood there, or lines below the key."""
    if old.start == old.end:
        return " "
    return "  " if old.kind in ("list", "map") and not old.flow else ""


def _pair(change: Change) -> str:
    return f"{_scalar(change.key)}: {_scalar(change.value)}"


def _scalar(value: str) -> str:
    plain = _PLAIN.fullmatch(value) and not _BOOLEANS.fullmatch(value)
    return value if plain else json.dumps(value, ensure_ascii=False)
