"""What each check makes of what it saw. Nothing is looked at here."""

from __future__ import annotations

import errno
import resource
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.doctor.checks import CHECKS
from outrider.doctor.checks.agent_port import AgentPort
from outrider.doctor.checks.capabilities import Capabilities, Held
from outrider.doctor.checks.clock import Clock, Times
from outrider.doctor.checks.configuration import Configuration
from outrider.doctor.checks.credentials import Credentials
from outrider.doctor.checks.file_system import FileSystem, Writable
from outrider.doctor.checks.identity import Enrolled, Identity
from outrider.doctor.checks.identity_accepted import IdentityAccepted
from outrider.doctor.checks.memory import Memory, MemoryLimit
from outrider.doctor.checks.metadata import Metadata
from outrider.doctor.checks.open_files import OpenFiles
from outrider.doctor.checks.output_peer import OutputPeer
from outrider.doctor.checks.resolver import Resolver
from outrider.doctor.checks.router_ports import RouterPorts
from outrider.doctor.checks.router_socket import RouterSocket
from outrider.doctor.checks.server_answer import ServerAnswer
from outrider.doctor.checks.server_certificate import ServerCertificate, Shown
from outrider.doctor.checks.server_name import ServerName
from outrider.doctor.checks.settings import Settings
from outrider.doctor.checks.state_directory import Room, StateDirectory
from outrider.doctor.checks.token import Token
from outrider.doctor.checks.token_accepted import TokenAccepted
from outrider.doctor.checks.user import User, Users
from outrider.doctor.router import read
from outrider.doctor.subject import Subject
from outrider.doctor.verdict import Level, Line
from outrider.model.errors import UserError
from outrider.net.connect import Target
from outrider.net.reach import Answer
from outrider.pipeline.config.findings import Findings
from outrider.protocols.uplink import Reason, Refusal, TokenAnswer

TOKEN = f"orj1.abcd.{'s' * 32}.{'p' * 43}"
AGENT = Subject(server="https://logs.example.com:8444", token=TOKEN, state=Path("/nowhere/state"))
NOBODY = Subject(state=Path("/nowhere/state"))
TASK = Subject(environment={"ECS_CONTAINER_METADATA_URI_V4": "http://127.0.0.1/"}, state=Path("/nowhere/state"))
MIB = 1 << 20
DAY = 86_400.0
NOW = 1_800_000_000.0
LOOPBACK = ("127.0.0.1", 1514)
OTHER = ("127.112.224.65", 1514)

