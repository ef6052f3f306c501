"""What a request means. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

import msgspec

from outrider.formats import compress
from outrider.formats.stamps import NANOSECONDS, iso
from outrider.model.batch import Record

ENCODINGS: Final = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "zlib", "zlib": "zlib", "zstd": "zstd"}
JSON_TYPES: Final = ("application/json", "application/x-ndjson", "application/jsonl")
FORM: Final = "application/x-www-form-urlencoded"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_ODD: Final = re.compile(r"[^A-Za-z0-9_.]")
_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_decode: Final = msgspec.json.Decoder().decode
_lenient: Final = json.JSONDecoder(strict=False, parse_constant=_no_constant)


class BadRequestError(ValueError):
    """The text of the answer."""


def tag_of(target: str) -> str:
    """The tag that the path of a request gives; empty for the root."""
    path = unquote(target.split("?", 1)[0].split("#", 1)[0], errors="surrogateescape")
    return _ODD.sub("_", path.removeprefix("/"))


def records_of(headers: Mapping[str, str], body: bytes, limit: int) -> list[Record]:
    """The records of a body. Raises BadRequestError."""
    if "Content-Type" not in headers:
        raise BadRequestError("error: header 'Content-Type' is not set\n")
    kind = headers["Content-Type"].split(";")[0].strip().lower()
    if kind not in JSON_TYPES and kind != FORM:
        raise BadRequestError("error: invalid 'Content-Type'\n")
    if not body:
        raise BadRequestError("error: no payload found\n")
    body = _unpacked(headers.get("Content-Encoding", ""), body, limit)
    return _form(body) if kind == FORM else _json(body)


def _unpacked(encoding: str, body: bytes, limit: int) -> bytes:
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ENCODINGS:
        raise BadRequestError(f"error: invalid 'Content-Encoding'; allowed: {', '.join(ENCODINGS)}\n")
    try:
        return compress.inflate(body, ENCODINGS[encoding], limit)
    except ValueError as error:
        raise BadRequestError(f"error: {error}\n") from error


def _json(body: bytes) -> list[Record]:
    try:
        values = [_decode(body)]
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        values = _several(body.decode("utf-8", "surrogateescape"))
    found: list[Record] = []
    for value in values:
        found += value if type(value) is list else [value]
    if not set(map(type, found)) <= {dict}:
        raise BadRequestError("error: invalid payload: not a JSON object, nor an array of objects\n")
    return found


def _several(text: str) -> list[Any]:
    """JSON values that stand one after another, such as one in each line."""
    values: list[Any] = []
    position = _end(text, 0)
    while position < len(text):
        try:
            value, position = _lenient.raw_decode(text, position)
        except (ValueError, RecursionError):
            raise BadRequestError("error: invalid payload: not JSON\n") from None
        values.append(value)
        position = _end(text, position)
    return values


def _end(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    return found.end() if found else position


def _form(body: bytes) -> list[Record]:
    record: Record = {}
    for pair in body.decode("utf-8", "surrogateescape").split("&"):
        key, equals, value = pair.removeprefix("\n").partition("=")
        if key and equals:
            record[key.strip()] = unquote_plus(value.strip(), errors="surrogateescape")
    if not record:
        raise BadRequestError("error: invalid payload: no KEY=VALUE\n")
    return [record]


def sender(headers: Mapping[str, str], peer: str) -> str:
    """Where a request came from, by the first of X-Forwarded-For or the connection."""
    return headers.get("X-Forwarded-For", "").split(",")[0].strip() or peer


def health(now: int) -> str:
    """The body of the health endpoint; ``now`` is in nanoseconds."""
    stamp = f"{iso(now // NANOSECONDS)}.{now % NANOSECONDS:09d}Z"
    return f'{{\n  "status": "ok",\n  "message": "records are accepted",\n  "timestamp": "{stamp}"\n}}\n'
