"""What an agent is told, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from outrider.agent import preset, settings
from outrider.model.errors import UserError
from outrider.pipeline.config import build
from outrider.pipeline.log import Log, Sink
from outrider.protocols.uplink import JoinToken


def test_defaults() -> None:
    found = settings.read({}, {})
    assert (found.listen, found.port, found.state) == ("127.0.0.1", 1514, Path("/var/lib/outrider"))
    assert found.token is None
    assert found.name
    assert found.task == found.name


def test_the_environment_and_arguments_over_it() -> None:
    environment = {
        "OUTRIDER_SERVER": "https://a:1",
        "OUTRIDER_STATE": "/state",
        "OUTRIDER_LISTEN": "0.0.0.0",
        "OUTRIDER_SYSLOG_PORT": "99",
        "OUTRIDER_NAME": "host",
        "OUTRIDER_TASK": "task",
        "OUTRIDER_LOG_LEVEL": "debug",
    }
    found = settings.read(environment, {"server": "https://b:2", "port": "100", "name": None})
    assert (found.server, found.port, found.name, found.task) == ("https://b:2", 100, "host", "task")
    assert (found.listen, found.log_level) == ("0.0.0.0", "debug")
    assert (found.identity, found.spool, found.status) == (
        Path("/state/identity"),
        Path("/state/spool"),
        Path("/state/status.json"),
    )


@pytest.mark.parametrize(
    ("environment", "arguments", "text"),
    [
        ({"OUTRIDER_SYSLOG_PORT": "x"}, {}, "OUTRIDER_SYSLOG_PORT: 'x' is not a port; allowed: 1 to 65535"),
        ({}, {"port": "0"}, "--port: '0' is not a port"),
        ({}, {"port": "65536"}, "--port: '65536' is not a port"),
        ({"OUTRIDER_SERVER": "http://a"}, {}, "OUTRIDER_SERVER: 'http://a' must begin with https://"),
        ({"OUTRIDER_TOKEN": "nonsense"}, {}, "OUTRIDER_TOKEN: "),
        ({"KEY": "nonsense"}, {}, "KEY: "),
    ],
)
def test_what_is_refused(environment: dict[str, str], arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(UserError) as caught:
        settings.read(environment, arguments)
    assert text in str(caught.value)


def test_a_token_is_never_printed() -> None:
    with pytest.raises(UserError) as caught:
        settings.read({"OUTRIDER_TOKEN": "very-secret-but-wrong"}, {})
    assert "very-secret" not in str(caught.value)


def test_a_token_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    token = JoinToken("abcd", "s" * 22, "p" * 43)
    file.write_text(f"{token}\n")
    assert settings.read({"OUTRIDER_TOKEN_FILE": str(file)}, {}).token == token
    assert settings.read({"OUTRIDER_TOKEN_FILE": str(tmp_path / "absent"), "KEY": str(token)}, {}).token == token
    file.write_bytes(b"secret\xff")
    for name, reason in ((file, "not UTF-8"), (tmp_path / "absent", "No such file")):
        with pytest.raises(UserError, match=f"OUTRIDER_TOKEN_FILE: cannot read {name}: {reason}"):
            settings.read({"OUTRIDER_TOKEN_FILE": str(name)}, {})


def test_the_preset_is_a_pipeline_that_keeps_everything(tmp_path: Path) -> None:
    found = settings.read({"OUTRIDER_STATE": str(tmp_path), "OUTRIDER_SYSLOG_PORT": "15140"}, {})
    log = Log(Sink(), "test")
    configuration = preset.configuration(found)
    plan = build.plan(configuration, build.read_service(configuration, {}, log), {}, log)
    tcp, udp = plan.of_kind("input")
    (uplink,) = plan.of_kind("output")
    assert [item.plugin.options.mode for item in (tcp, udp)] == ["tcp", "udp"]
    assert {item.core.listen for item in (tcp, udp)} == {"127.0.0.1"}
    assert {item.core.storage_type for item in (tcp, udp)} == {"filesystem"}
    assert {item.core.port for item in (tcp, udp)} == {15140}
    assert (uplink.core.retry_limit, uplink.core.match) == ("no_limits", "*")
