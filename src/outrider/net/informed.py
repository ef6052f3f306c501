"""The client's side of a connection that bounds what a peer says before its answer.

Imports aiohttp: to be imported where the first connection is opened.
"""

from __future__ import annotations

import asyncio
import functools
from typing import Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

INFORMATIONAL_MAX: Final = 10


class Informed(ResponseHandler):
    """Hangs up on a peer that goes on to say ``100 Continue`` instead of answering: each costs a turn of the loop."""

    _informational = 0

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """A head has come."""
        if self._exception is not None:
            return
        self._informational = self._informational + 1 if 100 <= data[0].code < 200 else 0
        if self._informational <= INFORMATIONAL_MAX:
            super().feed_data(data, size)
            return
        self._buffer.clear()
        if self.transport is not None:
            self.transport.close()
        self.set_exception(
            HttpProcessingError(message=f"more than {INFORMATIONAL_MAX} informational answers before the answer itself")
        )


def inform(connector: aiohttp.BaseConnector) -> None:
    """Have the connector make such connections."""
    connector._factory = _factory()


def _factory() -> Any:
    return functools.partial(Informed, loop=asyncio.get_running_loop())
