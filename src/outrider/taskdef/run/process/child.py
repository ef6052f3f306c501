"""A child process in a process group of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from outrider.model.errors import LocalError
from outrider.taskdef.run.container import StartError
from outrider.taskdef.run.process import guard

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
_SIGNALLED = 128
OUTPUT_SECONDS = 5.0
"""How long the pipes of a process that has ended stay open for descendants that cannot be found (``end_marked``)."""
_HURRIED_SECONDS = 0.5
_GUARD_SECONDS = 60.0
_LEFT_OPEN = (
    "ended, but a process that left its process group, and its environment, holds its output open; "
    "it is not read any longer"
)


def child_environment(own: Mapping[str, str]) -> dict[str, str]:
    """The variables of a process: a few of ours that programs cannot do without, ``own``, and a mark of its own.

    A runner that is marked itself, as part of another's task, leaves its mark in: what it starts ends with that task.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | dict(own) | {guard.MARK: f"{os.environ.get(guard.MARK, '')}.{secrets.token_hex(16)}"}


class Guard:
    """The runner's side of ``guard``: what ``hold`` names does not outlive this process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, docker_socket: str) -> Guard:
        """Start it. ``docker_socket`` is a path; it is used only for containers on the list."""
        return cls(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", guard.__file__, docker_socket),
                stdin=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        )

    def hold(self, kind: str, value: str) -> None:
        """Put it on the list: a process group (``group``), marked processes (``mark``), a container (``docker``), a
        ``volume`` or a ``folder``.
        """
        self._write(f"+{kind} {value}\n")

    def release(self, kind: str, value: str) -> None:
        """Take it off the list."""
        self._write(f"-{kind} {value}\n")

    async def close(self) -> None:
        """End it; what is still on the list is ended too. Raises LocalError if that takes more than a minute."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(_GUARD_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            raise LocalError(f"what the run has left cannot be removed within {_GUARD_SECONDS:g} s") from None

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())


class Child:
    """A process, its descendants (those that leave its group have its mark), and the two pipes of its output.

    Both pipes are closed, so that ``connection_lost`` of the outputs is called, ``OUTPUT_SECONDS`` after its end at the
    latest: a descendant that left the group could hold them open for ever.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        pipes: Sequence[asyncio.ReadTransport],
        held_by: Guard,
        say: Callable[[str], None],
        mark: str,
    ) -> None:
        self._process = process
        self._mark = mark
        self._pipes = pipes
        self._guard = held_by
        self._say = say
        self._patience = OUTPUT_SECONDS
        self._ended = asyncio.Event()

    @classmethod
    async def start(
        cls,
        words: Sequence[str],
        environment: Mapping[str, str],
        outputs: Sequence[asyncio.Protocol],
        held_by: Guard,
        say: Callable[[str], None],
        directory: Path | None = None,
    ) -> Child:
        """Run ``words``; ``outputs`` get what it writes to stdout and stderr. Raises StartError.

        ``environment`` is a ``child_environment``; ``say`` is told if the pipes had to be closed.
        """
        loop = asyncio.get_running_loop()
        mark = environment[guard.MARK].rpartition(".")[2]
        writers = []
        pipes = []
        try:
            for output in outputs:
                reader, writer = os.pipe()
                writers.append(writer)
                pipe, _ = await loop.connect_read_pipe(lambda output=output: output, os.fdopen(reader, "rb"))  # type: ignore[misc]
                pipes.append(pipe)
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writers[0],
                stderr=writers[1],
                env=dict(environment),
                cwd=directory,
                start_new_session=True,
            )
        except (FileNotFoundError, NotADirectoryError) as error:
            raise StartError(f"{error.filename or words[0]}: {error.strerror}", 127) from error
        except OSError as error:
            raise StartError(f"{words[0]}: {error.strerror}", 126) from error
        finally:
            for writer in writers:
                os.close(writer)
        held_by.hold("group", str(process.pid))
        held_by.hold("mark", mark)
        return cls(process, pipes, held_by, say, mark)

    @property
    def pid(self) -> int:
        """The process's, which is that of its session too."""
        return self._process.pid

    async def wait(self) -> int:
        """Its exit status; its descendants are killed with it, as in a container. 128 + n if signal n ended it."""
        status = await self._process.wait()
        self._signal(signal.SIGKILL)
        await asyncio.to_thread(guard.end_marked, self._mark)
        if not self._ended.is_set():
            self._ended.set()
            self._guard.release("group", str(self._process.pid))
            self._guard.release("mark", self._mark)
            self._close_pipes_in(self._patience)
        return status if status >= 0 else _SIGNALLED - status

    async def stop(self, grace: float) -> None:
        """SIGTERM to the process, SIGKILL to the group if ``wait`` has not seen its end after ``grace`` seconds."""
        if self._ended.is_set():
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._ended.wait()
                return
        self._signal(signal.SIGKILL)

    def kill(self) -> None:
        """SIGKILL to the group, and hardly any more time for the pipes."""
        self._patience = _HURRIED_SECONDS
        if self._ended.is_set():
            self._close_pipes_in(self._patience)
        else:
            self._signal(signal.SIGKILL)

    def _close_pipes_in(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._close_pipes)

    def _close_pipes(self) -> None:
        still_open = [pipe for pipe in self._pipes if not pipe.is_closing()]
        for pipe in still_open:
            pipe.close()
        if still_open:
            self._say(_LEFT_OPEN)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
