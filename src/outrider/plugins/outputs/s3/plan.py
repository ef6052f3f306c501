"""What to do with a file whose time has come, and with an upload in parts. Pure.

Source: Fluent Bit 5.1.1, ``upload_data``: sizes count after compression, and a file that is small for a part is put as
an object of its own, unless an upload of its tag is under way, which it then ends.
"""

from __future__ import annotations

from typing import Final, Literal

from outrider.plugins.outputs.s3.files import StoreFile
from outrider.plugins.outputs.s3.limits import PART_MIN, PARTS_MAX, Limits
from outrider.plugins.outputs.s3.store import Upload

Step = Literal["put", "begin", "part"]
_WAIT_LONGEST: Final = 10
_WAIT_LONGEST_LIMITED: Final = 60


def step(file: StoreFile, upload: Upload | None, limits: Limits) -> Step:
    """Put the file whole, begin an upload with it, or add it to the upload of its tag."""
    if limits.whole:
        return "put"
    if upload is not None:
        return "part" if upload.compression == file.compression else "put"
    if file.timed_out or file.size >= limits.total or file.size <= PART_MIN:
        return "put"
    return "begin"


def is_last(size: int, upload: Upload, limits: Limits, *, late: bool) -> bool:
    """Whether the upload ends with the part of ``size`` bytes that it just got; ``late``: its time is over."""
    return late or size < PART_MIN or upload.size >= limits.total or len(upload.etags) >= PARTS_MAX


def wait_bounds(failures: int, limits: Limits, *, limited: bool) -> tuple[int, int]:
    """Seconds to wait after so many failures in a row, at least and at most.

    Without a limit a peer that is back is found soon. With one, tries are no closer than Fluent Bit's, so that a
    default configuration outlasts what it outlasts there.
    """
    bound = 2 ** min(failures, 16)
    if not limited:
        return min(bound // 2, _WAIT_LONGEST), min(bound, _WAIT_LONGEST)
    lowest = max(limits.tick, min(2 * failures, _WAIT_LONGEST_LIMITED))
    return lowest, lowest + 2
