"""The http input."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from outrider.formats import msgpack
from outrider.formats.accessor import accessor
from outrider.model.batch import Record
from outrider.model.errors import UserError
from outrider.net.serve import HttpListener, Reply, Request
from outrider.net.tls import server_context
from outrider.pipeline.intake import RECORDS
from outrider.pipeline.plugin import Bound, Input, Intake
from outrider.plugins.inputs.http.body import BadRequestError, health, records_of, sender, tag_of
from outrider.plugins.inputs.http.config import Options

DEFAULT_PORT: Final = 9880
SERVER: Final = "Fluent Bit v5.1.1"
PATIENCE: Final = 10.0
"""Seconds that a request waits for room before it is turned away."""
_LATER: Final = [("Retry-After", "5")]
NO_ROOM: Final = Reply(503, "error: no room for records at the moment\n", _LATER)
NOT_STORED: Final = Reply(503, "error: records cannot be stored at the moment\n", _LATER)


class Http(Input[Options]):
    """Takes records by POST or PUT; the path of a request is the tag."""

    Options = Options
    shared = True

    def check(self) -> None:
        """See Input."""
        options = self.options
        pairs = [header.split(None, 1) for header in options.success_header]
        if any(len(pair) != 2 for pair in pairs):
            raise UserError("success_header must be 'NAME VALUE'")
        self._success = Reply(options.successful_response_code, "", [(name, value) for name, value in pairs])
        try:
            self._tag_key = accessor(options.tag_key) if options.tag_key else None
        except ValueError as error:
            raise UserError(f"tag_key: {error}") from error
        if self.core.tls:
            server_context(self.core)

    def binds(self) -> Bound | None:
        """See Input."""
        return Bound("tcp", self.core.listen or self.core.host or "0.0.0.0", self.core.port or DEFAULT_PORT)

    async def start(self, intake: Intake) -> None:
        """See Input."""
        core = self.core
        self._intake = intake
        self._room = asyncio.Event()
        self._room.set()
        intake.on_room(self._room.clear, self._room.set)
        self._listener = HttpListener(
            self._answer,
            limit=self.options.buffer_max_size,
            server=SERVER,
            before=self._before,
            unfinished=intake.unfinished,
            voice=self.log,
        )
        host = core.listen or core.host or "0.0.0.0"
        tls = server_context(core) if core.tls else None
        port = await self._listener.listen(
            host, core.port or DEFAULT_PORT, backlog=core.net_backlog, share_port=core.net_share_port, tls=tls
        )
        self.log.info(f"listening on {host}:{port}{' with TLS' if tls else ''}")

    async def stop(self) -> None:
        """See Input."""
        await self._listener.close()

    async def _before(self, method: str, target: str) -> Reply | None:
        """What needs no body is answered at once; else there must be room for what comes."""
        if self.options.enable_health_endpoint and method == "GET" and target.split("?")[0] == "/health":
            return Reply(200, health(time.time_ns()), [("Content-Type", "application/json")])
        if method not in ("POST", "PUT"):
            return Reply(400, "error: invalid HTTP method\n")
        try:
            async with asyncio.timeout(PATIENCE):
                await self._room.wait()
        except TimeoutError:
            return NO_ROOM
        return None

    async def _answer(self, request: Request) -> Reply:
        options = self.options
        try:
            records = records_of(request.headers, request.body, options.buffer_max_size)
        except BadRequestError as error:
            self.log.warn(f"request from {request.peer} refused: {str(error).strip()}")
            return Reply(400, str(error))
        if options.add_remote_addr:
            address = sender(request.headers, request.peer)
            for record in records:
                record[options.remote_addr_key] = address
        return self._success if self._accept(request, records) else NOT_STORED

    def _accept(self, request: Request, records: list[Record]) -> bool:
        """Hand in the records, each under its tag; returns whether they are where ``storage.type`` says."""
        default = tag_of(request.target) or self.core.tag or self.context.name
        by_tag = {default: records}
        if self._tag_key is not None:
            by_tag = {}
            for record in records:
                tag = self._tag_key(record)
                by_tag.setdefault(tag if type(tag) is str and tag else default, []).append(record)
        now = time.time_ns()
        safe = True
        for tag, group in by_tag.items():
            if group:
                raw = msgpack.encode([[now] * len(group), group, None])
                safe = self._intake.append(tag, RECORDS, raw, len(group)) and safe
        return safe
