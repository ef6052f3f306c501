"""``outrider route``: the log router, with Fluent Bit's command line."""

from __future__ import annotations

import getopt
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from outrider import __version__
from outrider.model.errors import LocalError, Place, UserError, UserErrors
from outrider.net.files import ConfigurationFiles
from outrider.pipeline import build, options, processes, registry, routing, run
from outrider.pipeline.configuration import COMMAND_LINE, Configuration, PluginSection, from_file
from outrider.pipeline.findings import Findings
from outrider.pipeline.log import LEVELS, Log, Sink
from outrider.pipeline.parsers_files import read_parsers
from outrider.pipeline.reload import Loader
from outrider.pipeline.service import Service

FLUENT_BIT_VERSION: Final = "5.1.1"
"""The version whose behaviour is matched; tools that parse ``--version`` look for it."""
_SHORT: Final = "b:c:dDf:C:i:m:o:R:F:p:e:t:T:l:vw:qVhJL:HP:s:SWYZ"
_LONG: Final = {
    "storage_path=": "-b",
    "config=": "-c",
    "daemon": "-d",
    "dry-run": "-D",
    "flush=": "-f",
    "custom=": "-C",
    "input=": "-i",
    "filter=": "-F",
    "output=": "-o",
    "match=": "-m",
    "prop=": "-p",
    "tag=": "-t",
    "parser=": "-R",
    "plugin=": "-e",
    "sp-task=": "-T",
    "log_file=": "-l",
    "http": "-H",
    "http_server": "-H",
    "http_listen=": "-L",
    "port=": "-P",
    "http_port=": "-P",
    "coro_stack_size=": "-s",
    "verbose": "-v",
    "quiet": "-q",
    "version": "-V",
    "help": "-h",
    "schema": "-J",
    "workdir=": "-w",
    "enable-hot-reload": "-Y",
    "disable-thread-safety-on-hot-reload": "-W",
    "enable-chunk-trace": "-Z",
    "sosreport": "-S",
    "supervisor": "-supervisor",
    "explain": "-explain",
    "explain-svg=": "-explain-svg",
    "trace": "-trace",
    "trace-input=": "-trace",
    "trace-output=": "-trace",
    "trace-output-property=": "-trace",
    "enable-fips": "-fips",
}
_SECTION_KINDS: Final = {"-i": "input", "-F": "filter", "-o": "output"}
_SERVICE_KEYS: Final = {
    "-b": "storage.path",
    "-f": "flush",
    "-l": "log_file",
    "-L": "http_listen",
    "-P": "http_port",
    "-s": "coro_stack_size",
    "-R": "parsers_file",
}
_REFUSED: Final = {
    "-d": "running in the background is not supported; use a service manager or the container runtime",
    "-C": "custom plugins are not supported",
    "-T": "stream processor tasks are not supported",
    "-S": "the support report is not available",
    "-trace": "chunk tracing is not supported; use a filter stdout to see what passes",
    "-fips": "what OpenSSL may use is decided by its own configuration",
    "-supervisor": "the supervisor is not supported; use a service manager or the container runtime",
}

USAGE: Final = """\
usage: outrider route [OPTION]...

Routes log records, configured as Fluent Bit is.

  -c, --config FILE         configuration, classic or YAML (by its name)
  -i, --input NAME          add an input;  -p and -t after it set its properties
  -F, --filter NAME         add a filter;  -p and -m after it set its properties
  -o, --output NAME         add an output; -p and -m after it set its properties
  -p, --prop KEY=VALUE      property of the plugin named before
  -t, --tag TAG             tag of the input named before
  -m, --match PATTERN       match of the filter or output named before
  -f, --flush SECONDS       seconds between flushes (default 1)
  -R, --parser FILE         parsers file
  -e, --plugin FILE         accepted for plugins that are built in
  -b, --storage_path DIR    directory of the spool
  -l, --log_file FILE       write the log there
  -H, --http_server         monitoring endpoint on; -L ADDRESS, -P PORT
  -w, --workdir DIR         change to this directory first
  -D, --dry-run             check the configuration and end
      --explain             print what the pipeline does with records, and end
      --explain-svg FILE    draw it
  -v, --verbose             more talkative (-vv: more still)
  -q, --quiet               no log
  -V, --version             print the version
  -J, --schema              print every plugin and option as JSON
  -h, --help                print this help; after -i, -F or -o NAME: that plugin's options

Sections of the command line come before those of the file, wherever -c stands.
Signals: SIGTERM and SIGINT deliver what is left within Grace seconds and end; SIGHUP reads the configuration anew.
"""


