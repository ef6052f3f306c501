"""Task definitions that the tests of this folder share."""

import json
from pathlib import Path

import pytest

from outrider.taskdef.protect import PROFILES, Wish
from outrider.taskdef.source import task_source

EXAMPLES = Path(__file__).parents[5] / "shared" / "firelens-examples" / "fluent-bit"

TASK = """{
  "family": "web", "networkMode": "awsvpc",
  "containerDefinitions": [
    {
      "image":  "nginx",
      "name": "web"
    },
    {"name": "worker", "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "stdout"}}}
  ],
  "requiresCompatibilities": ["FARGATE"],
  "memory": "1024", "x-unknown": [1,  2]
}
"""
OUTRIDER = Wish(PROFILES["outrider"])
ALERTLOGIC = Wish(PROFILES["alertlogic"])
AWSLOGS = {
    "logDriver": "awslogs",
    "options": {
        "awslogs-create-group": "true",
        "awslogs-group": "user-specified-group-name",
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "user-specified-stream-prefix",
    },
}


def task(*containers, **members):
    definition = {"family": "f", "networkMode": "awsvpc", "memory": "512", "containerDefinitions": list(containers)}
    return task_source(json.dumps(definition | members, indent=2), "task.json")


def app(**members):
    return {"name": "app", "image": "i"} | members


def containers(result):
    return result.source.task["containerDefinitions"]


def examples():
    if not EXAMPLES.is_dir():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"needs the published examples in {EXAMPLES}"))]
    return [
        pytest.param(path, id=str(path.relative_to(EXAMPLES))) for path in sorted(EXAMPLES.rglob("*task*def*.json"))
    ]
