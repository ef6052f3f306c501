"""What rules about the log router share: its image, its command line, the outputs that are named. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from outrider.pipeline import foreign, options, registry
from outrider.taskdef.firelens.options import BUFFER_LIMIT
from outrider.taskdef.rights.need import Rights
from outrider.taskdef.rights.output import Output
from outrider.taskdef.rights.outputs import GENERATED, outputs_of
from outrider.taskdef.shape import UNKNOWN, Path
from outrider.taskdef.view import Container, Task

Section: TypeAlias = Literal["input", "filter", "output", "service"]

GO_PLUGINS: Final = frozenset(registry.OBJECTS.values())
"""Plugins of AWS's image alone; they take any option and heed those that they know."""
CLOUDWATCH: Final = ("cloudwatch_logs", "cloudwatch")
PATTERNS: Final = ("include-pattern", "exclude-pattern")
OF_FIRELENS: Final = frozenset({*PATTERNS, BUFFER_LIMIT})
"""Options of a container that do not go to its output."""
OF_DRIVER: Final = frozenset({"mode", "max-buffer-size"})
"""Options of other log drivers, which ECS hands to the output."""

_AWS_IMAGE: Final = re.compile(r"(?:^|/)aws-for-fluent-bit(?::[^/]*)?(?:@.*)?")
_STOCK_IMAGE: Final = re.compile(r"(?:^|.*/)fluent/fluent-bit(?::[^/]*)?(?:@.*)?")
_SETTINGS: Final[Mapping[str, Section]] = {
    **dict.fromkeys(("-i", "--input"), "input"),
    **dict.fromkeys(("-f", "--filter"), "filter"),
    **dict.fromkeys(("-o", "--output"), "output"),
    **dict.fromkeys(("-s", "--service"), "service"),
}
_PATHS: Final = frozenset({"-r", "--run-path", "-c", "--in-config", "-m", "--out-config"})


class Setting(Struct, frozen=True):
    """A key and a value that the launcher sets in each section of a kind; ``path`` leads to the key."""

    section: Section
    key: str
    value: str
    path: Path

    @property
    def value_path(self) -> Path:
        """Where the value stands."""
        *before, place = self.path
        return (*before, int(place) + 1)


class Word(Struct, frozen=True):
    """A word of a command line."""

    text: str
    path: Path


class Option(Struct, frozen=True):
    """An option of an output: its key in lower case and as it is written; no value where that is open."""

    key: str
    written: str
    value: str | None
    path: Path


def is_aws_image(container: Container) -> bool:
    """Whether the image is that of aws-for-fluent-bit, in whatever registry."""
    return _AWS_IMAGE.search(container.image) is not None


def is_stock_image(container: Container) -> bool:
    """Whether the image is Fluent Bit's own or AWS's: what it holds is known."""
    return is_aws_image(container) or _STOCK_IMAGE.fullmatch(container.image) is not None


