"""What an agent says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from outrider.agent import health, preset, settings
from outrider.agent.preset import HEALTH_TAG, UPLINK
from outrider.pipeline.config import build
from outrider.pipeline.engine import Engine
from outrider.pipeline.log import Log, Sink
from outrider.plugins.outputs.uplink.plugin import Seen
from outrider.protocols.uplink import Heartbeat, Problem, decode_message, encode_message


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    found = settings.read({"OUTRIDER_STATE": str(tmp_path)}, {})
    log = Log(Sink(), "test")
    configuration = preset.configuration(found)
    return build.engine(build.plan(configuration, build.read_service(configuration, {}, log), {}, log))


def test_functions() -> None:
    assert health.functions(["NET_RAW"], 1514) == [
        "collects syslog and container logs: yes",
        "network detection: not built yet",
    ]
    assert health.functions([], 1514, "a.conf")[1] == "routes logs as a.conf says: yes"
    assert health.functions([], 514)[1:] == [
        "network detection: not built yet",
        "listens on port 514: no, needs NET_BIND_SERVICE",
    ]


def test_the_ledger_of_the_agent_balances(engine: Engine) -> None:
    row = engine.ledger.of_input("syslog-tcp", "a")
    row.accepted, row.waiting, row.passed = 10, 3, 6
    row.dropped["unreadable chunk"] = 1
    sent = engine.ledger.of_output("syslog-tcp", "a", "uplink")
    sent.routed, sent.buffered, sent.delivered = 6, 2, 3
    sent.dropped["refused"] = 1
    found = health.own_ledger(engine)
    assert (found.accepted, found.delivered, found.buffered) == (10, 3, 5)
    assert found.dropped == {"unreadable chunk": 1, "refused": 1}
    assert found.accepted == found.delivered + found.buffered + found.lost


def test_the_ledger_is_of_what_was_for_the_server(engine: Engine) -> None:
    row = engine.ledger.of_input("forward.0", "web-firelens-1")
    row.accepted, row.waiting, row.passed = 20, 3, 10
    row.dropped.update({"filter grep.0": 6, "malformed record": 1})
    for output, dropped in ((UPLINK, {}), ("s3.0", {"HTTP 403": 2})):
        sent = engine.ledger.of_output("forward.0", "web-firelens-1", output)
        sent.routed, sent.delivered = 10, 10 - sum(dropped.values())
        sent.dropped.update(dropped)
    checks = engine.ledger.of_input("tcp.2", HEALTH_TAG)
    checks.accepted, checks.passed = 7, 7
    engine.ledger.of_output("tcp.2", HEALTH_TAG, "null.0").routed = 7
    found = health.own_ledger(engine)
    assert (found.accepted, found.delivered, found.buffered) == (14, 10, 3)
    assert found.dropped == {"malformed record": 1}
    assert found.accepted == found.delivered + found.buffered + found.lost
    (problem,) = health.pipeline_problems(engine)
    assert (problem.level, problem.what) == ("warning", "output s3.0 has dropped records: 2 (HTTP 403)")


def test_a_heartbeat_is_taken_by_the_server_whatever_senders_wrote(engine: Engine) -> None:
    uplink: Any = engine.outputs[0].plugin
    uplink.seen = {"odd \udcff\ud800": Seen("c0ffee", -5, 3), "": Seen("", 7, 1)}
    engine.ledger.of_input("syslog-tcp", "a").refused["too long"] += 2
    problems = [Problem("x" * 100_000, "y" * 100_000, "error")] * 300
    beat = health.heartbeat(engine, 1.5, ["NET_RAW"], problems)
    found = decode_message(Heartbeat, encode_message(beat))
    assert [state.name for state in found.containers] == ["odd \\xff\\ud800", ""]
    assert found.containers[0].last_log_ns == 0
    assert len(found.problems) == 100
    assert found.uptime_seconds == 1.5


def test_refused_messages_are_a_problem(engine: Engine) -> None:
    assert health.heartbeat(engine, 0, [], []).problems == []
    engine.ledger.of_input("syslog-tcp", "a").refused["too long"] += 2
    (problem,) = health.heartbeat(engine, 0, [], []).problems
    assert "2 messages could not be taken in" in problem.what


def test_a_spool_in_trouble_is_a_problem(engine: Engine) -> None:
    engine.inputs[0].intake.trouble = "No space left on device"
    (problem,) = health.pipeline_problems(engine)
    assert (problem.level, problem.fix) == ("error", "free disk space")
    assert "syslog-tcp: No space left" in problem.what


def test_the_status_file(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    engine.ledger.of_input("syslog-tcp", "tag \udcff")
    content = health.status(engine, [Problem("wrong", "mend it")], enrolled=False, address=("127.0.0.1", 1514))
    health.write_status(path, content)
    found = json.loads(path.read_text())
    assert (found["enrolled"], found["listen"], found["port"]) == (False, "127.0.0.1", 1514)
    assert found["problems"] == [{"what": "wrong", "fix": "mend it", "level": "warning"}]
    assert found["pipeline"]["tags"][0]["tag"] == "tag \\xff"
    assert [item.name for item in tmp_path.glob("status*")] == ["status.json"]


def test_uplink_remembers_a_bounded_number_of_names(engine: Engine) -> None:
    uplink: Any = engine.outputs[0].plugin
    uplink._see([SimpleNamespace(container=f"{n}" * 5000, container_id="i" * 5000, ts_ns=n) for n in range(2000)])
    assert len(uplink.seen) <= 500
    assert max(map(len, uplink.seen)) <= 256
