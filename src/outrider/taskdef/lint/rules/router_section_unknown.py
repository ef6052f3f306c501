"""Inputs and filters in the router's command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import ClassVar, Final

from outrider.pipeline import foreign, options, registry
from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import Word, is_fluent_bit, router_words
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("-i", "--input"), "input"),
    **dict.fromkeys(("-F", "--filter"), "filter"),
    **dict.fromkeys(("-o", "--output"), ""),
}
"""Outputs have rules of their own."""
_CORES: Final = {"input": options.InputCore, "filter": options.FilterCore}
_OPEN: Final = "${"


class RouterSectionUnknown(Rule):
    """An input or filter that nobody has, or an option that it does not know."""

    id = "router-section-unknown"
    level: ClassVar[Level] = "error"
    why = "The router refuses it and ends when it starts, and the task ends with it."
    fix = "write the name of a plugin of Fluent Bit's, and of its options"
    url = "https://docs.fluentbit.io/manual/administration/configuring-fluent-bit"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        router = task.router
        words = router_words(router) if router is not None and is_fluent_bit(task) else None
        kind, plugin = "", ""
        for flag, value in pairwise(words or ()):
            if flag.text in _KINDS:
                kind, plugin = _KINDS[flag.text], value.text.lower()
                if kind and not _is_known(kind, plugin) and _OPEN not in plugin:
                    near = get_close_matches(plugin, registry.PLUGINS[kind], 1, 0.7)
                    told = f"{value.text[:60]} is no {kind} of Fluent Bit's"
                    yield Hit(value.path, told, f"write {near[0]}" if near else "")
            elif flag.text in ("-p", "--prop") and kind and plugin in registry.PLUGINS[kind]:
                yield from _unknown_option(kind, plugin, value)


def _is_known(kind: str, plugin: str) -> bool:
    return plugin in registry.PLUGINS[kind] or plugin in foreign.NAMES[kind].split()


def _unknown_option(kind: str, plugin: str, word: Word) -> Iterator[Hit]:
    written = word.text.partition("=")[0].strip()
    key = written.lower()
    own = options.declared(registry.plugin_class(kind, plugin).Options)
    known = {**options.declared(_CORES[kind]), **own}
    if "=" in word.text and key not in known and _OPEN not in key:
        near = get_close_matches(key, known, 1, 0.8)
        told = f"the {kind} {plugin} has no option '{written[:60]}'"
        yield Hit(word.path, told, f"write {near[0]}" if near else "")
