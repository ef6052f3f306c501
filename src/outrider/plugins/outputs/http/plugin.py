"""The http output."""

from __future__ import annotations

from outrider.formats.accessor import accessor
from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.net.http import Answer, basic_auth, check_header, header_value, is_foreign_header, refusal
from outrider.net.oauth2 import ClientCredentials
from outrider.pipeline.common.http_output import USER_AGENT, HttpOutput, compressed, configured_headers
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.plugin import Delivery
from outrider.plugins.outputs.http.config import Options
from outrider.plugins.outputs.http.format import CONTENT_TYPES, encode, finite_numbers, own_request

_NO_BODY = "the record has no text in body_key"
_NO_MESSAGE = "the record has no short message for GELF"


class Http(HttpOutput[Options]):
    """Sends batches to an HTTP server: 2xx is delivered, 4xx but 408 and 429 is dropped, all else is tried again."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        options, found = self.options, Findings()
        with found.collecting():
            self._connect()
        self._uri = options.uri if options.uri.startswith("/") else f"/{options.uri}"
        if not (self._uri.isascii() and self._uri.isprintable()) or " " in self._uri:
            fix = "write special characters as %XX"
            found.error(UserError(f"uri '{options.uri}' is no path of a URL", fix=fix))
        if bool(options.body_key) != bool(options.headers_key):
            found.error(UserError("body_key and headers_key need each other", fix="give both or none"))
        try:
            self._own_body = accessor(options.body_key) if options.body_key else None
            self._own_headers = accessor(options.headers_key) if options.headers_key else None
        except ValueError as error:
            found.error(UserError(str(error)))
        with found.collecting():
            if options.header_tag:
                check_header(options.header_tag, "")
        with found.collecting():
            self._headers = configured_headers(options.header)
        found.raise_errors()
        if not options.aws_auth:
            self._headers.append(USER_AGENT)
        if options.http_user:
            self._headers.append(basic_auth(options.http_user, options.http_passwd))
        self._tokens = ClientCredentials(self.core, options, options.proxy) if options.oauth2_enable else None

    def _connect(self) -> None:
        options = self.options
        client = self.client_of(proxy=options.proxy)
        client.read_idle_timeout = options.read_idle_timeout
        if options.aws_auth and not options.aws_service:
            raise UserError("aws_auth needs aws_service", fix="add: aws_service NAME")
        self.client = self.signing(client, options.aws_service, options) if options.aws_auth else client

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        options = self.options
        if self._own_body is not None:
            return await self._send_each(batch)
        body, bare = encode(batch, options, escape_unicode=self.context.escape_unicode)
        if len(bare) == len(batch):
            return Delivery(0, len(bare), _NO_MESSAGE, refused=bare)
        error = self._error(await self._request(batch.tag, *self._packed(body)))
        if error is not None and not error.retry and (clean := finite_numbers(batch, options.format)) is not None:
            body, _ = encode(clean, options, escape_unicode=self.context.escape_unicode)
            error = self._error(await self._request(batch.tag, *self._packed(body)))
        if error is not None:
            raise error
        return Delivery(len(batch) - len(bare), len(bare), _NO_MESSAGE if bare else "", refused=bare)

    def _packed(self, body: bytes) -> tuple[list[tuple[str, str]], bytes]:
        body, encoding = compressed(body, self.options.compress)
        return [("Content-Type", CONTENT_TYPES[self.options.format]), *encoding], body

    async def _send_each(self, batch: Batch) -> Delivery:
        """A request for each record; what is left after a failure is tried again."""
        assert self._own_body is not None
        assert self._own_headers is not None
        delivered, lacking = 0, 0
        refused: list[int] = []
        reasons: list[str] = []
        rest, after = range(0), 0.0
        for number, record in enumerate(batch.records):
            own = own_request(record, self._own_body, self._own_headers)
            if own is None:
                reasons.append(_NO_BODY)
                lacking += 1
                continue
            body, encoding = compressed(own[0], self.options.compress)
            headers = [(name, header_value(value)) for name, value in own[1] if is_foreign_header(name)]
            try:
                error = self._error(await self._request(batch.tag, [*headers, *encoding], body))
            except PeerError as failure:
                error = failure
            if error is None:
                delivered += 1
                continue
            reasons.append(str(error))
            if error.retry:
                rest, after = range(number, len(batch)), error.after
                break
            refused.append(number)
        dropped = lacking + len(refused)
        return Delivery(delivered, dropped, "; ".join(dict.fromkeys(reasons)), rest, after, refused)

    async def _request(self, tag: str, more: list[tuple[str, str]], body: bytes) -> Answer:
        options = self.options
        headers = [*more]
        if options.header_tag:
            headers.append((options.header_tag, header_value(tag)))
        headers += self._headers
        token = ""
        if self._tokens is not None:
            token = await self._tokens.token()
        answer = await self._once(headers, body, token)
        if answer.status == 401 and self._tokens is not None:
            answer = await self._once(headers, body, await self._tokens.token(stale=token))
        return answer

    async def _once(self, headers: list[tuple[str, str]], body: bytes, token: str) -> Answer:
        options = self.options
        if token:
            headers = [*headers, ("Authorization", f"Bearer {token}")]
        if not options.allow_duplicated_headers:
            headers = list({name.lower(): (name, value) for name, value in headers}.values())
        return await self.client.request(
            options.http_method, self._uri, headers=headers, body=body, timeout=options.response_timeout or 60
        )

    def _error(self, answer: Answer) -> PeerError | None:
        error = refusal(answer)
        if error is None or self.options.log_response_payload:
            return error
        return PeerError(f"HTTP {answer.status}", retry=error.retry, after=error.after)

    async def stop(self) -> None:
        """See Output."""
        await self.client.close()
        if self._tokens is not None:
            await self._tokens.close()