JUDGED: list[tuple[type[Any], Subject, Any, str, str]] = [
    (Settings, AGENT, (), "ok", "/nowhere/state"),
    (Settings, AGENT, (UserError("OUTRIDER_SYSLOG_PORT: 'x' is not a port"),), "fail", "is not a port"),
    (Resolver, AGENT, {}, "warn", "names no name server"),
    (Resolver, AGENT, {"10.0.0.2": True}, "ok", "10.0.0.2 answers"),
    (Resolver, AGENT, {"10.0.0.2": True, "10.0.0.3": False}, "warn", "10.0.0.3 does not answer"),
    (Resolver, AGENT, {"10.0.0.2": False, "10.0.0.3": False}, "fail", "10.0.0.2, 10.0.0.3 do not answer"),
    (ServerName, AGENT, ["10.0.0.5", "10.0.0.6"], "ok", "logs.example.com is 10.0.0.5, 10.0.0.6"),
    (ServerCertificate, AGENT, Shown(NOW - DAY, NOW + DAY, "", NOW), "ok", "trusted until 2027-01-16"),
    (ServerCertificate, AGENT, Shown(NOW - 2 * DAY, NOW - DAY, "", NOW), "fail", "ended on 2027-01-14"),
    (ServerCertificate, AGENT, Shown(NOW + DAY, NOW + 2 * DAY, "", NOW), "fail", "begins on 2027-01-16"),
    (ServerCertificate, AGENT, Shown(NOW - DAY, NOW + DAY, None, NOW), "warn", "was not verified"),
    (ServerCertificate, AGENT, Shown(NOW - DAY, NOW + DAY, "self-signed", NOW), "fail", "not trusted: self-signed"),
    (
        ServerCertificate,
        AGENT,
        Shown(NOW - DAY, NOW + DAY, "Hostname mismatch, certificate is not valid for 'logs.example.com'.", NOW),
        "fail",
        "--name logs.example.com",
    ),
    (ServerAnswer, AGENT, Answer(200, "", b'{"ok": true, "problem": ""}'), "ok", "takes records"),
    (ServerAnswer, AGENT, Answer(503, "", b'{"ok": false, "problem": "full", "fix": "free it"}'), "fail", "free it"),
    (ServerAnswer, AGENT, Answer(404, "", b"<html>"), "fail", "HTTP 404 is no Outrider server"),
    (Clock, AGENT, Times(NOW, NOW + 0.9, NOW + 1), "ok", "some seconds"),
    (Clock, AGENT, Times(NOW, NOW + 61, NOW + 61), "warn", "60 seconds ahead of"),
    (Clock, AGENT, Times(NOW, NOW - 600, NOW - 600), "fail", "600 seconds behind"),
    (Clock, AGENT, Times(None, NOW, NOW), "skipped", "no date"),
    (Token, AGENT, TOKEN, "ok", "token abcd is whole"),
    (Token, AGENT, "", "fail", "no join token"),
    (Token, AGENT, TOKEN[:-1], "fail", "wrong length"),
    (TokenAccepted, AGENT, TokenAnswer(1000), "ok", "1000 times more"),
    (TokenAccepted, AGENT, TokenAnswer(1), "warn", "--uses 1000"),
    (TokenAccepted, AGENT, Refusal(Reason.TOKEN_EXPIRED, "it has expired", "ask for one"), "fail", "ask for one"),
    (TokenAccepted, AGENT, Refusal(Reason.OTHER, "the server answered 404"), "skipped", "does not tell"),
    (Identity, AGENT, Enrolled(NOW + 90 * DAY, NOW), "ok", "until 2027-04-15"),
    (Identity, AGENT, Enrolled(NOW + 9 * DAY, NOW), "warn", "ends on 2027-01-24"),
    (Identity, AGENT, Enrolled(NOW - DAY, NOW), "fail", "ended on 2027-01-14"),
    (Identity, AGENT, Enrolled(None, NOW), "warn", "not enrolled yet"),
    (IdentityAccepted, AGENT, None, "ok", "knows this agent"),
    (IdentityAccepted, AGENT, Refusal(Reason.MALFORMED, "no id"), "ok", "knows this agent"),
    (IdentityAccepted, AGENT, Refusal(Reason.HOST_REVOKED, "this host was revoked"), "fail", "was revoked"),
    (AgentPort, AGENT, ([LOOPBACK], [LOOPBACK]), "ok", "127.0.0.1 port 1514"),
    (AgentPort, AGENT, ([LOOPBACK], []), "warn", "for datagrams"),
    (AgentPort, AGENT, ([("0.0.0.0", 1514)], [LOOPBACK]), "warn", "open to everybody"),
    (AgentPort, AGENT, ([("::", 1514)], [LOOPBACK]), "warn", "OUTRIDER_LISTEN"),
    (AgentPort, AGENT, ([("127.0.0.1", 1515)], [LOOPBACK]), "fail", "start the agent"),
    (AgentPort, AGENT, ([OTHER], [OTHER]), "fail", "somebody listens on 127.112.224.65"),
    (AgentPort, AGENT, ([OTHER, LOOPBACK], [OTHER]), "warn", "nobody listens on 127.0.0.1:1514 for datagrams"),
    (AgentPort, replace(AGENT, listen="localhost"), ([LOOPBACK], [LOOPBACK]), "ok", "127.0.0.1 port 1514"),
    (AgentPort, NOBODY, ([], []), "skipped", "no agent is set up here"),
    (StateDirectory, AGENT, Room(2 << 30, None), "ok", "2048 MiB left"),
    (StateDirectory, AGENT, Room(512 * MIB, 10_000), "warn", "512 MiB left"),
    (StateDirectory, AGENT, Room(MIB, 10_000), "fail", "ephemeralStorage"),
    (StateDirectory, AGENT, Room(2 << 30, 3), "fail", "3 files only"),
    (RouterSocket, NOBODY, 0, "ok", "/var/run/fluent.sock takes connections"),
    (RouterSocket, NOBODY, errno.ENOENT, "fail", "start the router"),
    (RouterSocket, NOBODY, errno.ENOTSOCK, "fail", "remove what is there"),
    (RouterSocket, NOBODY, errno.EACCES, "fail", "Permission denied"),
    (RouterSocket, NOBODY, errno.ECONNREFUSED, "fail", "Connection refused"),
    (RouterSocket, NOBODY, errno.ELOOP, "fail", "start the router"),
    (RouterPorts, NOBODY, [], "skipped", "-c names its configuration"),
    (RouterPorts, NOBODY, [("127.0.0.1", 24224), ("127.0.0.1", 8877)], "ok", "8877 (health check), 24224 (forward)"),
    (RouterPorts, TASK, [("0.0.0.0", 24224)], "warn", "close TCP 24224"),
    (RouterPorts, NOBODY, [("0.0.0.0", 24224)], "ok", "24224"),
    (Metadata, TASK, b"{}", "fail", "metadata cannot be read"),
    (
        Metadata,
        TASK,
        b'{"Cluster": "c", "TaskARN": "arn:aws:ecs:eu-west-1:1:task/c/f00", "Family": "web", "Revision": "7"}',
        "ok",
        "task f00 of web:7",
    ),
    (MemoryLimit, NOBODY, Memory(512 * MIB, True, 60 * MIB, 0), "ok", "the container has 512 MiB"),
    (MemoryLimit, NOBODY, Memory(8192 * MIB, False, 8000 * MIB, 0), "ok", "the machine has 8192 MiB"),
    (MemoryLimit, NOBODY, Memory(100 * MIB, True, 60 * MIB, 0), "warn", "128 are safe"),
    (MemoryLimit, NOBODY, Memory(50 * MIB, True, 10 * MIB, 0), "fail", "need 64"),
    (MemoryLimit, NOBODY, Memory(512 * MIB, True, 60 * MIB, 2), "warn", "2 processes were killed"),
    (MemoryLimit, NOBODY, Memory(512 * MIB, True, 500 * MIB, 0), "warn", "500 are in use"),
    (MemoryLimit, NOBODY, Memory(None, False, 0, 0), "ok", "no limit"),
    (OpenFiles, NOBODY, 1024, "ok", "1024 files"),
    (OpenFiles, NOBODY, resource.RLIM_INFINITY, "ok", "no limit"),
    (OpenFiles, NOBODY, 512, "warn", "nofile"),
    (OpenFiles, NOBODY, 64, "fail", "only 64"),
    (FileSystem, NOBODY, Writable(False, ["/tmp"]), "ok", "/tmp can be written"),
    (FileSystem, NOBODY, Writable(True, ["/tmp"]), "ok", "the root is read-only, not /tmp"),
    (FileSystem, NOBODY, Writable(True, []), "fail", "mount a volume at /tmp"),
    (User, AGENT, Users(0, None), "ok", "user 0 (root)"),
    (User, AGENT, Users(1000, 1000), "ok", "user 1000"),
    (User, AGENT, Users(0, 1000), "warn", "belongs to user 1000"),
    (Capabilities, AGENT, Held(["NET_ADMIN", "NET_RAW"], 1024), "ok", "NET_ADMIN, NET_RAW"),
    (Capabilities, AGENT, Held([], 1024), "ok", "will need NET_ADMIN and NET_RAW"),
    (Capabilities, Subject(port=514), Held(["NET_RAW"], 1024), "fail", "without NET_BIND_SERVICE"),
    (Capabilities, Subject(port=514), Held(["NET_BIND_SERVICE"], 1024), "ok", "enough for logs"),
    (Capabilities, Subject(port=514), Held([], 0), "ok", "enough for logs"),
    (Credentials, NOBODY, "container-role", "ok", "the task role"),
    (Credentials, NOBODY, "something-new", "ok", "something-new"),
    (Configuration, NOBODY, Findings(), "ok", "understands"),
    (Configuration, NOBODY, Findings([UserError("bad", fix="better")]), "fail", "better"),
    (Configuration, NOBODY, Findings([UserError("bad"), UserError("worse")]), "fail", "2 errors; the first: bad"),
    (Configuration, NOBODY, Findings([], [UserError("odd")]), "warn", "odd"),
]


