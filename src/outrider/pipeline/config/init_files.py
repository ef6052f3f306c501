"""Files that variables name, as for the start program of aws-for-fluent-bit's ``init`` images.

``aws_fluent_bit_init_s3_N`` holds the ARN of an object, ``aws_fluent_bit_init_file_N`` a path. They follow the main
file in the order of their numbers, names that are none behind these. The ARN of an object is its path, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from outrider.formats import classic
from outrider.formats.classic_load import Files
from outrider.model.errors import Place, UserError
from outrider.pipeline.config.configuration import Configuration, from_file
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.options import Property

_VARIABLE: Final = re.compile(r"aws_fluent_bit_init_([sS]3|[fF]ile)_?(.*)", re.DOTALL)
_PARSERS: Final = ("parser", "multiline_parser")


class InitFile(Struct, frozen=True):
    """One variable: its ``value`` is an ARN (``in_s3``) or a path."""

    variable: str
    value: str
    in_s3: bool

    @property
    def place(self) -> Place:
        """Where the file is named."""
        return Place(self.variable)


def named(environment: Mapping[str, str]) -> list[InitFile]:
    """The files in the order in which they are read."""
    found: list[tuple[tuple[bool, int, str], InitFile]] = []
    for variable, value in environment.items():
        match = _VARIABLE.search(variable)
        if match:
            number = match[2] if match[2].isascii() and match[2].isdigit() else ""
            order = (not number, int(number[:18] or 0), variable)
            found.append((order, InitFile(variable, value, match[1].lower() == "s3")))
    return [item for _, item in sorted(found, key=lambda pair: pair[0])]


def include(
    configuration: Configuration,
    main: str,
    wanted: list[InitFile],
    files: Files,
    warn: Callable[[str], None],
    findings: Findings,
) -> Configuration:
    """The configuration with these files behind it; one with a parser in it becomes a parsers file, as with ``-R``.

    ``main`` is the main file, which is not to be read twice. Faults go to ``findings``; an object that is not in
    ``files`` has its fault told already.
    """
    seen = {files.identity(main)}
    for item in wanted:
        with findings.collecting():
            identity = files.identity(item.value)
            if identity is None and item.in_s3:
                continue
            if identity is None:
                raise UserError(f"the file '{item.value}' was not found", item.place, fix="correct the path")
            if identity in seen:
                raise UserError(f"Read twice: '{item.value}'", item.place, fix="name each file once")
            seen.add(identity)
            if _has_parsers(item, files):
                configuration.service.append(Property("parsers_file", item.value, item.place))
                continue
            included = from_file(item.value, files, warn, findings)
            included.folder = configuration.folder  # what has no folder of its own counts from the main file's
            configuration = configuration.then(included)
    return configuration


def _has_parsers(item: InitFile, files: Files) -> bool:
    try:
        text = files.read(item.value)
    except OSError as error:
        raise UserError(f"could not read '{item.value}': {error.strerror or error}", item.place) from error
    if item.value.lower().endswith((".yaml", ".yml")):
        return False  # YAML may have its parsers anywhere
    return any(section.kind in _PARSERS for section in classic.parse(text, item.value).sections)