def tag_of(image: str) -> str:
    """The tag of an image; empty where it has none."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def has_open_options(container: Container) -> bool:
    """Whether something of its log configuration is open, so that nobody can say what is not there."""
    return (
        container.is_open("logConfiguration")
        or container.log.is_open("options")
        or container.log.names("secretOptions") is None
    )


def is_fluent_bit(task: Task) -> bool:
    """Whether the router is Fluent Bit or Outrider."""
    return task.router is not None and task.router.firelens.text("type") == "fluentbit"


def outputs(task: Task) -> list[Output]:
    """The outputs that the task definition itself names, where the router is Fluent Bit."""
    router = task.router
    if router is None or not is_fluent_bit(task):
        return []
    is_read = router_words(router) is not None
    return [output for output in outputs_of(task, Rights()) if is_read or "command" not in path_of(output.where)]


def container_outputs(task: Task) -> list[Output]:
    """Those of containers' options, with their container's path first in ``where``."""
    return [output for output in outputs(task) if "options" in path_of(output.where) or _is_secret(output)]


def _is_secret(output: Output) -> bool:
    return "secretOptions" in path_of(output.where)


def path_of(where: object) -> Path:
    """The path in the task definition; outputs of included files, which have places, are not asked for here."""
    return where if isinstance(where, tuple) else ()


def is_set(output: Output, key: str) -> bool:
    """Whether an option has a value, or one that is open."""
    return output.has(key) and output.text(key) != ""


def own_options(output: Output) -> Iterator[Option]:
    """What the output's author wrote, without the plugin's name, FireLens's options and what the launcher sets.

    A key may hold the beginning of the value (``"Tag_Key tags": "…"``), since ECS writes both side by side.
    """
    for written_key, found in output.written.items():
        path = path_of(found.where)
        if path[:2] != path_of(output.where)[:2] or written_key in {"name", *OF_FIRELENS, *OF_DRIVER}:
            continue
        key, blank, more = written_key.partition(" ")
        text = found.text if found.text is None or not blank else f"{more} {found.text}"
        last = str(path[-1]).partition(" ")[0]
        yield Option(key, last if last.lower() == key else key, text, path)


def known_options(plugin: str) -> Mapping[str, options.Declared]:
    """Every option that an output takes, by key in lower case; nothing for a plugin that is not built in."""
    if plugin not in registry.PLUGINS["output"]:
        return {}
    return {
        **options.declared(options.OutputCore),
        **options.declared(registry.plugin_class("output", plugin).Options),
    }


def is_elsewhere(plugin: str) -> bool:
    """Whether it is an output of Fluent Bit's that is not built in."""
    return plugin in foreign.NAMES["output"].split()


def settings(container: Container) -> list[Setting]:
    """What the launcher is to set, if it is the container's program."""
    return _own_settings(_words(container, "command"))[0] if launches(container) else []


def _own_settings(words: list[Word]) -> tuple[list[Setting], int]:
    """What the launcher is to set, and how many words it takes for its own."""
    found: list[Setting] = []
    at = 0
    while at < len(words):
        section = _SETTINGS.get(words[at].text)
        if section is not None and at + 2 < len(words):
            found.append(Setting(section, words[at + 1].text, words[at + 2].text, words[at + 1].path))
        elif section is not None or words[at].text not in _PATHS:
            break
        at += 3 if section else 2
    return found, at


def launches(container: Container) -> bool:
    """Whether the container's program is the launcher."""
    return any(word.rpartition("/")[2] == "fluent-launch" for word in container.texts("entryPoint"))


def router_words(container: Container) -> list[Word] | None:
    """The arguments of the router itself.

    None where the image chooses them, something in them is open, or the launcher does not get as far.
    """
    words = [*_words(container, "entryPoint"), *_words(container, "command")]
    if any(not word.text for word in words):
        return None
    if container.runs_agent:  # nothing but the agent's own arguments
        return [] if [word.text for word in words[2:]] == ["-c", GENERATED] else None
    if launches(container):
        words = _words(container, "command")
        rest = words[_own_settings(words)[1] :]
        return rest[1:] if not rest or rest[0].text == "--" else None
    for place, word in enumerate(words):
        if word.text.rpartition("/")[2] == "fluent-bit" and " " not in word.text:
            return words[place + 1 :]
    return None


def _words(container: Container, key: str) -> list[Word]:
    """The words of an array, with an empty one for what is open."""
    found = container.value.get(key)
    if found is UNKNOWN:
        return [Word("", container.at(key))]
    items = found if isinstance(found, list) else []
    return [Word(item if isinstance(item, str) else "", container.at(key, place)) for place, item in enumerate(items)]


def includes_files(container: Container) -> bool:
    """Whether the router reads a configuration that is not in the task definition, and so may do anything."""
    given = container.firelens.value.get("options")
    if given is UNKNOWN or container.firelens.part("options").has("config-file-type"):
        return True
    names = container.names("environment")
    if names is None or any("aws_fluent_bit_init_" in name for name in names):
        return True
    words = router_words(container)
    own_program = container.has("entryPoint") or container.has("command")
    if words is None:
        return own_program or not is_stock_image(container)
    return any(word.text in ("-c", "--config") and path.text != GENERATED for word, path in pairwise(words))
