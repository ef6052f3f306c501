"""What comes in to records. Pure."""

from __future__ import annotations

from typing import Any

from outrider.formats import msgpack
from outrider.formats.parser import Parser
from outrider.formats.split import JsonValues, Lines, TooLongError
from outrider.model.batch import Record


class Records:
    """A stream of JSON maps or ``[time, map]``, or of lines for a parser; any split of the bytes."""

    def __init__(self, parser: Parser | None, limit: int) -> None:
        self._parser = parser
        self._splitter: JsonValues | Lines = Lines(b"\n", limit) if parser is not None else JsonValues(limit)

    def feed(self, data: bytes, now: int) -> tuple[list[int], list[Record], list[str]]:
        """Times, records, and why others are none; ``now`` is the time of those without one, in nanoseconds."""
        times: list[int] = []
        records: list[Record] = []
        faults: list[str] = []
        while True:
            trouble = ""
            try:
                values: list[Any] = self._splitter.feed(data)
            except TooLongError as error:
                values, trouble = error.values, str(error)
            for time, record in self._read(values, now):
                if record is None:
                    faults.append("line that does not fit the parser" if self._parser else "JSON that is no record")
                else:
                    times.append(time)
                    records.append(record)
            if isinstance(self._splitter, JsonValues):
                faults += ["not JSON"] * self._splitter.garbage
            if not trouble:
                return times, records, faults
            faults.append(trouble)
            self._splitter.skip()
            data = b""

    def end(self, now: int) -> tuple[list[int], list[Record], list[str]]:
        """The last line may have no end; a JSON value must be whole."""
        if not self._splitter.waiting:
            return [], [], []
        times, records, faults = self.feed(b"\n", now)
        if self._splitter.waiting:
            faults.append("end of the input inside a record")
        return times, records, faults

    def _read(self, values: list[Any], now: int) -> list[tuple[int, Record | None]]:
        if self._parser is None:
            return [_record(value, now) for value in values]
        times, records = self._parser.parse_many(
            [line.removesuffix(b"\r").decode("utf-8", "surrogateescape") for line in values]
        )
        return [(time or now, record) for time, record in zip(times, records, strict=True)]


def _record(value: Any, now: int) -> tuple[int, Record | None]:
    if type(value) is dict:
        return now, value
    if type(value) is list and len(value) == 2 and type(value[1]) is dict:
        try:
            return msgpack.nanoseconds(value[0]), value[1]
        except msgpack.MalformedError:
            return now, None
    return now, None
