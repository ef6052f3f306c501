"""``outrider route``: the log router, with Fluent Bit's command line."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from outrider import __version__
from outrider.cli.arguments import USAGE, Arguments, parse
from outrider.model.errors import LocalError, Place, UserError, UserErrors
from outrider.net.files import ConfigurationFiles
from outrider.pipeline import registry, storage
from outrider.pipeline.config import build, init_files
from outrider.pipeline.config.configuration import COMMAND_LINE, Configuration, from_file
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.parsers_files import read_parsers
from outrider.pipeline.log import LEVELS, Log, Sink
from outrider.pipeline.operate import processes, run
from outrider.pipeline.operate.reload import Loader
from outrider.pipeline.service import Service

FLUENT_BIT_VERSION: Final = "5.1.1"
"""The version whose behaviour is matched; tools that parse ``--version`` look for it."""
_IN_TASK: Final = "ECS_CONTAINER_METADATA_URI_V4"
"""Set by ECS; see ``outrider.aws.local``, which would cost memory to import."""


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
        return {"HOSTNAME": os.uname().nodename, processes.VARIABLE: "0", **os.environ}

    findings = Findings()
    files = ConfigurationFiles(_objects(log, findings))

    def load(findings: Findings | None = None) -> Configuration:
        found = Findings() if findings is None else findings
        configuration = _read(arguments, environment(), files, log, found)
        if findings is None:
            found.raise_errors()
        return configuration

    def plan(configuration: Configuration, findings: Findings | None = None) -> build.Plan:
        service = build.read_service(configuration, environment(), log, findings)
        if findings is not None:
            _set_up_log(arguments, service, environment(), log)
        made = build.plan(configuration, service, environment(), log, findings)
        if findings is None:  # a reload: what is refused must not change the log
            _set_up_log(arguments, service, environment(), log)
        return made

    configuration = load(findings)
    _name_task(configuration, findings)
    made = plan(configuration, findings)
    if not findings.errors and not any(section.kind == "input" for section in configuration.sections):
        findings.warn("there is no input: nothing will happen", None, fix="add an [INPUT] section")
    if arguments.dry_run:
        storage.look_at_path(made.service, configuration.service, findings)
        return _report(findings, made)
    findings.raise_errors()
    findings.log_warnings(log)
    if arguments.explain or arguments.drawing:
        return _explain(made, arguments)
    return run.run(configuration, made, Loader(load, plan))


def _explain(plan: build.Plan, arguments: Arguments) -> int:
    from outrider.pipeline.operate import drawing, explain

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


def _objects(log: Log, findings: Findings) -> Mapping[str, str]:
    """The texts of the objects that variables name, with the task's own variables set before."""
    wanted = init_files.named(os.environ)
    if not wanted:
        return {}
    from outrider.pipeline.operate import task_start  # where it is asked for

    with findings.collecting():
        task_start.set_variables(os.environ)
    return task_start.fetch(wanted, os.environ, log, findings)


def _name_task(configuration: Configuration, findings: Findings) -> None:
    """Set the task's own variables where the configuration needs one of them."""
    if not os.environ.get(_IN_TASK) or init_files.named(os.environ):
        return
    from outrider.pipeline.operate import task_start  # in tasks on ECS

    if task_start.lacks(configuration, os.environ):
        try:
            task_start.set_variables(os.environ)
        except UserError as error:
            findings.warn(error.message, error.place)


def _read(
    arguments: Arguments, environment: Mapping[str, str], files: ConfigurationFiles, log: Log, findings: Findings
) -> Configuration:
    """Command line, file, those that variables name, and the parsers files that all of them name."""
    configuration = arguments.configuration.then(Configuration())
    if arguments.config_file:
        with findings.collecting():
            configuration = configuration.then(from_file(arguments.config_file, files, log.warn, findings))
    wanted = init_files.named(environment)
    configuration = init_files.include(configuration, arguments.config_file, wanted, files, log.warn, findings)
    read_parsers(configuration, environment, files, log.warn, findings)
    for item in configuration.objects:
        with findings.collecting():
            plugins = registry.built_in(item.value, item.place)
            log.info(f"{item.value} is not needed: '{plugins}' is built in")
    return configuration


def _report(findings: Findings, plan: build.Plan) -> int:
    """What a dry run says, and its exit status: 1 where the pipeline could not start."""
    from outrider.pipeline.config import routing

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
    stream: TextIO = sys.stderr
    if service.log_file and not (arguments.dry_run or arguments.explain or arguments.drawing):
        try:  # a reload opens the file anew, so that it may have been moved away
            stream = open(service.log_file, "a", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 - stays open
        except OSError as error:
            raise UserError(f"log_file '{service.log_file}' cannot be opened: {error.strerror}") from error
    log.sink.level = LEVELS.get(named, level)
    log.sink.as_json = service.log_format == "json"
    old, log.sink.stream = log.sink.stream, stream
    if old is not sys.stderr:
        with contextlib.suppress(OSError):  # its last line may not fit on a full disk
            old.close()


def _show(what: str) -> int:
    if what == "version":
        print(f"Fluent Bit v{FLUENT_BIT_VERSION}\nGit commit: none\nOutrider v{__version__}")
    elif what == "help":
        print(USAGE, end="")
    elif what == "schema":
        from outrider.cli.schema import schema  # imports every plugin

        print(schema(FLUENT_BIT_VERSION), flush=True)
    else:
        from outrider.cli.plugin_help import plugin_help

        kind, _, name = what.partition(" ")
        print(plugin_help(kind, name.lower(), Place(COMMAND_LINE)), end="", flush=True)
    return 0
