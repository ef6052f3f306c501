"""The agents' port: ``/agent/v1/…`` as ``outrider.protocols.uplink`` describes it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from outrider.protocols import uplink
from outrider.protocols.uplink import Reason, Refusal
from outrider.server.api.errors import ANSWERS, json_answer
from outrider.server.api.peer import peer_name
from outrider.server.clock import Clock
from outrider.server.control import Control
from outrider.server.domain import hosts
from outrider.server.ingest.committer import Committer
from outrider.server.ingest.log import Entry

_MESSAGE_BYTES = 1 << 20
_BODY_SECONDS = 60
# Smaller bodies are decoded where they are: a thread costs more than the decoding.
_INLINE_BYTES = 64 << 10


class AgentLimits(msgspec.Struct, frozen=True):
    """``in_flight``: bytes of bodies that may be in memory at once; beyond it agents are told to come back."""

    batch: uplink.Limits = uplink.Limits()
    in_flight: int = 128 << 20


class AgentApi:
    """The routes, and what they share."""

    def __init__(
        self,
        control: Control,
        committer: Committer,
        heartbeat_seconds: int,
        ingest_url: str = "",
        limits: AgentLimits | None = None,
    ) -> None:
        """``ingest_url`` is what enrolled agents are told to use; empty: the address by which they came."""
        self._control, self._committer = control, committer
        self._beat_seconds, self._ingest_url = heartbeat_seconds, ingest_url
        self._limits = limits or AgentLimits()
        self._in_flight = 0
        # Large batches are unpacked one after the other, so that memory is bounded by one of them.
        self._unpacking = asyncio.Semaphore(1)
        self._clock: Clock = control.clock

    def app(self) -> Starlette:
        """The application for the listener."""
        routes = [
            Route(uplink.CA_PATH, self.ca, methods=["GET"]),
            Route(uplink.TOKEN_PATH, self.token, methods=["POST"]),
            Route(uplink.ENROL_PATH, self.enrol, methods=["POST"]),
            Route(uplink.HEARTBEAT_PATH, self.heartbeat, methods=["POST"]),
            Route(uplink.BATCHES_PATH, self.batch, methods=["POST"]),
            Route("/healthz", self.health, methods=["GET"]),
        ]
        handlers: Any = ANSWERS
        return Starlette(routes=routes, exception_handlers=handlers)

    async def ca(self, request: Request) -> Response:
        """The authority's certificate; the client compares it with the pin of its token."""
        return PlainTextResponse(self._control.authority.ca_pem, media_type="application/x-pem-file")

    async def health(self, request: Request) -> Response:
        """200 while batches are taken, 503 while they are refused."""
        problem = self._committer.problem
        if problem is None:
            return json_answer({"ok": True, "problem": "", "fix": ""})
        return json_answer({"ok": False, "problem": problem.what, "fix": problem.fix}, 503)

    async def token(self, request: Request) -> Response:
        """Whether a token would enrol a host; it is not used."""
        message = uplink.decode_message(uplink.TokenRequest, await self._read(request, _MESSAGE_BYTES))
        return json_answer(self._control.examine_token(message, _address(request)))

    async def enrol(self, request: Request) -> Response:
        """A token and a certificate request for an identity."""
        message = uplink.decode_message(uplink.EnrolRequest, await self._read(request, _MESSAGE_BYTES))
        url = self._ingest_url or f"https://{request.headers.get('host', '')}"
        return json_answer(self._control.enrol(message, _address(request), self._beat_seconds, url))

    async def heartbeat(self, request: Request) -> Response:
        """An agent's state."""
        host_id = self._identify(request)
        beat = uplink.decode_message(uplink.Heartbeat, await self._read(request, _MESSAGE_BYTES))
        host = self._control.hosts.get(host_id)
        if host is None:
            raise _unknown()
        now = self._clock()
        host = hosts.heard(host, beat, _address(request), now)
        self._control.hosts.save_beat(host)
        count = await self._committer.host(bytes.fromhex(host_id))
        state = hosts.judge(host, count.received, now, self._beat_seconds, self._committer.problem).state
        return json_answer(uplink.HeartbeatAnswer(self._beat_seconds, state.value))

    async def batch(self, request: Request) -> Response:
        """Records. 200 only after they are on disk."""
        host_id = self._identify(request)
        text = request.headers.get(uplink.BATCH_HEADER, "")
        batch = uplink.batch_id(text)
        stated = request.headers.get(uplink.RECORDS_HEADER, "")
        async with self._admitted(request):
            body = await self._read(request, self._limits.batch.compressed)
            rows = await self._count(body)
            if stated != str(rows):
                raise Refusal(
                    Reason.MALFORMED, f"{uplink.RECORDS_HEADER} says {stated[:20]!r} and the batch has {rows} rows"
                )
            entry = Entry(self._clock(), batch, bytes.fromhex(host_id), rows, body)
            duplicate = await self._committer.submit(entry)
        return json_answer(uplink.BatchAnswer(text, True, duplicate))

    def _identify(self, request: Request) -> str:
        host_id = peer_name(request)
        if not host_id:
            raise Refusal(Reason.NO_CERTIFICATE, "this call needs the agent's certificate", "enrol first")
        revoked = self._control.hosts.standing(host_id)
        if revoked is None:
            raise _unknown()
        if revoked:
            raise Refusal(Reason.HOST_REVOKED, "this host was revoked", "enrol again with a new join token")
        return host_id

    async def _count(self, body: bytes) -> int:
        """Rows of the batch: it is decoded in full, so that only batches that the store can take are acknowledged."""
        if len(body) <= _INLINE_BYTES:
            return len(uplink.decode_batch(body, self._limits.batch))
        async with self._unpacking:
            return len(await asyncio.to_thread(uplink.decode_batch, body, self._limits.batch))

    @contextlib.asynccontextmanager
    async def _admitted(self, request: Request) -> AsyncIterator[None]:
        """Room for the body, in the log and in memory, or a refusal before a byte of it is read."""
        self._committer.admit()
        cap = self._limits.batch.compressed
        size = _stated_length(request, cap)
        if size > cap:
            raise Refusal(Reason.TOO_BIG, f"the body has {size} bytes; the limit is {cap}", "send smaller batches")
        if self._in_flight + size > self._limits.in_flight:
            raise Refusal(Reason.OVERLOADED, "too many batches at once", "send it again after Retry-After")
        self._in_flight += size
        try:
            yield
        finally:
            self._in_flight -= size

    async def _read(self, request: Request, cap: int) -> bytes:
        if _stated_length(request, 0) > cap:
            raise Refusal(Reason.TOO_BIG, f"the body is larger than the limit of {cap} bytes")
        parts, size = [], 0
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                async for part in request.stream():
                    size += len(part)
                    if size > cap:
                        raise Refusal(Reason.TOO_BIG, f"the body is larger than the limit of {cap} bytes")
                    parts.append(part)
        except TimeoutError as error:
            raise Refusal(Reason.OTHER, f"the body did not arrive within {_BODY_SECONDS} s") from error
        except ClientDisconnect as error:
            raise Refusal(Reason.OTHER, "the connection was closed before the body was complete") from error
        return b"".join(parts)


def _stated_length(request: Request, unknown: int) -> int:
    text = request.headers.get("content-length", "")
    return int(text) if text.isdecimal() else unknown


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _unknown() -> Refusal:
    return Refusal(
        Reason.HOST_UNKNOWN,
        "this server has no host with this certificate",
        "enrol again with a new join token, or restore the server's database",
    )
