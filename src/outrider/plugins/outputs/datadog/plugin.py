"""The datadog output."""

from __future__ import annotations

from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.net.http import check_header
from outrider.pipeline.http_output import USER_AGENT, HttpOutput, compressed, configured_headers
from outrider.pipeline.plugin import Delivery
from outrider.plugins.outputs.datadog.config import Options
from outrider.plugins.outputs.datadog.format import encode


class Datadog(HttpOutput[Options]):
    """Sends records to Datadog; TLS is on only where ``tls On`` stands."""

    Options = Options
    HOST = "http-intake.logs.datadoghq.com"

    def check(self) -> None:
        """See Output."""
        options = self.options
        if not options.apikey:
            raise UserError("datadog needs apikey")
        check_header("DD-API-KEY", options.apikey)
        self.client = self.client_of(port=self.core.port or (443 if self.core.tls else 80), proxy=options.proxy)
        self._headers = [
            USER_AGENT,
            ("DD-API-KEY", options.apikey),
            ("Content-Type", "application/json"),
            *configured_headers(options.header),
        ]

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        body = encode(batch, self.options, escape_unicode=self.context.escape_unicode)
        body, encoding = compressed(body, self.options.compress)
        return await self.post(batch, "/api/v2/logs", [*self._headers, *encoding], body)
