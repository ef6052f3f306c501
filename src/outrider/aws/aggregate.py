"""Several records in one, in the form of the Kinesis Producer Library; consumers' libraries and Firehose take it apart.

Four marking bytes, a protocol buffer, its MD5. Source: awslabs/amazon-kinesis-producer, ``aggregation-format.md``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from outrider.aws.data_records import Item

MARK: Final = b"\xf3\x89\x9a\xc2"
SIZE: Final = 20_480
"""Bytes of data that go into one."""


def aggregate(items: Sequence[Item], keys: Sequence[str]) -> tuple[list[Item], list[str]]:
    """Items with their partition keys to fewer ones; the first key of each decides where it goes."""
    found: list[Item] = []
    found_keys: list[str] = []
    start = size = 0
    for at, item in enumerate(items):
        if at > start and size + len(item.data) > SIZE:
            found.append(_one(items[start:at], keys[start:at]))
            found_keys.append(keys[start])
            start, size = at, 0
        size += len(item.data)
    if start < len(items):
        found.append(_one(items[start:], keys[start:]))
        found_keys.append(keys[start])
    return found, found_keys


def _one(items: Sequence[Item], keys: Sequence[str]) -> Item:
    if len(items) == 1:
        return items[0]
    table = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    parts = [_field(1, key.encode()) for key in table]
    parts += [
        _field(3, b"\x08" + _varint(table[key]) + _field(3, item.data)) for item, key in zip(items, keys, strict=True)
    ]
    message = b"".join(parts)
    places = [place for item in items for place in item.places]
    return Item(MARK + message + hashlib.md5(message, usedforsecurity=False).digest(), places)


def _field(number: int, data: bytes) -> bytes:
    return b"%c%b%b" % (number << 3 | 2, _varint(len(data)), data)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