@dataclass(slots=True)
class Arguments:
    """The command line as read."""

    config_file: str = ""
    configuration: Configuration = field(default_factory=Configuration)
    dry_run: bool = False
    show: str = ""
    verbose: int = 0
    quiet: bool = False
    workdir: str = ""
    explain: bool = False
    drawing: str = ""
    """File for the drawing."""


def parse(arguments: Sequence[str]) -> Arguments:
    """Read the command line. Raises UserError."""
    try:
        pairs, words = getopt.gnu_getopt(list(arguments), _SHORT, list(_LONG))
    except getopt.GetoptError as error:
        raise UserError(error.msg, Place(COMMAND_LINE), fix="see outrider route --help") from error
    if words:
        raise UserError(f"unexpected argument '{words[0]}'", Place(COMMAND_LINE), fix="see outrider route --help")
    result = Arguments()
    place = Place(COMMAND_LINE)
    current: PluginSection | None = None
    for spelled, value in pairs:
        flag = spelled if not spelled.startswith("--") else _LONG.get(spelled[2:], _LONG.get(f"{spelled[2:]}=", ""))
        if flag in _SECTION_KINDS:
            current = PluginSection(_SECTION_KINDS[flag], [options.Property("name", value, place)], place)
            result.configuration.sections.append(current)
        elif flag in ("-m", "-t", "-p"):
            _property(flag, value, current)
        elif flag in _SERVICE_KEYS:
            result.configuration.service.append(options.Property(_SERVICE_KEYS[flag], value, place))
        elif flag in _REFUSED:
            raise UserError(f"{spelled}: {_REFUSED[flag]}", place)
        else:
            _switch(flag, value, result, current)
    return result


def _property(flag: str, value: str, section: PluginSection | None) -> None:
    place = Place(COMMAND_LINE)
    if section is None:
        raise UserError(f"{flag} {value} comes before any -i, -F or -o", place, fix="name the plugin first")
    if flag == "-m":
        if section.kind != "input":
            section.properties.append(options.Property("match", value, place))
        return
    if flag == "-t":
        section.properties.append(options.Property("tag", value, place))
        return
    key, equals, text = value.partition("=")
    if not equals:
        raise UserError(f"-p {value} is not KEY=VALUE", place)
    section.properties.append(options.Property(key.strip().lower(), text.strip(), place))


def _switch(flag: str, value: str, result: Arguments, current: PluginSection | None) -> None:
    place = Place(COMMAND_LINE)
    match flag:
        case "-c":
            result.config_file = value
        case "-D":
            result.dry_run = True
        case "-explain":
            result.explain = True
        case "-explain-svg":
            result.drawing = value
        case "-V":
            result.show = "version"
        case "-J":
            result.show = "schema"
        case "-h":
            result.show = f"{current.kind} {current.properties[0].value}" if current else "help"
        case "-v":
            result.verbose += 1
        case "-q":
            result.quiet = True
        case "-w":
            result.workdir = value
        case "-e":
            result.configuration.objects.append(options.Property("path", value, place))
        case "-H":
            result.configuration.service.append(options.Property("http_server", "on", place))
        case "-Y":
            result.configuration.service.append(options.Property("hot_reload", "on", place))
        case "-W" | "-Z":
            pass  # accepted: what they switch is not there
        case _:
            raise AssertionError(flag)


def main(arguments: Sequence[str]) -> int:
    """Run the router; returns the exit status: 0 after a stop, 1 for a wrong configuration, as Fluent Bit."""
    try:
        return _main(parse(arguments))
    except (UserError, LocalError) as error:
        errors = error.errors if isinstance(error, UserErrors) else [error]
        for each in errors:
            print(f"outrider route: {each}", file=sys.stderr)
        if len(errors) > 1:
            print(f"outrider route: {len(errors)} problems", file=sys.stderr)
        return 1


