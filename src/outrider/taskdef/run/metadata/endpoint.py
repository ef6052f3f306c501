"""The server of the task metadata endpoint, and of task protection: for the task alone, and bounded."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

from outrider.net.serve import HttpListener, Reply, Request
from outrider.taskdef.run.metadata.document import TaskNow, endpoint_id
from outrider.taskdef.run.metadata.protection import Protection

_JSON: Final = [("Content-Type", "application/json")]
_PATH_MAX: Final = 256
_BACKLOG: Final = 16
_VERSIONS: Final = ("v3", "v4")
_BODY_MAX: Final = 1024
_PROTECTION: Final = "task-protection/v1/state"


class Task(Protocol):
    """See ``outrider.taskdef.run.metadata.now.Running``."""

    @property
    def task_id(self) -> str: ...
    @property
    def arn(self) -> str: ...
    @property
    def names(self) -> list[str]: ...
    async def now(self) -> TaskNow: ...
    async def usage(self, name: str) -> dict[str, Any] | None: ...


def metadata_variables(base: str, task_id: str, name: str) -> dict[str, str]:
    """What ECS tells a container: where the endpoint is."""
    known_as = endpoint_id(task_id, name)
    return {
        "ECS_CONTAINER_METADATA_URI": f"{base}/v3/{known_as}",
        "ECS_CONTAINER_METADATA_URI_V4": f"{base}/v4/{known_as}",
        "ECS_AGENT_URI": f"{base}/api/{known_as}",
    }


@asynccontextmanager
async def metadata_of(
    task: Task, address: str, admits: Callable[[str], bool], note: Callable[[str, str], None]
) -> AsyncIterator[str]:
    """Serve at an address while the block runs; gives the URL. Raises LocalError.

    ``admits`` says whether a peer's address belongs to the task: nobody else gets an answer. ``note`` is told once of
    each kind of request that is none.
    """
    endpoint = _Endpoint(task, admits)
    listener = HttpListener(
        endpoint.answer,
        limit=_BODY_MAX,
        server="outrider",
        before=endpoint.before,
        unfinished=lambda size: True,  # bodies and connections are bounded, so what is unfinished is as well
        voice=_Voice(note),
    )
    port = await listener.listen(address, 0, backlog=_BACKLOG, share_port=False, tls=None)
    try:
        yield f"http://{address}:{port}"
    finally:
        await listener.close()


class _Voice:
    def __init__(self, note: Callable[[str, str], None]) -> None:
        self._note = note
        self._said: set[str] = set()

    def warn(self, message: str, about: str = "") -> None:
        if about not in self._said:
            self._said.add(about)
            self._note("", f"task metadata endpoint: {message}")

    def error(self, message: str, about: str = "") -> None:
        self.warn(message, about or message)


class _Endpoint:
    def __init__(self, task: Task, admits: Callable[[str], bool]) -> None:
        self._task = task
        self._admits = admits
        self._protection = Protection(task.arn)
        self._names = {endpoint_id(task.task_id, name): name for name in task.names}

    async def before(self, method: str, target: str) -> Reply | None:
        """What is answered before anything is looked up."""
        allowed = ("GET", "PUT") if _parts(target)[2] == _PROTECTION else ("GET",)
        if method not in allowed:
            return _reply(405, f"{method} is not answered here", [("Allow", ", ".join(allowed))])
        return _reply(414, "no path of this endpoint is so long") if len(target) > _PATH_MAX else None

    async def answer(self, request: Request) -> Reply:
        """A document, or in the ECS agent's way a text as JSON that says why there is none."""
        if not self._admits(request.peer):
            return _reply(403, "this endpoint is the task's own")
        version, known_as, rest = _parts(request.target)
        if version == "api" and known_as in self._names and rest == _PROTECTION:
            return self._protected(request)
        if version not in _VERSIONS:
            return _reply(404, "404 page not found")
        name = self._names.get(known_as)
        if name is None:
            return _reply(404, f"{version.upper()} metadata handler: unable to find container '{known_as}'")
        if rest == "stats":
            return _reply(200, await self._task.usage(name))
        if rest == "task/stats":
            return _reply(200, await self._all_usage())
        now = await self._task.now()
        documents: dict[str, Callable[[], dict[str, Any]]] = {
            "": lambda: now.container(name),
            "task": now.task,
            "taskWithTags": now.task_with_tags,
        }
        found = documents.get(rest)
        return _reply(404, "404 page not found") if found is None else _reply(200, found())

    def _protected(self, request: Request) -> Reply:
        if request.method == "GET":
            return _reply(200, self._protection.document(time.time()))
        return _reply(*self._protection.update(request.body, time.time()))

    async def _all_usage(self) -> dict[str, Any]:
        """Of each container, by the id that Docker has for it."""
        now = await self._task.now()
        async with asyncio.TaskGroup() as group:
            asked = {one.docker_id: group.create_task(self._task.usage(one.name)) for one in now.containers}
        return {docker_id: usage.result() for docker_id, usage in asked.items()}


def _parts(target: str) -> tuple[str, str, str]:
    """Version, the container's id and the rest of a path ``/v4/ID/REST``."""
    path = target.partition("?")[0].strip("/")
    version, _, path = path.partition("/")
    known_as, _, rest = path.partition("/")
    return version, known_as, rest


def _reply(status: int, body: object, headers: Sequence[tuple[str, str]] = ()) -> Reply:
    return Reply(status, json.dumps(body), [*_JSON, *headers])
