"""The ecs filter, from the ECS agent's introspection endpoint or, on Fargate, the task metadata endpoint.

Lookups go on beside the pipeline: all containers of the machine (or task) at the start, and again when a tag names one
that is not known. Records that come before anything is known pass unchanged; before their container is known they get
what is known of the cluster, as in Fluent Bit.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from itertools import repeat
from typing import Final

from outrider.aws import metadata
from outrider.aws.local import Endpoint, on_fargate, task_endpoint
from outrider.formats import words
from outrider.formats.templates import Template
from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.ecs.cache import Cache
from outrider.plugins.filters.ecs.config import Options

_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0


class Ecs(Filter[Options]):
    """Adds metadata of ECS."""

    Options = Options

    def check(self) -> None:
        """See Filter."""
        options = self.options
        self._added = [_added(text) for text in options.add]
        tries = 0 if options.cluster_metadata_only else options.agent_endpoint_retries
        self._cache = Cache(self._made, options.ecs_tag_prefix, options.ecs_meta_cache_ttl, tries)
        self._wanted = asyncio.Event()
        self._task = task_endpoint()
        self._agent = Endpoint(f"http://{options.ecs_meta_host}:{options.ecs_meta_port}")

    def doubts(self) -> list[UserError]:
        """See Filter."""
        if self._added:
            return []
        return [UserError("nothing is added", fix="add a line such as 'add ecs_cluster $ClusterName'")]

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        fields = self._cache.fields(batch.tag, time.monotonic())
        if fields is None:
            self.log.warn("nothing is known of the ECS cluster yet: records pass unchanged")
            return
        if self._cache.wants:
            self._wanted.set()
        if fields:
            deque(map(dict.update, batch.records, repeat(fields)), maxlen=0)

    async def run(self) -> None:
        """See Filter."""
        wait = _FIRST_WAIT
        while True:
            try:
                self._cache.take(await self._look(), time.monotonic())
                wait = _FIRST_WAIT
            except (PeerError, ValueError) as error:
                self.log.warn(f"ECS metadata: {error}; trying again", about="metadata")
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT)
                continue
            await asyncio.sleep(_FIRST_WAIT)  # an unknown tag must not make a request each
            self._wanted.clear()
            if not self._cache.wants:
                await self._wanted.wait()

    async def stop(self) -> None:
        """See Filter."""
        await self._agent.close()
        if self._task is not None:
            await self._task.close()

    async def _look(self) -> metadata.Known:
        """Ask the endpoints, the likelier one first. Raises PeerError and ValueError."""
        if self._task is not None and on_fargate():
            return await self._look_at(self._task)
        try:
            common = metadata.instance(await self._agent.get("/v1/metadata"))
            if self.options.cluster_metadata_only:
                return metadata.Known(common, {}, {})
            return metadata.tasks(await self._agent.get("/v1/tasks"), common)
        except PeerError:
            if self._task is None:
                raise
        return await self._look_at(self._task)

    async def _look_at(self, task: Endpoint) -> metadata.Known:
        known = metadata.own_task(await task.get("/task"))
        return metadata.Known(known.common, {}, {}) if self.options.cluster_metadata_only else known

    def _made(self, known: metadata.Fields) -> metadata.Fields:
        return {key: template.bind("")(known, None) for key, template in self._added}


def _added(text: str) -> tuple[str, Template]:
    try:
        found = words.split_quoted(text)
        if len(found) != 2:
            raise ValueError("two words are expected: KEY TEMPLATE")
        return found[0], Template(found[1])
    except ValueError as error:
        raise UserError(f"add '{text}': {error}") from error
