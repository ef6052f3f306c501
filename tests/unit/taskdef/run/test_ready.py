import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from outrider.taskdef.run.ready import open_doors


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="or-", dir="/tmp") as name:
        yield Path(name)


async def closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def test_it_returns_when_the_last_door_is_open(folder: Path) -> None:
    path = str(folder / "s")
    async with await asyncio.start_server(closed, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(open_doors([("127.0.0.1", port), path]))
            for _ in range(20):
                await asyncio.sleep(0)
            assert not waiting.done()
            (folder / "s").touch()  # a file at that place is nobody who listens
            for _ in range(20):
                await asyncio.sleep(0)
            assert not waiting.done()
            (folder / "s").unlink()
            async with await asyncio.start_unix_server(closed, path):
                await waiting
