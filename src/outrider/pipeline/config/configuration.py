"""A configuration before it is built: sections with their properties, from a file, the command line, or a preset."""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from outrider.formats import classic, classic_load, env
from outrider.model.errors import Place, UserError
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.options import Property
from outrider.pipeline.registry import KINDS

if TYPE_CHECKING:
    from outrider.formats import yaml_config

COMMAND_LINE: Final = "command line"
_IN_PARSERS_FILE: Final = ("parser", "multiline_parser")
_YAML: Final = (".yaml", ".yml")
"""A configuration whose name ends so, in any case of letters, is YAML."""
_HEADER: Final = re.compile(r"\[\w+\]|@(set|include) .*", re.IGNORECASE)
"""What a classic configuration begins with."""


class PluginSection(Struct):
    """An [INPUT], [FILTER] or [OUTPUT]. Values are as written: variables are expanded when the pipeline is built."""

    kind: str
    properties: list[Property]
    place: Place
    processors: list[PluginSection] = field(default_factory=list)
    """Filters of this input or output alone."""
    faulty: bool = False
    """Whether a part of it could not be read, which has been told."""

    def first(self, key: str) -> Property | None:
        """The first property of that key."""
        return next((item for item in self.properties if item.key == key), None)


class UpstreamServers(Struct):
    """Nodes that an output takes turns with."""

    name: str
    nodes: list[PluginSection]
    place: Place


class Configuration(Struct):
    """Plugin sections in order, the service's properties in order, and variables set by ``@SET``."""

    sections: list[PluginSection] = field(default_factory=list)
    service: list[Property] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    parsers: list[PluginSection] = field(default_factory=list)
    """Sections of kind ``parser`` and ``multiline_parser``, from parsers files or YAML."""
    upstreams: list[UpstreamServers] = field(default_factory=list)
    """``upstream_servers`` of YAML."""
    objects: list[Property] = field(default_factory=list)
    """Shared objects that other routers load: ``-e``, ``plugins`` of YAML."""
    folder: str = ""
    """Where the main file is."""

    def then(self, later: Configuration) -> Configuration:
        """This one's sections in front of the later one's; later service values and variables win."""
        return Configuration(
            self.sections + later.sections,
            self.service + later.service,
            {**self.variables, **later.variables},
            self.parsers + later.parsers,
            self.upstreams + later.upstreams,
            self.objects + later.objects,
            later.folder or self.folder,
        )


def from_file(
    path: str, files: classic_load.Files, warn: Callable[[str], None], findings: Findings | None = None
) -> Configuration:
    """Read a configuration, classic or YAML by its name, and what it includes.

    Raises UserError where reading cannot go on; all other faults and warnings are added to ``findings``. Without these
    ``warn`` is told the warnings, and the faults are raised too.
    """
    found = Findings() if findings is None else findings
    told = len(found.errors)
    try:
        configuration = _from_yaml(path, files, found) if _is_yaml(path) else _from_classic(path, files, found)
    except UserError as error:
        raise _of_other_form(path, files) or error from error
    if len(found.errors) > told:
        other = _of_other_form(path, files)
        if other is not None:  # then all that was said of its lines is beside the point
            found.errors[told:] = []
            raise other
    configuration.folder = os.path.dirname(path)
    if findings is None:
        for warning in found.warnings:
            warn(str(warning))
        found.raise_errors()
    return configuration


def _is_yaml(path: str) -> bool:
    return path.lower().endswith(_YAML)


def _of_other_form(path: str, files: classic_load.Files) -> UserError | None:
    """What to say of a file that is YAML, or classic, under the name of the other."""
    try:
        lines = files.read(path).splitlines()
    except OSError:
        return None
    first = next((line.rstrip() for line in lines if line.strip() and not line.startswith("#")), "")
    place = Place(path, lines.index(first) + 1 if first in lines else 1, 1)
    if _is_yaml(path):
        if _HEADER.fullmatch(first):
            return UserError("this looks like the classic format", place, fix="name the file *.conf")
    elif first.endswith(":") and first[:-1].isidentifier():
        return UserError("this looks like YAML", place, fix="name the file *.yaml")
    return None


def parsers_from_file(
    path: str, files: classic_load.Files, warn: Callable[[str], None], findings: Findings | None = None
) -> list[PluginSection]:
    """The ``parser`` and ``multiline_parser`` sections of a parsers file, classic or YAML.

    Other sections have no meaning there, which is a warning. Faults and warnings are told as in ``from_file``.
    """
    found = Findings() if findings is None else findings
    sections = _from_yaml(path, files, found).parsers if _is_yaml(path) else _parsers(path, files, found)
    if findings is None:
        for warning in found.warnings:
            warn(str(warning))
        found.raise_errors()
    return sections


def _parsers(path: str, files: classic_load.Files, findings: Findings) -> list[PluginSection]:
    sections: list[PluginSection] = []
    for section in _loaded(path, files, findings).sections:
        if section.kind in _IN_PARSERS_FILE:
            sections.append(_plugin_section(section))
            continue
        said = f"section [{section.name}] is ignored in a parsers file"
        findings.warn(said, section.place, found=section.name.lower(), allowed=_IN_PARSERS_FILE)
    return sections


