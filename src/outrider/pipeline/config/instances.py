"""From a section to a plugin instance: options read, constructed, checked. No side effects but log lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from msgspec import Struct, field

from outrider.formats import values
from outrider.model.errors import Place, UserError
from outrider.pipeline import options, registry, storage
from outrider.pipeline.common.metrics import Metrics
from outrider.pipeline.common.rounds import Rounds
from outrider.pipeline.config.configuration import PluginSection, expand_all
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.library import Library
from outrider.pipeline.config.placing import placed
from outrider.pipeline.log import LEVELS, Log
from outrider.pipeline.plugin import Context
from outrider.pipeline.service import Service

_CORES: Final = {"input": options.InputCore, "filter": options.FilterCore, "output": options.OutputCore}
Classes: TypeAlias = Callable[[str, str, Place | None], Any]
"""Kind, name and where the name stands, to a plugin's class; raises UserError."""
_ALIASES: Final = {"elasticsearch": "es"}


class Instance(Struct):
    """A plugin of the pipeline with its options."""

    kind: str
    plugin: Any
    core: Any
    name: str
    section: PluginSection
    processors: list[Instance] = field(default_factory=list)


class _Read(Struct):
    """A section as read: the name of the plugin, what messages call it, its class, its options and what they are of."""

    plugin_name: str
    what: str
    factory: Any
    core: Any
    own: Any
    properties: list[options.Property]


