"""What the troubleshooting chapter of the Alert Logic Fargate document advises while a task is tested.

Both sidecars are not essential, so that neither ends the task, and their console goes to CloudWatch Logs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outrider.model.errors import UserError
from outrider.taskdef.protect.edited import Edited
from outrider.taskdef.rights import scope_of
from outrider.taskdef.rights.scope import REGION
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task

ROUTER_PREFIX = "fluent-bit-output"


@dataclass(frozen=True, slots=True)
class Debugging:
    """``on`` sets it up, else it is taken back. Log group and region, empty where the user names none."""

    on: bool
    group: str = ""
    region: str = ""


def prefix_of(container: str, *, routes: bool) -> str:
    """The prefix of the streams that a sidecar's console goes to, as the document has it."""
    return ROUTER_PREFIX if routes else f"{container}-output"


def region_of(source: TaskSource, debugging: Debugging) -> str:
    """The region of the log group: the user's, else the task's. Raises UserError if nothing tells it."""
    found = debugging.region or scope_of(Task(source.task)).region
    if debugging.on and found == REGION:
        raise UserError(
            "--debug: the task definition does not tell the region of its logs",
            source.place(()),
            fix="give --region",
        )
    return found


def debug(edited: Edited, sidecars: list[int], debugging: Debugging, region: str) -> None:
    """Set up the sidecars at these places for tests, or take that back. What the user has set there stays."""
    for index in sidecars:
        if debugging.on:
            _set_up(edited, index, debugging, region)
        else:
            take_back(edited, index)
    if debugging.on:
        _note(edited)


def _set_up(edited: Edited, index: int, debugging: Debugging, region: str) -> None:
    container = edited.containers()[index]
    name, present = container["name"], container.get("logConfiguration")
    if container.get("essential") is not False:
        edited.set(index, "essential", False)
        edited.changed.append(f"'{name}' is not essential: its end does not end the task")
    if present is not None and not is_ours(container):
        edited.notes.append(f"'{name}' has a logConfiguration of its own, which stays")
        return
    old = (present or {}).get("options") or {}
    options = {
        "awslogs-create-group": "true",
        "awslogs-group": debugging.group or old.get("awslogs-group") or _group(edited),
        "awslogs-region": debugging.region or old.get("awslogs-region") or region,
        "awslogs-stream-prefix": prefix_of(name, routes=container.get("firelensConfiguration") is not None),
    }
    if options != old:
        edited.set(index, "logConfiguration", {"logDriver": "awslogs", "options": options})
        edited.changed.append(f"the console of '{name}' goes to the log group {options['awslogs-group']}")


def _group(edited: Edited) -> str:
    family = edited.source.task.get("family")
    return f"/outrider/debug/{family}" if family else "/outrider/debug"


def take_back(edited: Edited, index: int) -> None:
    """Make a sidecar essential again, and take away its console's way to CloudWatch if that is from here."""
    container = edited.containers()[index]
    if is_ours(container):
        edited.remove(index, "logConfiguration")
        edited.changed.append(f"the console of '{container['name']}' goes to CloudWatch no more")
    if container.get("essential") is False:
        edited.remove(index, "essential")
        edited.changed.append(f"'{container['name']}' is essential again")


def is_ours(container: Mapping[str, Any]) -> bool:
    """Whether a sidecar's logConfiguration is what ``debug`` writes."""
    log = container.get("logConfiguration") or {}
    routes = container.get("firelensConfiguration") is not None
    prefix = prefix_of(container["name"], routes=routes)
    return log.get("logDriver") == "awslogs" and (log.get("options") or {}).get("awslogs-stream-prefix") == prefix


def _note(edited: Edited) -> None:
    task = edited.source.task
    edited.notes.append(
        "the execution role needs logs:CreateLogGroup, logs:CreateLogStream and logs:PutLogEvents for the sidecars' "
        "console ('outrider task iam' prints the policy); --no-debug takes all of this back"
    )
    if not task.get("executionRoleArn"):
        edited.notes.append("add executionRoleArn: the log driver awslogs writes with that role")
    if all(container.get("essential") is False for container in task["containerDefinitions"]):
        edited.notes.append("make an application essential: ECS takes no task without an essential container")
