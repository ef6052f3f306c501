"""Records to the data of Firehose and of Kinesis streams. Pure.

A piece of data is a record as JSON, or the value of one key, with the time as last member and a line end where that is
wanted; it may be compressed, and several may be joined to one. Sources: Fluent Bit 5.1.1
``plugins/out_kinesis_firehose``, ``plugins/out_kinesis_streams``; the READMEs of the Go plugins of the same services.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal, Protocol

from outrider.aws.log_events import text_of
from outrider.aws.outcome import Outcome
from outrider.formats import compress, json
from outrider.formats.stamps import NANOSECONDS, civil
from outrider.model.batch import Record
from outrider.model.errors import UserError

TRUNCATED: Final = b"[Truncated...]"
DEFAULT_TIME: Final = "%Y-%m-%dT%H:%M:%S"

Compression = Literal["", "gzip", "zstd", "zlib"]
_DEPTH_MAX: Final = 100
_FRACTION: Final = re.compile(r"%(\dN|[NLf]|%)")
_PACKERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": compress.gzip,
    "zstd": compress.zstd,
    "zlib": zlib.compress,
}


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of data and the places in the batch of the records that are in it."""

    data: bytes
    places: Sequence[int]


class Asked(Protocol):
    """What kinesis_firehose and kinesis_streams may be asked for."""

    @property
    def log_key(self) -> str: ...
    @property
    def time_key(self) -> str: ...
    @property
    def time_key_format(self) -> str: ...
    @property
    def compression(self) -> Literal["", "none", "gzip", "zstd", "snappy"]: ...
    @property
    def simple_aggregation(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a record becomes data."""

    limit: int
    """Data of so many bytes are too large."""
    log_key: str = ""
    time_key: str = ""
    time_format: str = DEFAULT_TIME
    go: bool = False
    """As the Go plugins: large records are cut, ``%L`` are milliseconds."""
    newline: bool = True
    compression: Compression = ""
    join: bool = False
    escape_unicode: bool = True
    data_keys: tuple[str, ...] = field(default=())
    replace_dots: str = ""

    @classmethod
    def of(cls, options: Asked, limit: int, *, escape_unicode: bool) -> Form:
        """As the options of Fluent Bit's own plugins say. Raises UserError."""
        if options.compression == "snappy":
            raise UserError(
                "compression snappy is not supported", key="compression", fix="use compression gzip or zstd"
            )
        return cls(
            limit=limit,
            log_key=options.log_key,
            time_key=options.time_key,
            time_format=options.time_key_format,
            compression="" if options.compression == "none" else options.compression,
            join=options.simple_aggregation,
            escape_unicode=escape_unicode,
        )

    def items(self, times: Sequence[int], records: Sequence[Record], outcome: Outcome) -> list[Item]:
        """The data of a batch; what gives none is dropped, what is too large refused."""
        places: Sequence[int] = range(len(records))
        if self.log_key:
            places = [at for at in places if self.log_key in records[at]]
            if len(places) < len(records):
                outcome.dropped[f"log_key '{self.log_key}' is not in the record"] += len(records) - len(places)
            texts = [text_of(records[at][self.log_key]).encode("utf-8", "replace") for at in places]
        else:
            texts = self._objects(times, records)
        found = [(text, at) for text, at in zip(texts, places, strict=True) if text not in (b"", b"{}")]
        if len(found) < len(texts):
            outcome.dropped["empty message"] += len(texts) - len(found)
        end = b"\n" if self.newline else b""
        pieces = [(text + end, at) for text, at in found]
        return self._joined(pieces, outcome) if self.join else self._single(pieces, outcome)

    def _objects(self, times: Sequence[int], records: Sequence[Record]) -> list[bytes]:
        if self.data_keys:
            records = [{key: record[key] for key in self.data_keys if key in record} for record in records]
        if self.replace_dots:
            records = [_undotted(record, self.replace_dots) for record in records]
        lines = json.encode_lines((), records, None, escape_unicode=self.escape_unicode).split(b"\n")[:-1]
        if not self.time_key:
            return lines
        head = json.encode(self.time_key, escape_unicode=self.escape_unicode) + b":"
        return [
            b"%b%b%b%b}" % (line[:-1], b"," if len(line) > 2 else b"", head, json.encode(stamp))
            for line, stamp in zip(lines, self._stamps(times), strict=True)
        ]

    def _stamps(self, times: Sequence[int]) -> list[str]:
        pieces = _FRACTION.split(self.time_format)
        return [stamp(ns, pieces, self.go) for ns in times]

    def _single(self, pieces: list[tuple[bytes, int]], outcome: Outcome) -> list[Item]:
        found = [(self._sized(data), at) for data, at in pieces]
        if large := [at for data, at in found if data is None]:
            outcome.refuse(large, self._too_large)
        return [Item(data, (at,)) for data, at in found if data is not None]

    @property
    def _too_large(self) -> str:
        return f"record of {self.limit} bytes or more"

    def _joined(self, pieces: list[tuple[bytes, int]], outcome: Outcome) -> list[Item]:
        """As many one after another as stay below the limit, before they are compressed."""
        found: list[Item] = []
        waiting: list[bytes] = []
        places: list[int] = []
        size = 0

        def close() -> None:
            if waiting:
                data = self._sized(b"".join(waiting))
                if data is None:
                    outcome.refuse(places, self._too_large)
                else:
                    found.append(Item(data, tuple(places)))
                waiting.clear()
                places.clear()

        for data, at in pieces:
            if size + len(data) >= self.limit:
                close()
                size = 0
            waiting.append(data)
            places.append(at)
            size += len(data)
        close()
        return found

    def _sized(self, data: bytes) -> bytes | None:
        """Compressed where that is wanted, cut where that is the rule; None: too large."""
        pack = _PACKERS.get(self.compression)
        packed = data if pack is None else pack(data)
        if len(packed) < self.limit:
            return packed
        if pack is None and not self.go:
            return None
        end = TRUNCATED + (b"\n" if self.newline else b"")
        size = len(data)
        while len(packed) >= self.limit:
            size = min(size - 1, size * self.limit // (len(packed) + 1)) - len(end)
            cut = data[: max(size, 0)].decode("utf-8", "ignore").encode() + end
            packed = cut if pack is None else pack(cut)
        return packed


def stamp(ns: int, pieces: list[str], go: bool) -> str:
    """A time by a format whose fractions (``%3N``, ``%N``, ``%L``, ``%f``) stand apart in every second piece."""
    out = []
    for number, piece in enumerate(pieces):
        if number % 2 == 0:
            out.append(_civil(ns // NANOSECONDS, piece))
        elif piece == "%":
            out.append("%")
        else:
            digits = {"N": 9, "L": 3 if go else 9, "f": 6}.get(piece) or int(piece[0])
            out.append(f"{ns % NANOSECONDS:09d}"[: min(digits, 9)])
    return "".join(out)


@lru_cache(maxsize=256)
def _civil(second: int, form: str) -> str:
    return civil(second).strftime(form) if form else ""


def _undotted(value: Any, by: str, depth: int = 0) -> Any:
    """The value with dots in the keys of its maps replaced; what is nested very deeply stays as it is."""
    if not isinstance(value, dict) or depth > _DEPTH_MAX:
        return value
    return {
        key.replace(".", by) if isinstance(key, str) else key: _undotted(member, by, depth + 1)
        for key, member in value.items()
    }


def calls(sizes: Sequence[int], most: int, room: int) -> Iterator[slice]:
    """Runs of at most ``most`` items whose sizes sum up to ``room`` at most; an item alone may be larger."""
    start = total = 0
    for at, size in enumerate(sizes):
        if at > start and (at - start == most or total + size > room):
            yield slice(start, at)
            start, total = at, 0
        total += size
    if start < len(sizes):
        yield slice(start, len(sizes))
