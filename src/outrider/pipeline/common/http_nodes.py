"""Servers that take turns, for outputs over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from outrider.net.connect import Target
from outrider.net.http import Answer, Headers, HttpClient, refusal
from outrider.pipeline.common.nodes import Turns, in_turn
from outrider.pipeline.log import Log

_AWAY: Final = frozenset({502, 503, 504})
"""Answers that speak of the node, not of the request."""


@dataclass(frozen=True, kw_only=True)
class NodeOptions:
    """A node of a server sets where it is and how TLS is; everything else is as in [OUTPUT]."""


class Node:
    """A server, and the name that the configuration gives it."""

    def __init__(self, name: str, client: HttpClient) -> None:
        self.name = name
        self.client = client

    def __str__(self) -> str:
        return f"node '{self.name}'"


class NodeClients:
    """A client whose requests go to the nodes in turn; one that gives no answer, or 502 to 504, is passed over."""

    def __init__(self, nodes: Sequence[Node], log: Log) -> None:
        self._nodes = nodes
        self._turns = Turns(nodes)
        self._log = log

    def peers(self) -> list[Target]:
        """See HttpClient; those of all nodes."""
        return [peer for node in self._nodes for peer in node.client.peers()]

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Headers = (),
        body: bytes = b"",
        timeout: float = 60.0,  # noqa: ASYNC109 - see HttpClient
    ) -> Answer:
        """See HttpClient; PeerError only where all nodes have failed."""

        async def send(node: Node) -> Answer:
            answer = await node.client.request(method, path, headers=headers, body=body, timeout=timeout)
            error = refusal(answer) if answer.status in _AWAY else None
            if error is not None:
                raise error
            return answer

        return await in_turn(self._turns, send, self._log)

    async def close(self) -> None:
        """Close the connections to all of them."""
        for node in self._nodes:
            await node.client.close()
