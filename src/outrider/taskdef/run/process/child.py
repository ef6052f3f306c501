"""A child process in a process group of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from outrider.taskdef.run.container import StartError
from outrider.taskdef.run.process import guard

_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
_SIGNALLED = 128


def child_environment(own: Mapping[str, str]) -> dict[str, str]:
    """The variables of a process: a few of ours that programs cannot do without, and ``own``."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | dict(own)


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
        """Put a process group (``group``), a container (``docker``) or a ``folder`` on the list."""
        self._write(f"+{kind} {value}\n")

    def release(self, kind: str, value: str) -> None:
        """Take it off the list."""
        self._write(f"-{kind} {value}\n")

    async def close(self) -> None:
        """End it; what is still on the list is ended too."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())


class Child:
    """A process, its descendants (unless they leave its group), and the two pipes of its output."""

    def __init__(self, process: asyncio.subprocess.Process, held_by: Guard) -> None:
        self._process = process
        self._guard = held_by
        self._ended = asyncio.Event()

    @classmethod
    async def start(
        cls,
        words: Sequence[str],
        environment: Mapping[str, str],
        outputs: Sequence[asyncio.Protocol],
        held_by: Guard,
        directory: Path | None = None,
    ) -> Child:
        """Run ``words``; ``outputs`` get what it writes to stdout and stderr. Raises StartError."""
        loop = asyncio.get_running_loop()
        writers = []
        try:
            for output in outputs:
                reader, writer = os.pipe()
                writers.append(writer)
                await loop.connect_read_pipe(lambda output=output: output, os.fdopen(reader, "rb"))  # type: ignore[misc]
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
        return cls(process, held_by)

    async def wait(self) -> int:
        """Its exit status; its descendants are killed with it, as in a container. 128 + n if signal n ended it."""
        status = await self._process.wait()
        self._signal(signal.SIGKILL)
        if not self._ended.is_set():
            self._ended.set()
            self._guard.release("group", str(self._process.pid))
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

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)
