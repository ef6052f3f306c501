"""Endpoints of the machine or task itself: the ECS agent's, the task's, the instance's. No proxy, short waits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from outrider.model.errors import PeerError, UserError
from outrider.net.http import Answer, HttpClient

TASK_VARIABLE: Final = "ECS_CONTAINER_METADATA_URI_V4"
_INSTANCE_VARIABLE: Final = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
_INSTANCE: Final = "http://169.254.169.254"
_SECONDS: Final = 2.0
_TOKEN: Final = "X-aws-ec2-metadata-token"
_TOKEN_TIME: Final = ("X-aws-ec2-metadata-token-ttl-seconds", "21600")
_NO_TOKENS: Final = (403, 404, 405)


@dataclass(frozen=True, slots=True)
class _Network:
    """See ``outrider.net.upstream.UpstreamOptions``."""

    tls_vhost: str = ""
    net_keepalive: bool = False
    net_keepalive_idle_timeout: int = 0
    net_connect_timeout: int = 1
    net_io_timeout: int = 0
    net_source_address: str = ""
    net_tcp_keepalive: bool = False
    ipv6: bool = False


class Endpoint:
    """One of them, by its URL. Raises UserError for a URL that is none."""

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port or 80
        except ValueError as error:
            raise UserError(f"'{url}' is not the URL of an endpoint: {error}") from error
        if parts.scheme != "http" or not parts.hostname:
            raise UserError(f"'{url}' is not the URL of an endpoint", fix="use http://host:port/path")
        self._base = parts.path.rstrip("/")
        self._client = HttpClient(_Network(), parts.hostname, port)

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """The body of a 200. Raises PeerError."""
        answer = await self.ask("GET", path, headers)
        if answer.status != 200:
            raise PeerError(f"{self._client}{path}: {answer.quoted}")
        return answer.body

    async def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Any answer. Raises PeerError when none came."""
        return await self._client.request(
            method, self._base + path, headers=list((headers or {}).items()), timeout=_SECONDS
        )

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()


def task_endpoint(environment: Mapping[str, str] = os.environ) -> Endpoint | None:
    """The task metadata endpoint (version 4) that ECS and Fargate name in the environment."""
    url = environment.get(TASK_VARIABLE, "")
    return Endpoint(url) if url else None


def on_fargate(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is a task without a machine of its own: nobody answers for one there."""
    return bool(environment.get(TASK_VARIABLE)) and environment.get("AWS_EXECUTION_ENV") != "AWS_ECS_EC2"


class Instance:
    """The instance metadata service; version 2 unless it knows no tokens, or version 1 is asked for."""

    def __init__(self, *, tokens: bool, environment: Mapping[str, str] = os.environ) -> None:
        self._endpoint = Endpoint(environment.get(_INSTANCE_VARIABLE, "") or _INSTANCE)
        self._tokens = tokens
        self._headers: dict[str, str] = {}

    async def get(self, path: str) -> bytes:
        """What is under a path; names in it are the caller's, quoted here. Raises PeerError."""
        if self._tokens and not self._headers:
            answer = await self._endpoint.ask("PUT", "/latest/api/token", dict([_TOKEN_TIME]))
            if answer.status == 200:
                self._headers = {_TOKEN: answer.body.decode("ascii", "replace").strip()}
            elif answer.status in _NO_TOKENS:
                self._tokens = False
            else:
                raise PeerError(f"the instance gives no token: {answer.quoted}")
        return await self._endpoint.get(quote(path, safe="/-_.~"), self._headers)

    async def text(self, path: str) -> str:
        """The same as text. Raises PeerError."""
        return (await self.get(path)).decode("utf-8", "replace")

    async def close(self) -> None:
        """Close the connection."""
        await self._endpoint.close()
