"""Parsers files: ``Parsers_File`` in [SERVICE], or ``-R``."""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Mapping

from outrider.formats.classic_load import Files
from outrider.model.errors import UserError
from outrider.pipeline.config.configuration import Configuration, expand_all, parsers_from_file
from outrider.pipeline.config.findings import Findings

_STOCK = re.compile(r"/fluent-bit/(etc|parsers)/parsers[\w-]*\.conf")
"""Where the images of Fluent Bit have the parsers that are built in here."""


def read_parsers(
    configuration: Configuration,
    environment: Mapping[str, str],
    files: Files,
    warn: Callable[[str], None],
    findings: Findings,
) -> None:
    """Add to ``configuration.parsers`` what its parsers files define; faults and warnings go to ``findings``.

    ``warn`` is told of stock files that are not needed. A path is tried as it stands, then from the main file's folder.
    """
    variables = {**environment, **configuration.variables}
    named = [item for item in configuration.service if item.key == "parsers_file"]
    for item in expand_all(named, variables, lambda *said: None):  # whoever reads the service warns
        if not item.value:
            continue
        with findings.collecting():
            beside = os.path.join(configuration.folder, item.value)
            path = next((path for path in (item.value, beside) if files.identity(path) is not None), None)
            if path is not None:
                configuration.parsers += parsers_from_file(path, files, warn, findings)
            elif _STOCK.fullmatch(beside):
                warn(f"{item.place}: the parsers file '{item.value}' is not here; the stock parsers are built in")
            else:
                fix = "correct the path" + (f"; '{beside}' is not there either" if beside != item.value else "")
                raise UserError(f"the parsers file '{item.value}' was not found", item.place, fix=fix)
