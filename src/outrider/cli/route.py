"""``outrider route``: the log router, with Fluent Bit's command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

from outrider import __version__
from outrider.cli.arguments import USAGE, Arguments, parse
from outrider.model.errors import LocalError, Place, UserError, UserErrors
from outrider.pipeline import storage
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import COMMAND_LINE, Configuration
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.log import LEVELS, Log, Sink
from outrider.pipeline.operate import run
from outrider.pipeline.operate.origin import Origin, environment
from outrider.pipeline.operate.reload import Loader
from outrider.pipeline.service import Service

FLUENT_BIT_VERSION: Final = "5.1.1"
"""The version whose behaviour is matched; tools that parse ``--version`` look for it."""


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
    origin, findings = Origin(arguments.configuration, arguments.config_file, log), Findings()

    def plan(configuration: Configuration, findings: Findings | None = None) -> build.Plan:
        variables = environment()
        service = build.read_service(configuration, variables, log, findings)
        if findings is not None:
            _set_up_log(arguments, service, variables, log)
        made = build.plan(configuration, service, variables, log, findings)
        if findings is None:  # a reload: what is refused must not change the log
            _set_up_log(arguments, service, variables, log)
        return made

    configuration = origin.first(findings)
    made = plan(configuration, findings)
    if not findings.errors and not any(section.kind == "input" for section in configuration.sections):
        findings.warn("there is no input: nothing will happen", None, fix="add an [INPUT] section")
    if arguments.dry_run:
        storage.look_at_path(made.service, configuration.service, findings)
        return report(findings, made)
    findings.raise_errors()
    findings.log_warnings(log)
    if arguments.explain or arguments.drawing:
        return _explain(made, arguments)
    return run.run(configuration, made, Loader(origin.again, plan))


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


def report(findings: Findings, plan: build.Plan) -> int:
    """Print what a dry run says; returns its exit status: 1 where the pipeline could not start."""
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
    dry = arguments.dry_run or arguments.explain or arguments.drawing
    log.sink.set_up(
        LEVELS.get(named, level), as_json=service.log_format == "json", file="" if dry else service.log_file
    )


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
