"""The datadog output."""

from __future__ import annotations

from typing import Final

from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.net.http import check_header, refusal
from outrider.pipeline.common.http_output import USER_AGENT, HttpOutput, compressed, configured_headers
from outrider.pipeline.plugin import Delivery
from outrider.plugins.outputs.datadog.config import Options
from outrider.plugins.outputs.datadog.format import encode

_RECORDS_MAX: Final = 1000
"""Entries that Datadog takes in one array. Source: its API reference, "Send logs"."""


class Datadog(HttpOutput[Options]):
    """Sends records to Datadog; TLS is on only where ``tls On`` stands."""

    Options = Options
    HOST = "http-intake.logs.datadoghq.com"

    def check(self) -> None:
        """See Output."""
        options = self.options
        if not options.apikey:
            raise UserError("datadog needs apikey", fix="add 'apikey KEY'")
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
        escape = self.context.escape_unicode

        async def part(start: int, stop: int) -> tuple[int, str]:
            body, encoding = compressed(
                encode(batch, self.options, start, stop, escape_unicode=escape), self.options.compress
            )
            answer = await self.client.request("POST", "/api/v2/logs", headers=[*self._headers, *encoding], body=body)
            error = refusal(answer)
            if error is not None:
                raise error
            return 0, ""

        return await self.in_parts(batch, _RECORDS_MAX, part)
