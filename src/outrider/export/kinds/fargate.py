"""``fargate``: agent and router beside an application in a task on Fargate."""

from __future__ import annotations

from outrider.export.description import Description
from outrider.export.kind import Files, Kind
from outrider.export.tasks import as_json, fargate_task


def make(description: Description) -> Files:
    """The two containers alone, and a whole task definition."""
    task = fargate_task(description)
    sidecars = [container for container in task["containerDefinitions"] if container["name"] != "app"]
    return {"sidecars.json": as_json(sidecars), "task-definition.json": as_json(task)}


KIND = Kind(
    "fargate",
    "The two sidecars of a task on Fargate, and an example of a task definition with them. They are those of "
    "'outrider task protect', which puts them into your own task definition, with limits of memory and a log group "
    "for what they print.",
    "Put the containers of sidecars.json into your task definition, and "
    '"logConfiguration": {"logDriver": "awsfirelens"} into each other one; '
    "'outrider task iam' prints what the roles need, and 'outrider task deploy' brings it to your service.",
    frozenset(
        {"name", "image", "server", "token_secret", "memory", "memory_reservation", "region", "account"},
    ),
    make,
)
