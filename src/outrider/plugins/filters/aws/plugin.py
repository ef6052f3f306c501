"""The aws filter, from the instance metadata service or, on Fargate, the task metadata endpoint.

It is asked beside the pipeline; records that come before it has answered pass unchanged, as in Fluent Bit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import chain, repeat
from typing import Final

from outrider.aws import metadata
from outrider.aws.local import Endpoint, Instance, on_fargate, task_endpoint
from outrider.aws.metadata import Fields
from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.aws.config import Options

_META: Final = "/latest/meta-data/"
_PATHS: Final = {
    "az": "placement/availability-zone",
    "ec2_instance_id": "instance-id",
    "ec2_instance_type": "instance-type",
    "private_ip": "local-ipv4",
    "vpc_id": "",
    "ami_id": "ami-id",
    "account_id": "",
    "hostname": "hostname",
}
"""Field to path, in the order of the fields; some take more than one question."""
_TAGS_MAX: Final = 50
_FIRST_WAITS: Final = (1.0, 2.0, 5.0, 15.0)


class Aws(Filter[Options]):
    """Adds metadata of the machine."""

    Options = Options

    def check(self) -> None:
        """See Filter."""
        options = self.options
        if options.enable_entity:
            raise UserError("enable_entity is not supported", fix="remove it")
        if options.tags_include and options.tags_exclude:
            raise UserError("tags_include and tags_exclude cannot be used together", fix="keep one of them")
        self._wanted = [name for name in _PATHS if getattr(options, name)]
        self._fields: Fields | None = None
        self._instance = Instance(tokens=options.imds_version == "v2")
        self._task = task_endpoint() if on_fargate() else None

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        if self._fields is None:
            self.log.warn("nothing is known of the machine yet: records pass unchanged")
        elif self._fields:
            deque(map(dict.update, batch.records, repeat(self._fields)), maxlen=0)

    async def run(self) -> None:
        """See Filter."""
        task = self._task
        ask: Callable[[], Awaitable[Fields]] = self._of_instance if task is None else lambda: self._of_task(task)
        waits = chain(_FIRST_WAITS, repeat(float(self.options.retry_interval_s or 1)))
        while self._fields is None:
            try:
                self._fields = await ask()
            except (PeerError, ValueError) as error:
                self.log.warn(f"metadata: {error}; trying again", about="metadata")
                await asyncio.sleep(next(waits))

    async def stop(self) -> None:
        """See Filter."""
        await self._instance.close()
        if self._task is not None:
            await self._task.close()

    async def _of_instance(self) -> Fields:
        text = self._instance.text
        found: Fields = {}
        for name in self._wanted:
            if name == "vpc_id":
                mac = (await text(f"{_META}mac")).strip()
                found[name] = await text(f"{_META}network/interfaces/macs/{mac}/vpc-id")
            elif name == "account_id":
                found[name] = metadata.account(await self._instance.get("/latest/dynamic/instance-identity/document"))
            else:
                found[name] = await text(_META + _PATHS[name])
        if self.options.tags_enabled:
            found |= await self._tags_of_instance()
        return found

    async def _tags_of_instance(self) -> Fields:
        try:
            names = (await self._instance.text(f"{_META}tags/instance")).split("\n")
        except PeerError as error:
            self.log.warn(f"no tags: {error}; fix: allow tags in instance metadata")
            return {}
        chosen = [name for name in names[:_TAGS_MAX] if name and self._chooses(name)]
        return {name: await self._instance.text(f"{_META}tags/instance/{name}") for name in chosen}

    async def _of_task(self, task: Endpoint) -> Fields:
        known = metadata.host_of_task(await task.get("/task"))
        missing = [name for name in self._wanted if name not in known]
        if missing:
            self.log.info(f"not known of a task on Fargate: {', '.join(missing)}")
        found = {name: known[name] for name in self._wanted if name in known}
        if self.options.tags_enabled:
            tags = metadata.tags_of_task(await task.get("/taskWithTags"))
            found |= {name: value for name, value in tags.items() if self._chooses(name)}
        return found

    def _chooses(self, name: str) -> bool:
        options = self.options
        return name not in options.tags_exclude and (not options.tags_include or name in options.tags_include)
