"""The tcp output."""

from __future__ import annotations

from outrider.formats.accessor import accessor
from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.net.connect import Target
from outrider.net.tls import client_context
from outrider.net.upstream import Upstream, target
from outrider.pipeline.plugin import Delivery, Output
from outrider.plugins.outputs.tcp.config import Options
from outrider.plugins.outputs.tcp.format import encode, raw_lines

_PORT = 5170
_NO_TEXT = "the record has no text in raw_message_key"


class Tcp(Output[Options]):
    """Sends records. A broken connection means that the whole batch is sent again, so duplicates can occur."""

    Options = Options
    concurrency = 2

    def check(self) -> None:
        """See Output."""
        core = self.core
        try:
            self._raw = accessor(self.options.raw_message_key) if self.options.raw_message_key else None
        except ValueError as error:
            raise UserError(f"raw_message_key: {error}") from error
        tls = client_context(core) if core.tls else None
        self._target = target(core, core.host or "127.0.0.1", core.port or _PORT, tls)
        self._upstream = Upstream(
            self._target, keepalive=core.net_keepalive, idle_timeout=core.net_keepalive_idle_timeout
        )

    def peers(self) -> list[Target]:
        """See Output."""
        return [self._target]

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        dropped = 0
        if self._raw is None:
            data = encode(batch, self.options, escape_unicode=self.context.escape_unicode)
        else:
            data, dropped = raw_lines(batch, self._raw)
        if data:
            async with self._upstream.connection() as (connection, is_new):
                if is_new:
                    self.log.info(f"connected to {self._target}")
                await connection.write(data)
        return Delivery(len(batch) - dropped, dropped, _NO_TEXT if dropped else "")

    async def stop(self) -> None:
        """See Output."""
        await self._upstream.close()
