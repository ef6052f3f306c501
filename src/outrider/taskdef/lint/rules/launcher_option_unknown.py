"""Keys that the launcher sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import ClassVar

from outrider.pipeline import options, registry
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import Section, settings
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task


class LauncherOptionUnknown(Rule):
    """A key for every input or output that some of them do not know."""

    id = "launcher-option-unknown"
    level: ClassVar[Level] = "error"
    why = (
        "The launcher sets the key in each section that ECS generates; Fluent Bit refuses what a plugin does"
        " not know, and ends."
    )
    fix = "name a key that every plugin of the kind knows, such as Mem_Buf_Limit for inputs"
    url = "https://github.com/alertlogic/al-agent-container"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers:
            for setting in settings(container):
                known = known_keys(setting.section)
                key = setting.key.lower()
                if key and known and key not in known and "${" not in key:
                    near = get_close_matches(key, known, 1, 0.7)
                    told = f"not every {setting.section} that ECS generates knows the key {setting.key[:60]}"
                    yield Hit(setting.path, told, f"write {near[0]}" if near else "")


def known_keys(section: Section) -> Mapping[str, options.Declared]:
    """What all generated sections of a kind take; empty where that depends on the plugins, or nothing is refused."""
    if section != "input":
        return {}
    unix, tcp = (options.declared(registry.plugin_class("input", name).Options) for name in ("forward", "tcp"))
    return {**options.declared(options.InputCore), **{key: unix[key] for key in unix.keys() & tcp.keys()}}
