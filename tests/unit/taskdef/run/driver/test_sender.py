import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from outrider.taskdef.run.driver.sender import Sender


class Receiver:
    """A router that only counts bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.got = b""
        self.connections = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "Receiver":
        self._server = await asyncio.start_unix_server(self._serve, self.path)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while data := await reader.read(65536):
            self.got += data
        writer.close()


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder) / "s"


async def test_everything_put_before_close_is_read_when_run_returns(path: Path) -> None:
    async with Receiver(path) as receiver:
        sender = Sender(path)
        for n in range(5000):
            sender.put(b"%07d" % n)
        sender.close()
        await sender.run()
    assert receiver.got == b"".join(b"%07d" % n for n in range(5000))
    assert (sender.accepted, sender.sent, sender.dropped, sender.waiting) == (5000, 5000, 0, 0)
    assert receiver.connections == 1


async def test_a_full_queue_drops_the_newest_and_counts_them(path: Path) -> None:
    sender = Sender(path, limit=3)
    for n in range(5):
        sender.put(b"%d" % n)
    async with Receiver(path) as receiver:
        sender.close()
        await sender.run()
    assert receiver.got == b"012"
    assert (sender.accepted, sender.sent, sender.dropped) == (5, 3, 2)


async def test_a_router_that_comes_late_gets_everything(path: Path) -> None:
    sender = Sender(path)
    sender.put(b"early ")
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(sender.run())
        await asyncio.sleep(0)
        async with Receiver(path) as receiver:
            sender.put(b"late")
            sender.close()
            await sending
    assert receiver.got == b"early late"


async def test_messages_after_a_restart_of_the_router_are_kept(path: Path) -> None:
    sender = Sender(path)
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(sender.run())
        closed = asyncio.Event()

        async def read_and_hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert await reader.readexactly(5) == b"first"
            writer.close()
            closed.set()

        first = await asyncio.start_unix_server(read_and_hang_up, path)
        sender.put(b"first")
        await closed.wait()
        first.close()
        os.unlink(path)
        sender.put(b"second")
        async with Receiver(path) as receiver:
            sender.close()
            await sending
    assert receiver.got == b"second"
    assert (sender.sent, sender.dropped) == (2, 0)


async def test_what_no_router_takes_is_counted_as_dropped(path: Path) -> None:
    sender = Sender(path)
    sender.put(b"a")
    sender.put(b"b")
    sender.close()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await sender.run()
    sender.give_up()
    assert (sender.accepted, sender.sent, sender.dropped, sender.waiting) == (2, 0, 2, 0)
