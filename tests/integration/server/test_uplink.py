"""The agents' port of a real server: enrolment, identity, heartbeats, batches, and everything that is refused."""

from __future__ import annotations

import json
import os
import secrets
import select
import signal
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outrider.protocols import uplink
from outrider.protocols.uplink import Reason, Row, decode_refusal, encode_batch
from outrider.server import admin

Make = Callable[..., Any]


def reason(answer: tuple[int, bytes]) -> Reason:
    assert answer[0] >= 400
    return decode_refusal(*answer).reason


def test_a_record_goes_all_the_way(server: Any, make_agent: Make, make_row: Callable[..., Row]) -> None:
    agent = make_agent(server, "web-1")
    assert agent.heartbeat(version="1.2").state == "New"
    assert (
        agent.send([make_row("GET /index.html 200"), make_row("Payment FAILED for order 77", severity="err")])[0] == 200
    )
    ledger = server.wait_stored()
    assert (ledger["received"], ledger["stored"], ledger["in_store"], ledger["lost"]) == (2, 2, 2, 0)
    found = server.call("/api/v1/logs", q="failed payment", host="web-1", severity="error+")
    (record,) = found["records"]
    assert record["message"] == "Payment FAILED for order 77"
    assert (record["host"], record["host_name"], record["container"], record["severity"]) == (
        agent.host_id,
        "web-1",
        "web",
        "error",
    )
    (host,) = server.call("/api/v1/hosts")["hosts"]
    assert (host["state"], host["version"], host["received"]) == ("New", "1.2", 2) or host["state"] == "OK"
    assert server.call(f"/api/v1/hosts/{agent.host_id}")["name"] == "web-1"
    assert agent.heartbeat().state == "OK"
    assert server.stop() == 0


def test_a_batch_sent_twice_is_stored_once(server: Any, make_agent: Make, make_row: Callable[..., Row]) -> None:
    agent = make_agent(server)
    batch = secrets.token_hex(16)
    rows = [make_row(f"line {n}") for n in range(10)]
    assert agent.send(rows, batch) == (200, {"batch": batch, "durable": True, "duplicate": False})
    assert agent.send(rows, batch) == (200, {"batch": batch, "durable": True, "duplicate": True})
    assert server.wait_stored()["in_store"] == 10
    again = make_agent(server, "web-2", token=admin.create_token(server.data))
    assert again.send(rows, batch)[1]["duplicate"] is False


def test_malformed_batches_are_refused_with_a_reason(
    server: Any, make_agent: Make, make_row: Callable[..., Row]
) -> None:
    agent = make_agent(server)
    good = encode_batch([make_row("x")])
    for body, rows, batch in (
        (b"", 0, ""),
        (b"garbage", 1, ""),
        (good[:-3], 1, ""),
        (good, 2, ""),
        (good, 1, "not an id"),
    ):
        status, answer = agent.send_bytes(body, rows, batch)
        assert (status, answer["error"]["code"]) == (400, "malformed")
    status, answer = agent.send_bytes(b"x" * ((16 << 20) + 1), 1)
    assert (status, answer["error"]["code"]) == (413, "too_big")
    assert agent.send_bytes(good, 1)[0] == 200


def test_tokens_are_refused_with_a_reason_and_an_audit_row(server: Any, make_agent: Make) -> None:
    make_agent(server, "first")
    ids = {}
    for name, options in {
        "prefix": {"host_name_prefix": "db-"},
        "revoked": {},
        "unknown": {},
        "expired": {"ttl": "1s"},
    }.items():
        ids[name] = admin.create_token(server.data, **options)
    admin.revoke_token(server.data, ids["revoked"].split(".")[1])
    head, token_id, _, pin = ids["unknown"].split(".")
    unknown = ".".join((head, token_id, "A" * 32, pin))
    agent = make_agent(server, "second", enrol=False)
    assert reason(agent.ask_to_enrol()) is Reason.TOKEN_USED
    assert reason(agent.ask_to_enrol(token=ids["revoked"])) is Reason.TOKEN_REVOKED
    assert reason(agent.ask_to_enrol(token=unknown)) is Reason.TOKEN_UNKNOWN
    assert reason(agent.ask_to_enrol(token="orj1.x")) is Reason.TOKEN_MALFORMED
    assert reason(agent.ask_to_enrol(token=ids["prefix"])) is Reason.NAME_NOT_ALLOWED
    assert reason(agent.ask_to_enrol(token=ids["prefix"], name="db-1", csr_pem="x")) is Reason.REQUEST_INVALID
    assert agent.ask_to_enrol(token=ids["prefix"], name="db-1")[0] == 200
    states = {row.id: state for row, state in admin.list_tokens(server.data)}
    assert states[ids["revoked"].split(".")[1]] == "revoked"
    assert states[ids["prefix"].split(".")[1]] == "used"
    from outrider.server.adapters.sqlite.audit import AuditTrail
    from outrider.server.adapters.sqlite.database import Database

    database = Database(server.data / "control.sqlite")
    refusals = [entry for entry in AuditTrail(database).newest() if entry.what == "enrolment refused"]
    database.close()
    assert len(refusals) == 6
    assert {entry.who for entry in refusals} == {"127.0.0.1"}


