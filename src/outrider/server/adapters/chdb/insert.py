"""One insert of whole batches, and what a failure says about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from outrider.model.errors import LocalError
from outrider.protocols.uplink import Limits, Refusal, decode_batch
from outrider.server.adapters.chdb.schema import COLUMNS
from outrider.server.ingest.frames import MAX_PAYLOAD, Frame

GUILT_LIMIT = 60
"""So much guilt and a batch is set aside."""
USUAL_GUILT = 10
# Memory that other queries and merges hold is given back some time.
_LITTLE_GUILT = 3
# Ends of disks, files and threads, by the engine's numbers: whatever the batch holds, it is not its fault.
_PASSING = {74, 75, 76, 77, 204, 236, 242, 243, 252, 394, 439, 1001}
_MEMORY = 241
_CODE = re.compile(r"Code: (\d+)")
# Older servers took larger batches; what they acknowledged is stored.
_ANY = Limits(compressed=MAX_PAYLOAD, unpacked=64 << 20, rows=1 << 30)
_SETTINGS = "async_insert = 0, max_insert_block_size = 1000000, max_memory_usage = 900000000"
_encoder = msgspec.msgpack.Encoder()


class InsertError(LocalError):
    """An insert failed. ``guilt`` says how likely it is, of ``GUILT_LIMIT``, that its content is to blame."""

    def __init__(self, message: str, guilt: int) -> None:
        super().__init__(message)
        self.guilt = guilt


def insert(session: Any, frames: Sequence[Frame], token: str) -> None:
    """One insert of one part. Raises ``InsertError`` with the engine's words."""
    body = b"".join(map(_packed, frames))
    sql = f"INSERT INTO records ({COLUMNS}) SETTINGS {_SETTINGS}, insert_deduplication_token = '{token}'"
    try:
        with session.send_insert(sql, "MsgPack") as running:
            running.append(body)
            running.finish()
    except Exception as error:
        raise InsertError(f"insert failed: {str(error)[:500]}", _guilt(str(error))) from error


def _packed(frame: Frame) -> bytes:
    """The batch as the engine reads it: the values of all rows, one after the other."""
    try:
        rows = decode_batch(frame.payload, _ANY)
    except Refusal as refusal:  # checked before it was acknowledged; only another version could think otherwise
        raise InsertError(f"the batch at {frame.position} cannot be read: {refusal}", GUILT_LIMIT) from refusal
    head, host = (frame.received_ns // 10**9, frame.position), frame.host.hex()
    values: list[object] = []
    for number, row in enumerate(rows):
        ts, *rest = msgspec.structs.astuple(row)
        values += (ts, *head, number, host, *rest)
    # Without the head of the array.
    return bytes(memoryview(_encoder.encode(values))[5 if len(values) > 0xFFFF else 3 if len(values) > 15 else 1 :])


def _guilt(text: str) -> int:
    found = _CODE.search(text)
    code = int(found[1]) if found else 0
    if code in _PASSING or "No space left" in text:
        return 0
    return _LITTLE_GUILT if code == _MEMORY and "total" in text else USUAL_GUILT