def case(entry: tuple[type[Any], Subject, Any, str, str]) -> str:
    return f"{entry[0].id}-{entry[3]}"


@pytest.mark.parametrize("entry", JUDGED, ids=case)
def test_judgement(entry: tuple[type[Any], Subject, Any, str, str]) -> None:
    make, subject, seen, level, text = entry
    check = make(subject)
    verdict = check.judge(seen)
    assert verdict.level == level
    assert text in f"{verdict.what}; fix: {verdict.fix}"
    assert bool(verdict.fix) == (level in ("warn", "fail"))


def test_every_check_is_judged_and_has_a_remedy() -> None:
    ids = [check.id for check in CHECKS]
    assert len(set(ids)) == len(ids)
    assert {check.id for check, *_ in JUDGED} | {"server-connection"} == {*ids}
    for check in CHECKS:
        assert check.fix
        assert (check.__doc__ or "").strip()
        assert {*check.needs} <= {*ids[: ids.index(check.id)]} | {"identity", "server-answer"}


def test_output_peers() -> None:
    plain, tls = Target("h", 80), Target("h", 443)
    check = OutputPeer(NOBODY, "http.0", plain)
    assert check.id == "output http.0 to h:80"
    assert check.judge("").what == "takes connections"
    assert "let TCP out" in check.judge("Connection refused").fix
    assert "tls.ca_file" in OutputPeer(NOBODY, "http.0", tls).judge("TLS failed: unknown authority").fix


