from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.run.network import Port, TaskNetwork, holder_body, machine_instead, ports_of
from outrider.taskdef.run.plan import Planned, Role


def task(*containers: dict[str, Any], mode: str = "awsvpc") -> dict[str, Any]:
    return {"family": "f", "networkMode": mode, "containerDefinitions": list(containers)}


def test_ports_are_those_of_the_mappings() -> None:
    mappings = [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 53, "protocol": "udp"}, {"hostPort": 9}]
    ranges = [{"containerPortRange": "90-91"}, {"containerPort": 70, "hostPort": 0}]
    found = ports_of([{"name": "a", "portMappings": mappings}, {"name": "b", "portMappings": ranges}])
    assert found == [
        Port("a", 80, "tcp", 8080),
        Port("a", 53, "udp", 53),
        Port("b", 90, "tcp", 90),
        Port("b", 91, "tcp", 91),
        Port("b", 70, "tcp", 70),
    ]


@given(st.text() | st.from_regex(r"[0-9]{1,3}-[0-9]{1,3}", fullmatch=True))
def test_any_range_is_read(text: str) -> None:
    for port in ports_of([{"name": "a", "portMappings": [{"containerPortRange": text}]}]):
        assert port.number == port.host


def test_the_holder_has_the_names_of_all() -> None:
    web = {
        "name": "web",
        "hostname": "web-1",
        "extraHosts": [{"hostname": "db", "ipAddress": "10.0.0.2"}],
        "dnsServers": ["10.0.0.1"],
        "systemControls": [{"namespace": "net.core.somaxconn", "value": "9"}, {"namespace": "kernel.x", "value": "1"}],
        "links": ["cache:redis", "queue"],
    }
    other = {"name": "other", "dnsServers": ["10.0.0.1"], "dnsSearchDomains": ["example.com"]}
    binding = {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "80"}]}
    body = holder_body(task(web, other), "busybox", binding)
    host = body["HostConfig"]
    assert (body["Hostname"], body["ExposedPorts"], host["PortBindings"]) == ("web-1", {"80/tcp": {}}, binding)
    assert host["ExtraHosts"] == [
        "host.docker.internal:host-gateway",
        "db:10.0.0.2",
        "redis:127.0.0.1",
        "queue:127.0.0.1",
    ]
    assert (host["Dns"], host["DnsSearch"]) == (["10.0.0.1"], ["example.com"])
    assert host["Sysctls"] == {"net.core.somaxconn": "9"}


def test_no_network_at_all() -> None:
    host = holder_body(task({"name": "a"}, mode="none"), "busybox", {"80/tcp": []})["HostConfig"]
    assert (host["NetworkMode"], host["PortBindings"], host["ExtraHosts"]) == ("none", {}, [])


def test_dockers_mode() -> None:
    assert TaskNetwork("127.1.2.3", "127.1.2.3").docker_mode == "host"
    assert TaskNetwork("127.0.0.1", "172.17.0.2", holder="x").docker_mode == "container:x"


@pytest.mark.parametrize(
    ("mode", "server", "words"),
    [
        ("awsvpc", "https://logs.example.com:8444", None),
        ("host", "https://logs.example.com:8444", "networkMode"),
        ("awsvpc", "https://127.0.0.1:8444", "host.docker.internal"),
        ("bridge", "https://localhost:8444", "host.docker.internal"),
    ],
)
def test_what_needs_the_machines_network(mode: str, server: str, words: str | None) -> None:
    agent = Planned({"name": "agent"}, Role.AGENT, (), {"OUTRIDER_SERVER": server})
    found = machine_instead(task({"name": "agent"}, mode=mode), [agent])
    assert (found is None) if words is None else (found is not None and words in found)


@pytest.mark.parametrize("role", Role)
def test_the_server_counts_whichever_container_is_the_agent(role: Role) -> None:
    sidecar = Planned({"name": "outrider"}, role, (), {"OUTRIDER_SERVER": "https://127.0.0.1:8444"})
    assert "loopback" in (machine_instead(task({"name": "outrider"}), [sidecar]) or "")
