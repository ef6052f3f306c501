"""The few calls of Docker's Engine API that running a task takes."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any

import aiohttp

from outrider.model.errors import LocalError, OutriderError

DEFAULT_SOCKET = "/var/run/docker.sock"
_QUICK = aiohttp.ClientTimeout(total=30)
_LONG = aiohttp.ClientTimeout(total=None)
_STOP_SECONDS = 30  # beyond the grace, for the engine itself


class EngineError(OutriderError):
    """The engine refused a call: ``status`` is its HTTP status, the message its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def socket_path(environment: Mapping[str, str] = os.environ) -> str | None:
    """The engine's unix socket: that of DOCKER_HOST, else the usual one; None if DOCKER_HOST is on another machine."""
    host = environment.get("DOCKER_HOST", "")
    if not host:
        return DEFAULT_SOCKET
    return host.removeprefix("unix://") if host.startswith("unix://") else None


class Engine:
    """One engine. Calls raise EngineError when it refuses and LocalError when it does not answer."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.version = ""
        self._session = aiohttp.ClientSession(
            "http://docker", connector=aiohttp.UnixConnector(path=path, limit=0), timeout=_QUICK
        )

    async def __aenter__(self) -> Engine:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def connect(self) -> None:
        """See whether it answers, and learn its version. Raises LocalError."""
        answer = await self._call("GET", "/version", limits=aiohttp.ClientTimeout(total=3))
        self.version = str(answer.get("Version", ""))

    async def log_drivers(self) -> list[str]:
        """Names of the log drivers that it has, and of its plugins'."""
        answer = await self._call("GET", "/info")
        return [*((answer.get("Plugins") or {}).get("Log") or ()), "none"]

    async def create_volume(self, options: Mapping[str, Any]) -> None:
        """Create a volume; nothing happens if one of that name is there."""
        await self._call("POST", "/volumes/create", body=options)

    async def has_volume(self, name: str) -> bool:
        """Whether the volume is here."""
        return await self._is_there(f"/volumes/{name}")

    async def remove_volume(self, name: str) -> None:
        """Remove it; nothing happens if it is gone."""
        try:
            await self._call("DELETE", f"/volumes/{name}", {"force": "1"})
        except EngineError as error:
            if error.status != 404:
                raise

    async def run_inside(self, container: str, words: Sequence[str]) -> bytes:
        """What a command prints that runs in a container: the raw stream (see ``frames``)."""
        body = {"Cmd": list(words), "AttachStdout": True}
        answer = await self._call("POST", f"/containers/{container}/exec", body=body)
        try:
            async with self._request("POST", f"/exec/{answer['Id']}/start", body={"Detach": False}) as response:
                await _raise_for(response)
                return await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise LocalError(f"Docker does not answer on {self.path}: {error}") from error

    async def archive(self, container: str, path: str) -> bytes:
        """The tar archive of a file in a container, which need not run any more."""
        try:
            async with self._request("GET", f"/containers/{container}/archive", {"path": path}) as response:
                await _raise_for(response)
                return await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise LocalError(f"Docker does not answer on {self.path}: {error}") from error

    async def has_image(self, name: str) -> bool:
        """Whether the image is here."""
        return await self._is_there(f"/images/{name}/json")

    async def pull(self, name: str) -> None:
        """Fetch an image without credentials. Raises EngineError with the registry's words."""
        repository, tag = name, ""
        if "@" not in name and ":" not in name.rpartition("/")[2]:
            tag = "latest"
        async for line in self._lines("POST", "/images/create", {"fromImage": repository, "tag": tag}):
            if "error" in line:
                raise EngineError(502, str(line["error"]))

    async def load(self, archive: bytes, repository: str, tag: str) -> None:
        """Make an image of a tar archive of its files."""
        params = {"fromSrc": "-", "repo": repository, "tag": tag}
        async for line in self._lines("POST", "/images/create", params, archive):
            if "error" in line:
                raise EngineError(500, str(line["error"]))

    async def create(self, name: str, options: Mapping[str, Any]) -> str:
        """Create a container; returns its id."""
        answer = await self._call("POST", "/containers/create", {"name": name}, options)
        return str(answer["Id"])

    async def start(self, container: str) -> None:
        """Start it."""
        await self._call("POST", f"/containers/{container}/start")

    async def inspect(self, container: str) -> dict[str, Any]:
        """What the engine knows of a container."""
        return await self._call("GET", f"/containers/{container}/json")

    async def stats(self, container: str) -> dict[str, Any]:
        """What a container uses, and a second before; takes that long."""
        return await self._call("GET", f"/containers/{container}/stats", {"stream": "0"})

    async def wait(self, container: str) -> int:
        """Its exit status, once it is not running any more."""
        answer = await self._call("POST", f"/containers/{container}/wait", limits=_LONG)
        return int(answer["StatusCode"])

    async def stop(self, container: str, grace: int) -> None:
        """SIGTERM, SIGKILL after ``grace`` seconds; returns when it has stopped, also if it had before."""
        limits = aiohttp.ClientTimeout(total=grace + _STOP_SECONDS)
        await self._call("POST", f"/containers/{container}/stop", {"t": str(grace)}, limits=limits)

    async def kill(self, container: str) -> None:
        """SIGKILL; nothing happens if it is not running."""
        try:
            await self._call("POST", f"/containers/{container}/kill")
        except EngineError as error:
            if error.status not in (404, 409):  # 409: it is not running
                raise

    async def remove(self, container: str) -> None:
        """Remove it, running or not, with its anonymous volumes; nothing happens if it is gone."""
        try:
            await self._call("DELETE", f"/containers/{container}", {"force": "1", "v": "1"})
        except EngineError as error:
            if error.status not in (404, 409):  # 409: a removal is in progress
                raise

    async def health(self, container: str) -> AsyncIterator[str]:
        """Each state of a container's health check, ``healthy`` or ``unhealthy``, until the container ends."""
        filters = json.dumps({"container": [container], "event": ["health_status", "die"]})
        # From the beginning of time: what happened before this call counts as well.
        async for event in self._lines("GET", "/events", {"filters": filters, "since": "0"}):
            words = str(event.get("status", ""))
            if words.startswith("die"):
                return
            if words in ("health_status: healthy", "health_status: unhealthy"):
                yield words.partition(": ")[2]

    async def output(self, container: str, *, follow: bool) -> AsyncIterator[bytes]:
        """The raw log stream (see ``frames``), from the beginning; with ``follow`` until the container ends.

        Docker keeps a copy of what it gives to the ``fluentd`` driver for this.
        """
        params = {"stdout": "1", "stderr": "1", "follow": "1" if follow else "0"}
        try:
            async with self._request("GET", f"/containers/{container}/logs", params, limits=_LONG) as response:
                await _raise_for(response)
                async for part in response.content.iter_any():
                    yield part
        except (aiohttp.ClientError, OSError) as error:
            raise LocalError(f"Docker does not answer on {self.path}: {error}") from error

    async def _is_there(self, path: str) -> bool:
        try:
            await self._call("GET", path)
        except EngineError as error:
            if error.status == 404:
                return False
            raise
        return True

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        data: bytes | None = None,
        body: Mapping[str, Any] | None = None,
        limits: aiohttp.ClientTimeout = _QUICK,
    ) -> aiohttp.client._RequestContextManager:
        return self._session.request(method, path, params=params, data=data, json=body, timeout=limits)

    async def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        limits: aiohttp.ClientTimeout = _QUICK,
    ) -> dict[str, Any]:
        try:
            async with self._request(method, path, params, body=body, limits=limits) as response:
                await _raise_for(response)
                raw = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise LocalError(f"Docker does not answer on {self.path}: {str(error) or 'no answer in time'}") from error
        found = json.loads(raw) if raw else {}
        return found if isinstance(found, dict) else {}

    async def _lines(
        self, method: str, path: str, params: Mapping[str, str], data: bytes | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        try:
            async with self._request(method, path, params, data=data, limits=_LONG) as response:
                await _raise_for(response)
                async for line in response.content:
                    yield json.loads(line)
        except (aiohttp.ClientError, OSError) as error:
            raise LocalError(f"Docker does not answer on {self.path}: {error}") from error


async def _raise_for(response: aiohttp.ClientResponse) -> None:
    if response.status < 400:
        return
    raw = await response.text()
    try:
        message = json.loads(raw)["message"]
    except (ValueError, KeyError, TypeError):
        message = raw
    raise EngineError(response.status, message)
