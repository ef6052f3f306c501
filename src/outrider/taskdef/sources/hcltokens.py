"""The words of HCL, Terraform's language: a text cut into tokens, each with its place.

Source: HCL Native Syntax Specification. Blanks and remarks are left out; a text with ``${…}`` or ``%{…}`` in it, whose
value only Terraform knows, is ``UNKNOWN``.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any, Final, Literal, NoReturn, TypeAlias

from msgspec import Struct

from outrider.model.errors import UserError
from outrider.taskdef.jsontree import DEPTH_LIMIT, place_of
from outrider.taskdef.shape import UNKNOWN

Kind: TypeAlias = Literal["name", "number", "text", "sign"]
LINE: Final = "\n"
END: Final = ""
"""What tokens of the kind ``sign`` hold at the end of a line and of the file."""

_BLANK: Final = re.compile(r"(?:[ \t\r]+|#[^\n]*|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NAME: Final = re.compile(r"[^\W\d][\w-]*")
_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_SIGN: Final = re.compile(r"==|!=|<=|>=|&&|\|\||=>|\.\.\.|::|[\n{}\[\]()=<>!?:,.+\-*/%~]")
_HEREDOC: Final = re.compile(r"<<(-?)([^\W\d][\w-]*)[ \t]*\r?\n")
_PLAIN: Final = re.compile(r'[^"\\$%\n]+')
_ESCAPE: Final = re.compile(r'\\(?:([nrt"\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))')
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_TEMPLATE: Final = re.compile(r"\$\$\{|%%\{|\$\{|%\{")
_DIGITS_LIMIT: Final = 1000


class Token(Struct, frozen=True):
    """A word that was written at ``start`` to before ``end``; ``value`` is what it says."""

    kind: Kind
    start: int
    end: int
    value: Any

    def is_sign(self, *signs: str) -> bool:
        """Whether it is one of these signs."""
        return self.kind == "sign" and self.value in signs


def read_tokens(text: str, file: str) -> list[Token]:
    """All words of a text; the last one is the sign END. Raises UserError with line and column."""
    words = Words(text, file)
    found = [words.token(1 if text.startswith("\ufeff") else 0, 0)]
    while not found[-1].is_sign(END):
        found.append(words.token(found[-1].end, 0))
    return found


def unescaped(text: str) -> str:
    """A text that is no template, with what stands for ``${`` and ``%{``."""
    return text.replace("$${", "${").replace("%%{", "%{")


class Words:
    """Finds words in a text."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file

    def fail(self, message: str, offset: int, fix: str) -> NoReturn:
        """Raise what is wrong at this place."""
        raise UserError(f"not HCL: {message}", place_of(self.text, offset, self.file), fix=fix)

    def token(self, offset: int, depth: int) -> Token:
        """The word at or after an offset; ``depth`` counts the texts that it stands in."""
        blank = _BLANK.match(self.text, offset)
        at = blank.end() if blank else offset
        if self.text.startswith("/*", at):
            self.fail("a remark is not closed", at, 'close it with "*/"')
        if at >= len(self.text):
            return Token("sign", at, at, END)
        if self.text[at] == '"':
            return self._quoted(at, depth)
        if self.text.startswith("<<", at):
            return self._heredoc(at)
        name = _NAME.match(self.text, at)
        if name:
            return Token("name", at, name.end(), name[0])
        number = _NUMBER.match(self.text, at)
        if number:
            return Token("number", at, number.end(), self._number(number))
        sign = _SIGN.match(self.text, at)
        if sign is None:
            self.fail(f"{self.text[at]!r} stands for nothing", at, "put texts in double quotes")
        return Token("sign", at, sign.end(), sign[0])

    def template_end(self, offset: int, depth: int) -> int:
        """The offset behind ``${…}`` or ``%{…}``, which begins here."""
        if depth >= DEPTH_LIMIT:
            self.fail(f"more than {DEPTH_LIMIT} levels of nesting", offset, "nest less deeply")
        level, at = 1, offset + 2
        while level:
            token = self.token(at, depth)
            if token.is_sign(END):
                self.fail(f'"{self.text[offset : offset + 2]}" is not closed', offset, 'close it with "}"')
            level += token.is_sign("{") - token.is_sign("}")
            at = token.end
        return at

    def templates(self, start: int, end: int) -> list[tuple[int, int]]:
        """Where templates stand between two offsets, each from ``${`` or ``%{`` to behind its ``}``."""
        found: list[tuple[int, int]] = []
        at = start
        while (hit := _TEMPLATE.search(self.text, at, end)) is not None:
            at = hit.end()
            if len(hit[0]) == 2:
                at = self.template_end(hit.start(), 0)
                found.append((hit.start(), at))
        return found

    def _number(self, found: re.Match[str]) -> int | float:
        if len(found[0]) > _DIGITS_LIMIT:
            self.fail(f"a number of {len(found[0])} digits", found.start(), "write a smaller number")
        return float(found[0]) if found[1] or found[2] else int(found[0])

    def _quoted(self, start: int, depth: int) -> Token:
        parts: list[str] = []
        known, at = True, start + 1
        while self.text[at : at + 1] != '"':
            plain = _PLAIN.match(self.text, at)
            template = _TEMPLATE.match(self.text, at)
            if plain:
                parts.append(plain[0])
                at = plain.end()
            elif template and len(template[0]) == 2:
                known, at = False, self.template_end(at, depth + 1)
            elif self.text[at : at + 1] == "\\":
                part, at = self._escape(at)
                parts.append(part)
            elif self.text[at : at + 1] in ("$", "%"):
                parts.append(template[0][1:] if template else self.text[at])
                at = template.end() if template else at + 1
            else:
                self.fail("a text is not closed in its line", start, "close it with a double quote")
        return Token("text", start, at + 1, "".join(parts) if known else UNKNOWN)

    def _escape(self, at: int) -> tuple[str, int]:
        found = _ESCAPE.match(self.text, at)
        if found is None:
            self.fail(f"{self.text[at : at + 2]!r} is no escape", at, "write a backslash as two")
        if found[1]:
            return _ESCAPED[found[1]], found.end()
        code = int(found[2] or found[3], 16)
        # Like Go's reader: what is no character is U+FFFD.
        return "\ufffd" if 0xD800 <= code < 0xE000 or code > 0x10FFFF else chr(code), found.end()

    def _heredoc(self, start: int) -> Token:
        opened = _HEREDOC.match(self.text, start)
        if opened is None:
            self.fail('"<<" needs a name and the end of the line', start, "write <<EOF, the text, and EOF")
        closing = re.compile(rf"^[ \t]*{re.escape(opened[2])}[ \t]*\r?$", re.MULTILINE)
        closed = closing.search(self.text, opened.end())
        if closed is None:
            self.fail(f"<<{opened[2]} is not closed", start, f"write {opened[2]} on a line of its own behind it")
        if self.templates(opened.end(), closed.start()):
            return Token("text", start, closed.end(), UNKNOWN)
        body = self.text[opened.end() : closed.start()]
        return Token("text", start, closed.end(), unescaped(textwrap.dedent(body) if opened[1] else body))
