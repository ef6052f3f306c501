"""What an output says of records, or what the error that it raises means.

This is the place where what outputs raise is caught.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Awaitable
from typing import Final

from msgspec import Struct

from outrider.model.batch import Batch
from outrider.model.errors import LocalError, PeerError
from outrider.pipeline.log import Log
from outrider.pipeline.plugin import Delivery

_TO_MEND: Final = re.compile(
    r"; fix: |\bHTTP 4(?!08|29)\d\d\b|credentials|certificate|Name or service not known|No such file|Not a directory"
    r"|Permission denied|Read-only file system"
)
"""What does not pass by itself, in the words of outputs, peers and the system."""


class Answer(Struct):
    """What became of a try; ``again``: nothing was delivered, and all of it is to be tried again."""

    delivery: Delivery
    again: bool = False
    after: float = 0.0

    def rest_of(self, batch: Batch) -> Batch | None:
        """The records that are to be tried again."""
        if self.again or len(self.delivery.rest) == len(batch):
            return batch
        return batch.part(self.delivery.rest) if self.delivery.rest else None

    def refused_of(self, batch: Batch) -> Batch | None:
        """The records that are dead letters."""
        if len(self.delivery.refused) == len(batch):
            return batch
        return batch.part(self.delivery.refused) if self.delivery.refused else None


async def ask(sending: Awaitable[Delivery], size: int, log: Log) -> Answer:
    """What the output says of ``size`` records, or what its error means."""
    try:
        delivery = _checked(await sending, size)
    except PeerError as error:
        forget_frames(error)
        if error.retry:
            return Answer(Delivery(0, reason=str(error)), again=True, after=error.after)
        return Answer(Delivery(0, dropped=size, reason=str(error), refused=range(size)), after=error.after)
    except LocalError as error:
        forget_frames(error)
        return Answer(Delivery(0, reason=str(error)), again=True)
    except Exception as error:  # noqa: BLE001 - a bug in one output must not stop the others
        log.error(f"bug in output: {''.join(traceback.format_exception(error))}")
        forget_frames(error)
        return Answer(Delivery(0, reason=f"bug: {type(error).__name__}"), again=True)
    return Answer(delivery, after=delivery.after)


def advice(reason: str) -> str:
    """What to do about records that were given up; nothing where the reason must be mended first."""
    return "" if _TO_MEND.search(reason) else "; fix: raise Retry_Limit or set it to False"


def _checked(delivery: Delivery, size: int) -> Delivery:
    """The delivery, if it says what became of every record."""
    told = delivery.delivered + delivery.dropped + len(delivery.rest)
    if told != size:
        raise ValueError(f"the output told of {told} records, the batch has {size}")
    if len(delivery.refused) > delivery.dropped:
        raise ValueError(f"the output refused {len(delivery.refused)} records, and dropped {delivery.dropped}")
    places = {*delivery.rest, *delivery.refused}
    if any(not 0 <= place < size for place in places):
        raise ValueError(f"the output told of a place that the batch of {size} records does not have")
    if len(places) < len(delivery.rest) + len(delivery.refused):
        raise ValueError("the output told of a place twice")
    return delivery


def forget_frames(error: BaseException) -> None:
    """Cut the cycles of errors and frames, in which batch and body would stay until the next collection."""
    waiting, seen = [error], set[int]()
    while waiting:
        found = waiting.pop()
        seen.add(id(found))
        found.__traceback__ = None
        causes = (found.__context__, found.__cause__)
        waiting += [cause for cause in causes if cause is not None and id(cause) not in seen]
