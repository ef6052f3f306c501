"""The loki output."""

from __future__ import annotations

from pathlib import Path

from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.net.http import Answer, basic_auth, check_header, header_value, refusal
from outrider.pipeline.common.http_output import USER_AGENT, HttpOutput, compressed, configured_headers
from outrider.pipeline.plugin import Delivery
from outrider.plugins.outputs.loki.config import Options
from outrider.plugins.outputs.loki.format import Streams

_TENANT = "X-Scope-OrgID"


class Loki(HttpOutput[Options]):
    """Pushes records to Loki. What it finds wrong (400) is dropped, all else is tried again."""

    Options = Options
    PORT = 3100

    def check(self) -> None:
        """See Output."""
        options = self.options
        super().check()
        try:
            label_map = Path(options.label_map_path).read_bytes() if options.label_map_path else None
            self._streams = Streams(options, label_map)
        except OSError as error:
            said = f"label_map_path '{options.label_map_path}' cannot be read: {error.strerror}"
            raise UserError(said, key="label_map_path", fix="correct the path") from error
        except ValueError as error:
            raise UserError(str(error)) from error
        if not (options.uri.startswith("/") and options.uri.isascii() and options.uri.isprintable()):
            raise UserError(f"uri '{options.uri}' is no path of a URL")
        self._headers = [USER_AGENT, ("Content-Type", "application/json")]
        if options.http_user:
            self._headers.append(basic_auth(options.http_user, options.http_passwd))
        elif options.bearer_token:
            check_header("Authorization", options.bearer_token)
            self._headers.append(("Authorization", f"Bearer {options.bearer_token}"))
        check_header(_TENANT, options.tenant_id)
        self._headers += configured_headers(options.header)

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        tenants = self._streams.tenants(batch)
        if len(tenants) == 1:
            (tenant,) = tenants
            return await self._push(batch, tenant)
        delivered, after = 0, 0.0
        reasons: list[str] = []
        retry: list[int] = []
        refused: list[int] = []
        for tenant, places in tenants.items():
            try:
                await self._push(batch.part(places), tenant)
                delivered += len(places)
            except PeerError as error:
                reasons.append(str(error))
                after = max(after, error.after)
                if error.retry:
                    retry += places
                else:
                    refused += places
        reason = "; ".join(dict.fromkeys(reasons))
        if len(retry) == len(batch):
            raise PeerError(reason, after=after)
        return Delivery(delivered, len(refused), reason, sorted(retry), after, sorted(refused))

    async def _push(self, batch: Batch, tenant: str) -> Delivery:
        body = self._streams.encode(batch, escape_unicode=self.context.escape_unicode)
        body, encoding = compressed(body, self.options.compress)
        headers = [*self._headers, *encoding]
        if name := tenant or self.options.tenant_id:
            headers.append((_TENANT, header_value(name)))
        return await self.post(batch, self.options.uri, headers, body)

    def judge(self, answer: Answer, batch: Batch) -> Delivery:
        """See HttpOutput."""
        error = refusal(answer)
        if error is not None:
            raise PeerError(str(error), retry=answer.status != 400, after=error.after)
        return Delivery(len(batch))
