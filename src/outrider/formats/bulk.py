"""The bulk requests of Elasticsearch and OpenSearch, and what their answers say of each record. Pure.

Source: Fluent Bit 5.1.1, ``plugins/out_es`` and ``plugins/out_opensearch``; the Bulk API of both.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, repeat
from typing import Any, Final, Literal

import msgspec

from outrider.formats import json
from outrider.formats.accessor import MISSING, accessor
from outrider.formats.stamps import NANOSECONDS, civil, iso
from outrider.formats.templates import Template
from outrider.model.batch import Batch, Record

_ISO: Final = "%Y-%m-%dT%H:%M:%S"
_MILLISECONDS: Final = [b'.%03dZ"' % number for number in range(1000)]
_DEPTH_MAX: Final = 100
_PREFIX_MAX: Final = 128
_HEAD: Final = 1024
_REASON_MAX: Final = 200
_REASONS_MAX: Final = 3
_CONTROL: Final = re.compile("[\x00-\x1f\x7f]")
_TRY_AGAIN: Final = frozenset({408, 429})
_CONFLICT: Final = 409
_BLOCKED: Final = "cluster_block_exception"


@dataclass(frozen=True, kw_only=True)
class BulkForm:
    """How records become a bulk request; the options of both outputs, by their names."""

    index: str = "fluent-bit"
    type: str = "_doc"
    suppress_type_name: bool = False
    logstash_format: bool = False
    logstash_prefix: str = "logstash"
    logstash_prefix_separator: str = "-"
    logstash_prefix_key: str = ""
    logstash_dateformat: str = "%Y.%m.%d"
    time_key: str = "@timestamp"
    time_key_format: str = _ISO
    time_key_nanos: bool = False
    include_tag_key: bool = False
    tag_key: str = "flb-key"
    generate_id: bool = False
    id_key: str = ""
    write_operation: Literal["create", "index", "update", "upsert"] = "create"
    replace_dots: bool = False
    current_time_index: bool = False


class Bulk:
    """Batches to bulk requests. Raises ValueError for a form that cannot be."""

    def __init__(self, form: BulkForm) -> None:
        self._form = form
        if form.write_operation in ("update", "upsert") and not (form.id_key or form.generate_id):
            raise ValueError(f"write_operation {form.write_operation} needs id_key or generate_id")
        self._id = _reader(form.id_key) if form.id_key else None
        self._prefix = Template(_dollar(form.logstash_prefix_key)) if form.logstash_prefix_key else None
        self._index = Template(form.index) if "$" in form.index and not form.logstash_format else None
        self._action = (
            b'{"%b":{"_index":' % ("update" if form.write_operation == "upsert" else form.write_operation).encode()
        )
        self._type = b"" if form.suppress_type_name else b',"_type":%b' % json.encode(form.type)

    def without_id(self, batch: Batch) -> list[int]:
        """The places of records that cannot be sent: an update needs an id."""
        if self._id is None or self._form.write_operation not in ("update", "upsert"):
            return []
        return [number for number, record in enumerate(batch.records) if not _is_id(self._id(record))]

    def encode(self, batch: Batch, now: int, *, escape_unicode: bool) -> bytes:
        """The body of a request; ``now`` in seconds, for indices that are named by the present day."""
        form = self._form
        records = [_undotted(record) for record in batch.records] if form.replace_dots else batch.records
        tag = json.encode(batch.tag, escape_unicode=escape_unicode) if form.include_tag_key else b""
        names = self._names(batch, now)
        if isinstance(names, str) and self._id is None and not form.generate_id:
            body = self._alike(names, records, batch.times, now, tag, escape_unicode)
            if body is not None:
                return body
        columns: list[tuple[str, Sequence[bytes]]] = [(form.time_key, self._stamps(batch.times, now))]
        if tag:
            columns.append((form.tag_key, [tag] * len(records)))
        objects = json.encode_each(records, columns, escape_unicode=escape_unicode, strict=True)
        if form.write_operation == "update":
            objects = [b'{"doc":%b}' % text for text in objects]
        elif form.write_operation == "upsert":
            objects = [b'{"doc_as_upsert":true,"doc":%b}' % text for text in objects]
        each = repeat(names, len(objects)) if isinstance(names, str) else names
        heads = [
            self._head(name, escape_unicode) + self._id_of(record, time, text, escape_unicode) + b"}}\n"
            for name, record, time, text in zip(each, batch.records, batch.times, objects, strict=True)
        ]
        return b"".join(chain.from_iterable(zip(heads, objects, repeat(b"\n"))))

    def _alike(
        self, name: str, records: Sequence[Record], times: Sequence[int], now: int, tag: bytes, escape_unicode: bool
    ) -> bytes | None:
        """Plain records that have the same first line, in one go; None where there are others."""
        form = self._form
        head = b"\n%b}}\n{%b:" % (
            self._head(name, escape_unicode),
            json.encode(form.time_key, escape_unicode=escape_unicode),
        )
        stamps = self._stamps(times, now, head)
        own = [form.time_key]
        if tag:
            own.append(form.tag_key)
            member = b",%b:%b" % (json.encode(form.tag_key, escape_unicode=escape_unicode), tag)
            stamps = [stamp + member for stamp in stamps]
        body = json.encode_behind(stamps, records, own, escape_unicode=escape_unicode)
        return None if body is None else body[1:] + b"\n"

    @lru_cache(maxsize=256)  # noqa: B019 - as old as its pipeline
    def _head(self, index: str, escape_unicode: bool) -> bytes:
        return self._action + json.encode(index, escape_unicode=escape_unicode) + self._type

    def _id_of(self, record: Record, time: int, text: bytes, escape_unicode: bool) -> bytes:
        if self._id is not None:
            value = self._id(record)
            if _is_id(value):
                return b',"_id":%b' % json.encode(value, escape_unicode=escape_unicode)
            return b""
        if not self._form.generate_id:
            return b""
        digest = hashlib.blake2b(text, digest_size=16, salt=time.to_bytes(16, "big", signed=True)).hexdigest()
        parts = (digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:])
        return b',"_id":"%b"' % "-".join(parts).encode()

    def _stamps(self, times: Sequence[int], now: int, before: bytes = b"") -> list[bytes]:
        """The time of each record as a JSON text, behind the same other text."""
        form = self._form
        if form.current_time_index:
            times = [now * NANOSECONDS] * len(times)
        seconds = {time // NANOSECONDS for time in times}
        heads = {second: before + b'"' + _stamp(second, form.time_key_format) for second in seconds}
        if form.time_key_nanos:
            return [b'%b.%09dZ"' % (heads[time // NANOSECONDS], time % NANOSECONDS) for time in times]
        return [heads[time // NANOSECONDS] + _MILLISECONDS[time // 1_000_000 % 1000] for time in times]

    def _names(self, batch: Batch, now: int) -> str | list[str]:
        """The index of every record; one text where they have the same."""
        form = self._form
        if not form.logstash_format:
            if self._index is None:
                return civil(now).strftime(form.index)
            compose = self._index.bind(batch.tag)
            return [civil(now).strftime(compose(record, None)) for record in batch.records]
        seconds = {now} if form.current_time_index else {time // NANOSECONDS for time in batch.times}
        days = {second: civil(second).strftime(form.logstash_dateformat) for second in seconds}
        if self._prefix is None:
            before = form.logstash_prefix + form.logstash_prefix_separator
            if len(set(days.values())) == 1:
                return before + next(iter(days.values()))
            return [before + days[time // NANOSECONDS] for time in batch.times]
        compose = self._prefix.bind(batch.tag)
        return [
            (compose(record, None)[:_PREFIX_MAX] or form.logstash_prefix)
            + form.logstash_prefix_separator
            + days[now if form.current_time_index else time // NANOSECONDS]
            for record, time in zip(batch.records, batch.times, strict=True)
        ]


@lru_cache(maxsize=1024)
def _stamp(second: int, form: str) -> bytes:
    return (iso(second) if form == _ISO else civil(second).strftime(form)).encode("utf-8", "replace")


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and value != "" and _CONTROL.search(value) is None


def _dollar(text: str) -> str:
    return text if text.startswith("$") else f"${text}"


def _reader(text: str) -> Callable[[Record], Any]:
    get = accessor(text)
    return lambda record: None if (value := get(record)) is MISSING else value


def _undotted(value: Any, depth: int = 0) -> Any:
    """Keys with ``_`` for each dot; what is nested more deeply than any index takes stays as it is."""
    if depth > _DEPTH_MAX:
        return value
    if isinstance(value, dict):
        return {
            key.replace(".", "_") if isinstance(key, str) else key: _undotted(member, depth + 1)
            for key, member in value.items()
        }
    return [_undotted(item, depth + 1) for item in value] if isinstance(value, list) else value


# ---- answers --------------------------------------------------------------------------------------------------------


class _Item(msgspec.Struct):
    status: int = 0
    error: Any = None


class _Answer(msgspec.Struct):
    errors: bool
    items: list[dict[str, _Item]] = []


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the records of a bulk request: how many are in, and the places of the others."""

    retry: list[int]
    dropped: list[int]
    reason: str = ""


