import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from outrider.taskdef.run.container import StartError
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
    assert await run(ProcessContainer(["sh", "-c", script], {}, printing(tmp_path, []), guard, None)) == status


async def test_output_goes_to_the_file_and_by_line_to_the_caller(guard: Guard, tmp_path: Path) -> None:
    lines: list[str] = []
    container = ProcessContainer(
        ["sh", "-c", "echo one; printf two"], {"A": "b"}, printing(tmp_path, lines), guard, None
    )
    assert await run(container) == 0
    assert (lines, container.lines) == (["one", "two"], 2)
    assert (tmp_path / "log").read_text() == "one\ntwo"


async def test_the_environment_is_its_own(guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "secret")
    lines: list[str] = []
    await run(ProcessContainer(["sh", "-c", "echo $A-$OURS"], {"A": "b"}, printing(tmp_path, lines), guard, None))
    assert lines == ["b-"]
    assert "PATH" in child_environment({})


@pytest.mark.parametrize(
    ("word", "status"), [("/nonexistent/program", 127), ("nonexistent-program", 127), ("/etc/passwd", 126)]
)
async def test_what_cannot_run_says_so(guard: Guard, tmp_path: Path, word: str, status: int) -> None:
    with pytest.raises(StartError, match=word) as caught:
        await run(ProcessContainer([word], {}, printing(tmp_path, []), guard, None))
    assert caught.value.status == status


async def test_descendants_end_with_the_process(guard: Guard, tmp_path: Path) -> None:
    """The child of the shell keeps both pipes open: without its end ``wait`` would not return."""
    assert await run(ProcessContainer(["sh", "-c", "sleep 600 & exit 4"], {}, printing(tmp_path, []), guard, None)) == 4


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
    child = await Child.start(["sh", "-c", script], child_environment({}), [ready, Ready()], guard)
    async with asyncio.TaskGroup() as group:
        ending = group.create_task(child.wait())
        await ready.came.wait()
        await child.stop(grace)
    assert ending.result() == status
