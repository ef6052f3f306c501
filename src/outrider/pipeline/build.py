"""From a configuration to a checked pipeline that is ready to run. No side effects but log lines."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from outrider.formats import msgpack, values
from outrider.formats.regex import Regex
from outrider.model.batch import Batch, Record
from outrider.model.errors import UserError
from outrider.model.tag import matcher
from outrider.pipeline import options, registry
from outrider.pipeline.configuration import Configuration, PluginSection, expand_all
from outrider.pipeline.delivery import OutputRunner, Retries
from outrider.pipeline.engine import Engine, RunningFilter, RunningInput
from outrider.pipeline.intake import RECORDS, ChunkIntake, Spool
from outrider.pipeline.ledger import Ledger
from outrider.pipeline.log import LEVELS, Log
from outrider.pipeline.plugin import Context
from outrider.pipeline.service import Service
from outrider.spool.chunkfile import SUFFIX

_CORES: Final = {"input": options.InputCore, "filter": options.FilterCore, "output": options.OutputCore}
_ALIASES: Final = {"elasticsearch": "es"}


@dataclasses.dataclass(slots=True)
class Instance:
    """A plugin of the pipeline with its options."""

    kind: str
    plugin: Any
    core: Any
    name: str
    section: PluginSection


@dataclasses.dataclass(slots=True)
class Plan:
    """A checked configuration: what ``engine`` turns into a running pipeline."""

    service: Service
    instances: list[Instance]
    log: Log

    def of_kind(self, kind: str) -> list[Instance]:
        """The instances of a kind, in order."""
        return [item for item in self.instances if item.kind == kind]


def read_service(configuration: Configuration, environment: Mapping[str, str], log: Log) -> Service:
    """The [SERVICE] keys. Raises UserError."""
    variables = {**environment, **configuration.variables}
    properties = expand_all(configuration.service, variables, log.warn)
    service = options.read(Service, properties, "service", last_wins=True)
    _refuse_unsupported(service, properties)
    if service.flush <= 0:
        raise UserError(f"service: Flush must be more than 0 seconds, found {service.flush:g}")
    if service.scheduler_base < 1 or service.scheduler_cap < 1:
        raise UserError("service: Scheduler.Base and Scheduler.Cap must be at least 1 second")
    return service


def _refuse_unsupported(service: Service, properties: list[options.Property]) -> None:
    """Keys that would change what happens to records must not be accepted without effect."""
    wanted = {
        "streams_file": service.streams_file,
        "json.convert_nan_to_null": service.json_convert_nan_to_null,
        "daemon": service.daemon,
    }
    for item in properties:
        if wanted.get(item.key):
            raise UserError(f"service: {item.key} is not supported", item.place, fix="remove it")


def plan(configuration: Configuration, service: Service, environment: Mapping[str, str], log: Log) -> Plan:
    """Construct and check every plugin. Raises UserError at the first fault."""
    variables = {**environment, **configuration.variables}
    numbers = dict.fromkeys(registry.KINDS, 0)
    instances = [_instance(section, numbers, variables, service, log) for section in configuration.sections]
    result = Plan(service, instances, log)
    _check_names(instances)
    _check_matches(result)
    return result


def _instance(
    section: PluginSection, numbers: dict[str, int], variables: Mapping[str, str], service: Service, log: Log
) -> Instance:
    kind = section.kind
    properties = expand_all(section.properties, variables, log.warn)
    name_property = next((item for item in properties if item.key == "name"), None)
    if name_property is None or not name_property.value:
        raise UserError(
            f"section '{kind}' is missing the 'name' property",
            section.place,
            fix=f"add a line 'Name PLUGIN'; plugins: {', '.join(sorted(registry.PLUGINS[kind]))}",
        )
    plugin_name, address = _split_address(name_property.value)
    plugin_name = _ALIASES.get(plugin_name, plugin_name)
    factory = registry.plugin_class(kind, plugin_name, name_property.place)
    core_type = _CORES[kind]
    rest = [item for item in properties if item.key != "name"]
    rest += [options.Property(key, value, name_property.place) for key, value in address.items()]
    common, own = options.split(rest, core_type)
    what = f"{kind} plugin '{plugin_name}'"
    core: Any = options.read(core_type, common, what, last_wins=True)
    parsed = options.read(factory.Options, own, what, also_allowed=list(options.declared(core_type)))
    name = core.alias or f"{plugin_name}.{numbers[kind]}"
    numbers[kind] += 1
    level = LEVELS[core.log_level] if core.log_level else None
    component = f"{kind}:{plugin_name}:{name}"
    context = Context(name, log.child(component, level), service.json_escape_unicode)
    plugin = factory(parsed, core, context)
    try:
        plugin.check()
        if kind == "input" and not core.routable:
            raise UserError("routable off is not supported", fix="remove the input")
        if kind == "input" and core.storage_type == "filesystem" and not service.storage_path:
            raise UserError("storage.type filesystem needs storage.path", fix="set storage.path in [SERVICE]")
    except UserError as error:
        if error.place is None:
            raise UserError(
                f"{what}: {error.message}", section.place, found=error.found, allowed=error.allowed, fix=error.fix
            ) from error
        raise
    return Instance(kind, plugin, core, name, section)


def _split_address(text: str) -> tuple[str, dict[str, str]]:
    """``forward://host:port/uri`` names a plugin and its address."""
    name, has_address, rest = text.partition("://")
    if not has_address:
        return text.lower(), {}
    authority, slash, uri = rest.partition("/")
    host, _, port = authority.rpartition(":") if ":" in authority else (authority, "", "")
    found = {"host": host, "port": port, "uri": slash + uri if uri else ""}
    return name.lower(), {key: value for key, value in found.items() if value}