ROUTER = """
[SERVICE]
    HTTP_Server On
[INPUT]
    Name forward
    unix_path /tmp/router.sock
[INPUT]
    Name forward
    Listen 127.0.0.1
    Mem_Buf_Limit 100M
[INPUT]
    Name tcp
    Port 8877
[OUTPUT]
    Name null
    Match *
"""


def router_of(tmp_path: Path, text: str = ROUTER) -> Subject:
    (tmp_path / "router.conf").write_text(text)
    return Subject(state=tmp_path / "none", router=read(str(tmp_path / "router.conf"), {}))


def test_what_the_configuration_says_is_expected(tmp_path: Path) -> None:
    subject = router_of(tmp_path)
    ports = RouterPorts(subject)
    assert ports.wanted() == {24224: "forward.1", 8877: "tcp.2", 2020: "monitoring"}
    assert ports.judge([("127.0.0.1", 24224), ("127.0.0.1", 8877), ("127.0.0.1", 2020)]).level is Level.OK
    assert "8877 (tcp.2), 2020 (monitoring)" in ports.judge([("127.0.0.1", 24224)]).what
    assert RouterSocket(subject).judge(0).what == "/tmp/router.sock takes connections"
    assert "222" in MemoryLimit(subject).judge(Memory(200 * MIB, True, 0, 0)).what
    unbounded = MemoryLimit(subject).judge(Memory(256 * MIB, True, 0, 0))
    assert (unbounded.level, unbounded.fix) == (Level.WARN, "set Mem_Buf_Limit: fluent-launch -i Mem_Buf_Limit 50M")
    assert "forward.0, tcp.2 would fill it" in unbounded.what
    assert MemoryLimit(subject).judge(Memory(256 * MIB, False, 0, 0)).level is Level.OK
    bounded = router_of(tmp_path, ROUTER.replace("[SERVICE]", "[SERVICE]\n    mem_buf_limit 10M"))
    assert MemoryLimit(bounded).judge(Memory(512 * MIB, True, 0, 0)).level is Level.OK


@given(st.binary())
def test_any_answer_of_a_server_is_judged(body: bytes) -> None:
    assert ServerAnswer(AGENT).judge(Answer(200, "", body)).level in Level


@given(st.binary())
def test_any_metadata_are_judged(body: bytes) -> None:
    assert Metadata(TASK).judge(body).level in Level


@given(st.text(), st.text(), st.text())
def test_a_line_is_one_line(name: str, what: str, fix: str) -> None:
    assert "\n" not in str(Line(name, Level.FAIL, what, fix))
