"""Edits of a YAML text: what is written where so that it holds something else, and keeps the rest byte for byte.

In lines, members and items are lines: what is added follows the line in which the last one ends, and what is removed
goes with its lines. Comments on lines of their own stay. In brackets the edit is one between commas.
"""

from __future__ import annotations

import re
from typing import Any, Final

from outrider.model.errors import UserError
from outrider.taskdef.jsontree import place_of
from outrider.taskdef.layout import line_indent
from outrider.taskdef.shape import Path
from outrider.taskdef.yamllayout import BlockStyle, block_style, column_of, flow_style, quoted, scalar
from outrider.taskdef.yamlparts import Kind, Part, read_parts

_FLOW_MAX: Final = 100
"""Longest map or list in brackets, in letters, that takes the place of another one in brackets."""
_GAP: Final = re.compile(r"(?:[ \t]|#[^\n]*|\r?\n)*")
"""What may stand between two values beside a comma."""
_BREAK: Final = re.compile("[\x85\u2028\u2029]|\r(?!\n)")


class YamlText:
    """One document of a YAML text without byte order mark; each edit gives the whole new text."""

    def __init__(self, text: str, file: str, document: int = 0) -> None:
        self.text = text
        self.file = file
        self.newline = "\r\n" if "\r\n" in text else "\n"
        parts = read_parts(text)
        self.root = parts[document]
        self.style: BlockStyle = block_style(text, self.root)
        self._aliases = [part for part in self.root.walk() if part.kind is Kind.ALIAS]
        odd = _BREAK.search(text)
        if odd:
            raise self.refusal(f"the line end U+{ord(odd[0][0]):04X}", odd.start(), "write LF or CRLF")

    def refusal(self, found: str, at: int, fix: str) -> UserError:
        """Why there is no edit."""
        return UserError(f"{found} cannot be edited here", place_of(self.text, at, self.file), fix=fix)

    def append(self, path: Path, value: Any) -> str:
        """With ``value`` after the last item of the list at ``path``. Raises KeyError if there is none."""
        holder = self._holder(path)
        if not holder.holds or holder.is_map:
            raise KeyError(path)
        if holder.kind is Kind.FLOW:
            return self._add_in_brackets(holder, "", value)
        last = len(holder.items) - 1
        dash, start = self._dash(holder, last), holder.items[last].start
        gap = start - dash - 1 if "\n" not in self.text[dash:start] else 1
        return self._add_lines(holder, self.style.item(value, column_of(self.text, dash), max(gap, 1)))

    def set(self, path: Path, key: str, value: Any) -> str:
        """With this member in the map at ``path``: in the old one's place, else after the last."""
        holder = self._holder(path)
        if not holder.is_map:
            raise KeyError(path)
        at = holder.at(key)
        if at is not None:
            return self._replace(holder, at, value)
        if holder.kind is Kind.FLOW:
            return self._add_in_brackets(
                holder, flow_style(self.text, holder, "", self.style).inline(key) + ": ", value
            )
        self._check_simple(holder, len(holder.keys) - 1)
        return self._add_lines(holder, self.style.member(key, value, column_of(self.text, holder.keys[0][1].start)))

    def rename(self, path: Path, key: str, name: str) -> str:
        """With another name for this member of the map at ``path``."""
        holder = self._holder(path)
        at = holder.at(key)
        if at is None:
            raise KeyError(path)
        written = holder.keys[at][1]
        self._check_removable(written)
        return self._spliced(written.start, written.end, self._text(name, written))

    def remove(self, path: Path) -> str:
        """Without the member or item at ``path``: the very bytes that ``append`` or ``set`` put there."""
        holder = self._holder(path[:-1])
        at = holder.at(path[-1]) if holder.holds else None
        if at is None:
            raise KeyError(path)
        self._check_removable(holder.items[at])
        if holder.kind is Kind.FLOW:
            return self._remove_in_brackets(holder, at)
        return self._remove_lines(holder, at, path[:-1])

    def _holder(self, path: Path) -> Part:
        part = self.root
        self._check_editable(part)
        for step in path:
            at = part.at(step) if part.holds else None
            if at is None:
                raise KeyError(path)
            part = part.items[at]
            self._check_editable(part)
        return part

    def _check_editable(self, part: Part) -> None:
        if part.kind is Kind.ALIAS:
            raise self.refusal(f"the alias *{part.anchor}", part.start, "write the value out in its place")
        if part.tag.startswith("!"):
            raise self.refusal(f"the function {part.tag}", part.start, "write the value in its place")
        for alias in self._aliases if part.anchor else ():
            if alias.anchor == part.anchor:
                line = place_of(self.text, alias.start, self.file).line
                fix = f"write the value out where *{part.anchor} stands"
                raise self.refusal(f"&{part.anchor}, which line {line} repeats,", part.start, fix)
        if part.kind is Kind.FLOW and self.text[part.inner - 1] != ("{" if part.is_map else "["):
            raise self.refusal("a map without brackets in a list", part.start, "put it in { and }")

    def _check_removable(self, part: Part) -> None:
        """Nobody else may need what goes."""
        for inner in part.walk():
            if inner.anchor and inner.kind is not Kind.ALIAS:
                for alias in self._aliases:
                    if alias.anchor == inner.anchor and not part.start <= alias.start < part.end:
                        self._check_editable(inner)

    def _check_simple(self, holder: Part, at: int) -> None:
        """No ``? key``."""
        key = holder.keys[at][1].start
        if self.text[:key].rstrip(" ").endswith("?") or holder.keys[0][1].start != self._first(holder):
            raise self.refusal("a key after '?'", key, "write it as key: value")

    def _first(self, holder: Part) -> int:
        return holder.keys[0][1].start if holder.anchor or holder.tag else holder.start

    def _text(self, value: str, old: Part) -> str:
        """A text in the quotes of the one before it."""
        return quoted(value, old.quote) if old.quote in ("'", '"') else scalar(value, self.style.quote)

    def _spliced(self, start: int, end: int, text: str) -> str:
        return self.text[:start] + text + self.text[end:]

    # in lines

    def _line(self, at: int) -> int:
        """Where the line of a letter begins."""
        return self.text.rfind("\n", 0, at) + 1

    def _behind(self, at: int) -> int:
        """Where the line of a letter ends, its line end included."""
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def _add_lines(self, holder: Part, lines: list[str]) -> str:
        at = self._behind(holder.end)
        added = self.newline.join(lines)
        ended = self.text[at - 1 : at] == "\n"
        return self._spliced(at, at, added + self.newline if ended else self.newline + added)

    def _dash(self, holder: Part, at: int) -> int:
        """Where the dash of an item stands."""
        if at == 0 and not (holder.anchor or holder.tag):
            return holder.start
        found = self._skipped(holder.items[at - 1].end) if at else self.text.find("-", self._skipped(holder.inner))
        if self.text[found] != "-":
            raise self.refusal("a list", holder.start, "write its items with dashes on lines of their own")
        return found

    def _skipped(self, at: int) -> int:
        found = _GAP.match(self.text, at)
        return found.end() if found else at

    def _remove_lines(self, holder: Part, at: int, path: Path) -> str:
        if holder.is_map:
            self._check_simple(holder, at)
        if len(holder.items) == 1:
            return self._emptied(holder, path)
        start, end = holder.begins(at) if holder.is_map else self._dash(holder, at), holder.items[at].end
        line, behind = self._line(start), self._behind(end)
        if not self.text[line:start].strip(" "):
            if self.text[behind - 1 : behind] != "\n":
                line = len(self.text[:line].removesuffix("\n").removesuffix("\r"))
            return self._spliced(line, behind, "")
        following = holder.begins(1) if holder.is_map else self._dash(holder, 1)
        if "#" in self.text[behind:following]:
            kept = len(self.text[:start].rstrip(" "))
            return self._spliced(kept, behind, self.newline)
        return self._spliced(start, following, "")

    def _emptied(self, holder: Part, path: Path) -> str:
        """Without the last member or item of what stands in lines."""
        empty = "{}" if holder.is_map else "[]"
        parent = self._holder(path[:-1]) if path else holder
        at = parent.at(path[-1]) if path else None
        if at is None or not parent.is_map:
            return self._spliced(holder.start, holder.end, empty)
        return self._beside(parent.keys[at][1], holder, empty)

    def _beside(self, key: Part, old: Part, written: str) -> str:
        """A value beside its key, in the place of lines below it; a remark behind the key stays."""
        colon = self.text.find(":", key.end) + 1
        line = self._line(old.start)
        if line < colon:
            return self._spliced(colon, old.end, " " + written)
        behind = self._behind(old.end)
        kept = self.text[colon:line] if self.text[behind - 1] == "\n" else self.text[colon:line].rstrip("\r\n")
        return self._spliced(colon, behind, f" {written}{kept}")

    def _replace(self, holder: Part, at: int, value: Any) -> str:
        """Another value for a key."""
        key, old = holder.keys[at][1], holder.items[at]
        if old.tag.startswith("!"):
            raise self.refusal(f"the function {old.tag}", old.start, "write the value in its place")
        self._check_removable(old)
        if holder.kind is Kind.FLOW:
            written = self._in_brackets(holder, value) if isinstance(value, dict | list) else self._one(value, old)
        else:
            self._check_simple(holder, at)
            lines = self._lines_for(key, old, value)
            if lines:
                return self._replaced_by_lines(key, old, lines)
            written = self._one(value, old)
            if old.kind is Kind.BLOCK:
                return self._beside(key, old, written)
        if old.start == old.end:
            written = " " + written if self.text[old.start - 1] == ":" else ": " + written
        return self._spliced(old.start, old.end, written)

    def _one(self, value: Any, old: Part) -> str:
        return self._text(value, old) if isinstance(value, str) else self.style.flow.inline(value)

    def _lines_for(self, key: Part, old: Part, value: Any) -> list[str]:
        """The lines of a value below its key; none if it stands beside it."""
        if self.style.beside(value):
            return []
        if old.kind is Kind.FLOW and len(self.style.flow.inline(value)) <= _FLOW_MAX:
            return []
        column = column_of(self.text, key.start)
        lines = self.style.member("key", value, column)[1:]
        below = old.kind is Kind.BLOCK and "\n" in self.text[key.end : old.start] and not (old.anchor or old.tag)
        if below and isinstance(value, dict) == old.is_map and lines[0].lstrip(" ")[:1] != "[":
            lines = self.style.lines(value, column_of(self.text, old.start))
        return lines

    def _replaced_by_lines(self, key: Part, old: Part, lines: list[str]) -> str:
        added = self.newline.join(lines)
        start = self._line(old.start)
        if start > key.end and old.kind is Kind.BLOCK:
            return self._spliced(start, old.end, added)
        colon = self.text.find(":", key.end) + 1
        rest = self.text[old.end : self._behind(old.end)].rstrip("\r\n")
        return self._spliced(colon, old.end + len(rest), rest.rstrip(" ") + self.newline + added)

    # in brackets

    def _add_in_brackets(self, holder: Part, label: str, value: Any) -> str:
        if not holder.items:
            return self._spliced(holder.inner, holder.end - 1, label + self.style.flow.inline(value))
        last = holder.items[-1]
        begin = holder.begins(len(holder.items) - 1)
        gap = self.text[holder.items[-2].end if len(holder.items) > 1 else holder.inner : begin]
        blanks = gap[len(gap.rstrip(" \t\r\n")) :]
        style = flow_style(self.text, holder, self.newline, self.style)
        if "\n" in blanks:
            expand = "\n" in self.text[begin : last.end]
            added = "," + blanks + label + style.lay_out(value, blanks.rpartition("\n")[2], expand=expand)
        else:
            added = style.comma + label + style.inline(value)
        return self._spliced(last.end, last.end, added)

    def _in_brackets(self, holder: Part, value: Any) -> str:
        style = flow_style(self.text, holder, self.newline, self.style)
        return style.lay_out(value, line_indent(self.text, holder.items[-1].start))

    def _remove_in_brackets(self, holder: Part, at: int) -> str:
        start, end = holder.begins(at), holder.items[at].end
        if at > 0 and "#" not in self.text[holder.items[at - 1].end : start]:
            return self._spliced(holder.items[at - 1].end, end, "")
        comma = self._skipped(end)
        behind = comma + 1 if self.text[comma] == "," else end
        if at == 0 and len(holder.items) > 1 and "#" not in self.text[behind : holder.begins(1)]:
            return self._spliced(start, holder.begins(1), "")
        if len(holder.items) == 1 and "#" not in self.text[holder.inner : holder.end]:
            return self._spliced(holder.inner, holder.end - 1, "")
        return self._spliced(start, behind, "")
