"""Docker's log driver ``awslogs``, towards the stand-in: a line is an event.

Docker's own cannot be used: it takes its keys from the environment of Docker's daemon.
Source: https://docs.docker.com/engine/logging/drivers/awslogs/; moby ``daemon/logger/awslogs/cloudwatchlogs.go``.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.local_aws.service import Service
from outrider.taskdef.run.local_aws.wants import region_of
from outrider.taskdef.view import Task

_PAUSE: Final = 0.5
"""Seconds between two calls."""
_BATCH: Final = 1000
_MOST: Final = 1_000_000
"""Lines that may wait."""
_JOINING: Final = ("awslogs-multiline-pattern", "awslogs-datetime-format")


def stream_name(options: Mapping[str, str], container: str, container_id: str, task_id: str) -> str:
    """The log stream of a container: ``awslogs-stream``, or ``PREFIX/CONTAINER/TASK`` as ECS makes it, or its id."""
    if options.get("awslogs-stream"):
        return options["awslogs-stream"]
    prefix = options.get("awslogs-stream-prefix")
    return f"{prefix}/{container}/{task_id}" if prefix else container_id


class LogDriver:
    """One container's. ``line`` takes what it prints; ``dropped`` counts what could not be sent."""

    def __init__(self, client: Any, group: str, stream: str, note: Callable[[str], None]) -> None:
        self.dropped = 0
        self._client = client
        self._names = {"logGroupName": group, "logStreamName": stream}
        self._note = note
        self._waiting: deque[tuple[int, str]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._call: asyncio.Future[str] | None = None

    def line(self, text: str) -> None:
        """A line without its end; an empty one is no event."""
        if not text:
            return
        if len(self._waiting) >= _MOST:
            self._lose(1, "too many lines wait")
            return
        self._waiting.append((int(time.time() * 1000), text))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE, self._send)

    async def close(self) -> None:
        """Send what is left."""
        if self._timer is not None:
            self._timer.cancel()
        if self._call is not None:
            await self._call
        while self._waiting:
            batch = self._take()
            self._sent(await asyncio.to_thread(self._put, batch), len(batch))

    def _send(self) -> None:
        """Send some, one call at a time."""
        loop = asyncio.get_running_loop()
        self._timer = None
        if self._call is None or self._call.done():
            batch = self._take()
            self._call = loop.run_in_executor(None, self._put, batch)
            self._call.add_done_callback(lambda call: self._sent(call.result(), len(batch)))
        if self._waiting:
            self._timer = loop.call_later(_PAUSE, self._send)

    def _take(self) -> list[tuple[int, str]]:
        return [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]

    def _put(self, batch: list[tuple[int, str]]) -> str:
        """Put events, in a thread; returns what went wrong."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            with contextlib.suppress(self._client.exceptions.ResourceAlreadyExistsException):
                self._client.create_log_stream(**self._names)
            events = [{"timestamp": when, "message": text} for when, text in batch]
            self._client.put_log_events(**self._names, logEvents=events)
        except (BotoCoreError, ClientError) as error:
            return str(error)
        return ""

    def _sent(self, fault: str, count: int) -> None:
        if fault:
            self._lose(count, fault)

    def _lose(self, count: int, why: str) -> None:
        if not self.dropped:
            self._note(f"lines do not reach the log group {self._names['logGroupName']}: {why}")
        self.dropped += count


def log_drivers(
    service: Service, task: Task, identity: Identity, note: Callable[[str, str], None]
) -> dict[str, LogDriver]:
    """A driver for each container that logs with ``awslogs``."""
    found = {}
    for container in task:
        options = {key: str(value) for key, value in container.options.value.items()}
        if container.driver != "awslogs" or not options.get("awslogs-group"):
            continue
        name = container.name
        for key in _JOINING:
            if key in options:
                note(name, f"{key} is not imitated: each line is an event of its own")
        stream = stream_name(options, name, identity.container_id(name), identity.task_id)
        client = service.client("logs", region_of(container))
        found[name] = LogDriver(client, options["awslogs-group"], stream, partial(note, name))
    return found
