import asyncio
import http.server
import os
import select
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from outrider.taskdef.run.process import guard
from outrider.taskdef.run.process.child import Guard


def test_what_was_released_is_off_the_list() -> None:
    lines = ["+group 1\n", "+docker ecs-a\n", "+group 2\n", "-group 1\n"]
    assert guard.held(lines) == {"group": ["2"], "mark": [], "docker": ["ecs-a"], "volume": [], "folder": []}


async def test_a_process_on_the_list_does_not_outlive_the_guard() -> None:
    process = await asyncio.create_subprocess_exec("sleep", "600", start_new_session=True)
    held_by = await Guard.start("/nonexistent")
    held_by.hold("group", str(process.pid))
    await held_by.close()
    assert await process.wait() == -signal.SIGKILL


def test_only_what_has_the_mark_is_killed() -> None:
    marks = {"one": ".aa11", "inner": ".aa11.bb22", "other": ".bb22"}
    sleeps = {
        name: subprocess.Popen(["sleep", "600"], env=os.environ | {guard.MARK: mark}, start_new_session=True)
        for name, mark in marks.items()
    }
    guard.end_marked("aa11")
    assert [sleeps[name].wait() for name in ("one", "inner")] == [-signal.SIGKILL] * 2
    assert sleeps["other"].poll() is None
    guard.end_marked("bb22")
    assert sleeps["other"].wait() == -signal.SIGKILL


class Docker(socketserver.UnixStreamServer):
    """Answers DELETE with the statuses it is given, in order; 404 after them. ``asked`` has the paths."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), _Answer)
        self.statuses: dict[str, list[int]] = {}
        self.asked: list[str] = []


class _Answer(http.server.BaseHTTPRequestHandler):
    server: Docker

    def do_DELETE(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append(path)
        left = self.server.statuses.get(path)
        self.send_response(left.pop(0) if left else 404)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[Docker]:
    with Docker(tmp_path / "docker.sock") as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        yield server
        server.shutdown()
        serving.join()


def test_what_docker_is_creating_still_is_removed_once_it_is_there(docker: Docker, tmp_path: Path) -> None:
    docker.statuses = {"/containers/ecs-a": [404, 404, 204], "/containers/ecs-b": [204], "/volumes/v": [409, 204]}
    found = {"group": [], "mark": [], "docker": ["ecs-a", "ecs-b"], "volume": ["v"], "folder": []}
    guard.end(found, str(tmp_path / "docker.sock"))
    assert not any(docker.statuses.values())
    assert docker.asked.count("/containers/ecs-b") == 1


def test_what_never_comes_is_not_waited_for_forever(
    docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "PATIENCE_SECONDS", 0)
    (tmp_path / "folder").mkdir()
    found = {"group": [], "mark": [], "docker": ["ecs-a"], "volume": [], "folder": [str(tmp_path / "folder")]}
    guard.end(found, str(tmp_path / "docker.sock"))
    assert docker.asked
    assert not (tmp_path / "folder").exists()


RUNNER = """
import asyncio
from outrider.taskdef.run.process.child import Child, Guard, child_environment

class Words(asyncio.Protocol):
    def __init__(self):
        self.came = asyncio.get_running_loop().create_future()

    def data_received(self, data):
        self.came.set_result(data.decode())

async def main():
    held_by = await Guard.start("/nonexistent")
    words = Words()
    script = "sleep 600 & left=$(setsid sh -c 'echo $$; exec sleep 600 > /dev/null' &); echo $$ $! $left; wait"
    child = await Child.start(["sh", "-c", script], child_environment({}), [words, asyncio.Protocol()], held_by, print)
    print(await words.came, end="", flush=True)
    await child.wait()

asyncio.run(main())
"""


def test_nothing_outlives_a_runner_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", RUNNER], stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout is not None
        ends = [os.pidfd_open(int(pid)) for pid in runner.stdout.readline().split()]
        assert len(ends) == 3
        runner.kill()
    for end in ends:
        assert select.select([end], [], [], 30)[0], "a process is still there"
        os.close(end)
