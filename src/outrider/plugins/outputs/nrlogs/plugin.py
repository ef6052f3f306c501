"""The nrlogs output."""

from __future__ import annotations

from urllib.parse import urlsplit

from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.net.http import check_header, http_client
from outrider.net.tls import client_context
from outrider.pipeline.common.http_output import USER_AGENT, HttpOutput, compressed
from outrider.pipeline.plugin import Delivery
from outrider.plugins.outputs.nrlogs.config import Options
from outrider.plugins.outputs.nrlogs.format import encode


class Nrlogs(HttpOutput[Options]):
    """Sends records to New Relic; TLS as ``base_uri`` says."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        options = self.options
        if not (options.license_key or options.api_key):
            raise UserError("nrlogs needs license_key or api_key")
        url = urlsplit(options.base_uri)
        try:
            port = url.port or (443 if url.scheme == "https" else 80)
        except ValueError as error:
            raise UserError(f"base_uri: {error}") from error
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        if url.scheme not in ("http", "https") or not url.hostname or not path.isascii() or " " in path:
            raise UserError(f"base_uri '{options.base_uri}' is no URL", fix="use https://host/path")
        tls = client_context(self.core) if url.scheme == "https" else None
        self.client = http_client(self.core, url.hostname, port, tls)
        self._path = path
        name, key = ("X-License-Key", options.license_key) if options.license_key else ("X-Insert-Key", options.api_key)
        check_header(name, key)
        self._headers = [USER_AGENT, (name, key), ("Content-Type", "application/json")]

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        body, encoding = compressed(encode(batch, escape_unicode=self.context.escape_unicode), self.options.compress)
        return await self.post(batch, self._path, [*self._headers, *encoding], body)