def judge(body: bytes, count: int) -> Verdict:
    """What the answer (status 200) to a request of ``count`` records says.

    A conflict (409) means that the record is in already. Raises ValueError for what is no such answer; of one that was
    too large to be read whole it suffices that it has no errors.
    """
    if b'"errors":false' in body[:_HEAD]:
        return Verdict([], [])
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("not the answer of a bulk request") from error
    if not answer.errors:
        return Verdict([], [])
    if len(answer.items) != count:
        raise ValueError(f"the answer tells of {len(answer.items)} records, there were {count}")
    retry: list[int] = []
    dropped: list[int] = []
    reasons: list[str] = []
    for number, operation in enumerate(answer.items):
        item = next(iter(operation.values()), _Item())
        if 200 <= item.status < 300 or item.status == _CONFLICT:
            continue
        kind, reason = _explained(item)
        final = 400 <= item.status < 500 and item.status not in _TRY_AGAIN and kind != _BLOCKED
        (dropped if final else retry).append(number)
        if len(reasons) < _REASONS_MAX and reason not in reasons:
            reasons.append(reason)
    return Verdict(retry, dropped, "; ".join(reasons))


def _explained(item: _Item) -> tuple[str, str]:
    """The kind of the error, and a line for people: without the value, which makes each one different."""
    error = item.error
    if not isinstance(error, dict):
        return "", f"{item.status} {error or ''}".strip()[:_REASON_MAX]
    kind = str(error.get("type", ""))
    text = f"{item.status} {kind}: {error.get('reason', '')}"
    return kind, "".join([c if c.isprintable() else " " for c in text])[:_REASON_MAX]
