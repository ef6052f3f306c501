import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from outrider.model.errors import LocalError, UserError
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.network import TaskNetwork
from outrider.taskdef.run.plan import Planned, Role
from outrider.taskdef.run.sidecar import Sidecars
from outrider.taskdef.run.workspace import Workspace

IDENTITY = Identity("a" * 32)
LAUNCHER = "/var/outrider/lib/fluent-bit/fluent-launch"


@pytest.fixture
def folder() -> Iterator[Path]:
    """One with a short name, for the path of a socket below it."""
    with tempfile.TemporaryDirectory(prefix="or-", dir="/tmp") as name:
        yield Path(name)


def sidecars(folder: Path, network: TaskNetwork) -> Sidecars:
    return Sidecars(IDENTITY, "web", 3, Workspace.make(folder, IDENTITY, network.inside), network)


def planned(role: Role, **members: object) -> Planned:
    return Planned({"name": "x", **members}, role, (), {})


def test_a_process_enters_the_tasks_network(folder: Path) -> None:
    shared = TaskNetwork("127.0.0.1", "172.17.0.2", "172.17.0.1", "holder", ("nsenter", "--net=/n"))
    found = sidecars(folder, shared)
    router = found.words(planned(Role.ROUTER, entryPoint=[LAUNCHER], command=["--", "-o", "tcp://127.0.0.1:5"]))
    assert router[:2] == ["nsenter", "--net=/n"]
    assert router[router.index("HTTP_Listen") + 1] == "172.17.0.2"
    assert router[-1] == "tcp://127.0.0.1:5"
    assert found.words(planned(Role.AGENT))[-1] == "agent"
    assert found.variables(planned(Role.AGENT), in_docker=False)["OUTRIDER_LISTEN"] == "127.0.0.1"


def test_a_router_that_is_the_agent(folder: Path) -> None:
    found = sidecars(folder, TaskNetwork("127.9.9.9", "127.9.9.9"))
    both = planned(Role.ROUTER, entryPoint=["outrider", "agent"], command=["-c", "/fluent-bit/etc/fluent-bit.conf"])
    assert both.is_agent
    assert found.words(both)[-3:] == ["agent", "-c", found.workspace.layout.config]
    as_process, in_docker = (found.variables(both, in_docker=where) for where in (False, True))
    assert as_process.items() - in_docker.items() == {
        ("OUTRIDER_STATE", str(found.workspace.agent_state)),
        ("OUTRIDER_LISTEN", "127.9.9.9"),
    }
    assert in_docker.items() >= IDENTITY.variables("web", 3).items()
    assert in_docker["OUTRIDER_TASK"] == f"web/{IDENTITY.task_id}"
    assert not planned(Role.APPLICATION, entryPoint=["outrider", "agent"]).is_agent


def test_a_launcher_in_docker_gets_the_monitor_in_front(folder: Path) -> None:
    found = sidecars(folder, TaskNetwork("127.0.0.1", "172.17.0.2", holder="holder"))
    words = found.entry_point(planned(Role.ROUTER, entryPoint=[LAUNCHER, "-s", "Flush", "1"]))
    assert words is not None
    assert (words[0], words[-3:]) == (LAUNCHER, ["-s", "Flush", "1"])
    assert found.entry_point(planned(Role.ROUTER)) is None
    assert found.entry_point(planned(Role.AGENT, entryPoint=[LAUNCHER])) is None


@pytest.mark.parametrize(
    ("members", "variables", "port"),
    [
        ({}, {}, 1514),
        ({"command": ["--port", "1600"]}, {}, 1600),
        ({"entryPoint": ["outrider", "agent", "--port=1601"]}, {}, 1601),
        ({}, {"OUTRIDER_SYSLOG_PORT": "1602"}, 1602),
        ({}, {"OUTRIDER_SYSLOG_PORT": "seven"}, 1514),
    ],
)
def test_where_an_agent_is_expected(
    folder: Path, members: dict[str, object], variables: dict[str, str], port: int
) -> None:
    found = sidecars(folder, TaskNetwork("127.9.9.9", "127.9.9.9"))
    assert found.doors(planned(Role.AGENT, **members), variables) == [("127.9.9.9", port)]


def test_where_a_router_is_expected(folder: Path) -> None:
    found = sidecars(folder, TaskNetwork("127.9.9.9", "127.9.9.9"))
    both = planned(Role.ROUTER, entryPoint=["outrider", "agent", "--port", "1600"])
    for router in (planned(Role.ROUTER), both):
        assert found.doors(router, {"OUTRIDER_SYSLOG_PORT": "1602"}) == [found.workspace.layout.socket]


def test_an_agent_of_another_make_cannot_be_a_process(folder: Path) -> None:
    with pytest.raises(UserError, match="entryPoint '/bin/al-agent'"):
        sidecars(folder, TaskNetwork("127.0.0.1", "127.0.0.1")).words(planned(Role.AGENT, entryPoint=["/bin/al-agent"]))


def test_a_folder_that_cannot_be_made_has_a_fix(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(LocalError, match="fix: name another folder with --state"):
        Workspace.make(folder / "file" / "state", IDENTITY, "127.0.0.1")