def test_identity_is_the_certificate(
    server: Any, make_agent: Make, make_row: Callable[..., Row], tmp_path: Path
) -> None:
    agent = make_agent(server)
    nobody = ssl.create_default_context(cafile=server.ready["ca"])
    for path in (uplink.HEARTBEAT_PATH, uplink.BATCHES_PATH):
        assert reason(agent.request("POST", path, b"{}", tls=nobody)) is Reason.NO_CERTIFICATE
    admin.revoke_host(server.data, agent.host_id)
    assert reason(agent.request("POST", uplink.HEARTBEAT_PATH, b"{}", tls=agent.tls)) is Reason.HOST_REVOKED
    (host,) = server.call("/api/v1/hosts")["hosts"]
    assert (host["state"], host["revoked"]) == ("Offline", True)


def test_a_foreign_certificate_does_not_get_through_the_handshake(
    make_server: Make, make_agent: Make, tmp_path: Path
) -> None:
    ours, other = make_server(), make_server(data=tmp_path / "other")
    stranger = make_agent(other)
    tls = ssl.create_default_context(cafile=ours.ready["ca"])
    tls.load_cert_chain(stranger.directory / "identity.pem")
    agent = make_agent(ours)
    with pytest.raises(OSError):
        agent.request("POST", uplink.HEARTBEAT_PATH, b"{}", tls=tls)
    assert agent.heartbeat().heartbeat_seconds == 30


def test_a_token_of_another_server_is_refused(make_server: Make, make_agent: Make, tmp_path: Path) -> None:
    ours, other = make_server(), make_server(data=tmp_path / "other")
    agent = make_agent(ours, enrol=False)
    assert reason(agent.ask_to_enrol(token=other.ready["token"])) is Reason.TOKEN_UNKNOWN


def test_keys_are_for_the_owner_only(server: Any) -> None:
    for name in ("pki/ca.key", "pki/server.key", "control.sqlite", "log"):
        assert (server.data / name).stat().st_mode & 0o077 == 0, name


def test_what_is_not_there_is_said_in_json(server: Any, make_agent: Make) -> None:
    agent = make_agent(server)
    status, body = agent.request("GET", "/agent/v1/nothing", tls=agent.tls)
    assert (status, json.loads(body)["error"]["code"]) == (404, "not_found")


def test_a_second_server_on_the_same_data_says_so(server: Any, make_server: Make) -> None:
    with pytest.raises(AssertionError, match=f"process {server.process.pid}.*--data"):
        make_server()


def test_a_busy_port_says_so(server: Any, make_server: Make, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"cannot listen on 127\.0\.0\.1:\d+: Address already in use.*--listen"):
        make_server(data=tmp_path / "second", ports=(server.ports[0], 0))


def test_the_server_stops_cleanly_and_keeps_everything(
    make_server: Make, make_agent: Make, make_row: Callable[..., Row]
) -> None:
    first = make_server()
    agent = make_agent(first)
    for n in range(5):
        assert agent.send([make_row(f"before {n}")])[0] == 200
    assert first.stop() == 0
    assert not [p for p in os.listdir("/proc") if p.isdigit() and _group(int(p)) == first.process.pid]
    second = make_server(ports=first.ports)
    agent.connection = None
    assert second.ready["password"] == ""
    assert agent.send([make_row("after")])[0] == 200
    assert second.wait_stored()["in_store"] == 6


def test_a_second_signal_ends_a_stop_that_takes_long(
    make_server: Make, make_agent: Make, make_row: Callable[..., Row]
) -> None:
    first = make_server()
    agent = make_agent(first)
    with open(f"/proc/{first.process.pid}/task/{first.process.pid}/children") as file:
        store = int(file.read())
    gone = os.pidfd_open(store)
    os.kill(store, signal.SIGSTOP)
    assert agent.send([make_row("taken, not stored")])[0] == 200
    agent.close()
    first.process.terminate()
    deadline = time.monotonic() + 30
    while "stopping" not in first.log():
        assert time.monotonic() < deadline, first.log()
        time.sleep(0.01)
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(15) == 1
    # As soon as a process has ended, its pidfd can be read.
    assert select.select([gone], [], [], 15)[0]
    os.close(gone)
    assert make_server(ports=first.ports).wait_stored()["in_store"] == 1


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0
