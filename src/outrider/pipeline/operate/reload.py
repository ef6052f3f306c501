"""A pipeline whose configuration may be exchanged while it runs.

The new configuration is read and checked first; one that is wrong changes nothing. Then the old engine closes its
inputs, and the new one opens its own and takes over what is not delivered: chunks go through the new filters, what
had been filtered goes to the output of the same name. Inputs that stay as they were are not closed at all. A
configuration that does not start gives way to the old one again.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from outrider import __version__
from outrider.model.errors import LocalError, UserError
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration
from outrider.pipeline.engine import Engine, Leftovers
from outrider.pipeline.log import Log
from outrider.pipeline.service import Service
from outrider.spool.disk import Locks

BUSY: Final = "a reload is in progress"
_FOR_INPUTS: Final = ("mem_buf_limit", "multiline_buffer_limit", "json_escape_unicode")


class Loader(Struct, frozen=True):
    """Where configurations come from, and how they become plans."""

    load: Callable[[], Configuration]
    """Read everything anew. Raises UserError."""
    plan: Callable[[Configuration], build.Plan]
    """Check and construct. Raises UserError."""


class Exchangeable:
    """Runs one engine after the other. ``engine`` is the one at work, ``count`` says how many exchanges succeeded."""

    def __init__(
        self, configuration: Configuration, plan: build.Plan, loader: Loader, log: Log, locks: Locks | None = None
    ) -> None:
        """``locks`` has the first storage.path, and gets those of later configurations: what lies in one may be under
        way for long. Raises UserError or LocalError when the first pipeline cannot be made."""
        self.count = 0
        self.engine: Engine = build.engine(plan)
        self.service: Service = plan.service
        self._metrics = plan.metrics
        self._configuration = configuration
        self._loader = loader
        self._log = log
        self._locks = locks or Locks(log.warn)
        self._next: tuple[Configuration, build.Plan] | None = None
        self._left = Leftovers()
        self._stopped = False
        self._outcome: asyncio.Future[str] | None = None
        self._again = False
        """Whether a reload was asked for while one was in progress."""
        self.engine.on_up = self._up

    async def run(self) -> None:
        """Run until stopped. Raises UserError or LocalError when the first pipeline does not start."""
        await self.engine.run()
        while self._next is not None:
            await self._exchange(*self._next)
        self._tell("the pipeline ends")

    def stop(self) -> None:
        """Deliver what is left and end; safe to call from a signal handler of the loop."""
        self._stopped = True
        self.engine.stop()

    @property
    def stopping(self) -> bool:
        """Whether the end has been asked for."""
        return self._stopped or (self.engine.stopping and self._next is None)

    def reload(self) -> str:
        """Begin to exchange the configuration; what is wrong with the new one, or nothing.

        While engines are exchanged, and until the first one is up: BUSY, and it is done afterwards.
        """
        if self.stopping:
            return BUSY
        if self._next is not None or not self.engine.up:
            self._again = True
            return BUSY
        try:
            configuration = self._loader.load()
            plan = self._loader.plan(configuration)
            if plan.service.storage_path != self.service.storage_path and plan.service.storage_path:
                self._locks.hold(plan.service.storage_path)
            self._next = (configuration, plan)
        except (UserError, LocalError) as error:
            for line in str(error).splitlines():
                self._log.error(f"reload: {line}")
            self._log.error("reload: the old configuration goes on")
            return str(error)
        self._outcome = asyncio.get_running_loop().create_future()
        self._log.info("reload: the new configuration is right and takes the place of the old one")
        self.engine.leave(self._unchanged(*self._next))
        return ""

    async def outcome(self) -> str:
        """Wait for the exchange that was begun last; why the new configuration did not start, or nothing."""
        return await asyncio.shield(self._outcome) if self._outcome else ""

    def _up(self) -> None:
        """Everything of an engine has started."""
        engine = self.engine
        parts = (("input", len(engine.inputs)), ("filter", len(engine.filters)), ("output", len(engine.outputs)))
        told = ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in parts)
        self._log.info(f"outrider {__version__} is up: {told}")
        self._tell("")
        if self._again:
            self._again = False
            self.reload()

    def _tell(self, problem: str) -> None:
        if self._outcome and not self._outcome.done():
            self._outcome.set_result(problem)

    def _unchanged(self, configuration: Configuration, plan: build.Plan) -> frozenset[str]:
        """The inputs that are as before, in all that they depend on: they run on, and their senders notice nothing."""
        if configuration.parsers != self._configuration.parsers or _for_inputs(plan.service) != _for_inputs(
            self.service
        ):
            return frozenset()
        running = {item.intake.name: item.plugin for item in self.engine.inputs}
        return frozenset(
            item.name
            for item in plan.of_kind("input")
            if (old := running.get(item.name)) is not None
            and type(old) is type(item.plugin)
            and (old.options, old.core) == (item.plugin.options, item.plugin.core)
        )

    async def _exchange(self, configuration: Configuration, plan: build.Plan) -> None:
        old, self._left = self._configuration, self.engine.leftovers()
        metrics = self._metrics
        self.count += 1
        try:
            await self._run_next(configuration, plan)
        except (UserError, LocalError) as error:
            if self.engine.up:
                raise
            self.count -= 1
            self._tell(f"the new configuration does not start: {error}")
            self._log.error(f"reload: the new configuration does not start: {error}; the old one is started again")
            self._metrics = metrics
            await self._run_next(old, self._loader.plan(old))

    async def _run_next(self, configuration: Configuration, plan: build.Plan) -> None:
        engine = build.engine(plan, self.engine.ledger, self._left.kept)
        engine.inherit(self._left)
        plan.metrics.inherit(self._metrics)
        self._metrics = plan.metrics
        engine.on_up = self._up
        self.engine, self.service, self._configuration, self._next = engine, plan.service, configuration, None
        if self._stopped:
            engine.stop()
        try:
            await engine.run()
        except (UserError, LocalError):
            if not engine.up:
                self._left = engine.leftovers()
            raise


def _for_inputs(service: Service) -> list[object]:
    """The service's keys that inputs depend on."""
    return [
        getattr(service, item.name)
        for item in dataclasses.fields(service)
        if item.name.startswith("storage_") or item.name in _FOR_INPUTS
    ]
