"""The portal's application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from outrider.protocols.uplink import Reason
from outrider.server.api.access import Access
from outrider.server.api.errors import ANSWERS, error_answer, json_answer
from outrider.server.api.people import PeopleApi
from outrider.server.api.views import Views
from outrider.server.control import Control
from outrider.server.ingest.committer import Committer
from outrider.server.ports import LogStore
from outrider.server.web.pages import Pages

_STATIC = Path(__file__).parent / "static"
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
        b" form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)


class _Secured:
    """Adds the headers that every answer has; pages and API answers are never kept by a cache."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                static = scope["path"].startswith("/static/")
                cache = b"max-age=3600" if static else b"no-store"
                message["headers"] = [*message["headers"], *_HEADERS, (b"cache-control", cache)]
            await send(message)

        await self._app(scope, receive, secured)


def portal(
    control: Control, committer: Committer, store: LogStore, heartbeat_seconds: int, ingest: str, *, secure: bool
) -> Starlette:
    """Pages and API. ``ingest`` is the agents' address; ``secure``: served over TLS, so cookies are for TLS only."""
    views, access = Views(control, committer, store, heartbeat_seconds), Access(control)

    async def health(request: Request) -> Response:
        # Anybody may ask: what exactly is wrong stands in the server's log and on the page of hosts.
        problem = ""
        if not store.state.up:
            problem = "the log store is down"
        elif store.state.problem:
            problem = "the log store takes no records at present"
        elif committer.problem is not None:
            problem = committer.problem.what
        return json_answer({"ok": not problem, "problem": problem}, 503 if problem else 200)

    async def icon(request: Request) -> Response:
        return FileResponse(_STATIC / "icon.svg")

    async def wrong_port(request: Request) -> Response:
        message = f"this is the port of pages and of their API; agents use {ingest}"
        return error_answer(404, Reason.OTHER.value, message, f"set OUTRIDER_SERVER (or --server) to {ingest}")

    pages = Pages(views, access, ingest, secure=secure)
    handlers: Any = {**ANSWERS, **pages.error_handlers()}
    return Starlette(
        routes=[
            *PeopleApi(views, access).routes(),
            *pages.routes(),
            Route("/healthz", health),
            Route("/agent/{path:path}", wrong_port, methods=["GET", "POST", "PUT", "DELETE"]),
            # Asked for by browsers that show the API's JSON.
            Route("/favicon.ico", icon),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[Middleware(_Secured)],
        exception_handlers=handlers,
    )
