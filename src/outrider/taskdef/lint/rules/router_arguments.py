"""The router's own arguments."""

from __future__ import annotations

import getopt
from collections.abc import Iterator
from typing import ClassVar, Final

from outrider.taskdef.lint.finding import Hit, Level
from outrider.taskdef.lint.routing import is_fluent_bit, router_words
from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.view import Task

SHORT: Final = "b:c:dDf:C:i:m:o:R:F:p:e:t:T:l:vw:qVhJL:HP:s:SWYZ"
LONG: Final = (
    *("storage_path=", "config=", "daemon", "dry-run", "flush=", "custom=", "input=", "filter=", "output=", "match="),
    *("prop=", "tag=", "parser=", "plugin=", "sp-task=", "log_file=", "http", "http_server", "http_listen=", "port="),
    *("http_port=", "coro_stack_size=", "verbose", "quiet", "version", "help", "schema", "workdir=", "supervisor"),
    *("enable-hot-reload", "disable-thread-safety-on-hot-reload", "enable-chunk-trace", "sosreport", "explain"),
    *("explain-svg=", "trace", "trace-input=", "trace-output=", "trace-output-property=", "enable-fips"),
)
"""Fluent Bit's options and Outrider's, as getopt writes them."""
MOST: Final = 5_000
"""Words; a task definition that ECS takes has fewer."""

_PLUGIN: Final = ("-i", "--input", "-F", "--filter", "-o", "--output")
_OF_PLUGIN: Final = ("-m", "--match", "-p", "--prop", "-t", "--tag")


class RouterArguments(Rule):
    """Words that are no arguments of Fluent Bit."""

    id = "router-arguments"
    level: ClassVar[Level] = "error"
    why = "Fluent Bit prints its help and ends, or does something else than was meant; the task ends with it."
    fix = "correct the arguments; those of the launcher stand before --"
    url = "https://docs.fluentbit.io/manual/administration/configuring-fluent-bit"

    def check(self, task: Task) -> Iterator[Hit]:
        """See Rule."""
        for container in task.routers if is_fluent_bit(task) else ():
            words = router_words(container)
            problem = problem_in([word.text for word in words]) if words and len(words) <= MOST else None
            for word in words or ():
                if problem is not None and word.text == problem[0]:
                    yield Hit(word.path, f"the arguments of {container.called}: {problem[1]}")
                    break


def problem_in(words: list[str]) -> tuple[str, str] | None:
    """The first word that is wrong, and what is wrong with it."""
    try:
        pairs, rest = getopt.gnu_getopt(words, SHORT, list(LONG))
    except getopt.GetoptError as error:
        named = next((word for word in words if word.lstrip("-").partition("=")[0].startswith(error.opt)), words[0])
        return named, error.msg
    if rest:
        return rest[0], f"'{rest[0][:60]}' belongs to no option"
    named_plugin = False
    for flag, value in pairs:
        named_plugin = named_plugin or flag in _PLUGIN
        if flag in _OF_PLUGIN and not named_plugin:
            return value, f"{flag} {value[:60]} comes before any -i, -F or -o"
        if flag in ("-p", "--prop") and "=" not in value:
            return value, f"-p {value[:60]} is not KEY=VALUE"
    return None