class Maker(Struct):
    """Makes the plugin instances of one configuration, numbered as they come."""

    variables: Mapping[str, str]
    service: Service
    log: Log
    library: Library = field(default_factory=Library)
    findings: Findings = field(default_factory=Findings)
    """Where warnings go."""
    classes: Classes | None = None
    """What gives a plugin's class by kind and name, in the registry's place."""
    metrics: Metrics = field(default_factory=Metrics)
    """What all of them measure."""
    rounds: Rounds = field(default_factory=Rounds)
    _numbers: Counter[str] = field(default_factory=Counter)

    def instance(self, section: PluginSection, owner: str = "") -> Instance | None:
        """A plugin that is constructed and checked, with its processors. Raises UserError with every fault.

        ``owner`` is the input or output whose processor it is; those do not count among the filters. None: the section
        is faulty; of what could be read of it, keys and values are right.
        """
        faults, made = Findings(), None
        if not section.faulty or section.first("name"):
            with faults.collecting():
                found = self._read(section, owner)
                made = None if section.faulty else self._made(found, section, owner, faults)
        for processor in section.processors:
            with faults.collecting():
                item = self._processor(processor, section.kind, made.name if made else "")
                if made and item:
                    made.processors.append(item)
        faults.raise_errors()
        return made

    def _read(self, section: PluginSection, owner: str) -> _Read:
        """The plugin's class and its options. Raises UserError with every fault."""
        kind = section.kind
        properties = expand_all(section.properties, self.variables, self.findings.unset)
        named = self._named(section, properties)
        plugin_name, address = _split_address(named.value)
        plugin_name = _ALIASES.get(plugin_name, plugin_name)
        what = f"processor '{plugin_name}'" if owner else f"{kind} plugin '{plugin_name}'"
        factory = (self.classes or registry.plugin_class)("processor" if owner else kind, plugin_name, named.place)
        properties = [item for item in properties if item.key != "name"]
        properties += [options.Property(key, value, named.place) for key, value in address.items()]
        core, own = self._options(kind, factory.Options, properties, what)
        return _Read(plugin_name, what, factory, core, own, properties)

    def _made(self, found: _Read, section: PluginSection, owner: str, faults: Findings) -> Instance:
        """The plugin, constructed and checked; what is wrong is added to ``faults``."""
        kind, core, what, properties = section.kind, found.core, found.what, found.properties
        number = self._numbers[owner or kind]
        self._numbers[owner or kind] += 1
        name = core.alias or f"{owner}{'/' if owner else ''}{found.plugin_name}.{number}"
        context = self._context(name, f"{kind}:{found.plugin_name}:{name}", core.log_level, section.place)
        made = Instance(kind, found.factory(found.own, core, context), core, name, section)
        known = {**options.declared(type(core)), **options.declared(found.factory.Options)}
        for check in (made.plugin.check, lambda: _check_core(made, self.service)):
            try:
                check()
            except UserError as error:
                faults.errors += placed(error, what, properties, section.properties, known, section.place)
        if not faults.errors:
            for doubt in made.plugin.doubts():
                self.findings.warnings += placed(doubt, what, properties, section.properties, known, section.place)
        if kind == "output":
            self._check_retries(core.retry_limit, what, properties)
        return made

    def _processor(self, section: PluginSection, kind: str, name: str) -> Instance | None:
        made = self.instance(section, f"{kind}:{name}")
        if made and made.plugin.emits:
            raise UserError(
                f"a filter that emits records cannot be a processor of an {kind}",
                section.place,
                fix="move it to 'filters'",
            )
        return made

    def _check_retries(self, text: str, what: str, properties: list[options.Property]) -> None:
        place = next((item.place for item in reversed(properties) if item.key == "retry_limit"), None)
        if text:
            values.retry_limit(text, lambda warning: self.findings.warn(f"{what}: {warning}", place))

    def _named(self, section: PluginSection, properties: list[options.Property]) -> options.Property:
        """The property that names the plugin: the first of them, as in Fluent Bit."""
        names = [item for item in properties if item.key == "name"]
        with_colon = next((item for item in properties if item.key == "name:"), None)
        if not names and with_colon is not None:
            raise UserError(
                f"section '{section.kind}' has 'Name:' in the place of 'Name'",
                with_colon.place,
                fix=f"remove the colon: Name {with_colon.value}",
            )
        if not names or not names[0].value:
            written = next((item for item in section.properties if item.key == "name"), None)
            raise UserError(
                f"section '{section.kind}' is missing the 'name' property"
                + (f" ('{written.value}' is empty)" if written else ""),
                written.place if written else section.place,
                fix=f"add a line 'Name PLUGIN'; plugins: {', '.join(sorted(registry.PLUGINS[section.kind]))}",
            )
        for item in names[1:]:
            message = f"{section.kind}: name is set twice, first at {names[0].place}; the first one counts"
            self.findings.warn(message, item.place, fix="remove one of them")
        return names[0]

    def _options(self, kind: str, own: type[Any], properties: list[options.Property], what: str) -> tuple[Any, Any]:
        """The options of every plugin of the kind, and the plugin's own. Raises UserError with every fault."""
        core_type, found = _CORES[kind], Findings()
        common, rest = options.split(properties, core_type)
        core: Any = options.read(core_type, common, what, last_wins=True, findings=found)
        parsed = options.read(own, rest, what, also_allowed=list(options.declared(core_type)), findings=found)
        self.findings.warnings += found.warnings
        found.raise_errors()
        return storage.with_defaults(core, self.service) if kind == "input" else core, parsed

    def _context(self, name: str, component: str, log_level: str | None, place: Place) -> Context:
        return Context(
            name,
            self.log.child(component, LEVELS[log_level] if log_level else None),
            self.service.json_escape_unicode,
            self.library,
            self.service.grace,
            self.service.storage_sync == "full",
            metrics=self.metrics,
            rounds=self.rounds,
            place=place,
        )


def _check_core(made: Instance, service: Service) -> None:
    stored = made.kind == "input" and made.core.storage_type == "filesystem"
    if made.kind == "filter" and made.plugin.emits:
        stored = made.plugin.options.emitter_storage_type == "filesystem"
    if stored and not service.storage_path:
        raise UserError("storage.type filesystem needs storage.path", fix="set storage.path in [SERVICE]")
    if made.kind == "input" and not made.core.routable:
        raise UserError("routable off is not supported", fix="remove the input")


def _split_address(text: str) -> tuple[str, dict[str, str]]:
    """``forward://host:port/uri`` names a plugin and its address."""
    name, has_address, rest = text.partition("://")
    if not has_address:
        return text.lower(), {}
    authority, slash, uri = rest.partition("/")
    host, _, port = authority.rpartition(":") if ":" in authority else (authority, "", "")
    found = {"host": host, "port": port, "uri": slash + uri if uri else ""}
    return name.lower(), {key: value for key, value in found.items() if value}
