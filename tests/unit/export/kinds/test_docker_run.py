"""The script: what it asks Docker for."""

from __future__ import annotations

from pathlib import Path

from tests.unit.export.kinds.docker_host import described, started

from outrider.export.kinds import docker_run


def test_docker_run_asks_for_no_privilege_and_tells_no_token(tmp_path: Path) -> None:
    done = started(tmp_path, described(), OUTRIDER_TOKEN="orj1.secret")
    words = done.stdout.split()
    assert done.returncode == 0
    assert words[:2] == ["run", "--detach"]
    assert words[-1] == "registry.example.com:5000/outrider:1.0"
    assert {"--privileged", "--cap-add", "--pid"} & set(words) == set()
    assert words[words.index("--cap-drop") + 1] == "ALL"
    assert "--read-only" in words
    assert "orj1.secret" not in done.stdout


def test_docker_run_takes_no_address_for_a_pattern_of_files(tmp_path: Path) -> None:
    made = docker_run.make(described(server="https://[::1]:8444"))["run.sh"]
    assert "--env OUTRIDER_SERVER='https://[::1]:8444' " in made
    done = started(tmp_path, described(server="https://[::1]:8444"), OUTRIDER_TOKEN="t")
    assert "OUTRIDER_SERVER=https://[::1]:8444" in done.stdout.split()


def test_docker_run_without_a_token_says_what_to_do(tmp_path: Path) -> None:
    done = started(tmp_path, described())
    assert done.returncode != 0
    assert "outrider server token create" in done.stderr
    assert done.stdout == ""
