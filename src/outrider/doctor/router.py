"""The router's configuration, read as a dry run reads it: nothing is started or fetched from S3."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import msgspec

from outrider.model.errors import UserError
from outrider.net.connect import Target
from outrider.net.files import ConfigurationFiles
from outrider.pipeline.config import build, routing
from outrider.pipeline.config.configuration import Configuration, from_file
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.parsers_files import read_parsers
from outrider.pipeline.log import LEVELS, Log, Sink
from outrider.pipeline.operate import task_start


class Router(msgspec.Struct):
    """A configuration: what is wrong with it, and the plan, which lacks the plugins that are wrong."""

    findings: Findings
    plan: build.Plan

    def peers(self) -> list[tuple[str, Target]]:
        """Name of the output and what it connects to; the agent's server has checks of its own."""
        outputs = [item for item in self.plan.of_kind("output") if type(item.plugin).__name__ != "Uplink"]
        return [(item.name, peer) for item in outputs for peer in item.plugin.peers()]


def read(
    file: str, environment: Mapping[str, str], around: Callable[[Configuration], Configuration] | None = None
) -> Router:
    """Read and check it; every fault is in the findings. Blocks where variables of the task are asked for.

    ``around`` adds what the program that runs the file has beside it.
    """
    log = Log(Sink(level=LEVELS["off"]), "doctor")
    variables = {"HOSTNAME": os.uname().nodename, **environment}
    findings, files = Findings(), ConfigurationFiles()
    configuration = Configuration()
    with findings.collecting():
        configuration = from_file(file, files, log.warn, findings)
    if task_start.lacks(configuration, variables):
        try:
            task_start.set_variables(variables)
        except UserError as error:
            findings.warn(error.message, error.place)
    read_parsers(configuration, variables, files, log.warn, findings)
    if around is not None:
        configuration = around(configuration)
    service = build.read_service(configuration, variables, log, findings)
    plan = build.plan(configuration, service, variables, log, findings)
    if not findings.errors:
        routing.examine(plan, findings)
    return Router(findings, plan)
