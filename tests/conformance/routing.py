"""Checks of tags, retries, the command line and the options of plugins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.compare import Case, NotCoveredError, differs
from tests.conformance.config import MemoryFiles

from outrider.cli.arguments import parse
from outrider.model.errors import Place, UserError
from outrider.model.tag import matcher
from outrider.pipeline import options, registry
from outrider.pipeline.config.configuration import Configuration, from_file
from outrider.pipeline.schedule import wait_bounds

_CORES = {"input": options.InputCore, "filter": options.FilterCore, "output": options.OutputCore}


def check_match(case: Case) -> str | None:
    return differs(case["out"], matcher(case["match"])(case["tag"]))


def check_backoff(case: Case) -> str | None:
    got = wait_bounds(case["retry_attempt"], case["scheduler_base"], case["scheduler_cap"])
    return differs((case["min_wait_seconds"], case["max_wait_seconds"]), got)


def check_command_line(case: Case) -> str | None:
    arguments = parse(case["argv"])
    if "log_level" in case:
        return differs(case["log_level"], "off" if arguments.quiet else "info", "log level")
    configuration = arguments.configuration
    if arguments.config_file:
        warnings: list[str] = []
        in_file = from_file(arguments.config_file, MemoryFiles(case["files"]), warnings.append)
        configuration = configuration.then(in_file)
        wrong = differs([], warnings, "warnings")
        return wrong or _order(case, configuration)
    sections = [[s.kind, [[p.key, p.value] for p in s.properties]] for s in configuration.sections]
    return differs(case["plugins"], sections)


def _order(case: Case, configuration: Configuration) -> str | None:
    for kind in ("filter", "output"):
        names = [s.first("name") for s in configuration.sections if s.kind == kind]
        numbered = [f"{name.value}.{number}" for number, name in enumerate(names) if name is not None]
        if wrong := differs(case[f"{kind}_order"], numbered, kind):
            return wrong
    return None


def check_properties(case: Case) -> str | None:
    kind, plugin = case["section"], case["plugin"]
    if plugin not in registry.PLUGINS[kind]:
        raise NotCoveredError(f"{kind} {plugin}")
    properties = [options.Property(key, value, Place("main.conf", 1)) for key, value in case["properties"]]
    common, own = options.split(properties, _CORES[kind])
    try:
        core: Any = options.read(_CORES[kind], common, plugin, last_wins=True)
        options.read(registry.plugin_class(kind, plugin).Options, own, plugin)
    except UserError as error:
        return _same_error(case, error)
    if "error" in case:
        return f"no error, expected {case['error']}"
    return differs(case["effective"], {key: getattr(core, key) for key in case["effective"]})


def _same_error(case: Case, error: UserError) -> str | None:
    if "error" not in case:
        return f"unexpected error: {error}"
    message, _, allowed = case["error"].partition(". The following properties are allowed: ")
    names = [name.strip() for name in allowed.rstrip(".").replace(" and ", " ").split(",") if name]
    missing = [name for name in names if name not in error.allowed]
    if message not in str(error) or missing:
        return f"expected {case['error']!r}, got {str(error)!r}"
    return None


CHECKS: dict[str, Callable[[Case], str | None]] = {
    "match": check_match,
    "backoff": check_backoff,
    "command_line": check_command_line,
    "plugin_property_validation": check_properties,
}
