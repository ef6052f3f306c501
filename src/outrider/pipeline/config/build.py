"""From a configuration to a checked pipeline that is ready to run. No side effects but log lines."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct, field

from outrider.formats import values
from outrider.formats.regex import Regex
from outrider.model.errors import UserError
from outrider.model.tag import matcher
from outrider.pipeline import options, storage
from outrider.pipeline.common.metrics import Metrics
from outrider.pipeline.config.configuration import Configuration, PluginSection, expand_all
from outrider.pipeline.config.decoders import Decoders
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.instances import Classes, Instance, Maker
from outrider.pipeline.config.library import Library
from outrider.pipeline.config.upstreams import Upstreams
from outrider.pipeline.delivery import OutputRunner, Retries
from outrider.pipeline.engine import Engine, RunningInput
from outrider.pipeline.filtering import RunningFilter
from outrider.pipeline.intake import ChunkIntake
from outrider.pipeline.ledger import Ledger
from outrider.pipeline.log import Log
from outrider.pipeline.plugin import Bound
from outrider.pipeline.quota import Quota
from outrider.pipeline.rejected import DeadLetters
from outrider.pipeline.service import Service
from outrider.spool.chunkfile import SUFFIX


class Plan(Struct):
    """A checked configuration: what ``engine`` turns into a running pipeline."""

    service: Service
    instances: list[Instance]
    log: Log
    library: Library = field(default_factory=Library)
    metrics: Metrics = field(default_factory=Metrics)
    """What its filters measure."""

    def of_kind(self, kind: str) -> list[Instance]:
        """The instances of a kind, in order."""
        return [item for item in self.instances if item.kind == kind]


def read_service(
    configuration: Configuration, environment: Mapping[str, str], log: Log, findings: Findings | None = None
) -> Service:
    """The [SERVICE] keys. Raises UserError with every fault; with ``findings`` they are added there."""
    found = Findings() if findings is None else findings
    variables = {**environment, **configuration.variables}
    properties = expand_all(configuration.service, variables, found.unset)
    service = options.read(Service, properties, "service", last_wins=True, findings=found)
    for check in (_refuse_unsupported, _check_times, storage.check_service):
        with found.collecting():
            check(service, properties)
    _warn_of_times(service, properties, found)
    if findings is None:
        found.log_warnings(log)
        found.raise_errors()
    return service


def _check_times(service: Service, properties: list[options.Property]) -> None:
    places = {item.key: item.place for item in properties}
    if service.flush <= 0:
        raise UserError(f"service: Flush must be more than 0 seconds, found {service.flush:g}", places.get("flush"))
    for key, value in (("scheduler.base", service.scheduler_base), ("scheduler.cap", service.scheduler_cap)):
        if value < 1:
            raise UserError("service: Scheduler.Base and Scheduler.Cap must be at least 1 second", places.get(key))


def _warn_of_times(service: Service, properties: list[options.Property], findings: Findings) -> None:
    places = {item.key: item.place for item in properties}
    if service.scheduler_base > service.scheduler_cap:
        said = f"Scheduler.Base {service.scheduler_base} is more than Scheduler.Cap {service.scheduler_cap}"
        place = places.get("scheduler.base") or places.get("scheduler.cap")
        findings.warn(f"service: {said}: each retry waits that long", place, fix="lower Scheduler.Base")
    if not service.hc_period:
        findings.warn(
            "service: HC_Period 0 looks at no time at all: the health check sees no fault",
            places.get("hc_period"),
            fix="set it to 60",
        )


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


def plan(
    configuration: Configuration,
    service: Service,
    environment: Mapping[str, str],
    log: Log,
    findings: Findings | None = None,
    classes: Classes | None = None,
) -> Plan:
    """Construct and check every plugin. Raises UserError with every fault; with ``findings`` they are added there.

    ``classes`` gives the plugins' classes in the registry's place.
    """
    found = Findings() if findings is None else findings
    variables = {**environment, **configuration.variables}
    upstreams = Upstreams(configuration.upstreams, configuration.folder, variables, found)
    limit = 0
    with found.collecting():
        limit = _line_limit(service)
    library = Library(configuration.parsers, variables, log.warn, limit, upstreams, found.doubt)
    found.errors += library.faults
    maker = Maker(variables, service, log, library, found, classes)
    instances: list[Instance] = []
    for section in configuration.sections:
        with found.collecting():
            made = maker.instance(section)
            instances += [made] if made else []
    result = Plan(service, instances, log, library, maker.metrics)
    _check_names(instances, found)
    _check_addresses(result.of_kind("input"), found)
    kinds = Counter(section.kind for section in configuration.sections)
    _check_matches(result, found, alone=kinds["input"] == kinds["output"] == 1)
    if findings is None:
        found.log_warnings(log)
        found.raise_errors()
    return result


def _line_limit(service: Service) -> int:
    try:
        return values.binary_size(service.multiline_buffer_limit)
    except ValueError as error:
        raise UserError(f"service: multiline_buffer_limit: {error}") from error


def _check_names(instances: list[Instance], findings: Findings) -> None:
    seen: dict[tuple[str, str], Instance] = {}
    for item in instances:
        first = seen.setdefault((item.kind, item.name), item)
        if first is not item:
            findings.error(
                UserError(
                    f"two {item.kind}s are named '{item.name}', first at {first.section.place}",
                    item.section.place,
                    fix="give each its own Alias",
                )
            )


def _check_addresses(inputs: list[Instance], findings: Findings) -> None:
    """Two listeners of one address cannot start, unless ``net.share_port`` says that they may."""
    taken: list[tuple[Instance, Bound]] = []
    for item in inputs:
        bound = item.plugin.binds()
        if bound is None or item.core.net_share_port:
            continue
        first = next((other for other, theirs in taken if _collide(bound, theirs)), None)
        taken.append((item, bound))
        if first is not None:
            said = f"{item.name} listens on {bound.host}:{bound.port} ({bound.transport}), and so does {first.name}"
            place = next((each.place for each in item.section.properties if each.key == "port"), item.section.place)
            findings.error(UserError(f"{said}, at {first.section.place}", place, fix="give one of them another port"))


def _collide(one: Bound, other: Bound) -> bool:
    same = (one.transport, one.port) == (other.transport, other.port)
    return same and (one.host == other.host or "0.0.0.0" in (one.host, other.host))


def _check_matches(result: Plan, findings: Findings, *, alone: bool) -> None:
    """``alone``: one input and one output need no Match."""
    outputs = result.of_kind("output")
    for item in result.of_kind("filter"):
        if not item.core.match and not item.core.match_regex:
            findings.error(UserError(f"no match rule for {item.name}", item.section.place, fix="add 'Match *'"))
    for item in outputs:
        if item.core.match or item.core.match_regex:
            continue
        if alone:
            item.core = dataclasses.replace(item.core, match="*")
        else:
            findings.warn(f"no Match for {item.name}: it gets nothing", item.section.place, fix="add 'Match *'")
    for item in [*result.of_kind("filter"), *outputs]:
        with findings.collecting():
            tag_test(item.core.match, item.core.match_regex, item.section)


def engine(
    result: Plan, ledger: Ledger | None = None, kept: Mapping[str, RunningInput] = MappingProxyType({})
) -> Engine:
    """The pipeline, ready for ``run``. Makes the spool's directories. Raises UserError or LocalError.

    ``ledger`` is that of the pipeline whose place this one takes, if there is one, and ``kept`` the inputs of that
    which run on, by name.
    """
    service, ledger = result.service, ledger or Ledger()
    made = Engine(ledger, result.log.child("engine"), service.flush, service.grace)
    made.decoders = Decoders(result.library)
    made.storage_path = service.storage_path
    for item in result.of_kind("output"):
        retries = Retries(
            values.retry_limit(item.core.retry_limit or item.plugin.retry_limit, lambda warning: None),
            service.scheduler_base,
            service.scheduler_cap,
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
        made.outputs[-1].remake = made.remake
        if item.core.storage_total_limit_size:
            made.outputs[-1].quota = Quota(item.core.storage_total_limit_size)
    _keep_rejected(made, service)
    for output, item in zip(made.outputs, result.of_kind("output"), strict=True):
        output.processors = [_processor(processor, "") for processor in item.processors]
    for item in result.of_kind("input"):
        made.filters += [_processor(processor, item.name) for processor in item.processors]
    for item in result.of_kind("filter"):
        test = tag_test(item.core.match, item.core.match_regex, item.section)
        made.filters.append(RunningFilter(item.plugin, item.name, test))
        if item.plugin.emits:
            made.filters[-1].emitter = item.plugin.emitter = _emitter(item, result, made)
    kept_on_disk = [item for item in result.of_kind("input") if item.core.storage_type == "filesystem"]
    sharing = sum(not item.core.mem_buf_limit for item in kept_on_disk)
    for item in result.of_kind("input"):
        made.decoders.update(item.plugin.codecs)
        if item.name in kept:
            made.inputs.append(kept[item.name])
            continue
        intake = ChunkIntake(
            item.name,
            ledger,
            result.log.child(f"input:{item.name}"),
            storage.memory_limit(item.core, service, sharing) or item.plugin.read_ahead,
            storage.spool(item.name, item.core, service, item.section.place),
            made.sealed,
        )
        made.inputs.append(RunningInput(item.plugin, intake))
    if service.storage_path:
        _tell_of_strangers(Path(service.storage_path), result, made)
    return made


def _keep_rejected(made: Engine, service: Service) -> None:
    directory = storage.rejected_directory(service)
    if directory is not None:
        names = [output.name for output in made.outputs]
        letters = DeadLetters(
            directory, service.storage_rejected_limit, names, made.log, sync=service.storage_sync == "full"
        )
        for output in made.outputs:
            output.rejected = letters.keep


def _processor(item: Instance, source: str) -> RunningFilter:
    """A filter of one input, or of one output: it needs no Match."""
    return RunningFilter(item.plugin, item.name, lambda tag: True, source)


def emitter_name(item: Instance) -> str:
    """What the source is called of what a filter emits."""
    return item.plugin.options.emitter_name or f"emitter_for_{item.name}"


def _emitter(item: Instance, result: Plan, made: Engine) -> ChunkIntake:
    options_ = item.plugin.options
    name = emitter_name(item)
    kept = any(other.core.storage_type == "filesystem" for other in result.of_kind("input"))
    first = (options_.emitter_storage_type or ("filesystem" if kept else "memory")) == "filesystem"
    spool = storage.plain_spool(name, first, result.service, item.section.place)
    log = result.log.child(f"input:{name}")
    return ChunkIntake(name, made.ledger, log, options_.emitter_mem_buf_limit, spool, made.sealed)


def _tell_of_strangers(spool: Path, result: Plan, made: Engine) -> None:
    """Chunks of an input that is gone or has another name would wait for ever without a word."""
    known = {item.name for item in result.of_kind("input")}
    known |= {item.emitter.name for item in made.filters if item.emitter}
    waiting = Counter(path.parent.name for path in spool.glob(f"*/*{SUFFIX}"))
    for name in sorted(waiting.keys() - known):
        result.log.warn(
            f"{waiting[name]} chunks in {spool / name} wait for an input of that name, and there is none;"
            f" fix: give the input 'Alias {name}', or remove the directory"
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
