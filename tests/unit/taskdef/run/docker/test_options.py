from typing import Any

from outrider.taskdef.run.docker.options import Surroundings, options
from outrider.taskdef.run.plan import Planned, Role

FILES = {"Type": "json-file"}


def planned(**members: object) -> Planned:
    return Planned({"name": "web", **members}, Role.APPLICATION, (), {})


def host(around: Surroundings | None = None, **members: object) -> dict[str, Any]:
    found = options(planned(**members), "busybox", {}, around or Surroundings("host", FILES))["HostConfig"]
    assert isinstance(found, dict)
    return found


def test_the_log_driver_gets_exactly_what_the_ecs_agent_gives() -> None:
    log = {"Type": "fluentd", "Config": {"tag": "web-firelens-1", "fluentd-async": "true"}}
    body = options(planned(), "busybox", {"A": "b"}, Surroundings("container:x", log, ["/h:/c:ro"], ["files:ro"]))
    assert body["HostConfig"]["LogConfig"] == log
    assert (body["HostConfig"]["NetworkMode"], body["HostConfig"]["Binds"]) == ("container:x", ["/h:/c:ro"])
    assert body["HostConfig"]["VolumesFrom"] == ["files:ro"]
    assert (body["Image"], body["Env"]) == ("busybox", ["A=b"])
    assert not {"Entrypoint", "Cmd", "User", "WorkingDir", "Healthcheck", "Hostname"} & set(body)


def test_a_definition_becomes_dockers_words() -> None:
    definition = planned(
        entryPoint=["sh", "-c"],
        command=["true"],
        user="1000:1000",
        workingDirectory="/srv",
        hostname="web-1",
        interactive=True,
        dockerLabels={"team": "x"},
        healthCheck={"command": ["CMD-SHELL", "true"], "interval": 5},
    )
    body = options(definition, "busybox", {}, Surroundings("host", FILES))
    assert (body["Entrypoint"], body["Cmd"], body["User"], body["WorkingDir"]) == (
        ["sh", "-c"],
        ["true"],
        "1000:1000",
        "/srv",
    )
    assert (body["Labels"]["team"], body["Hostname"], body["OpenStdin"]) == ("x", "web-1", True)
    assert body["Healthcheck"] == {
        "Test": ["CMD", "/bin/sh", "-c", "true"],
        "Interval": 5 * 10**9,
        "Timeout": 5 * 10**9,
        "Retries": 3,
        "StartPeriod": 0,
    }


def test_limits_are_the_containers_and_at_most_the_tasks() -> None:
    own = host(Surroundings("host", FILES, memory=512, cpu=256), memory=64, memoryReservation=32, cpu=128)
    assert (own["Memory"], own["MemoryReservation"], own["CpuShares"]) == (64 << 20, 32 << 20, 128)
    assert own["NanoCpus"] == 250_000_000
    without = host(Surroundings("host", FILES, memory=512))
    assert (without["Memory"], without["CpuShares"], without["NanoCpus"]) == (512 << 20, 0, 0)


def test_linux_parameters() -> None:
    found = host(
        memory=64,
        readonlyRootFilesystem=True,
        privileged=True,
        ulimits=[{"name": "nofile", "softLimit": 10, "hardLimit": 20}],
        systemControls=[
            {"namespace": "net.core.somaxconn", "value": "9"},
            {"namespace": "kernel.shmmax", "value": "1"},
        ],
        dockerSecurityOptions=["no-new-privileges"],
        linuxParameters={
            "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
            "initProcessEnabled": True,
            "sharedMemorySize": 8,
            "maxSwap": 16,
            "swappiness": 10,
            "tmpfs": [
                {"containerPath": "/run", "size": 4, "mountOptions": ["noexec"]},
                {"containerPath": "/t", "size": 1},
            ],
            "devices": [
                {"hostPath": "/dev/null"},
                {"hostPath": "/dev/zero", "containerPath": "/z", "permissions": ["read"]},
            ],
        },
    )
    assert (found["ReadonlyRootfs"], found["Privileged"], found["Init"]) == (True, True, True)
    assert found["Ulimits"] == [{"Name": "nofile", "Soft": 10, "Hard": 20}]
    assert found["Sysctls"] == {"kernel.shmmax": "1"}  # those of the network are its holder's
    assert (found["CapAdd"], found["CapDrop"], found["SecurityOpt"]) == (["NET_ADMIN"], ["ALL"], ["no-new-privileges"])
    assert (found["ShmSize"], found["MemorySwap"], found["MemorySwappiness"]) == (8 << 20, 80 << 20, 10)
    assert found["Tmpfs"] == {"/run": "size=4m,noexec", "/t": "size=1m"}
    assert [(device["PathInContainer"], device["CgroupPermissions"]) for device in found["Devices"]] == [
        ("/dev/null", "rwm"),
        ("/z", "r"),
    ]


def test_a_health_check_of_the_image_may_be_turned_off() -> None:
    off = options(planned(healthCheck={"command": ["NONE"]}), "x", {}, Surroundings("host", FILES))
    assert off["Healthcheck"] == {"Test": ["NONE"]}


def test_names_are_the_holders_where_a_container_shares_its_network() -> None:
    members = {"dnsServers": ["10.0.0.1"], "extraHosts": [{"hostname": "db", "ipAddress": "10.0.0.2"}], "hostname": "w"}
    assert host(**members)["Dns"] == ["10.0.0.1"]
    assert host(**members)["ExtraHosts"] == ["db:10.0.0.2"]
    shared = Surroundings("container:x", FILES)
    assert not {"Dns", "ExtraHosts"} & set(host(shared, **members))
    assert "Hostname" not in options(planned(**members), "x", {}, shared)
