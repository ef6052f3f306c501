"""The JSON API of the portal: ``/api/v1/…``, by session or by ``Authorization: Bearer``."""

from __future__ import annotations

from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from outrider.model.errors import UserError
from outrider.protocols.uplink import Reason, Refusal
from outrider.server.api.access import Access, Caller, forgery
from outrider.server.api.errors import error_answer, json_answer
from outrider.server.api.views import Views
from outrider.server.domain.durations import parse_span

_BODY_BYTES = 64 << 10
_RECORD_FIX = "ids are in the answers of GET /api/v1/logs; records expire"


class TokenRequest(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /api/v1/tokens``; every member may be left out."""

    ttl: str = "24h"
    uses: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    host_name_prefix: str = ""


class PeopleApi:
    """The routes."""

    def __init__(self, views: Views, access: Access) -> None:
        self._views, self._access = views, access

    def routes(self) -> list[Route]:
        """For the portal's application."""
        return [
            Route("/api/v1/hosts", self.hosts, methods=["GET"]),
            Route("/api/v1/hosts/{id}", self.host, methods=["GET"]),
            Route("/api/v1/logs", self.logs, methods=["GET"]),
            Route("/api/v1/records/{id}", self.record, methods=["GET"]),
            Route("/api/v1/histogram", self.histogram, methods=["GET"]),
            Route("/api/v1/ledger", self.ledger, methods=["GET"]),
            Route("/api/v1/tokens", self.create_token, methods=["POST"]),
        ]

    async def hosts(self, request: Request) -> Response:
        """Every host."""
        if self._access.caller(request) is None:
            return _unauthorized()
        return json_answer({"hosts": await self._views.hosts()})

    async def host(self, request: Request) -> Response:
        """One host."""
        if self._access.caller(request) is None:
            return _unauthorized()
        view = await self._views.host(request.path_params["id"])
        return (
            json_answer(view)
            if view
            else error_answer(404, "not_found", "there is no host with this id", "GET /api/v1/hosts lists them")
        )

    async def logs(self, request: Request) -> Response:
        """Records by ``from``, ``to``, ``host``, ``container``, ``severity``, ``q``, ``limit``, ``cursor``."""
        if self._access.caller(request) is None:
            return _unauthorized()
        return json_answer(await self._views.logs(request.query_params))

    async def record(self, request: Request) -> Response:
        """One record, its message whole."""
        if self._access.caller(request) is None:
            return _unauthorized()
        view = await self._views.record(request.path_params["id"])
        return (
            json_answer(view)
            if view
            else error_answer(404, "not_found", "there is no record with this id", _RECORD_FIX)
        )

    async def histogram(self, request: Request) -> Response:
        """Records over time, by the parameters of ``logs``: bars as ``[start_ns, records, errors and worse]``."""
        if self._access.caller(request) is None:
            return _unauthorized()
        return json_answer(await self._views.histogram(request.query_params))

    async def ledger(self, request: Request) -> Response:
        """The balance."""
        if self._access.caller(request) is None:
            return _unauthorized()
        return json_answer(await self._views.ledger())

    async def create_token(self, request: Request) -> Response:
        """A join token."""
        caller = self._access.caller(request)
        if caller is None:
            return _unauthorized()
        if forgery(caller, request.headers.get("x-csrf-token", "")):
            message = "the header X-CSRF-Token does not belong to this session"
            return error_answer(
                403, "csrf", message, "programs use an API token: outrider server api-token create NAME"
            )
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _BODY_BYTES:
                raise Refusal(Reason.TOO_BIG, "the body is too large")
        return json_answer(create_token(self._views, caller, body), 201)


def create_token(views: Views, caller: Caller, body: bytes) -> dict[str, object]:
    """Make the token that this body asks for. Raises ``UserError``."""
    try:
        wanted = msgspec.json.decode(body or b"{}", type=TokenRequest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(f"the body: {error}", allowed=TokenRequest.__struct_fields__) from error
    token = views.control.create_token(caller.name, parse_span(wanted.ttl), wanted.uses, wanted.host_name_prefix)
    return {"id": token.id, "token": str(token), "ttl": wanted.ttl, "uses": wanted.uses}


def _unauthorized() -> Response:
    answer = error_answer(
        401,
        "unauthorized",
        "log in, or send 'Authorization: Bearer <API token>'",
        "outrider server api-token create NAME",
    )
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
