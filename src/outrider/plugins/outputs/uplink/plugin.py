"""The uplink output."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.net.connect import Target
from outrider.net.uplink import Client, Identity
from outrider.net.upstream import target
from outrider.pipeline.plugin import Delivery, Output
from outrider.plugins.outputs.uplink.config import Options
from outrider.plugins.outputs.uplink.rows import parts
from outrider.protocols.uplink import (
    BATCH_HEADER,
    BATCHES_PATH,
    RECORDS_HEADER,
    BatchAnswer,
    Refusal,
    Row,
    decode_message,
    encode_batch,
)

_CONTAINERS_MAX = 500
_NAME_MAX = 256


@dataclass(slots=True)
class Seen:
    """What has been delivered of one container. ``last`` is the time of its newest record, in nanoseconds."""

    id: str
    last: int = 0
    records: int = 0


class Uplink(Output[Options]):
    """Sends batches; the server stores each batch id once, so a batch may be sent again without harm."""

    Options = Options
    concurrency = 2

    def check(self) -> None:
        """See Output."""
        if not self.options.identity:
            raise UserError(
                "uplink needs identity", fix="remove it and run 'outrider agent -c FILE', which enrols and adds it"
            )
        self.seen: dict[str, Seen] = {}
        self._identity = Identity(Path(self.options.identity))
        self._client: Client | None = None

    def peers(self) -> list[Target]:
        """See Output; nobody before enrolment."""
        if not self._identity.complete:
            return []
        url = urlsplit(self._identity.server)
        return [target(self.core, url.hostname or "", url.port or 443, self._identity.context())]

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        client = self._connect()
        done, reason = 0, ""
        refused: list[int] = []
        for batch_id, rows in parts(batch, self.options.task):
            headers = {BATCH_HEADER: batch_id, RECORDS_HEADER: str(len(rows))}
            try:
                answer = decode_message(BatchAnswer, await client.post(BATCHES_PATH, encode_batch(rows), headers))
            except Refusal as refusal:
                if refusal.retry:
                    raise
                refused += range(done, done + len(rows))
                reason = f"refused by the server: {refusal.reason}"
                done += len(rows)
                continue
            if answer.batch != batch_id or not answer.durable:
                raise PeerError("the server did not confirm the batch")
            self._see(rows)
            done += len(rows)
        return Delivery(len(batch) - len(refused), len(refused), reason, refused=refused)

    def _connect(self) -> Client:
        if self._client is None:
            if not self._identity.complete:
                raise PeerError("not enrolled yet")
            self._client = Client(self._identity.server, self._identity.context(), self.options.timeout)
        return self._client

    def _see(self, rows: list[Row]) -> None:
        for row in rows:
            name = row.container[:_NAME_MAX]  # senders choose it
            seen = self.seen.get(name)
            if seen is None:
                if len(self.seen) >= _CONTAINERS_MAX:
                    continue
                seen = self.seen.setdefault(name, Seen(row.container_id[:_NAME_MAX]))
            seen.records += 1
            seen.last = max(seen.last, row.ts_ns)

    async def stop(self) -> None:
        """See Output."""
        if self._client is not None:
            await self._client.close()
