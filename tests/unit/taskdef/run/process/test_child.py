import asyncio
import contextlib
import os
import select
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from outrider.taskdef.run.container import StartError
from outrider.taskdef.run.driver import pipes
from outrider.taskdef.run.driver.pipes import Driver, Settings
from outrider.taskdef.run.health import Check, Health
from outrider.taskdef.run.process import child as child_module
from outrider.taskdef.run.process.child import Child, Guard, child_environment
from outrider.taskdef.run.process.container import FileLog, ProcessContainer


@pytest.fixture
async def guard() -> AsyncIterator[Guard]:
    held_by = await Guard.start("/nonexistent")
    yield held_by
    await held_by.close()


def printing(tmp_path: Path, lines: list[str]) -> FileLog:
    return FileLog(tmp_path / "log", lines.append)


async def run(container: ProcessContainer) -> int:
    await container.start()
    return await container.wait()


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)])
async def test_the_status_is_that_of_a_shell(guard: Guard, tmp_path: Path, script: str, status: int) -> None:
    assert await run(ProcessContainer(["sh", "-c", script], {}, printing(tmp_path, []), guard, None, print)) == status


async def test_output_goes_to_the_file_and_by_line_to_the_caller(guard: Guard, tmp_path: Path) -> None:
    lines: list[str] = []
    container = ProcessContainer(
        ["sh", "-c", "echo one; printf two"], {"A": "b"}, printing(tmp_path, lines), guard, None, print
    )
    assert await run(container) == 0
    assert (lines, container.lines) == (["one", "two"], 2)
    assert (tmp_path / "log").read_text() == "one\ntwo"


async def test_the_environment_is_its_own(guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "secret")
    lines: list[str] = []
    await run(
        ProcessContainer(["sh", "-c", "echo $A-$OURS"], {"A": "b"}, printing(tmp_path, lines), guard, None, print)
    )
    assert lines == ["b-"]
    assert "PATH" in child_environment({})


@pytest.mark.parametrize(
    ("word", "status"), [("/nonexistent/program", 127), ("nonexistent-program", 127), ("/etc/passwd", 126)]
)
async def test_what_cannot_run_says_so(guard: Guard, tmp_path: Path, word: str, status: int) -> None:
    with pytest.raises(StartError, match=word) as caught:
        await run(ProcessContainer([word], {}, printing(tmp_path, []), guard, None, print))
    assert caught.value.status == status


async def test_descendants_end_with_the_process(guard: Guard, tmp_path: Path) -> None:
    """The child of the shell keeps both pipes open: without its end ``wait`` would not return."""
    assert (
        await run(ProcessContainer(["sh", "-c", "sleep 600 & exit 4"], {}, printing(tmp_path, []), guard, None, print))
        == 4
    )


