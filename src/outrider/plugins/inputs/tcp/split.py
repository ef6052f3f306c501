"""Finding records in a byte stream: JSON values, or text between separators. Pure."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, Final

_BLANKS: Final = re.compile(r"[ \t\r\n]*")


def unescape(text: str) -> bytes:
    """A separator as written in a configuration: ``\\n``, ``\\t``, ``\\x1e`` … Raises ValueError."""
    try:
        decoded = codecs.escape_decode(text.encode())[0]
    except ValueError as error:
        raise ValueError(f"separator '{text}': {error}") from error
    if not decoded:
        raise ValueError("the separator is empty")
    return bytes(decoded)


class TooLongError(ValueError):
    """A record does not fit the buffer, or what came is no record at all."""


class JsonValues:
    """JSON values that stand one after another, blanks between them or not; any split of the bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._decoder = json.JSONDecoder()

    @property
    def waiting(self) -> int:
        """Bytes of an unfinished value."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[Any]:
        """The values that are complete. Raises TooLongError."""
        data = self._rest + data
        text = data.decode("utf-8", "surrogateescape")
        values: list[Any] = []
        position = _end(_BLANKS, text, 0)
        while position < len(text):
            try:
                value, end = self._decoder.raw_decode(text, position)
            except (json.JSONDecodeError, RecursionError) as error:
                if isinstance(error, RecursionError) or text[position] not in '{["-0123456789tfn':
                    raise TooLongError("not JSON") from None
                break
            if end == len(text) and not isinstance(value, dict | list | str):
                break  # a number may go on
            values.append(value)
            position = _end(_BLANKS, text, end)
        self._rest = text[position:].encode("utf-8", "surrogateescape")
        if len(self._rest) > self._limit:
            raise TooLongError(f"a record is larger than {self._limit} bytes, or not JSON")
        return values


class Lines:
    """Text between separators; any split of the bytes."""

    def __init__(self, separator: bytes, limit: int) -> None:
        self._separator = separator
        self._limit = limit
        self._rest = b""

    @property
    def waiting(self) -> int:
        """Bytes of an unfinished record."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[bytes]:
        """The records that are complete. Raises TooLongError."""
        *whole, self._rest = (self._rest + data).split(self._separator)
        if len(self._rest) > self._limit or any(len(record) > self._limit for record in whole):
            raise TooLongError(f"a record is larger than {self._limit} bytes")
        return whole


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position
