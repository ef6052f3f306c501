"""A service in moto's ECS. moto runs in this process, so that a test can set what it shows of deployments and tasks."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CLUSTER, SERVICE, REGION = "prod", "web-service", "eu-west-1"
OLD: dict[str, Any] = {
    "family": "web",
    "requiresCompatibilities": ["EC2"],
    "memory": "512",
    "containerDefinitions": [
        {
            "name": "web",
            "image": "web:1",
            "memory": 64,
            "environment": [{"name": "MODE", "value": "a"}, {"name": "PORT", "value": "8"}],
        }
    ],
}
NEW: dict[str, Any] = {
    **OLD,
    "containerDefinitions": [
        {
            "name": "web",
            "image": "web:2",
            "memory": 64,
            "environment": [{"name": "PORT", "value": "8"}, {"name": "API_KEY", "value": "hunter2"}],
            "logConfiguration": {"logDriver": "awsfirelens"},
        },
        {"name": "log_router", "image": "fb", "memory": 64, "firelensConfiguration": {"type": "fluentbit"}},
    ],
}


class Cluster:
    """The cluster with its service, seen from AWS's side."""

    def __init__(self, client: Any, backend: Any) -> None:
        self.client = client
        self.backend = backend

    def create(self, *, desired: int = 1, **more: Any) -> None:
        """A service that runs ``web:1``."""
        self.client.create_cluster(clusterName=CLUSTER)
        self.client.register_task_definition(**OLD)
        self.client.create_service(
            cluster=CLUSTER, serviceName=SERVICE, taskDefinition="web:1", desiredCount=desired, **more
        )
        for deployment in self.service.deployments:
            deployment["rolloutState"] = "COMPLETED"

    @property
    def service(self) -> Any:
        """moto's own record of the service."""
        return self.backend.services[f"{CLUSTER}:{SERVICE}"]

    @property
    def definition(self) -> str:
        """What the service is set to run, as ``family:revision``."""
        return str(self.service.task_definition).rpartition("/")[2]

    def show(self, **more: Any) -> None:
        """Let the service's first deployment say this."""
        self.service.deployments[0].update(more)

    def event(self, text: str) -> None:
        """Let the service have an event."""
        number = len(self.service.events)
        self.service.events.insert(0, {"id": f"e{number}", "createdAt": 1700000000 + number, "message": text})

    def task(self, definition: str, **state: Any) -> Any:
        """A task of the service's deployment; ``state`` are attributes of moto's record of it."""
        (task,) = self.backend.run_task(
            CLUSTER, definition, 1, None, self.service.deployments[0]["id"], None, "FARGATE", None
        )
        for name, value in state.items():
            setattr(task, name, value)
        return task


def post(address: str, text: str = "") -> None:
    """Tell moto something."""
    words = {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(address, text.encode(), words, method="POST")).close()


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    stay = {"model_name": "ecs::task", "transition": {"progression": "manual", "times": 1000}}
    post(f"{address}/moto-api/state-manager/set-transition", json.dumps(stay))
    yield address
    server.stop()


@pytest.fixture
def cluster(moto: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cluster:
    """An empty ECS, and an environment in which AWS's tools find it."""
    post(f"{moto}/moto-api/reset")
    for name, value in {
        "AWS_ENDPOINT_URL": moto,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_ECS_SERVICE_RUNNING": "0",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    import boto3
    from moto.ecs.models import ecs_backends

    return Cluster(boto3.client("ecs", region_name=REGION), ecs_backends["123456789012"][REGION])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The new task definition."""
    path = tmp_path / "task.json"
    path.write_text(json.dumps(NEW, indent=2))
    return path
