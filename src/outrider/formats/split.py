"""Finding records in a byte stream: JSON values, or text between separators; and what records they are. Pure."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Sequence
from typing import Any, Final

from outrider.formats.parser import Parser
from outrider.model.batch import Record

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
    """A record does not fit the buffer, or what came is no record at all. ``values`` came whole before it."""

    def __init__(self, text: str, values: Sequence[Any] = ()) -> None:
        super().__init__(text)
        self.values = list(values)


class _Splitter:
    """What both machines have in common. ``waiting`` bytes are of an unfinished record."""

    end: bytes

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._skipping = False

    @property
    def waiting(self) -> int:
        """Bytes of an unfinished record."""
        return len(self._rest)

    def skip(self) -> None:
        """After TooLongError: go on behind the line that is no record, when its end has come."""
        self._skipping = True

    def _with_rest(self, data: bytes) -> bytes:
        data, self._rest = self._rest + data, b""
        if not self._skipping:
            return data
        found = data.find(self.end)
        if found < 0:
            self._rest = data[len(data) - len(self.end) + 1 :]
            return b""
        self._skipping = False
        return data[found + len(self.end) :]


class JsonValues(_Splitter):
    """JSON values that stand one after another, blanks between them or not; any split of the bytes."""

    end = b"\n"

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self._decoder = json.JSONDecoder()

    def feed(self, data: bytes) -> list[Any]:
        """The values that are complete. Raises TooLongError."""
        data = self._with_rest(data)
        text = data.decode("utf-8", "surrogateescape")
        values: list[Any] = []
        position = _end(_BLANKS, text, 0)
        trouble = ""
        while position < len(text):
            try:
                value, end = self._decoder.raw_decode(text, position)
            except (ValueError, RecursionError) as error:
                # What is no JSONDecodeError is a number of thousands of digits: no more bytes will mend it.
                if not isinstance(error, json.JSONDecodeError) or text[position] not in '{["-0123456789tfn':
                    trouble = "not JSON"
                break
            if end == len(text) and not isinstance(value, dict | list | str):
                break  # a number may go on
            values.append(value)
            position = _end(_BLANKS, text, end)
        self._rest = text[position:].encode("utf-8", "surrogateescape") if position < len(text) else self._rest
        if not trouble and len(self._rest) > self._limit:
            trouble = f"a record is larger than {self._limit} bytes, or not JSON"
        if trouble:
            raise TooLongError(trouble, values)
        return values


class Lines(_Splitter):
    """Text between separators; any split of the bytes."""

    def __init__(self, separator: bytes, limit: int) -> None:
        super().__init__(limit)
        self.end = separator

    def feed(self, data: bytes) -> list[bytes]:
        """The records that are complete. Raises TooLongError."""
        data = self._with_rest(data)
        if self._skipping:
            return []
        *whole, self._rest = data.split(self.end)
        # The rest may have the beginning of a separator at its end.
        if len(self._rest) >= self._limit + len(self.end) or (whole and max(map(len, whole)) > self._limit):
            good = next((n for n, record in enumerate(whole) if len(record) > self._limit), len(whole))
            self._rest = self.end.join([*whole[good:], self._rest])
            raise TooLongError(f"a record is larger than {self._limit} bytes", whole[:good])
        return whole


def records_of(values: Sequence[Any], now: int, parser: Parser | None = None) -> tuple[list[int], list[Record]]:
    """Times and records: JSON objects are records, other values ``msg``, lines ``log``, or what the parser makes of it.

    ``now`` is the time, in nanoseconds, of what has none of its own.
    """
    records = [value if type(value) is dict else _record(value) for value in values]
    times = [now] * len(records)
    if parser is not None:
        read, parsed = parser.parse_many([record["log"] for record in records])
        times = [own or now for own in read]
        records = [new if new is not None else old for new, old in zip(parsed, records, strict=True)]
    return times, records


def _record(value: Any) -> Record:
    return {"log": value.decode("utf-8", "surrogateescape")} if isinstance(value, bytes) else {"msg": value}


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position
