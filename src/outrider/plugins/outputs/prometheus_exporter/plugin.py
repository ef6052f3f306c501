"""The prometheus_exporter output: ``GET /metrics``."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final

from outrider.formats import words
from outrider.formats.regex import Regex
from outrider.model.batch import Batch
from outrider.model.errors import LocalError, UserError
from outrider.model.tag import matcher
from outrider.net.serve import fault_logger
from outrider.net.tls import server_context
from outrider.pipeline.common.metrics import name_of
from outrider.pipeline.plugin import Delivery, Output
from outrider.plugins.outputs.prometheus_exporter.config import Options

if TYPE_CHECKING:
    from aiohttp import web

DEFAULT_HOST: Final = "0.0.0.0"  # as in Fluent Bit: who reads the numbers is on another machine
DEFAULT_PORT: Final = 2021
_FORM: Final = "text/plain; version=0.0.4; charset=utf-8"


class PrometheusExporter(Output[Options]):
    """Serves the metrics whose tags match."""

    Options = Options
    takes_records: ClassVar[bool] = False
    shared: ClassVar[bool] = False

    def check(self) -> None:
        """See Output."""
        self._labels: list[tuple[str, str]] = []
        for text in self.options.add_label:
            try:
                name, value = words.pair(text)
            except ValueError as error:
                raise UserError(f"add_label '{text}' must be 'NAME VALUE'; quote a value that has blanks") from error
            self._labels.append((name_of(name), value))
        self._tls: ssl.SSLContext | None = server_context(self.core) if self.core.tls else None
        self._matches = _tag_test(self.core.match, self.core.match_regex)
        self.port = 0

    async def start(self) -> None:
        """See Output. Raises LocalError when the address cannot be bound."""
        from aiohttp import web

        app = web.Application()
        app.add_routes([web.get("/metrics", self._metrics), web.get("/", self._root)])
        self._runner = web.AppRunner(app, access_log=None, logger=fault_logger(self.log))
        await self._runner.setup()
        host, port = self.core.host or DEFAULT_HOST, self.core.port or DEFAULT_PORT
        try:
            await web.TCPSite(self._runner, host, port, ssl_context=self._tls).start()
        except OSError as error:
            await self._runner.cleanup()
            said = os.strerror(error.errno) if error.errno else str(error)
            raise LocalError(f"cannot listen on {host}:{port}: {said}; fix: free the port, or set another") from error
        self.port = self._runner.addresses[0][1]
        self.log.info(f"listening iface={host} tcp_port={self.port}")

    async def send(self, batch: Batch) -> Delivery:
        """See Output; records are not routed here."""
        return Delivery(0, len(batch), "prometheus_exporter serves metrics, not records")

    async def stop(self) -> None:
        """See Output."""
        await self._runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        from aiohttp import web

        text = self.context.metrics.text(self._matches, self._labels, stamped=self.options.add_timestamp)
        return web.Response(body=text.encode("utf-8", "replace"), headers={"Content-Type": _FORM})

    async def _root(self, request: web.Request) -> web.Response:
        from aiohttp import web

        return web.Response(text="Fluent Bit Prometheus Exporter\n")


def _tag_test(match: str, match_regex: str) -> Callable[[str], bool]:
    plain = None if match_regex and not match else matcher(match or "*")
    try:
        regex = Regex(match_regex) if match_regex else None
    except ValueError as error:
        raise UserError(f"Match_Regex: {error}") from error

    def test(tag: str) -> bool:
        found = regex.match(tag) if regex else None
        return bool(found and found.group(0)) or (plain is not None and plain(tag))

    return test
