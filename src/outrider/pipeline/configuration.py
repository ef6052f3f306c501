"""A configuration before it is built: sections with their properties, from a file, the command line, or a preset."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from outrider.formats import classic, classic_load, env
from outrider.model.errors import Place, UserError
from outrider.pipeline.options import Property
from outrider.pipeline.registry import KINDS

COMMAND_LINE: Final = "command line"
_IN_PARSERS_FILE: Final = ("parser", "multiline_parser")


@dataclass(slots=True)
class PluginSection:
    """An [INPUT], [FILTER] or [OUTPUT]. Values are as written: variables are expanded when the pipeline is built."""

    kind: str
    properties: list[Property]
    place: Place
    processors: list[PluginSection] = field(default_factory=list)
    """Filters of this input or output alone."""

    def first(self, key: str) -> Property | None:
        """The first property of that key."""
        return next((item for item in self.properties if item.key == key), None)


@dataclass(slots=True)
class Configuration:
    """Plugin sections in order, the service's properties in order, and variables set by ``@SET``."""

    sections: list[PluginSection] = field(default_factory=list)
    service: list[Property] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    parsers: list[PluginSection] = field(default_factory=list)
    """Sections of kind ``parser`` and ``multiline_parser``, from parsers files or YAML."""

    def then(self, later: Configuration) -> Configuration:
        """This one's sections in front of the later one's; later service values and variables win."""
        return Configuration(
            self.sections + later.sections,
            self.service + later.service,
            {**self.variables, **later.variables},
            self.parsers + later.parsers,
        )


def from_file(path: str, files: classic_load.Files, warn: Callable[[str], None]) -> Configuration:
    """Read a classic configuration and what it includes. Raises UserError."""
    if path.lower().endswith((".yaml", ".yml")):
        raise UserError("YAML configurations are not supported yet", Place(path), fix="use the classic format")
    loaded = classic_load.load(path, files)
    configuration = Configuration(variables=env.variables(loaded.metas, files.read, warn))
    for note in loaded.notes:
        warn(f"{note.place}: {note.message}")
    for section in loaded.sections:
        _take(configuration, section, warn)
    return configuration


def _take(configuration: Configuration, section: classic.Section, warn: Callable[[str], None]) -> None:
    kind = section.kind
    properties = [Property(entry.key, entry.value, entry.value_place) for entry in section.entries]
    if kind == "service":
        configuration.service += properties
    elif kind in KINDS:
        if section.groups:
            raise UserError(f"[{section.name}] has a group, which no plugin takes", section.groups[0].place)
        configuration.sections.append(PluginSection(kind, properties, section.place))
    elif kind in _IN_PARSERS_FILE:
        raise UserError(
            f"section '{section.name}' belongs to the 'parsers_file' configuration files",
            section.place,
            fix="move it to a file and name that file with Parsers_File in [SERVICE]",
        )
    elif kind == "other":
        near = difflib.get_close_matches(section.name.lower(), [*KINDS, "service"], 1, 0.7)
        if near:
            raise UserError(
                f"section [{section.name}] is not known",
                section.place,
                fix=f"write [{near[0].upper()}]; a section that is meant for others needs a name less like ours",
            )
        warn(f"{section.place}: section [{section.name}] is not known and ignored")
    else:
        raise UserError(f"section '{section.name}' is not supported", section.place)


def expand_all(properties: list[Property], variables: Mapping[str, str], warn: Callable[[str], None]) -> list[Property]:
    """The properties with ``${NAME}`` replaced."""
    expanded: list[Property] = []
    for item in properties:
        unset: list[str] = []
        value = env.expand(item.value, variables, unset.append)
        for text in unset:
            warn(f"{item.place}: {text}")
        expanded.append(Property(item.key, value, item.place))
    return expanded
