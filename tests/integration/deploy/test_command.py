"""``outrider task deploy`` and ``outrider task diff`` as commands, against moto."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.helpers import wait_for
from tests.integration.deploy.conftest import CLUSTER, OLD, SERVICE, Cluster

OUTRIDER = str(Path(sys.executable).with_name("outrider"))
WHERE = ["--cluster", CLUSTER, "--service", SERVICE]


def outrider(*words: object) -> subprocess.CompletedProcess[str]:
    command = [OUTRIDER, "task", *map(str, words)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def service(cluster: Cluster) -> Cluster:
    cluster.create()
    return cluster


def test_a_service_that_settles(service: Cluster, file: Path) -> None:
    done = outrider("deploy", file, *WHERE, "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(":task-definition/web:2")
    assert service.definition == "web:2"
    assert '~ containerDefinitions[web].image: "web:1" → "web:2"' in done.stderr
    assert "hunter2" not in done.stderr
    again = outrider("deploy", file, *WHERE, "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout)["runs"] == done.stdout.strip()
    assert "nothing to register" in again.stderr
    assert service.definition == "web:2"


def test_yaml_that_was_protected(service: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "task.yaml"
    path.write_text("# the web task\n" + yaml.safe_dump({**OLD, "networkMode": "awsvpc"}))
    protected = outrider("protect", path, "--in-place")
    assert protected.returncode == 0, protected.stderr
    assert path.read_text().startswith("# the web task\n")
    done = outrider("deploy", path, *WHERE, "--yes")
    assert done.returncode == 0, done.stderr
    described = service.client.describe_task_definition(taskDefinition="web:2")["taskDefinition"]
    assert [one["name"] for one in described["containerDefinitions"]] == ["web", "outrider-agent", "log_router"]


def test_a_dry_run_changes_nothing(service: Cluster, file: Path) -> None:
    done = outrider("deploy", file, *WHERE, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert '- containerDefinitions[web].environment[MODE].value: "a"' in done.stdout.splitlines()
    told = json.loads(outrider("deploy", file, *WHERE, "--dry-run", "--json").stdout)
    assert told["running"].endswith("web:1")
    assert {"containerDefinitions[web].image"} <= {one["path"] for one in told["differences"]}
    assert service.definition == "web:1"
    assert "web:2" not in str(service.client.list_task_definitions())


def test_a_service_that_never_settles(service: Cluster, file: Path) -> None:
    service.show(rolloutState="IN_PROGRESS")
    done = outrider("deploy", file, *WHERE, "--yes", "--timeout", "1s", "--json")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["outcome"] == "failed"
    assert "web:2 did not settle: not within 1 s" in done.stderr
    assert "web:2 stays registered" in done.stderr
    assert service.definition == "web:1"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_takes_it_back(service: Cluster, file: Path, tmp_path: Path, number: signal.Signals) -> None:
    service.show(rolloutState="IN_PROGRESS")
    said = tmp_path / "said"
    with said.open("w") as stream:
        command = [OUTRIDER, "task", "deploy", str(file), *WHERE, "--yes"]
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=stream, stdout=subprocess.PIPE, text=True)
        wait_for(lambda: "web:2: 0 of 1 running" in said.read_text(), said.read_text)
        service.show(rolloutState="COMPLETED")
        running.send_signal(number)
        out, _ = running.communicate(timeout=60)
    assert running.returncode == 130, said.read_text()
    assert out.strip().endswith("web:1")
    assert service.definition == "web:1"


@pytest.mark.parametrize(("answer", "runs"), [(b"n\n", "web:2"), (b"\n", "web:1")])
def test_on_a_terminal_a_signal_asks(service: Cluster, file: Path, tmp_path: Path, answer: bytes, runs: str) -> None:
    service.show(rolloutState="IN_PROGRESS")
    said = tmp_path / "said"
    ours, theirs = pty.openpty()
    os.write(ours, b"y\n")
    with said.open("w") as stream:
        command = [OUTRIDER, "task", "deploy", str(file), *WHERE]
        running = subprocess.Popen(command, stdin=theirs, stderr=stream, stdout=subprocess.PIPE, text=True)
        wait_for(lambda: "web:2: 0 of 1 running" in said.read_text(), said.read_text)
        service.show(rolloutState="COMPLETED")
        running.send_signal(signal.SIGINT)
        wait_for(lambda: "Roll back to web:1? [Y/n]" in said.read_text(), said.read_text)
        os.write(ours, answer)
        out, _ = running.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert running.returncode == 130, said.read_text()
    assert out.strip().endswith(runs)
    assert service.definition == runs


@pytest.mark.parametrize(("answer", "status", "runs"), [(b"n\n", 1, "web:1"), (b"y\n", 0, "web:2")])
def test_a_terminal_is_asked(service: Cluster, file: Path, answer: bytes, status: int, runs: str) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    command = [OUTRIDER, "task", "deploy", str(file), *WHERE]
    done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, check=False, timeout=60)
    os.close(ours)
    os.close(theirs)
    assert done.returncode == status, done.stderr
    assert "Register web and let web-service run it? [y/N]" in done.stderr
    assert service.definition == runs


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--cluster", CLUSTER, "--service", SERVICE],
            "nobody can be asked: standard input is no terminal; fix: give --yes",
        ),
        (["--cluster", CLUSTER, "--service", "api"], "there is no service 'api' in the cluster 'prod'"),
        (["--cluster", "none", "--service", SERVICE], "there is no such cluster"),
        (["--service", SERVICE, "--timeout", "soon"], "--timeout is 'soon'"),
        (["--service", SERVICE, "--timeout", "0"], "--timeout is '0'"),
    ],
)
def test_what_cannot_be_done(service: Cluster, file: Path, words: list[str], said: str) -> None:
    done = outrider("deploy", file, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert service.definition == "web:1"


def test_what_ecs_does_not_take_has_its_place(service: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps({**OLD, "networkMod": "awsvpc"}, indent=2))
    done = outrider("deploy", path, *WHERE, "--yes")
    assert done.returncode == 2
    line = path.read_text().splitlines().index('  "networkMod": "awsvpc"') + 1
    assert f"{path}:{line}:" in done.stderr
    assert "did you mean 'networkMode'?" in done.stderr


def test_revisions_are_compared(service: Cluster, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = outrider("diff", "web:1", file, "--json")
    assert done.returncode == 1, done.stderr
    assert "containerDefinitions[web].image" in {one["path"] for one in json.loads(done.stdout)}
    arn = service.client.describe_task_definition(taskDefinition="web:1")["taskDefinition"]["taskDefinitionArn"]
    monkeypatch.delenv("AWS_REGION")
    assert outrider("diff", "web:1", arn, "--region", "eu-west-1").returncode == 0
    assert outrider("diff", arn, arn).returncode == 0
    assert "no region is set" in outrider("diff", "web:1", arn).stderr