def leaving(tmp_path: Path) -> list[str]:
    """The words of a process that ends once its descendant has left for good, which then is in ``left``."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    descendant = f"echo $$ > {tmp_path}/left; : > {pipe}; exec sleep 600"
    return ["sh", "-c", f"trap '' TERM; env -i setsid sh -c '{descendant}' & read nothing < {pipe}; echo up; exit 3"]


@pytest.fixture
def left(tmp_path: Path) -> Iterator[Path]:
    """Where the descendant writes its number; it does not outlive the test."""
    yield tmp_path / "left"
    os.kill(int((tmp_path / "left").read_text()), signal.SIGKILL)


async def test_a_descendant_that_left_the_group_ends_with_the_process(guard: Guard, tmp_path: Path) -> None:
    lines: list[str] = []
    script = "echo $(setsid sh -c 'echo $$; exec sleep 600 > /dev/null' &)"
    async with asyncio.timeout(60):
        await run(ProcessContainer(["sh", "-c", script], {}, printing(tmp_path, lines), guard, None, print))
    with contextlib.suppress(ProcessLookupError):
        left = os.pidfd_open(int(lines[0]))
        assert select.select([left], [], [], 30)[0], "a process is still there"
        os.close(left)


@pytest.mark.parametrize("kind", ["file", "driver"])
async def test_a_descendant_that_left_the_group_is_not_waited_for(
    guard: Guard, tmp_path: Path, left: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(child_module, "OUTPUT_SECONDS", 0.05)
    said: list[str] = []
    log = printing(tmp_path, []) if kind == "file" else Driver(Settings("t", tmp_path / "nobody"), "0" * 64, "/c")
    async with asyncio.timeout(60):
        assert await run(ProcessContainer(leaving(tmp_path), {}, log, guard, None, said.append)) == 3
    (line,) = said
    assert "left its process group" in line


async def test_kill_cuts_the_wait_for_output_short(
    guard: Guard, tmp_path: Path, left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "OUTPUT_SECONDS", 3600)
    said: list[str] = []
    up = asyncio.Event()
    log = FileLog(tmp_path / "log", lambda _: up.set())
    container = ProcessContainer(leaving(tmp_path), {}, log, guard, None, said.append)
    await container.start()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        ending = group.create_task(container.wait())
        await up.wait()
        await container.stop(3600)  # returns when the process has ended; its output has not
        await container.kill()
    assert len(said) == 1
    assert ending.done()


async def test_kill_drops_what_the_router_does_not_take(
    guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipes, "DRAIN_SECONDS", 3600)
    log = Driver(Settings("t", tmp_path / "nobody"), "0" * 64, "/c")
    written = tmp_path / "written"
    os.mkfifo(written)
    script = f"echo one; : > {written}; exec sleep 600"
    container = ProcessContainer(["sh", "-c", script], {}, log, guard, None, print)
    await container.start()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        ending = group.create_task(container.wait())
        await asyncio.to_thread(written.read_text)
        await container.kill()
    assert (ending.result(), container.dropped) == (128 + signal.SIGKILL, 1)


async def test_a_caller_that_fails_on_the_last_line_does_not_keep_the_container(guard: Guard, tmp_path: Path) -> None:
    def fail(line: str) -> None:
        raise BrokenPipeError(line)

    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))
    container = ProcessContainer(["printf", "tail"], {}, FileLog(tmp_path / "log", fail), guard, None, print)
    async with asyncio.timeout(60):
        assert await run(container) == 0
    assert [repr(failure) for failure in failures] == ["BrokenPipeError('tail')"]


async def test_a_health_check_that_takes_too_long_leaves_no_process(guard: Guard, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    check = Check(("sh", "-c", f"sleep 600 > {tmp_path}/pipe & wait"), timeout=0.2, retries=1)
    container = ProcessContainer(["true"], {}, printing(tmp_path, []), guard, check, print)
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    states: asyncio.Queue[Health] = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        following = group.create_task(container.health(states.put_nowait))
        assert await states.get() is Health.UNHEALTHY
        following.cancel()
    hung_up = select.poll()
    hung_up.register(reading, 0)
    assert hung_up.poll(30_000), "the child of the health check is still there"
    os.close(reading)


async def test_a_health_check_does_not_hold_our_own_output(
    guard: Guard, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    check = Check(("sh", "-c", "echo words; echo more >&2"), retries=1)
    container = ProcessContainer(["true"], {}, printing(tmp_path, []), guard, check, print)
    states: asyncio.Queue[Health] = asyncio.Queue()
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        following = group.create_task(container.health(states.put_nowait))
        assert await states.get() is Health.HEALTHY
        following.cancel()
    assert capfd.readouterr() == ("", "")


class Ready(asyncio.Protocol):
    def __init__(self) -> None:
        self.came = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.came.set()


@pytest.mark.parametrize(
    ("script", "grace", "status"),
    [
        ("trap 'exit 5' TERM; echo ready; sleep 600 & wait", 60, 5),
        ("trap '' TERM; echo ready; sleep 600; sleep 600", 0.05, 128 + signal.SIGKILL),
    ],
)
async def test_stop_asks_and_then_insists(guard: Guard, script: str, grace: float, status: int) -> None:
    ready = Ready()
    child = await Child.start(["sh", "-c", script], child_environment({}), [ready, Ready()], guard, print)
    async with asyncio.TaskGroup() as group:
        ending = group.create_task(child.wait())
        await ready.came.wait()
        await child.stop(grace)
    assert ending.result() == status
