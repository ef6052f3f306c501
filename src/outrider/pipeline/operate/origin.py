"""What a program's configuration is read from: what it is given, a file, and the files that variables name."""

from __future__ import annotations

import os
from typing import Final

from outrider.model.errors import UserError
from outrider.net.files import ConfigurationFiles
from outrider.pipeline import registry
from outrider.pipeline.config import init_files
from outrider.pipeline.config.configuration import Configuration, from_file
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.parsers_files import read_parsers
from outrider.pipeline.log import Log
from outrider.pipeline.operate import processes

_IN_TASK: Final = "ECS_CONTAINER_METADATA_URI_V4"
"""Set by ECS; see ``outrider.aws.local``, which would cost memory to import."""


def environment() -> dict[str, str]:
    """The variables that a configuration may use."""
    return {"HOSTNAME": os.uname().nodename, processes.VARIABLE: "0", **os.environ}


class Origin:
    """``given`` stands before what is in ``file``, which may be empty: there is none."""

    def __init__(self, given: Configuration, file: str, log: Log) -> None:
        self._given = given
        self._file = file
        self._log = log
        self._files = ConfigurationFiles()

    def first(self, findings: Findings) -> Configuration:
        """Read it at the start: objects in S3 are fetched, and the task's variables set where they are needed."""
        wanted = init_files.named(os.environ)
        if wanted:
            from outrider.pipeline.operate import task_start  # where it is asked for

            with findings.collecting():
                task_start.set_variables(os.environ)
            self._files = ConfigurationFiles(task_start.fetch(wanted, os.environ, self._log, findings))
        configuration = self._read(findings)
        if not wanted and os.environ.get(_IN_TASK):
            _name_task(configuration, findings)
        return configuration

    def again(self) -> Configuration:
        """Read it anew; objects are not fetched again. Raises UserError with every fault."""
        findings = Findings()
        configuration = self._read(findings)
        findings.raise_errors()
        return configuration

    def _read(self, findings: Findings) -> Configuration:
        """What is given, the file, those that variables name, and the parsers files that all of them name."""
        log, files, variables = self._log, self._files, environment()
        configuration = self._given.then(Configuration())
        if self._file:
            with findings.collecting():
                configuration = configuration.then(from_file(self._file, files, log.warn, findings))
        wanted = init_files.named(variables)
        configuration = init_files.include(configuration, self._file, wanted, files, log.warn, findings)
        read_parsers(configuration, variables, files, log.warn, findings)
        for item in configuration.objects:
            with findings.collecting():
                plugins = registry.built_in(item.value, item.place)
                log.info(f"{item.value} is not needed: '{plugins}' is built in")
        return configuration


def _name_task(configuration: Configuration, findings: Findings) -> None:
    """Set the task's own variables where the configuration needs one of them."""
    from outrider.pipeline.operate import task_start  # in tasks on ECS

    if task_start.lacks(configuration, os.environ):
        try:
            task_start.set_variables(os.environ)
        except UserError as error:
            findings.warn(error.message, error.place)