def _main(arguments: Arguments) -> int:
    if arguments.show:
        try:
            return _show(arguments.show)
        except BrokenPipeError:
            sys.stdout = sys.stderr  # the reader has gone: nothing is left to flush
            return 141
    if arguments.workdir:
        try:
            os.chdir(arguments.workdir)
        except OSError as error:
            raise UserError(f"cannot change to '{arguments.workdir}': {error.strerror}", Place(COMMAND_LINE)) from error
    log = Log(Sink(), "router")

    def environment() -> dict[str, str]:
        return {"HOSTNAME": platform.node(), processes.VARIABLE: "0", **os.environ}

    def load(findings: Findings | None = None) -> Configuration:
        found = Findings() if findings is None else findings
        configuration = _read(arguments, environment(), log, found)
        if findings is None:
            found.raise_errors()
        return configuration

    def plan(configuration: Configuration, findings: Findings | None = None) -> build.Plan:
        service = build.read_service(configuration, environment(), log, findings)
        _set_up_log(arguments, service, environment(), log)
        return build.plan(configuration, service, environment(), log, findings)

    findings = Findings()
    configuration = load(findings)
    made = plan(configuration, findings)
    if arguments.dry_run:
        return _report(findings, made)
    findings.raise_errors()
    findings.log_warnings(log)
    if arguments.explain or arguments.drawing:
        return _explain(made, arguments)
    return run.run(configuration, made, Loader(load, plan))


def _explain(plan: build.Plan, arguments: Arguments) -> int:
    from outrider.pipeline import drawing, explain

    picture = explain.graph(plan)
    if arguments.explain:
        print(explain.text(picture), end="")
    if arguments.drawing:
        try:
            with open(arguments.drawing, "w", encoding="utf-8") as file:
                file.write(drawing.svg(picture))
        except OSError as error:
            raise LocalError(f"'{arguments.drawing}' cannot be written: {error.strerror}") from error
    return 0


def _read(arguments: Arguments, environment: Mapping[str, str], log: Log, findings: Findings) -> Configuration:
    """Command line, file, and the parsers files that both name."""
    configuration, files = arguments.configuration.then(Configuration()), ConfigurationFiles()
    if arguments.config_file:
        with findings.collecting():
            configuration = configuration.then(from_file(arguments.config_file, files, log.warn, findings))
    read_parsers(configuration, environment, files, log.warn, findings)
    for item in configuration.objects:
        with findings.collecting():
            plugins = registry.built_in(item.value, item.place)
            log.info(f"{item.value} is not needed: '{plugins}' is built in")
    return configuration


def _report(findings: Findings, plan: build.Plan) -> int:
    """What a dry run says, and its exit status: 1 where the pipeline could not start."""
    if not findings.errors:
        routing.examine(plan, findings)
    known = {str(error) for error in findings.errors}
    for error in plan.library.check():
        if str(error) not in known:
            findings.warn(error.message, error.place, found=error.found, allowed=error.allowed, fix=error.fix)
    for line in findings.lines():
        print(line, file=sys.stderr)
    if findings.errors:
        return 1
    print("configuration test is successful", file=sys.stderr)
    return 0


def _set_up_log(arguments: Arguments, service: Service, environment: dict[str, str], log: Log) -> None:
    named = environment.get("FLB_LOG_LEVEL", "").lower()
    is_set = any(item.key == "log_level" for item in arguments.configuration.service) or service.log_level != "info"
    level = LEVELS[service.log_level]
    if not is_set:
        level = 0 if arguments.quiet else min(level + arguments.verbose, LEVELS["trace"])
    log.sink.level = LEVELS.get(named, level)
    log.sink.as_json = service.log_format == "json"
    if service.log_file and not (arguments.dry_run or arguments.explain or arguments.drawing):
        if log.sink.stream is not sys.stderr:
            log.sink.stream.close()  # a reload opens the file anew, so that it may have been moved away
        try:
            log.sink.stream = open(service.log_file, "a", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
        except OSError as error:
            raise UserError(f"log_file '{service.log_file}' cannot be opened: {error.strerror}") from error


def _show(what: str) -> int:
    if what == "version":
        print(f"Fluent Bit v{FLUENT_BIT_VERSION}\nGit commit: none\nOutrider v{__version__}")
    elif what == "help":
        print(USAGE, end="")
    elif what == "schema":
        from outrider.cli.schema import schema  # imports every plugin

        print(schema(FLUENT_BIT_VERSION), flush=True)
    else:
        kind, _, name = what.partition(" ")
        _show_plugin(kind, name.lower())
    return 0


def _show_plugin(kind: str, name: str) -> None:
    plugin = registry.plugin_class(kind, name, Place(COMMAND_LINE))
    print(f"{kind} plugin '{name}': {(plugin.__doc__ or '').strip()}\n\noptions:")
    for key, entry in options.declared(plugin.Options).items():
        if key == entry.key:
            default = f" (default: {entry.default})" if entry.default not in ("", None, ()) else ""
            print(f"  {key:34} {entry.help}{default}")