def _check_names(instances: list[Instance]) -> None:
    seen: dict[tuple[str, str], Instance] = {}
    for item in instances:
        first = seen.setdefault((item.kind, item.name), item)
        if first is not item:
            raise UserError(
                f"two {item.kind}s are named '{item.name}', first at {first.section.place}",
                item.section.place,
                fix="give each its own Alias",
            )


def _check_matches(result: Plan) -> None:
    inputs, outputs = result.of_kind("input"), result.of_kind("output")
    for item in result.of_kind("filter"):
        if not item.core.match and not item.core.match_regex:
            raise UserError(f"no match rule for {item.name}", item.section.place, fix="add 'Match *'")
    for item in outputs:
        if item.core.match or item.core.match_regex:
            continue
        if len(inputs) == len(outputs) == 1:
            item.core = dataclasses.replace(item.core, match="*")
        else:
            item.plugin.log.warn(f"no Match for {item.name}: it gets nothing; fix: add 'Match *'")
    for item in [*result.of_kind("filter"), *outputs]:
        tag_test(item.core.match, item.core.match_regex, item.section)


def engine(result: Plan) -> Engine:
    """The pipeline, ready for ``run``. Makes the spool's directories. Raises UserError or LocalError."""
    service, ledger = result.service, Ledger()
    made = Engine(ledger, result.log.child("engine"), service.flush, service.grace)
    made.decoders[RECORDS] = decode_records
    for item in result.of_kind("output"):
        warn: Callable[[str], None] = item.plugin.log.warn
        retries = Retries(
            values.retry_limit(item.core.retry_limit, warn), service.scheduler_base, service.scheduler_cap
        )
        made.outputs.append(
            OutputRunner(
                item.plugin,
                tag_test(item.core.match, item.core.match_regex, item.section),
                retries,
                item.core.workers or item.plugin.concurrency,
                made.decoders,
                made.finished,
                made.pump,
                made.parked,
            )
        )
    for item in result.of_kind("filter"):
        test = tag_test(item.core.match, item.core.match_regex, item.section)
        made.filters.append(RunningFilter(item.plugin, item.name, test))
    for item in result.of_kind("input"):
        made.decoders.update(item.plugin.codecs)
        intake = ChunkIntake(
            item.name,
            ledger,
            result.log.child(f"input:{item.name}"),
            item.core.mem_buf_limit,
            _spool(item, service),
            made.sealed,
        )
        made.inputs.append(RunningInput(item.plugin, intake))
    if service.storage_path:
        _tell_of_strangers(Path(service.storage_path), result)
    return made


def _tell_of_strangers(spool: Path, result: Plan) -> None:
    """Chunks of an input that is gone or has another name would wait for ever without a word."""
    known = {item.name for item in result.of_kind("input") if item.core.storage_type == "filesystem"}
    waiting = Counter(path.parent.name for path in spool.glob(f"*/*{SUFFIX}"))
    for name in sorted(waiting.keys() - known):
        result.log.warn(
            f"{waiting[name]} chunks in {spool / name} wait for an input of that name, and there is none;"
            f" fix: give the input 'Alias {name}' and storage.type filesystem, or remove the directory"
        )


def tag_test(match: str, match_regex: str, section: PluginSection) -> Callable[[str], bool]:
    """A test for tags from Match_Regex (tried first, anchored at the start, never empty) and Match."""
    tests: list[Callable[[str], bool]] = []
    if match_regex:
        try:
            regex = Regex(match_regex)
        except ValueError as error:
            found = section.first("match_regex")
            raise UserError(f"Match_Regex: {error}", found.place if found else section.place) from error
        tests.append(lambda tag: bool((found := regex.match(tag)) and found.group(0)))
    if match:
        tests.append(matcher(match))
    return lambda tag: any(test(tag) for test in tests)


def _spool(item: Instance, service: Service) -> Spool | None:
    if item.core.storage_type != "filesystem":
        return None
    directory = Path(service.storage_path) / item.name
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UserError(
            f"storage.path '{directory}' cannot be used: {error.strerror}", item.section.place, fix="choose another one"
        ) from error
    return Spool(
        directory, service.storage_sync == "full", item.core.storage_limit_size, item.core.storage_memory_fallback
    )


def decode_records(tag: str, pieces: Sequence[bytes], count: int) -> Batch:
    """The codec of records that inputs made themselves."""
    batch = Batch(tag, [], [])
    found: list[Record] = []
    for piece in pieces:
        times, records, metadata = msgpack.decode(piece)
        batch.times += times
        batch.records += records
        found += metadata or [{}] * len(records)
    batch.metadata = found if any(found) else None
    return batch
