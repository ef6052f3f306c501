"""The published documents' task definitions run here: what their applications print arrives at the agent and at AWS."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.integration.run.conftest import Story

from outrider.protocols.uplink import JoinToken
from outrider.taskdef.protect import PROFILES, Migration, Wish, migrate, protect
from outrider.taskdef.run import Wishes, prepare
from outrider.taskdef.source import task_source
from outrider.taskdef.templates import read_tasks

UNIT = Path(__file__).parents[2] / "unit" / "taskdef"
VARIABLES = {"OUTRIDER_SERVER": "https://127.0.0.1:9", "KEY": str(JoinToken("test", "A" * 32, "A" * 43))}
"""Nobody is there: the agent keeps what it accepts."""
LINES = 3
NOTHING = ("", 0)
DEFINITIONS = {
    **dict.fromkeys(("newer-mdr", "newer-key", "newer-plugins", "older-mdr", "older-key", "older-plugins"), NOTHING),
    "article-s3": NOTHING,
    "newer-debug": ("debug-log-group-name al-agent-output/", 1),
    "newer-awslogs": ("user-specified-group-name ", LINES),
    "newer-migrated": ("user-specified-group-name ", LINES),
    "newer-cloudwatch": ("application-log-group ", LINES),
    "article-cloudwatch": ("firelens-blog ", LINES),
    "article-terraform": ("fluent-bit-cloudwatch ", LINES),
    "guide-buffer-limit": ("firehose-my-stream", 1),  # an object in the bucket behind the stream
}
"""Where in AWS how much arrives, at least. (``guide-metadata`` includes a file that only its image has.)"""
AT_ONCE = 3


def completed(name: str) -> dict[str, Any]:
    """Protected, and with applications that this machine can run: the documents' images are not here."""
    own = UNIT / "seeds" / f"{name}.json"
    source = read_tasks(str(own if own.exists() else UNIT / "protect" / "seeds" / f"{name}.json"))[0]
    wish = Wish(PROFILES["alertlogic"], adopt_router=True)
    protected = protect(migrate(source, Migration("cloudwatch")).source, wish).source
    task: dict[str, Any] = json.loads(protected.source.text)
    applications = [
        c for c in task["containerDefinitions"] if c["name"] != "al-agent" and "firelensConfiguration" not in c
    ]
    for container in applications:
        script = f"for n in $(seq {LINES}); do echo {container['name']} $n; done"
        container |= {"entryPoint": ["/bin/sh", "-c"], "command": [script], "essential": container is applications[-1]}
    return task


async def ran(name: str, turn: asyncio.Semaphore) -> None:
    task, story = completed(name), Story()
    place, count = DEFINITIONS[name]
    wishes = Wishes(backend="process", environment={"al-agent": VARIABLES}, local_aws=bool(place))
    async with turn, prepare(task_source(json.dumps(task), f"{name}.json"), wishes, story.reports) as running:
        await running.runner.run()
        outcome = running.outcome()
        arrived = await running.aws.arrived(None) if running.aws else []
    assert outcome["status"] == 0, (name, story)
    assert outcome["agent"]["accepted"] >= LINES, (name, story)
    assert sum(where.count for where in arrived if place and where.name.startswith(place)) >= count, (name, arrived)
    if count == LINES:  # nothing came twice
        assert [where.count for where in arrived if where.name.startswith(place)] == [LINES]


async def test_they_run() -> None:
    turn = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as group:
        for name in DEFINITIONS:
            group.create_task(ran(name, turn))
