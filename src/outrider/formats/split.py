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
_AGAIN: Final = re.compile(r"\n|\}(?=\{)")
_GOES_ON: Final = re.compile(r"\.|[eE][+-]?")
"""What stands behind the digits of a number whose end has not come."""
_WORDS: Final = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
_WORD: Final = 12
_ENDED: Final = (dict, list, str)
"""Values that have an end of their own."""
_ESCAPE: Final = 6
_WINDOW: Final = 4096


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
    """JSON values that stand one after another, blanks between them or not; any split of the bytes.

    What is no JSON spoils its line alone: the next record begins behind the newline (or between ``}`` and ``{``), or
    with the line in which an object or array stands where the record before it could not go on.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        # What raw_decode calls; a call less for each record. The standard library's types leave it out.
        self._scan = json.JSONDecoder(parse_constant=_no_constant).scan_once  # type: ignore[attr-defined]
        self.garbage = 0
        """How many times the last ``feed`` came upon what is no JSON and skipped it."""

    @property
    def waiting(self) -> int:
        """Bytes of an unfinished record."""
        return 0 if self._skipping else len(self._rest)

    def feed(self, data: bytes) -> list[Any]:
        """The values that are complete. Raises TooLongError for one that is larger than the limit."""
        self.garbage = 0
        text = (self._rest + data).decode("utf-8", "surrogateescape")
        values: list[Any] = []
        # An error costs as much as the text before it: once there has been one, only windows of the text are read.
        position, size = self._resumed(text, 0) if self._skipping else 0, len(text)
        while position < len(text) and not self._skipping:
            window = text[position : position + size]
            used, wrong = self._read(window, values)
            if wrong is not None:
                self.garbage += 1
                start, place, size = position + used, position + wrong, _WINDOW
                line = text.rfind("\n", start, place) + 1
                begins = line > 0 and text[place] in "{[" and not text[line:place].strip()
                position = place if begins else self._resumed(text, place)
                continue
            position += used
            if position + len(window) - used >= len(text):
                break
            size = size if used else size * 2
        self._rest = text[position:].encode("utf-8", "surrogateescape")
        if self.waiting > self._limit:
            raise TooLongError(f"a record is larger than {self._limit} bytes, or not JSON", values)
        return values

    def _read(self, text: str, values: list[Any]) -> tuple[int, int | None]:
        """Where the values end that are complete, and where in what follows it is seen that it is no JSON, or None."""
        position = _end(_BLANKS, text, 0)
        scan, length = self._scan, len(text)
        while position < length:
            try:
                value, end = scan(text, position)
            except StopIteration as error:  # no value begins there
                rest = text[error.value : error.value + _WORD]
                return position, None if any(word.startswith(rest) for word in _WORDS) else error.value
            except json.JSONDecodeError as error:
                return position, None if _unfinished(error, text) else error.pos
            except (ValueError, RecursionError):
                # A number of thousands of digits may yet be a float, all else stays as it is.
                return position, None if text[-1] in "0123456789.eE+-" else position
            if not isinstance(value, _ENDED) and (end == length or _GOES_ON.fullmatch(text, end)):
                break  # a number may go on
            values.append(value)
            position = _end(_BLANKS, text, end)
        return position, None

    def _resumed(self, text: str, position: int) -> int:
        """Where the next record may begin; when that has not come, what is skipped is no part of the rest."""
        found = _AGAIN.search(text, position)
        self._skipping = found is None
        return found.end() if found else len(text) - text.endswith("}", position)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unfinished(error: json.JSONDecodeError, text: str) -> bool:
    """Whether more text may make a value of it."""
    rest = text[error.pos : error.pos + _WORD]
    if not rest or error.msg.startswith("Unterminated string"):
        return True
    if error.msg.startswith("Invalid \\uXXXX"):
        return len(rest) <= _ESCAPE and "\n" not in rest
    return _GOES_ON.fullmatch(rest) is not None


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
