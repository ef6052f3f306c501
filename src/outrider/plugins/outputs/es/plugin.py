"""The es output."""

from __future__ import annotations

from outrider.model.errors import UserError
from outrider.net.http import basic_auth
from outrider.pipeline.common.bulk_output import BulkOutput
from outrider.plugins.outputs.es.cloud import address
from outrider.plugins.outputs.es.config import Options


class Es(BulkOutput[Options]):
    """Stores records in Elasticsearch."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        options = self.options
        if options.upstream:
            raise UserError("es: upstream is not supported", fix="write one [OUTPUT] for each node")
        super().check()
        if options.cloud_id:
            try:
                host, port = address(options.cloud_id)
            except ValueError as error:
                raise UserError(str(error)) from error
            if not self.core.tls:
                raise UserError("cloud_id needs TLS", fix="add: tls On")
            self.connect(host, port)
        if options.cloud_auth:
            user, _, password = options.cloud_auth.partition(":")
            self.headers.append(basic_auth(user, password))
        if options.http_api_key:
            self.headers.append(("Authorization", f"ApiKey {options.http_api_key}"))
