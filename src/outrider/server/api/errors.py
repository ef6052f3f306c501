"""Errors as answers: ``{"error": {"code", "message", "fix"}}`` with the status that fits."""

from __future__ import annotations

import sqlite3

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from outrider.model.errors import LocalError, UserError
from outrider.protocols.uplink import Refusal, encode_refusal

_RETRY_AFTER = "5"


def json_answer(body: object, status: int = 200) -> Response:
    """Any value that msgspec can write."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def error_answer(status: int, code: str, message: str, fix: str = "") -> Response:
    """An error in the API's shape."""
    answer = json_answer({"error": {"code": code, "message": message, "fix": fix}}, status)
    if status == 503:
        answer.headers["Retry-After"] = _RETRY_AFTER
    return answer


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    headers = {"Retry-After": _RETRY_AFTER} if error.reason.status == 503 else None
    return Response(encode_refusal(error), error.reason.status, headers, "application/json")


async def _user(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    allowed = f"allowed: {', '.join(error.allowed)}" if error.allowed else ""
    return error_answer(400, "invalid", error.message, error.fix or allowed)


async def _local(request: Request, error: Exception) -> Response:
    return error_answer(503, "unavailable", str(error), "try again in some seconds")


async def _database(request: Request, error: Exception) -> Response:
    return error_answer(
        503, "unavailable", f"the server's database cannot be used: {error}", "look at the server's disk"
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    match error.status_code:
        case 404:
            message = f"there is nothing at {request.url.path[:200]}"
            return error_answer(404, "not_found", message, "calls begin with /api/v1/ (agents: /agent/v1/)")
        case 405:
            allowed = (error.headers or {}).get("Allow", "")
            message = f"{request.method} is not possible at {request.url.path[:200]}"
            answer = error_answer(405, "method_not_allowed", message, f"use {allowed}")
            answer.headers["Allow"] = allowed
            return answer
    return error_answer(error.status_code, "other", error.detail)


ANSWERS: dict[object, ExceptionHandler] = {
    Refusal: _refusal,
    UserError: _user,
    LocalError: _local,
    sqlite3.OperationalError: _database,
    HTTPException: _http,
}
"""For starlette's ``exception_handlers``. Anything else is a bug: 500, and the traceback is logged."""
