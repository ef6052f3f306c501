"""One method a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jinja2
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

import outrider
from outrider.model.errors import LocalError, UserError
from outrider.server.api import errors
from outrider.server.api.access import COOKIE, Access, Caller, forgery, same_origin
from outrider.server.api.views import LogsView, Views
from outrider.server.domain.containers import short_name
from outrider.server.domain.durations import parse_span
from outrider.server.domain.hosts import State
from outrider.server.web import show

_FORM_BYTES = 16 << 10
_COOKIE_SECONDS = 12 * 3600
# A task's agent is new at each start of the task.
_TOKEN_FORM = {"ttl": "24h", "uses": "1000", "prefix": ""}
_SEARCH_FORM = ("q", "range", "from", "to", "host", "container", "severity", "limit", "cursor")


class Pages:
    """The portal as HTML."""

    def __init__(self, views: Views, access: Access, ingest: str, *, secure: bool) -> None:
        self._ingest = ingest
        self._views, self._access, self._secure = views, access, secure
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            clock_time=show.clock_time,
            day=show.day,
            full_time=show.full_time,
            iso_time=show.iso_time,
            second=show.second,
            short_name=short_name,
            source_width=show.source_width,
            number=show.number,
            span=show.span,
        )
        self._templates.globals.update(link=show.link, version=outrider.__version__)

    def routes(self) -> list[Route]:
        """For the portal's application."""
        return [
            Route("/", self.root, methods=["GET"]),
            Route("/login", self.login_form, methods=["GET"]),
            Route("/login", self.log_in, methods=["POST"]),
            Route("/logout", self.log_out, methods=["POST"]),
            Route("/hosts", self.hosts, methods=["GET"]),
            Route("/hosts/add", self.add_host_form, methods=["GET"]),
            Route("/hosts/add", self.add_host, methods=["POST"]),
            Route("/hosts/{id}", self.host, methods=["GET"]),
            Route("/hosts/{id}/forget", self.forget_host, methods=["POST"]),
            Route("/logs", self.logs, methods=["GET"]),
        ]

    def error_handlers(self) -> dict[object, Any]:
        """Errors outside of the API are pages as well."""

        async def http(request: Request, error: Exception) -> Response:
            assert isinstance(error, HTTPException)
            if request.url.path.startswith("/api/"):
                return await errors.ANSWERS[HTTPException](request, error)  # type: ignore[misc,arg-type,no-any-return]
            title, fix = error.detail, ""
            if error.status_code == 404:
                title, fix = (
                    f"There is no page at {request.url.path[:200]}",
                    "It may have moved, or the address is cut.",
                )
            caller = self._access.caller(request)
            return self._page(request, "error.html", error.status_code, caller, title=title, fix=fix)

        async def local(request: Request, error: Exception) -> Response:
            if request.url.path.startswith("/api/"):
                return await errors.ANSWERS[LocalError](request, error)  # type: ignore[misc,arg-type,no-any-return]
            caller, fix = self._access.caller(request), "Try again in some seconds."
            return self._page(request, "error.html", 503, caller, title=str(error), fix=fix)

        return {HTTPException: http, LocalError: local}

    async def root(self, request: Request) -> Response:
        """There is no front page: hosts are what one looks for first."""
        return RedirectResponse("/hosts", 303)

    async def login_form(self, request: Request) -> Response:
        """The login."""
        if self._access.caller(request):
            return RedirectResponse("/hosts", 303)
        return self._page(
            request, "login.html", next=_local_path(request.query_params.get("next", "")), problem="", user="admin"
        )

    async def log_in(self, request: Request) -> Response:
        """A name and a password for a session."""
        form = await _form(request)
        after = _local_path(form.get("next", ""))
        user = form.get("user", "")
        if not same_origin(request.headers):
            return self._page(
                request, "login.html", 403, next=after, problem="This form came from another site.", user=""
            )
        address = request.client.host if request.client else ""
        secret, wait = await self._access.log_in(user, form.get("password", ""), address)
        if not secret:
            problem = f"Too many tries. Wait {wait} seconds." if wait else "The name or the password is wrong."
            answer = self._page(request, "login.html", 429 if wait else 401, next=after, problem=problem, user=user)
            if wait:
                answer.headers["Retry-After"] = str(wait)
            return answer
        answer = RedirectResponse(after, 303)
        answer.set_cookie(
            COOKIE, secret, max_age=_COOKIE_SECONDS, httponly=True, samesite="strict", secure=self._secure, path="/"
        )
        return answer

    async def log_out(self, request: Request) -> Response:
        """End the session."""
        caller = self._access.caller(request)
        if caller and not forgery(caller, (await _form(request)).get("csrf", "")):
            self._access.log_out(request)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    async def hosts(self, request: Request) -> Response:
        """Protected hosts."""
        caller = self._access.caller(request)
        if caller is None:
            return _to_login(request)
        views = await self._views.hosts()
        state, text = request.query_params.get("state", ""), request.query_params.get("q", "").strip()
        counts = {each.value: sum(view.state == each for view in views) for each in State}
        shown = [
            view
            for view in views
            if (not state or view.state == state)
            and (not text or text.lower() in view.name.lower())
            # What ended long ago is shown to those who ask for it.
            and (state or text or not view.past)
        ]
        return self._page(
            request,
            "hosts.html",
            caller=caller,
            hosts=shown,
            counts=counts,
            total=len(views),
            past=sum(view.past for view in views),
            state=state,
            q=text,
            store=self._views.store.state,
        )

    async def host(self, request: Request) -> Response:
        """One protected host."""
        caller = self._access.caller(request)
        if caller is None:
            return _to_login(request)
        view = await self._views.host(request.path_params["id"])
        if view is None:
            return self._page(request, "error.html", 404, caller=caller, title="There is no such host.", fix="")
        latest: LogsView | None = None
        if view.received:
            latest = await self._views.logs({"host": view.id, "from": "7d", "limit": "8"})
        return self._page(request, "host.html", caller=caller, host=view, latest=latest)

    async def forget_host(self, request: Request) -> Response:
        """Leave a host that is offline out of the list."""
        caller = self._access.caller(request)
        if caller is None:
            return _to_login(request)
        control = self._views.control
        view = await self._views.host(request.path_params["id"])
        host = control.hosts.get(view.id) if view else None
        if view is None or host is None:
            return self._page(request, "error.html", 404, caller=caller, title="There is no such host.", fix="")
        if forgery(caller, (await _form(request)).get("csrf", "")) or not same_origin(request.headers):
            title, fix = "This form has expired.", "Open the host's page again."
            return self._page(request, "error.html", 403, caller=caller, title=title, fix=fix)
        if view.state != State.OFFLINE:
            title, fix = f"{view.name} is online.", "Only hosts that are offline can be removed: stop its agent first."
            return self._page(request, "error.html", 409, caller=caller, title=title, fix=fix)
        control.forget_host(caller.name, host)
        return RedirectResponse("/hosts", 303)

    async def logs(self, request: Request) -> Response:
        """Search."""
        caller = self._access.caller(request)
        if caller is None:
            return _to_login(request)
        form = dict.fromkeys(_SEARCH_FORM, "")
        form.update((name, value) for name, value in request.query_params.items() if name in form)
        range_ = form["range"] or ("" if form["from"] else "1h")
        problem, fix, found, over = "", "", None, None
        try:
            found = await self._views.logs(_search_parameters(form, range_))
            over = await self._histogram(form, range_)
        except (UserError, LocalError) as error:
            problem = error.message if isinstance(error, UserError) else str(error)
            fix = error.fix if isinstance(error, UserError) else "Try again in some seconds."
        names = sorted({host.name for host in self._views.control.hosts.all() if not host.forgotten_ns})
        containers = await self._views.container_names()
        if found:
            containers |= {record.container for record in found.records}
        api = {name: value for name, value in _search_parameters(form, range_).items() if value}
        return self._page(
            request,
            "logs.html",
            400 if problem else 200,
            caller=caller,
            form=form,
            range=range_,
            found=found,
            over=over,
            problem=problem,
            fix=fix,
            names=names,
            containers=sorted({short_name(name) for name in containers if name}),
            ranges=show.RANGES,
            severities=show.SEVERITIES,
            json_link=show.link("/api/v1/logs", **{f"{k}_": v for k, v in api.items()}),
            older=show.link(
                "/logs", **{f"{k}_": v for k, v in {**form, "cursor": (found and found.next) or ""}.items()}
            ),
            newest=show.link("/logs", **{f"{k}_": v for k, v in form.items() if k != "cursor"}),
        )

    async def _histogram(self, form: Mapping[str, str], range_: str) -> show.Chart | None:
        """None where it would take too long: the page is of use without it."""
        try:
            found = await self._views.histogram(_search_parameters(form, range_))
        except UserError:
            return None
        kept = {f"{name}_": form[name] for name in ("q", "host", "container", "severity", "limit")}
        return show.chart(found.bars, found.width_ns, lambda a, b: show.link("/logs", from_=a, to=b, **kept))

    async def add_host_form(self, request: Request) -> Response:
        """How to add a host."""
        caller = self._access.caller(request)
        if caller is None:
            return _to_login(request)
        return self._page(
            request,
            "add.html",
            caller=caller,
            token="",
            problem="",
            ingest=self._ingest,
            form=_TOKEN_FORM,
        )

    async def add_host(self, request: Request) -> Response:
        """A new join token, shown once."""
        caller = self._access.caller(request)
        if caller is None:
            return _to_login(request)
        form = {**_TOKEN_FORM, **await _form(request)}
        token, problem, ends = "", "", 0
        if forgery(caller, form.get("csrf", "")) or not same_origin(request.headers):
            problem = "This form has expired. Send it again."
        else:
            try:
                uses, seconds = int(form["uses"][:8]) if form["uses"].isdecimal() else 0, parse_span(form["ttl"])
                token = str(self._views.control.create_token(caller.name, seconds, uses, form["prefix"]))
                ends = self._views.control.clock() + seconds * 10**9
            except UserError as error:
                problem = f"{error.message}. {error.fix}"
        return self._page(
            request,
            "add.html",
            400 if problem else 200,
            caller=caller,
            token=token,
            ends=ends,
            problem=problem,
            form=form,
            ingest=self._ingest,
        )

    def _page(
        self, request: Request, name: str, status: int = 200, caller: Caller | None = None, **values: Any
    ) -> Response:
        now = self._views.control.clock()
        text = self._templates.get_template(name).render(
            caller=caller, path=request.url.path, now_ns=now, ago=lambda ns: show.ago(ns, now), **values
        )
        return Response(text, status, media_type="text/html; charset=utf-8")


def _search_parameters(form: Mapping[str, str], range_: str) -> dict[str, str]:
    """The API's parameters for what the form asks: a chosen range stands for ``from`` and ``to``."""
    parameters = {name: form.get(name, "") for name in ("host", "container", "severity", "q", "limit", "cursor")}
    if range_:
        return {**parameters, "from": range_}
    return {**parameters, "from": form.get("from", ""), "to": form.get("to", "")}


def _to_login(request: Request) -> Response:
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(show.link("/login", next=target if target != "/hosts" else ""), 303)


def _local_path(text: str) -> str:
    """A path on this server; anything that a browser could read as another server becomes the hosts page."""
    if not text.startswith("/") or text.startswith(("//", "/\\")) or any(c < " " for c in text):
        return "/hosts"
    return text


async def _form(request: Request) -> dict[str, str]:
    """An URL-encoded form; what is longer than any of ours is cut."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _FORM_BYTES:
            raise HTTPException(413, "The form is too large.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
