"""``outrider agent --dry-run``: the file, checked as the agent would run it."""

from __future__ import annotations

from pathlib import Path

import pytest

from outrider.cli import agent


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SERVER", "TOKEN", "TOKEN_FILE", "CONFIG", "LISTEN", "SYSLOG_PORT", "LOG_LEVEL"):
        monkeypatch.delenv(f"OUTRIDER_{name}", raising=False)
    monkeypatch.delenv("KEY", raising=False)
    monkeypatch.setenv("OUTRIDER_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def dry_run(folder: Path, text: str, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, list[str]]:
    file = folder / "router.conf"
    file.write_text(text)
    status = agent.main(["-c", str(file), "--dry-run", *more])
    return status, capsys.readouterr().err.replace(f"{folder}/", "").splitlines()


def test_inputs_of_the_file_go_to_the_server(tmp_path: Path, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"[SERVICE]\n    log_file {tmp_path}/log\n[INPUT]\n    Name dummy\n    Tag kube.*\n"
    assert dry_run(tmp_path, text, capsys) == (0, ["configuration test is successful"])
    assert not state.exists()
    assert not (tmp_path / "log").exists()


def test_filters_may_match_the_syslog_listener(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "[FILTER]\n    Name grep\n    Match {}\n    Regex log .\n"
    assert dry_run(tmp_path, text.format("syslog.*"), capsys) == (0, ["configuration test is successful"])
    status, lines = dry_run(tmp_path, text.format("kube.*"), capsys)
    assert status == 0
    assert "router.conf:3:11: warning: grep.0 filters nothing" in lines[0]


def test_a_health_check_s_records_reach_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "[INPUT]\n    Name dummy\n    Tag firelens-healthcheck\n"
    assert "no output matches the tag" in dry_run(tmp_path, text, capsys)[1][0]


def test_every_fault_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "[INPUT]\n    Name dummy\n    rat 1\n[OUTPUT]\n    Name nil\n    Match *\n"
    status, lines = dry_run(tmp_path, text, capsys)
    assert (status, lines[-1]) == (2, "2 problems")
    assert "did you mean 'rate'" in lines[0]


def test_what_does_not_go_with_the_agent_s_own_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "[INPUT]\n    Name syslog\n    Mode tcp\n    Listen 127.0.0.1\n    Port 1600\n"
    assert dry_run(tmp_path, text, capsys)[0] == 0
    assert dry_run(tmp_path, text, capsys, "--port", "1600")[0] == 2


def test_a_spool_elsewhere_is_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = f"[SERVICE]\n    storage.path {tmp_path}/router.conf\n"
    status, lines = dry_run(tmp_path, text, capsys)
    assert status == 2
    assert "is not a directory" in lines[0]


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert agent.main(["-c", str(tmp_path / "none.conf"), "--dry-run"]) == 2
    assert "none.conf" in capsys.readouterr().err
