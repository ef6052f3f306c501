"""The introspection endpoint of the ECS agent of an instance."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CLUSTER = "prod"
TASK = "arn:aws:ecs:eu-west-1:123456789012:task/prod/0123abcd"
_INSTANCE = "arn:aws:ecs:eu-west-1:123456789012:container-instance/prod/i-1"


class EcsAgent:
    """What it knows: ``names`` are those of containers by Docker's id, all of one task."""

    def __init__(self) -> None:
        self.port = 0
        self.names: dict[str, str] = {}

    def answer(self, path: str) -> Any:
        """The document of a path."""
        if path == "/v1/metadata":
            return {"Cluster": CLUSTER, "ContainerInstanceArn": _INSTANCE, "Version": "v1"}
        containers = [{"DockerId": one, "Name": name} for one, name in self.names.items()]
        return {"Tasks": [{"Arn": TASK, "Family": "shop", "Version": "7", "Containers": containers}]}


@contextmanager
def ecs_agent() -> Iterator[EcsAgent]:
    """One that listens on 127.0.0.1."""
    found = EcsAgent()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(found.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class has it so
            """Nothing is printed."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found.port = server.server_address[1]
        yield found
        server.shutdown()
