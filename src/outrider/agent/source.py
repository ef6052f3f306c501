"""Where an agent's pipeline comes from: its preset, and a configuration file if it has one, which may be read anew."""

from __future__ import annotations

from outrider.agent import preset
from outrider.agent.settings import Settings
from outrider.model.errors import UserError
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.log import LEVELS, Log
from outrider.pipeline.operate.origin import Origin, environment
from outrider.pipeline.operate.reload import Loader
from outrider.plugins.outputs.uplink.plugin import Seen, Uplink


class Source:
    """Makes the agent's configurations and plans. ``seen`` is what all of its pipelines have delivered.

    A ``dry`` one is only looked at: it leaves the log where it is.
    """

    def __init__(self, settings: Settings, log: Log, *, dry: bool = False) -> None:
        self._settings = settings
        self._log = log
        self._dry = dry
        self._origin = Origin(Configuration(), settings.config, log) if settings.config else None
        self.seen: dict[str, Seen] = {}
        self.loader = Loader(self._again, self._plan)

    def first(self) -> tuple[Configuration, build.Plan]:
        """What to start with. Raises UserError with every fault."""
        findings = Findings()
        configuration, plan = self.look(findings)
        findings.raise_errors()
        findings.log_warnings(self._log)
        return configuration, plan

    def look(self, findings: Findings) -> tuple[Configuration, build.Plan]:
        """What there is to start with; its faults are in the findings, and the plan lacks what is wrong."""
        file = self._origin.first(findings) if self._origin else None
        configuration = preset.configuration(self._settings, file)
        return configuration, self._plan(configuration, findings)

    def _again(self) -> Configuration:
        if self._origin is None:
            raise UserError(
                "there is nothing to read anew", fix="restart the agent; one with a configuration file (-c) reads that"
            )
        return preset.configuration(self._settings, self._origin.again())

    def _plan(self, configuration: Configuration, findings: Findings | None = None) -> build.Plan:
        variables = environment() if self._origin else {}
        service = build.read_service(configuration, variables, self._log, findings)
        if service.processes != 1:
            place = next((item.place for item in reversed(configuration.service) if item.key == "processes"), None)
            raise UserError("an agent is one process", place, fix="remove 'processes'")
        plan = build.plan(configuration, service, variables, self._log, findings)
        for item in plan.of_kind("output"):
            if isinstance(item.plugin, Uplink):
                item.plugin.seen = self.seen
        file = "" if self._dry else service.log_file
        self._log.sink.set_up(LEVELS[service.log_level], as_json=service.log_format == "json", file=file)
        return plan
