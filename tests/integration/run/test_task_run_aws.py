"""The command with --local-aws and --watch, and what a container sees around it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.helpers import wait_for
from tests.integration.run.conftest import application, router, task

OUTRIDER = [sys.executable, "-c", "import sys; from outrider.cli import main; sys.exit(main())"]


def command(folder: Path, definition: dict[str, Any], backend: str, *more: str) -> list[str]:
    file = folder / "task.json"
    file.write_text(json.dumps(definition))
    return [*OUTRIDER, "task", "run", str(file), "--backend", backend, "--sidecars", "process", *more]


def test_a_console_of_awslogs_arrives_too(backend: str, folder: Path) -> None:
    options = {"awslogs-group": "/ecs/t", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p"}
    console = {"logDriver": "awslogs", "options": options}
    script = (
        'echo "$AWS_REGION $AWS_ACCESS_KEY_ID"; n=0; while [ $n -lt 5 ]; do n=$((n+1)); echo "line $n"; done; sleep 2'
    )
    app = application(script, logConfiguration=console)
    sender = application("sleep 60", name="other", essential=False)
    words = command(folder, task(app, sender, router(folder / "out")), backend)
    done = subprocess.run(
        [*words, "--local-aws-out", str(folder / "aws"), "--json", "--watch"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    (file,) = (folder / "aws/logs/%2Fecs%2Ft/p/app").iterdir()
    messages = [json.loads(line)["message"] for line in file.read_text().splitlines()]
    assert messages == ["eu-west-1 local", *(f"line {n}" for n in range(1, 6))]
    outcome = json.loads(done.stdout.splitlines()[-1])
    (place,) = outcome["aws"]
    assert (place["kind"], place["count"]) == ("log stream", 6)
    assert f"aws: what has arrived is in {folder / 'aws'}" in done.stdout
    assert "watch: app (application): RUNNING" in done.stderr
    assert "watch: app (application): STOPPED (0), 6 lines" in done.stderr


def test_nothing_stays_when_the_command_is_killed(folder: Path) -> None:
    words = command(folder, task(application("echo up; sleep 600"), router(folder / "out")), "process", "--local-aws")
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("app: running"):
                break
        before = stand_ins(process.pid)
        process.send_signal(signal.SIGKILL)
    assert before
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in before))


def stand_ins(parent: int) -> list[int]:
    """Stand-ins for AWS that a process has started."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            words, stat = (folder / "cmdline").read_bytes(), (folder / "stat").read_text()
        except OSError:
            continue
        if b"stand_in.py" in words and int(stat.rpartition(")")[2].split()[1]) == parent:
            found.append(int(folder.name))
    return found


def test_a_container_asks_the_metadata_endpoint_what_it_is(backend: str, folder: Path) -> None:
    """With a shell alone: busybox has wget, and what runs as a process has Python."""
    ask = "for path in task task/stats; do wget -qO- $ECS_CONTAINER_METADATA_URI_V4/$path; echo; done"
    if backend == "process":
        ask = f"{sys.executable} -c 'import os, urllib.request as u{PYTHON}'"
    out = folder / "out"
    words = command(folder, task(application(f"{ask}; sleep 2"), router(out)), backend, "--json")
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout.splitlines()[-1])
    printed = "".join(json.loads(line)["log"] + "\n" for line in out.read_text().splitlines())
    found, usage = map(json.loads, printed.splitlines())
    assert (found["TaskARN"], found["Family"], found["DesiredStatus"]) == (outcome["task"], "t", "RUNNING")
    own, route = found["Containers"]
    assert (own["Name"], route["Name"], route["KnownStatus"]) == ("app", "log_router", "RUNNING")
    assert own["KnownStatus"] in ("CREATED", "RUNNING")  # it asks as soon as it can
    assert set(usage) == {own["DockerId"], route["DockerId"]}
    assert usage[route["DockerId"]]["memory_stats"]["usage"] > 0


PYTHON = """
for path in ("task", "task/stats"):
    print(u.urlopen(os.environ["ECS_CONTAINER_METADATA_URI_V4"] + "/" + path).read().decode())
"""
