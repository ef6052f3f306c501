from outrider.taskdef.run.docker.container import options
from outrider.taskdef.run.plan import Planned, Role


def planned(**members: object) -> Planned:
    return Planned({"name": "web", **members}, Role.APPLICATION, (), {})


def test_the_log_driver_gets_exactly_what_the_ecs_agent_gives() -> None:
    log = {"tag": "web-firelens-1", "fluentd-address": "unix:///s", "fluentd-async": "true"}
    body = options(planned(), "busybox", {"A": "b"}, log, ["/h:/c:ro"])
    assert body["HostConfig"]["LogConfig"] == {"Type": "fluentd", "Config": log}
    assert (body["HostConfig"]["NetworkMode"], body["HostConfig"]["Binds"]) == ("host", ["/h:/c:ro"])
    assert (body["Image"], body["Env"]) == ("busybox", ["A=b"])
    assert not {"Entrypoint", "Cmd", "User", "WorkingDir", "Healthcheck"} & set(body)


def test_a_definition_becomes_dockers_words() -> None:
    body = options(
        planned(
            entryPoint=["sh", "-c"],
            command=["true"],
            user="1000:1000",
            workingDirectory="/srv",
            memory=64,
            memoryReservation=32,
            readonlyRootFilesystem=True,
            dockerLabels={"team": "x"},
            healthCheck={"command": ["CMD-SHELL", "true"], "interval": 5},
        ),
        "busybox",
        {},
        None,
        [],
    )
    host = body["HostConfig"]
    assert (host["Memory"], host["MemoryReservation"], host["ReadonlyRootfs"]) == (64 << 20, 32 << 20, True)
    assert host["LogConfig"] == {"Type": "json-file"}
    assert (body["Entrypoint"], body["Cmd"], body["User"], body["WorkingDir"]) == (
        ["sh", "-c"],
        ["true"],
        "1000:1000",
        "/srv",
    )
    assert body["Labels"]["team"] == "x"
    assert body["Healthcheck"] == {
        "Test": ["CMD", "/bin/sh", "-c", "true"],
        "Interval": 5 * 10**9,
        "Timeout": 5 * 10**9,
        "Retries": 3,
        "StartPeriod": 0,
    }
