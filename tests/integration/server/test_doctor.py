"""The doctor with a real server: tokens that are taken and refused, an identity, and a server that is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from outrider.agent import settings
from outrider.agent.enrol import enrol
from outrider.doctor.checks import checks_of
from outrider.doctor.examine import examine
from outrider.doctor.subject import Subject
from outrider.doctor.verdict import Line
from outrider.server import admin

Make = Callable[..., Any]


def lines_of(subject: Subject) -> dict[str, Line]:
    return {line.check: line for line in asyncio.run(examine(checks_of(subject), 60))}


def levels(subject: Subject, *names: str) -> list[str]:
    found = lines_of(subject)
    return [found[name].level.value for name in names]


SERVER = ("server-name", "server-connection", "server-certificate", "server-answer", "clock")


def test_from_the_token_to_the_identity(server: Any, tmp_path: Path) -> None:
    token = admin.create_token(server.data, uses=2)
    subject = Subject(server=server.ingest, token=token, name="web", state=tmp_path / "state")
    assert levels(subject, *SERVER) == ["ok"] * 5
    for _ in range(3):
        assert lines_of(subject)["token-accepted"].what == "the server takes it 2 times more"
    read = settings.read(
        {"OUTRIDER_SERVER": server.ingest, "OUTRIDER_TOKEN": token}, {"state": str(tmp_path / "state")}
    )
    host_id = asyncio.run(enrol(read, [])).host_id
    enrolled = replace(subject, token="")
    assert levels(enrolled, *SERVER, "token", "token-accepted") == ["ok"] * 5 + ["skipped"] * 2
    assert levels(enrolled, "identity", "identity-accepted") == ["ok", "ok"]
    assert admin.list_tokens(server.data)[0][0].used == 1
    admin.revoke_host(server.data, host_id)
    line = lines_of(enrolled)["identity-accepted"]
    assert (line.level.value, line.fix) == ("fail", "enrol again with a new join token")


def test_tokens_that_the_server_does_not_take(server: Any, make_server: Make, tmp_path: Path) -> None:
    other = make_server(data=tmp_path / "other")
    revoked = admin.create_token(server.data)
    admin.revoke_token(server.data, revoked.split(".")[1])
    subject = Subject(server=server.ingest, name="web", state=tmp_path / "state")
    line = lines_of(replace(subject, token=revoked))["token-accepted"]
    assert (line.level.value, "was revoked" in line.what) == ("fail", True)
    foreign = lines_of(replace(subject, token=other.ready["token"]))
    assert "another certificate authority" in foreign["server-certificate"].what
    assert foreign["token-accepted"].level == "skipped"


def test_a_name_that_is_not_in_the_certificate_and_a_server_that_is_gone(server: Any, tmp_path: Path) -> None:
    subject = Subject(server=server.ingest, token=server.ready["token"], state=tmp_path / "state")
    port = server.ports[1]
    line = lines_of(replace(subject, server=f"https://127.0.0.2:{port}"))["server-connection"]
    assert line.level == "fail"
    page = lines_of(replace(subject, server=server.page))
    assert page["server-certificate"].level == "fail"
    server.stop()
    gone = lines_of(subject)
    assert gone["server-connection"].what == f"127.0.0.1:{port}: Connection refused"
    assert [gone[name].level for name in ("server-certificate", "server-answer", "clock")] == ["skipped"] * 3
