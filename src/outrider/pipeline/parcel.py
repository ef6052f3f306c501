"""A chunk on its way to one output, and chunks that cannot be read."""

from __future__ import annotations

import traceback
from typing import Final

from msgspec import Struct

from outrider.formats import msgpack
from outrider.model.batch import Batch
from outrider.model.errors import LocalError, OutriderError
from outrider.pipeline.answer import Answer
from outrider.pipeline.chunk import Chunk, UnknownFormError
from outrider.pipeline.ledger import Sent
from outrider.pipeline.log import Log
from outrider.pipeline.plugin import Encoded
from outrider.spool.chunkfile import DamagedError
from outrider.spool.disk import advice

READ_AGAIN: Final = 2.0
"""Seconds after which a chunk that could not be read is read again."""
NOT_NOW: Final = (LocalError, OSError, MemoryError)
"""Why a chunk that is as it should be may not be had at the moment."""


class Parcel(Struct):
    """A chunk on its way to one output. ``batch`` is the decoded form; without that and ``encoded`` it is packed."""

    chunk: Chunk
    row: Sent
    count: int
    batch: Batch | None = None
    encoded: Encoded | None = None
    """What the output's ``encode`` made of it; the chunk has it raw then."""
    answer: Answer | None = None
    """What the output has said of ``encoded``, while the disk does not give the records that are to be tried again."""
    is_part: bool = False
    """Whether a part has been delivered and the chunk keeps the rest."""
    attempts: int = 0
    due: float = 0.0
    """When the next retry is due, by the loop's clock."""
    early: bool = False
    """Whether this try comes before its time, because the output delivers again; it does not count as a retry."""


def described(error: Exception) -> str:
    """An error of a declared kind in its own words; of any other, which is a bug, the traceback."""
    if isinstance(error, OutriderError | msgpack.MalformedError | DamagedError):
        return str(error)
    return "".join(traceback.format_exception(error))


def unreadable(chunk: Chunk, error: Exception, log: Log) -> None:
    """Say why a chunk gives no records, and keep its file: for who knows its form, else under another name."""
    if isinstance(error, UnknownFormError):
        path = chunk.leave()
        log.error(
            f"chunk {chunk.id} of {chunk.source} cannot be read: {error}"
            + (f"; its file stays as it is: {path}; fix: bring back the parser or the version that it was made with")
            * bool(path)
        )
        return
    log.error(f"chunk {chunk.id} of {chunk.source} cannot be read: {described(error)}")
    try:
        chunk.set_aside()
    except LocalError as refused:
        log.error(str(refused))


def not_now(chunk: Chunk, error: BaseException) -> str:
    """Why a chunk is read again later."""
    told = str(error) or type(error).__name__
    return f"chunk {chunk.id} of {chunk.source} is read again in {READ_AGAIN:g} seconds: {told}; fix: {advice(error)}"
