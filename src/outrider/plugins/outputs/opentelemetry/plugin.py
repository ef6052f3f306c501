"""The opentelemetry output."""

from __future__ import annotations

from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.net.http import Answer, basic_auth, refusal
from outrider.pipeline.common.http_output import USER_AGENT, HttpOutput, compressed, configured_headers
from outrider.pipeline.plugin import Delivery
from outrider.plugins.outputs.opentelemetry.config import Options
from outrider.plugins.outputs.opentelemetry.format import Encoder, rejected


class Opentelemetry(HttpOutput[Options]):
    """Sends logs by OTLP/HTTP with protobuf; what the server counts as rejected is dropped."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        options = self.options
        if options.grpc:
            raise UserError("opentelemetry: grpc is not supported", fix="remove grpc; OTLP/HTTP is spoken on port 4318")
        if options.http2.lower() not in ("off", "false", "no"):
            raise UserError("opentelemetry: http2 is not supported", fix="remove http2")
        if not options.batch_size:
            raise UserError("batch_size must be at least 1")
        client = self.client_of(proxy=options.proxy)
        self.client = self.signing(client, options.aws_service, options) if options.aws_auth else client
        try:
            self._encoder = Encoder(options)
        except ValueError as error:
            raise UserError(str(error)) from error
        uri = options.logs_uri
        self._uri = uri if uri.startswith("/") else f"/{uri}"
        if not (self._uri.isascii() and self._uri.isprintable()) or " " in self._uri:
            raise UserError(f"logs_uri '{uri}' is no path of a URL")
        self._headers = [("Content-Type", "application/x-protobuf"), *configured_headers(options.header)]
        if not options.aws_auth:
            self._headers.append(USER_AGENT)
        if options.http_user:
            self._headers.append(basic_auth(options.http_user, options.http_passwd))

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""

        async def part(start: int, stop: int) -> tuple[int, str]:
            body, encoding = compressed(self._encoder.encode(batch, start, stop), self.options.compress)
            answer = await self.client.request("POST", self._uri, headers=[*self._headers, *encoding], body=body)
            return self._lost(answer, stop - start)

        return await self.in_parts(batch, self.options.batch_size, part)

    def _lost(self, answer: Answer, count: int) -> tuple[int, str]:
        """How many of these records the server did not take, and why. Raises PeerError."""
        error = refusal(answer)
        if error is not None:
            if self.options.log_response_payload:
                raise error
            raise PeerError(f"HTTP {answer.status}", retry=error.retry, after=error.after)
        try:
            lost, reason = rejected(answer.body)
        except ValueError:
            return 0, ""  # servers that are no collectors answer what they like
        return min(lost, count), f"rejected: {reason}"
