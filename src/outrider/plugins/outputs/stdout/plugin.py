"""The stdout output."""

from __future__ import annotations

import os
import threading

from outrider.model.batch import Batch
from outrider.model.errors import LocalError
from outrider.net.threads import detached
from outrider.pipeline.plugin import Delivery, Output
from outrider.plugins.outputs.stdout.config import Options
from outrider.plugins.outputs.stdout.format import encode

_STDOUT = 1
_TURN = threading.Lock()
"""Held while a batch is written: a pipe may take it in pieces, and other workers and instances print too."""


class Stdout(Output[Options]):
    """Prints records; a reader that is slow delays this output alone."""

    Options = Options

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        data = encode(batch, self.options, escape_unicode=self.context.escape_unicode)
        await detached(_write_all, data)
        return Delivery(len(batch))


def _write_all(data: bytes) -> None:
    view = memoryview(data)
    try:
        with _TURN:
            while view:
                view = view[os.write(_STDOUT, view) :]
    except OSError as error:
        raise LocalError(f"standard output: {error.strerror}") from error
