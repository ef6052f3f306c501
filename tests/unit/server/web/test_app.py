"""What the portal says of its own health."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from starlette.applications import Starlette

from outrider.server.clock import wall
from outrider.server.control import Control
from outrider.server.ports import StoreState
from outrider.server.web.app import portal

UP = StoreState(True, 0, "", 0)


async def health(app: Starlette) -> tuple[int, dict[str, Any]]:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/healthz", "headers": [], "query_string": b""}
    await app(scope, receive, send)
    return sent[0]["status"], msgspec.json.decode(b"".join(message.get("body", b"") for message in sent[1:]))


@pytest.mark.parametrize(
    ("state", "ingest", "says"),
    [
        (UP, None, ""),
        (UP._replace(up=False), None, "the log store is down"),
        (UP._replace(problem="insert failed: /var/lib"), None, "the log store takes no records at present"),
        (UP, SimpleNamespace(what="the disk is full"), "the disk is full"),
        (UP._replace(aside="1 batches"), None, ""),
    ],
    ids=["well", "down", "stuck", "no room", "well but for a batch set aside"],
)
async def test_health(tmp_path: Path, state: StoreState, ingest: object, says: str) -> None:
    committer: Any = SimpleNamespace(problem=ingest)
    store: Any = SimpleNamespace(state=state)
    app = portal(Control(tmp_path, wall), committer, store, 30, "https://here", secure=True)
    assert await health(app) == (503 if says else 200, {"ok": not says, "problem": says})
