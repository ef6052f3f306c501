"""A task whose one sidecar is agent and router."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from tests.integration.run.conftest import application, run

from outrider.protocols.uplink import JoinToken
from outrider.taskdef.protect import Wish, find_profile, protect
from outrider.taskdef.run import Wishes
from outrider.taskdef.run.setting import Backend
from outrider.taskdef.source import task_source


def protected(script: str, output: Path) -> dict[str, Any]:
    """A task that ``protect --style single`` has protected, whose application has an output of its own, too."""
    options = {"Name": "file", "Path": str(output.parent), "File": output.name, "Format": "plain"}
    app = application(script, logConfiguration={"logDriver": "awsfirelens", "options": options})
    definition = {"family": "t", "networkMode": "awsvpc", "containerDefinitions": [app]}
    token = str(JoinToken("test", "A" * 32, "A" * 43))
    environment = (("OUTRIDER_SERVER", "https://127.0.0.1:9"), ("OUTRIDER_TOKEN", token))
    wish = Wish(find_profile("outrider"), agent_image="here:1", environment=environment, single=True)
    task = protect(task_source(json.dumps(definition), "task.json"), wish).source.task
    task["containerDefinitions"][1]["stopTimeout"] = 4
    return task


async def test_one_sidecar_takes_every_line(backend: str, folder: Path) -> None:
    definition = protected("for n in 1 2 3 4 5; do echo line $n; done; sleep 2", folder / "out")
    done = await run(definition, Wishes(backend=cast("Backend", backend), sidecars="process", state=folder / "state"))
    outcome = done.outcome()
    assert (outcome["status"], outcome["agent"]) == (0, {"accepted": 5, "delivered": 0, "buffered": 5})
    found = [json.loads(line) for line in (folder / "out").read_text().splitlines()]
    assert [record["log"] for record in found] == [f"line {n}" for n in range(1, 6)]
    assert {record["ecs_task_arn"] for record in found} == {done.identity.arn}
    status = done.workspace.agent_status()
    assert status["pipeline"]["balance"] is True
    assert [(c["name"], c["role"]) for c in outcome["containers"]] == [("outrider", "router"), ("app", "application")]
