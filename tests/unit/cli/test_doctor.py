"""``outrider doctor``: what it is told, what it prints, its status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.helpers import free_port

from outrider.cli import operator


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "OUTRIDER_SERVER",
        "OUTRIDER_TOKEN",
        "OUTRIDER_TOKEN_FILE",
        "KEY",
        "OUTRIDER_LISTEN",
        "OUTRIDER_CONFIG",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OUTRIDER_STATE", str(tmp_path / "none"))
    monkeypatch.setenv("OUTRIDER_SYSLOG_PORT", str(free_port()))
    monkeypatch.setenv("NO_PROXY", "*")


def lines_of(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, str]]:
    return {line["check"]: line for line in json.loads(capsys.readouterr().out)}


@pytest.mark.parametrize("command", [["doctor"], ["task", "doctor"]])
def test_without_an_agent_its_checks_are_skipped(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    operator.main([*command, "--json"])
    lines = lines_of(capsys)
    for name in ("settings", "token", "token-accepted", "identity", "state-directory", "agent-port", "server-name"):
        assert lines[name]["level"] == "skipped", lines[name]


def test_text_has_one_line_a_check(capsys: pytest.CaptureFixture[str]) -> None:
    operator.main(["doctor"])
    shown = capsys.readouterr()
    assert all(line.split()[0] in ("ok", "warn", "fail", "skipped") for line in shown.out.splitlines())
    assert shown.err.endswith("skipped\n")


def test_wrong_settings_and_a_broken_token_are_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTRIDER_SYSLOG_PORT", "syslog")
    monkeypatch.setenv("KEY", "orj1.half")
    assert operator.main(["doctor", "--json"]) == 1
    lines = lines_of(capsys)
    assert "OUTRIDER_SYSLOG_PORT: 'syslog' is not a port" in lines["settings"]["what"]
    assert "has 2 parts" in lines["token"]["what"]
    assert lines["token"]["fix"]


def test_the_token_is_read_from_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text(f"orj1.abcd.{'s' * 32}.{'p' * 43}\n")
    monkeypatch.setenv("OUTRIDER_TOKEN_FILE", str(file))
    operator.main(["doctor", "--json"])
    assert lines_of(capsys)["token"]["what"] == "token abcd is whole"


def test_wrong_settings_hide_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTRIDER_SERVER", f"https://127.0.0.1:{free_port()}")
    monkeypatch.setenv("OUTRIDER_TOKEN_FILE", str(tmp_path / "no token"))
    assert operator.main(["doctor", "--json"]) == 1
    lines = lines_of(capsys)
    assert "cannot read" in lines["settings"]["what"]
    assert lines["settings"]["fix"] == "let the agent's user read it"
    assert "fix:" not in lines["settings"]["what"]
    assert lines["server-name"]["what"] == "127.0.0.1 is 127.0.0.1"
    assert lines["agent-port"]["level"] == "fail"
    monkeypatch.setenv("OUTRIDER_SYSLOG_PORT", "syslog")
    assert operator.main(["doctor", "--json"]) == 1
    lines = lines_of(capsys)
    assert "no token" in lines["settings"]["what"]
    assert "'syslog' is not a port; allowed: 1 to 65535" in lines["settings"]["what"]
    assert lines["server-name"]["level"] == "ok"


def test_a_configuration_is_checked_and_its_outputs_are_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "router.conf"
    file.write_text("[INPUT]\n    Name dummy\n[OUTPUT]\n    Name tcp\n    Match *\n    Port 1\n    Colour blue\n")
    assert operator.main(["doctor", "--json", "-c", str(file)]) == 1
    lines = lines_of(capsys)
    assert f"{file}:7:12" in lines["configuration"]["what"]
    file.write_text("[INPUT]\n    Name dummy\n[OUTPUT]\n    Name tcp\n    Match *\n    Port 1\n")
    assert operator.main(["doctor", "--json", "-c", str(file)]) == 1
    lines = lines_of(capsys)
    assert lines["configuration"]["level"] == "ok"
    assert lines["output tcp.0 to 127.0.0.1:1"]["what"] == "Connection refused"


def test_the_agent_s_configuration_is_checked_as_the_agent_runs_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "host.conf"
    monkeypatch.setenv("OUTRIDER_CONFIG", str(file))
    file.write_text("[INPUT]\n    Name dummy\n    Tag kube.*\n[FILTER]\n    Name stdout\n    Match syslog.*\n")
    operator.main(["doctor", "--json"])
    lines = lines_of(capsys)
    assert lines["configuration"]["level"] == "ok", lines["configuration"]
    assert not [name for name in lines if name.startswith("output ")]
    operator.main(["doctor", "--json", "-c", str(file)])
    assert "2 warnings" in lines_of(capsys)["configuration"]["what"]
    file.write_text("[INPUT]\n    Name dummy\n    Rat 1\n")
    assert operator.main(["doctor", "--json"]) == 1
    assert f"{file}:3:9" in lines_of(capsys)["configuration"]["what"]


def test_a_configuration_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.main(["doctor", "--json", "-c", "/nonexistent.conf"]) == 1
    assert "/nonexistent.conf" in lines_of(capsys)["configuration"]["what"]


def test_a_server_without_https_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.main(["doctor", "--server", "http://example.com"]) == 2
    assert "must begin with https://" in capsys.readouterr().err
