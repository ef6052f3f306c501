"""The example task with an S3 and a CloudWatch output: what the containers wrote is what arrives, record by record."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any, cast

import aiohttp
from tests.integration.run.conftest import Story

from outrider.protocols.uplink import JoinToken
from outrider.taskdef.demo.sheet import dropped_by, routed_by_tag
from outrider.taskdef.protect import Wish, find_profile, protect
from outrider.taskdef.run import Reports, TaskRun, Wishes, prepare
from outrider.taskdef.run.plan import Role
from outrider.taskdef.run.setting import Backend
from outrider.taskdef.source import TaskSource, task_source

ROOT = Path(__file__).resolve().parents[3]
JOBS = 40
GROUP = "/ecs/example"
"""Two outputs: objects of ``web`` in a bucket, events of ``worker`` in a stream of this group."""
S3 = {
    "Name": "s3",
    "bucket": "example-logs",
    "region": "eu-west-1",
    "compression": "gzip",
    "s3_key_format": "/$TAG/%Y/%m/%d/$UUID.gz",
    "upload_timeout": "1s",
    "use_put_object": "On",
}
CLOUDWATCH = {
    "Name": "cloudwatch_logs",
    "region": "eu-west-1",
    "log_group_name": GROUP,
    "log_stream_prefix": "s-",
    "log_key": "log",
}
WEB = (
    'n=0; while [ $n != $JOBS ]; do n=$((n+1)); echo "web: request $n of $JOBS"; done; '
    "trap 'exit 0' TERM; sleep 600 & wait"
)


def example() -> TaskSource:
    """examples/web-task.json with bounded work and two outputs, protected."""
    definition = json.loads((ROOT / "examples/web-task.json").read_text())
    web, worker = definition["containerDefinitions"]
    for container, output in ((web, S3), (worker, CLOUDWATCH)):
        container["logConfiguration"] = {"logDriver": "awsfirelens", "options": output}
    jobs = {"name": "JOBS", "value": str(JOBS)}
    web["command"], web["environment"] = [WEB], [jobs]
    worker["environment"] = [jobs, {"name": "PAUSE", "value": "0.02"}]
    source = task_source(json.dumps(definition), "web-task.json")
    token = str(JoinToken("test", "A" * 32, "A" * 43))
    environment = (("OUTRIDER_SERVER", "https://outrider.invalid:8444"), ("OUTRIDER_TOKEN", token))
    task = protect(source, Wish(find_profile("outrider"), environment=environment)).source.task
    for container in task["containerDefinitions"]:
        if container["name"] == "outrider-agent":
            container["stopTimeout"] = 4  # it has no server to give its records to
    return task_source(json.dumps(task), "protected.json")


class Run:
    """One run of the example, and what each station says of it."""

    def __init__(self, backend: str, folder: Path) -> None:
        self.folder = folder
        self.lines: dict[str, list[str]] = {"web": [], "worker": []}
        self.ledger: dict[str, Any] = {}
        self._wishes = Wishes(
            backend=cast("Backend", backend),
            sidecars="process",
            state=folder / "state",
            show_output=True,
            local_aws=True,
        )
        self._story = Story()

    async def whole(self) -> TaskRun:
        """From its start to its end; what has arrived is in ``folder``."""
        reports = Reports(self._story.reports.change, self._story.reports.note, self._line)
        async with prepare(example(), self._wishes, reports, self._look) as self.task:
            await self.task.runner.run()
            assert self.task.aws is not None
            await self.task.aws.arrived(self.folder / "aws")
        return self.task

    def objects(self) -> list[dict[str, Any]]:
        """The records of all objects of the bucket."""
        paths = sorted((self.folder / "aws/s3/example-logs").rglob("*.gz"))
        return [json.loads(line) for path in paths for line in gzip.decompress(path.read_bytes()).splitlines()]

    def events(self) -> dict[str, list[dict[str, Any]]]:
        """The events of each stream of the group."""
        streams = sorted((self.folder / "aws/logs/%2Fecs%2Fexample").glob("*.jsonl"))
        return {path.stem: [json.loads(line) for line in path.read_text().splitlines()] for path in streams}

    def _line(self, name: str, line: str) -> None:
        if name in self.lines:
            self.lines[name].append(line)

    async def _look(self) -> None:
        """The applications have ended, and the sidecars run still."""
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"{self.task.monitor}/api/v1/ledger") as response:
                    self.ledger = await response.json()
                outputs = self.ledger["outputs"].values()
                if sum(row["delivered"] for row in outputs) == 2 * sum(map(len, self.lines.values())):
                    return
                await asyncio.sleep(0.05)


async def test_every_line_arrives_once(backend: str, folder: Path) -> None:
    run = Run(backend, folder)
    async with asyncio.timeout(120):
        task = await run.whole()
    web = [f"web: request {n} of {JOBS}" for n in range(1, JOBS + 1)]
    worker = [f"worker: job {n} done" for n in range(1, JOBS + 1)] + [f"worker: all {JOBS} jobs done"]
    assert run.lines == {"web": web, "worker": worker}
    assert task.runner.reason == "essential container 'worker' ended with status 0"

    records = run.objects()
    assert [record["log"] for record in records] == web
    assert {record["container_name"] for record in records} == {f"/{task.docker_name('web')}"}
    assert {record["ecs_task_arn"] for record in records} == {task.identity.arn}
    ((stream, events),) = run.events().items()
    assert stream == f"s-worker-firelens-{task.identity.task_id}"
    assert [event["message"] for event in events] == worker

    outcome = task.outcome()
    lines = {one["name"]: one["lines"] for one in outcome["containers"] if one["role"] == Role.APPLICATION.value}
    assert lines == {"web": len(web), "worker": len(worker)}
    assert outcome["agent"]["accepted"] == len(web) + len(worker)
    assert routed_by_tag(run.ledger) == lines
    assert (run.ledger["balance"], dropped_by("router", run.ledger)) == (True, {})