def upstreams_from_file(path: str, files: classic_load.Files, findings: Findings) -> list[UpstreamServers]:
    """What an upstream file defines, classic (one [UPSTREAM] with its [NODE] sections) or YAML.

    Raises UserError with every fault; warnings are added to ``findings``.
    """
    faults = Findings(warnings=findings.warnings)
    upstreams = _from_yaml(path, files, faults).upstreams if _is_yaml(path) else _upstreams(path, files, faults)
    faults.raise_errors()
    return upstreams


def _upstreams(path: str, files: classic_load.Files, findings: Findings) -> list[UpstreamServers]:
    loaded = _loaded(path, files, findings)
    findings.raise_errors()
    found: list[UpstreamServers] = []
    nodes: list[PluginSection] = []
    for section in loaded.sections:
        kind = section.name.lower()
        if kind == "upstream":
            name = section.get("name")
            if name is None:
                raise UserError("[UPSTREAM] without Name", section.place, fix="add a line 'Name NAME'")
            found.append(UpstreamServers(name.value, nodes, section.place))
        elif kind == "node":
            nodes.append(PluginSection("node", _properties(section), section.place))
        else:
            said = f"section [{section.name}] is ignored in an upstream file"
            findings.warn(said, section.place, found=kind, allowed=("upstream", "node"))
    if len(found) != 1:
        place = found[1].place if found else Place(path)
        raise UserError(f"an upstream file has one [UPSTREAM], this one has {len(found) or 'none'}", place)
    return found


def _properties(section: classic.Section) -> list[Property]:
    return [Property(entry.key, entry.value, entry.value_place) for entry in section.entries]


def _plugin_section(section: classic.Section) -> PluginSection:
    return PluginSection(section.kind, _properties(section), section.place, faulty=section.faulty)


def _loaded(path: str, files: classic_load.Files, findings: Findings) -> classic_load.Loaded:
    loaded = classic_load.load(path, files, findings.error)
    for note in loaded.notes:
        findings.warn(note.message, note.place)
    return loaded


def _from_classic(path: str, files: classic_load.Files, findings: Findings) -> Configuration:
    loaded, configuration = _loaded(path, files, findings), Configuration()
    for meta in loaded.metas:
        with findings.collecting():
            configuration.variables |= env.variables(
                [meta], files.read, lambda note: findings.warn(note.message, note.place)
            )
    for section in loaded.sections:
        with findings.collecting():
            _take(configuration, section, findings)
    return configuration


def _from_yaml(path: str, files: classic_load.Files, findings: Findings) -> Configuration:
    from outrider.formats import yaml_config  # only where the configuration is YAML

    loaded = yaml_config.load(path, files, findings.error)
    for note in loaded.notes:
        findings.warn(note.message, note.place)

    def properties(pairs: list[yaml_config.Pair]) -> list[Property]:
        return [Property(pair.key, pair.value, pair.place) for pair in pairs]

    def section(item: yaml_config.YamlSection) -> PluginSection:
        return PluginSection(
            item.kind,
            properties(item.pairs),
            item.place,
            [section(processor) for processor in item.processors],
            item.faulty,
        )

    return Configuration(
        [section(item) for item in loaded.sections],
        properties(loaded.service),
        loaded.variables,
        [section(item) for item in loaded.parsers],
        [UpstreamServers(item.name, [section(node) for node in item.nodes], item.place) for item in loaded.upstreams],
        properties(loaded.plugins),
    )


def _take(configuration: Configuration, section: classic.Section, findings: Findings) -> None:
    kind = section.kind
    if kind == "service":
        configuration.service += _properties(section)
    elif kind in KINDS:
        if section.groups:
            raise UserError(f"[{section.name}] has a group, which no plugin takes", section.groups[0].place)
        configuration.sections.append(_plugin_section(section))
    elif kind in _IN_PARSERS_FILE:
        raise UserError(
            f"section '{section.name}' belongs to the 'parsers_file' configuration files",
            section.place,
            fix="move it to a file and name that file with Parsers_File in [SERVICE]",
        )
    elif kind == "other":
        import difflib  # for what is told of a mistake alone

        near = difflib.get_close_matches(section.name.lower(), [*KINDS, "service"], 1, 0.7)
        if near:
            raise UserError(
                f"section [{section.name}] is not known",
                section.place,
                fix=f"write [{near[0].upper()}]; a section that is meant for others needs a name less like ours",
            )
        findings.warn(f"section [{section.name}] is not known and ignored", section.place)
    elif kind == "upstream_servers":
        fix = "move it, with its [NODE] sections, to a file and name that file with Upstream in [OUTPUT]"
        raise UserError(f"section '{section.name}' belongs to a file of its own", section.place, fix=fix)
    else:
        raise UserError(f"section '{section.name}' is not supported", section.place)


def expand_all(
    properties: list[Property], variables: Mapping[str, str], warn: Callable[[str, Place, str], None]
) -> list[Property]:
    """The properties with ``${NAME}`` replaced.

    ``warn`` is told of variables that are not set or not closed: what is wrong, where, and what to do.
    """
    expanded: list[Property] = []
    for item in properties:
        unset: list[str] = []
        value = env.expand(item.value, variables, unset.append)
        for text in unset:
            warn(text, item.place, "set it, or write ${NAME:-DEFAULT}")
        _, opened, rest = item.value.rpartition("${")
        if opened and "}" not in rest:
            warn("the variable is not closed and stays as it is written", item.place, "add the '}'")
        expanded.append(Property(item.key, value, item.place))
    return expanded
