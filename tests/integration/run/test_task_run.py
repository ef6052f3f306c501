"""Tasks with the real launcher and router, their applications in Docker and as processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from tests.integration.run.conftest import Story, application, records, router, run, task

from outrider.model.errors import UserError
from outrider.protocols.uplink import JoinToken
from outrider.taskdef.run import Wishes
from outrider.taskdef.run.build import Builder
from outrider.taskdef.run.docker.engine import Engine, socket_path
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.plan import Planned
from outrider.taskdef.run.setting import Backend

LINES = 'n=0; while [ $n -lt %d ]; do n=$((n+1)); echo "line $n"; done; sleep 2'


def wishes(backend: str, **more: Any) -> Wishes:
    return Wishes(**{"backend": cast("Backend", backend), "sidecars": "process", **more})


async def test_every_line_reaches_the_router_with_the_fields_of_the_driver(backend: str, folder: Path) -> None:
    output = folder / "out"
    done = await run(task(application(LINES % 2000), router(output)), wishes(backend))
    found = records(output)
    assert [record["log"] for record in found] == [f"line {n}" for n in range(1, 2001)]
    name = f"/{done.docker_name('app')}"
    assert {(r["container_name"], r["source"], len(r["container_id"])) for r in found} == {(name, "stdout", 64)}
    assert {(r["ecs_cluster"], r["ecs_task_definition"], r["ecs_task_arn"]) for r in found} == {
        ("default", "t:1", done.identity.arn)
    }
    outcome = done.outcome()
    assert (outcome["status"], outcome["backend"]) == (0, backend)
    assert [(c["name"], c["status"]) for c in outcome["containers"]] == [("log_router", 0), ("app", 0)]
    assert outcome["containers"][1]["lines"] == 2000


async def test_a_long_line_comes_in_parts_as_from_docker(backend: str, folder: Path) -> None:
    output = folder / "out"
    script = "head -c 40000 /dev/zero | tr '\\0' x; echo; echo short; sleep 2"
    await run(task(application(script), router(output)), wishes(backend))
    *parts, short = records(output)
    assert [len(part["log"]) for part in parts] == [16384, 16384, 7232]
    assert [(part["partial_message"], part["partial_ordinal"], part["partial_last"]) for part in parts] == [
        ("true", "1", "false"),
        ("true", "2", "false"),
        ("true", "3", "true"),
    ]
    assert len({part["partial_id"] for part in parts}) == 1
    assert (short["log"], "partial_message" in short) == ("short", False)


async def test_a_process_loses_no_tail_without_newline_unlike_docker(folder: Path) -> None:
    output = folder / "out"
    await run(task(application("echo whole; printf tail"), router(output)), wishes("process"))
    whole, tail = records(output)
    assert (whole["log"], tail["log"]) == ("whole", "tail")
    assert (tail["partial_message"], tail["partial_last"]) == ("true", "false")


async def test_the_first_essential_end_is_the_tasks_and_the_router_sees_the_last_words(
    backend: str, folder: Path
) -> None:
    output = folder / "out"
    story = Story()
    other = application(
        "trap 'echo bye; exit 0' TERM; echo up; n=0; while [ $n -lt 600 ]; do n=$((n+1)); sleep 0.1; done",
        name="app-other",
    )
    definition = task(application("sleep 2; exit 9"), other, router(output))
    definition["containerDefinitions"][2]["command"] = [
        word.replace("app-firelens-", "app-other-firelens-") for word in router(output)["command"]
    ]
    done = await run(definition, wishes(backend), story)
    assert done.runner.status == 9
    assert done.runner.reason == "essential container 'app' ended with status 9"
    assert "bye" in [record["log"] for record in records(output)] or backend == "docker"
    ends = [change for change in story.changes if "ended" in change and not change.startswith(":")]
    assert [end.partition(":")[0] for end in ends] == ["app", "app-other", "log_router"]


async def test_two_tasks_at_once_do_not_get_in_each_others_way(folder: Path) -> None:
    outputs = [folder / "one", folder / "two"]
    async with asyncio.TaskGroup() as group:
        runs = [
            group.create_task(run(task(application(LINES % 100), router(output)), wishes("process")))
            for output in outputs
        ]
    assert [len(records(output)) for output in outputs] == [100, 100]
    assert runs[0].result().identity.address != runs[1].result().identity.address


async def test_an_application_may_send_records_itself(backend: str, folder: Path) -> None:
    output = folder / "out"
    script = 'echo "$FLUENT_HOST $FLUENT_PORT"; sleep 2'
    done = await run(task(application(script), router(output)), wishes(backend))
    assert records(output)[0]["log"] == f"{done.network.inside} 24224"


async def test_nothing_temporary_stays(backend: str, folder: Path) -> None:
    done = await run(task(application("true"), router(folder / "out")), wishes(backend))
    assert not done.workspace.directory.exists()


async def test_a_state_folder_stays_however_long_its_name_is(folder: Path) -> None:
    state = folder / ("long" * 30)
    output = folder / "out"
    await run(task(application(LINES % 10), router(output)), wishes("process", state=state))
    assert len(records(output)) == 10
    (config,) = state.glob("data/firelens/*/config/fluent.conf")
    assert "unix_path" in config.read_text()


async def test_files_that_variables_name_and_what_the_router_learns_of_its_task(folder: Path) -> None:
    text = "[FILTER]\n    Name record_modifier\n    Match *\n    Record id ${ECS_TASK_ID}\n"
    (folder / "more.conf").write_text(text)
    route = router(folder / "out", environment=[{"name": "aws_fluent_bit_init_file_1", "value": f"{folder}/more.conf"}])
    done = await run(task(application("echo x"), route), wishes("process"))
    assert [record["id"] for record in records(folder / "out")] == [done.identity.task_id]


def agent(**members: Any) -> dict[str, Any]:
    """An agent without a server: it keeps what it accepts."""
    token = JoinToken("test", "A" * 32, "A" * 43)
    variables = {"OUTRIDER_SERVER": "https://127.0.0.1:9", "OUTRIDER_TOKEN": str(token)}
    environment = [{"name": name, "value": value} for name, value in variables.items()]
    return {"name": "agent", "image": "outrider:latest", "environment": environment, **members}


async def test_a_task_that_is_over_at_once_loses_nothing(backend: str, folder: Path) -> None:
    output = folder / "out"
    to_agent = ["-o", "syslog", "-m", "app-firelens-*", "-p", "Host=127.0.0.1", "-p", "Port=1514", "-p", "Mode=tcp"]
    to_agent += ["-p", "Syslog_Message_Key=log"]
    route = router(output, volumesFrom=[{"sourceContainer": "agent"}])
    route["command"] += to_agent
    script = "for n in 1 2 3 4 5; do echo line $n; done"
    done = await run(task(application(script), route, agent(stopTimeout=4)), wishes(backend, state=folder))
    assert [record["log"] for record in records(output)] == [f"line {n}" for n in range(1, 6)]
    outcome = done.outcome()
    assert (outcome["status"], outcome["agent"]["accepted"]) == (0, 5)


async def test_a_sidecar_that_never_listens_ends_the_task(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = Builder.ready

    async def until_it_has_spoken(self: Builder, planned: Planned) -> None:
        while not self.last_words(planned.name):  # noqa: ASYNC110 - what a container prints has no event
            await asyncio.sleep(0.01)
        async with asyncio.timeout(0.1):  # as if the whole time were over
            await ready(self, planned)

    monkeypatch.setattr(Builder, "ready", until_it_has_spoken)
    program = folder / "deaf"
    program.write_text("#!/bin/sh\necho I hear nothing\nexec sleep 60\n")
    program.chmod(0o755)
    done = await run(task(application("true"), router(folder / "out")), wishes("process", router=[str(program)]))
    assert done.runner.status == 1
    assert done.runner.reason.startswith("container 'log_router' does not listen after 20 s")
    assert done.runner.reason.endswith("I hear nothing")
    assert not done.runner.cells["app"].started.is_set()


# --- what goes wrong


async def test_a_command_that_is_not_there(backend: str, folder: Path) -> None:
    definition = task(application("", entryPoint=["no-such-program"], command=["x"]), router(folder / "out"))
    done = await run(definition, wishes(backend))
    assert done.runner.status == 127
    assert "container 'app' cannot be started" in done.runner.reason
    assert "no-such-program" in done.runner.reason


async def test_a_router_that_refuses_its_configuration_ends_the_task(folder: Path) -> None:
    definition = task(application("sleep 60"), router(folder / "out"))
    definition["containerDefinitions"][1]["command"][-1] = "Format=nonsense"
    story = Story()
    done = await run(definition, wishes("process"), story)
    assert done.runner.reason.startswith(
        "essential container 'log_router' ended with status 1 before it was ready; its last lines:\n"
    )
    assert "nonsense" in done.runner.reason
    assert any("nonsense" in line for line in story.lines)
    assert done.runner.cells["app"].container is None or not done.runner.cells["app"].started.is_set()


async def test_an_agent_that_refuses_its_port_is_quoted(folder: Path) -> None:
    port = {"agent": {"OUTRIDER_SYSLOG_PORT": "seven"}}
    sidecar = router(folder / "out", volumesFrom=[{"sourceContainer": "agent"}])
    definition = task(application("true"), sidecar, agent())
    done = await run(definition, wishes("process", environment=port))
    assert done.runner.status == 2
    assert "container 'agent' ended with status 2" in done.runner.reason
    assert "OUTRIDER_SYSLOG_PORT: 'seven' is not a port" in done.runner.reason


async def test_a_port_that_somebody_has(folder: Path) -> None:
    identity = Identity.new()
    with socket.create_server((identity.address, 24224)), pytest.raises(UserError, match="port 24224") as caught:
        await run(task(application("true"), router(folder / "out")), wishes("process", identity=identity))
    assert "ss -ltnp" in str(caught.value)


@pytest.mark.docker
@pytest.mark.parametrize("chosen", ["docker", "auto"])
async def test_an_image_that_nobody_has_never_runs_on_the_bare_machine(docker: None, folder: Path, chosen: str) -> None:
    mark = folder / "mark"
    definition = task(application(f"touch {mark}", image="registry.invalid/nothing:1"), router(folder / "out"))
    done = await run(definition, wishes(chosen))
    assert done.runner.status == 2
    assert "registry.invalid/nothing:1 is not on this machine" in done.runner.reason
    assert "--image app=LOCAL" in done.runner.reason
    assert "--backend process" in done.runner.reason
    assert not mark.exists()


@pytest.mark.docker
async def test_a_command_known_to_be_harmless_runs_as_a_process(docker: None, folder: Path) -> None:
    story = Story()
    definition = task(application(LINES % 5, image="registry.invalid/nothing:1"), router(folder / "out"))
    done = await run(definition, wishes("auto", harmless=True), story)
    assert [c["backend"] for c in done.outcome()["containers"]] == ["process", "process"]
    assert len(records(folder / "out")) == 5
    assert any("running it as a plain process" in note for note in story.notes)


async def test_docker_that_is_required_and_does_not_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/nobody")
    with pytest.raises(UserError, match="--backend process"):
        await run(task(application("true"), router(folder / "out")), wishes("docker"))


async def test_docker_that_does_not_answer_is_done_without(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/nobody")
    story = Story()
    done = await run(task(application(LINES % 5), router(folder / "out")), wishes("auto"), story)
    assert (done.backend, len(records(folder / "out"))) == ("process", 5)
    assert any("Docker does not answer" in note for note in story.notes)


async def test_health_decides_who_starts(backend: str, folder: Path) -> None:
    output = folder / "out"
    check = {"command": ["CMD-SHELL", "test -e /tmp/ready-$TASK"], "interval": 1, "timeout": 2, "retries": 5}
    environment = [{"name": "TASK", "value": Identity.new().task_id}]
    first = application(
        "sleep 1; touch /tmp/ready-$TASK; echo ready; sleep 30",
        name="first",
        healthCheck=check,
        stopTimeout=1,
        environment=environment,
    )
    waits = [{"containerName": "first", "condition": "HEALTHY"}]
    second = application("rm -f /tmp/ready-$TASK; echo after; sleep 2", dependsOn=waits, environment=environment)
    await run(task(first, second, router(output)), wishes(backend))
    assert [record["log"] for record in records(output)] == ["after"]


# --- the command


def outrider(*words: str, **options: Any) -> subprocess.Popen[str]:
    program = Path(sys.executable).with_name("outrider")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([program, "task", "run", "--sidecars", "process", *words], **pipes, **options)


def file(folder: Path, definition: dict[str, Any]) -> str:
    path = folder / "task.json"
    path.write_text(json.dumps(definition, indent=2))
    return str(path)


def test_the_last_line_is_the_outcome(folder: Path) -> None:
    definition = task(application("echo $GREETING; exit 3"), router(folder / "out"))
    words = ("--backend", "process", "--env", "app:GREETING=hello", "--json", file(folder, definition))
    process = outrider(*words)
    output, _ = process.communicate(timeout=60)
    outcome = json.loads(output.splitlines()[-1])
    assert (process.returncode, outcome["status"], outcome["containers"][1]["lines"]) == (3, 3, 1)
    assert records(folder / "out")[0]["log"] == "hello"


@pytest.mark.parametrize("shown", [True, False])
def test_what_applications_print_is_shown_on_demand(backend: str, folder: Path, shown: bool) -> None:
    definition = task(application("echo one; echo two >&2; exit 3"), router(folder / "out"))
    process = outrider("--backend", backend, *["--show-output"] * shown, file(folder, definition))
    output, errors = process.communicate(timeout=60)
    assert ("app | one\n" in errors, "app | two\n" in errors) == (shown, shown)
    assert ("--show-output shows it" in output) is not shown
    assert "ended with status 3; its last lines:\n" in output
    assert process.returncode == 3


@pytest.mark.parametrize(
    ("content", "words", "says"),
    [
        ("{", (), "task.json:1:"),
        (task(application("true")), (), "must be configured in one of the containers"),
        (task(router(Path("/tmp/x")), router(Path("/tmp/x"), name="two")), (), "only one container"),
        (task(router(Path("/tmp/x")), application("true")), ("--env", "nobody:A=b"), "'nobody'"),
        (task(router(Path("/tmp/x")), application("true")), ("--env", "A=b"), "CONTAINER:KEY=VALUE"),
        (task(router(Path("/tmp/x")), application("true")), ("--image", "app"), "CONTAINER=LOCAL"),
        (task(router(Path("/tmp/x")), application("true")), ("--image", "nobody=x"), "'nobody'"),
        (task(router(Path("/tmp/x")), application("true")), ("--backend", "podman"), "allowed: auto, docker, process"),
    ],
)
def test_wrong_input_is_explained(folder: Path, content: Any, words: tuple[str, ...], says: str) -> None:
    path = folder / "task.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    process = outrider(*words, str(path))
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in errors) == (2, False)
    assert says in errors


def wait_for(process: subprocess.Popen[str], line: str) -> str:
    assert process.stdout is not None
    for found in process.stdout:
        if found.startswith(line):
            return found
    assert process.stderr is not None
    pytest.fail(f"no line {line!r}; it said: {process.stderr.read()}")


def test_an_interrupt_stops_the_task_in_order(backend: str, folder: Path) -> None:
    definition = task(application("trap 'exit 0' TERM; sleep 600 & wait"), router(folder / "out"))
    process = outrider("--backend", backend, file(folder, definition), start_new_session=True)
    wait_for(process, "app: running")
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    ends = [line.partition(":")[0] for line in output.splitlines() if "ended with" in line]
    assert ends == ["app", "log_router"]


def test_a_second_interrupt_ends_the_task_at_once(backend: str, folder: Path) -> None:
    script = "trap '' TERM; echo deaf; sleep 600; sleep 600"
    definition = task(application(script, stopTimeout=120), router(folder / "out"))
    process = outrider("--backend", backend, "--show-output", file(folder, definition), start_new_session=True)
    wait_for(process, "app: running")
    assert process.stderr is not None
    assert "app | deaf\n" in iter(process.stderr.readline, "")
    process.send_signal(signal.SIGINT)
    wait_for(process, "task: stopping: SIGINT")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "app: ended with status 137" in output


def test_nobody_who_reads_stops_the_task_in_order(folder: Path) -> None:
    definition = task(application("sleep 600"), router(folder / "out"))
    process = outrider("--backend", "process", file(folder, definition))
    assert process.stdout is not None
    assert process.stderr is not None
    wait_for(process, "log_router: running")
    process.stdout.close()  # as head -2 does; the next line to be printed is that the application runs
    errors = process.stderr.read()
    assert process.wait(timeout=60) == 128 + signal.SIGPIPE
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors
    assert "caught signal (SIGTERM)" in errors  # the router was asked to end


def test_a_descendant_that_left_its_group_does_not_keep_the_task(folder: Path) -> None:
    number = folder / "number"
    script = f"env -i setsid sh -c 'echo $$ > {number}.new; mv {number}.new {number}; exec sleep 600' & "
    script += f"until test -e {number}; do sleep 0.1; done; echo last; exit 4"
    process = outrider("--backend", "process", file(folder, task(application(script), router(folder / "out"))))
    output, _ = process.communicate(timeout=60)
    os.kill(int(number.read_text()), signal.SIGKILL)
    assert process.returncode == 4
    assert "app: ended, but a process that left its process group" in output
    assert [record["log"] for record in records(folder / "out")] == ["last"]


@pytest.mark.docker
async def test_no_container_outlives_a_runner_that_is_killed(docker: None, folder: Path) -> None:
    definition = task(application("sleep 600"), router(folder / "out"))
    process = outrider("--backend", "docker", file(folder, definition))
    arn = (await asyncio.to_thread(wait_for, process, "task: arn:")).split()[1]
    await asyncio.to_thread(wait_for, process, "app: running")
    path = socket_path()
    assert path is not None
    async with Engine(path) as engine, asyncio.TaskGroup() as group:
        name = Identity(arn.rpartition("/")[2]).container_name("t", 1, "app")
        ending = group.create_task(engine.wait(name))
        process.kill()
    assert ending.result() == 128 + signal.SIGKILL
    process.communicate()
