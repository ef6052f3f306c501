"""The splunk output."""

from __future__ import annotations

from typing import Final

from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.net.http import basic_auth, check_header
from outrider.pipeline.common.http_output import USER_AGENT, HttpOutput, compressed
from outrider.pipeline.plugin import Delivery
from outrider.plugins.outputs.splunk.config import Options
from outrider.plugins.outputs.splunk.format import Events

_PATH: Final = "/services/collector/event"


class Splunk(HttpOutput[Options]):
    """Sends events to Splunk; what it refuses (4xx but 408 and 429) is dropped."""

    Options = Options
    PORT = 8088

    def check(self) -> None:
        """See Output."""
        options = self.options
        super().check()
        if not (options.splunk_token or options.http_user):
            raise UserError("splunk needs splunk_token or http_user", fix="add 'splunk_token TOKEN'")
        try:
            self._events = Events(options)
        except ValueError as error:
            raise UserError(str(error)) from error
        self._headers = [USER_AGENT]
        if options.http_user:
            self._headers.append(basic_auth(options.http_user, options.http_passwd))
        else:
            check_header("Authorization", options.splunk_token)
            self._headers.append(("Authorization", f"Splunk {options.splunk_token}"))
        if options.channel:
            check_header("X-Splunk-Request-Channel", options.channel)
            self._headers.append(("X-Splunk-Request-Channel", options.channel))
        self._path = _PATH + ("?auto_extract_timestamp=true" if options.auto_extract_timestamp else "")

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        body = self._events.encode(batch, escape_unicode=self.context.escape_unicode)
        body, encoding = compressed(body, self.options.compress)
        return await self.post(batch, self._path, [*self._headers, *encoding], body)
