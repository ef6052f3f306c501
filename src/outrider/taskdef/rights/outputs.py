"""Where outputs are named: options of containers, the router's command line, configurations that it includes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from outrider.pipeline.config.configuration import Configuration
from outrider.taskdef.firelens.options import OUTPUT_KEY
from outrider.taskdef.rights.need import Rights
from outrider.taskdef.rights.output import ALIASES, Output, Written
from outrider.taskdef.view import Container, Part, Task

_IN_THE_IMAGE = frozenset(
    f"/fluent-bit/configs/{name}.conf" for name in ("minimize-log-loss", "output-metrics-healthcheck", "parse-json")
)
"""Configurations of aws-for-fluent-bit that have no outputs."""
_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
GENERATED = "/fluent-bit/etc/fluent-bit.conf"
"""What ECS makes of the task definition."""


def outputs_of(task: Task, rights: Rights) -> Iterator[Output]:
    """What the task definition itself names. Outputs of Fluentd give a note: its plugins are not known here."""
    router = task.router
    variables = variables_of(router)
    kind = router.firelens.text("type") if router else "fluentbit"
    launched = _launcher_options(router) if router else {}
    for container in task.senders:
        options = _options(container)
        if kind == "fluentd":
            name = options.get(OUTPUT_KEY["fluentd"])
            if name is not None:
                text = f"container '{container.name}': the rights of Fluentd's {name.text} are not known here: add them"
                rights.note(text, name.where)
        elif OUTPUT_KEY["fluentbit"] in options:
            yield _of_container(container, options, launched, variables)
    if router is not None and kind == "fluentbit":
        yield from _of_command(router, variables)


def outputs_in(configuration: Configuration, file: str, router: Container | None) -> Iterator[Output]:
    """What a configuration names that the router includes."""
    variables = {**variables_of(router), **configuration.variables}
    for section in configuration.sections:
        if section.kind != "output":
            continue
        written = {item.key: Written(item.value, item.place) for item in section.properties}
        if "name" in written:
            yield Output(_plugin(written["name"]), file, section.place, written, variables)


def variables_of(router: Container | None) -> dict[str, str]:
    """The variables that the task definition sets for the router; those of secrets are not known."""
    return {} if router is None else {name: text for name, (text, _) in router.variables().items()}


def _options(container: Container) -> dict[str, Written]:
    """By key as written; a secret option wins over a plain one."""
    options = container.options
    found = {key: Written(options.text(key), options.at(key)) for key in options.value}
    for secret in container.log.parts("secretOptions"):
        if name := secret.text("name"):
            found[name] = Written(None, secret.path)
    return found


def _of_container(
    container: Container,
    options: Mapping[str, Written],
    launched: Mapping[str, Written],
    variables: Mapping[str, str],
) -> Output:
    name = options[OUTPUT_KEY["fluentbit"]]
    written = {**{key.lower(): value for key, value in options.items()}, **launched}
    return Output(_plugin(name), f"container '{container.name}'", name.where, written, variables)


def _plugin(name: Written) -> str:
    """The plugin that a name means, which may be that of an address (``forward://host``)."""
    found = (name.text or "").partition("://")[0].lower()
    return ALIASES.get(found, found)


def _of_command(router: Container, variables: Mapping[str, str]) -> list[Output]:
    """``-o NAME -p KEY=VALUE …`` of Fluent Bit; what stands before ``--`` is the launcher's."""
    found: list[Output] = []
    written: dict[str, Written] | None = None
    words = _words(router)
    for place in range(words.index("--") + 1 if "--" in words else 0, len(words) - 1):
        word, value = words[place], Written(words[place + 1], router.at("command", place + 1))
        if word in ("-o", "--output"):
            written = {"name": value}
            found.append(Output(_plugin(value), f"the command of '{router.name}'", value.where, written, variables))
        elif word in ("-i", "--input", "-F", "--filter"):
            written = None
        elif word in ("-p", "--prop") and written is not None:
            key, _, text = words[place + 1].partition("=")
            written[key.strip().lower()] = Written(text.strip(), value.where)
    return found


def _launcher_options(router: Container) -> dict[str, Written]:
    """``-o KEY VALUE`` before ``--``, which the launcher sets in each output that ECS generates."""
    words = _words(router)
    first = words.index("--") if "--" in words else 0
    return {
        words[place + 1].lower(): Written(words[place + 2], router.at("command", place + 2))
        for place in range(first - 2)
        if words[place] in ("-o", "--output")
    }


def _words(router: Container) -> list[str]:
    """The command, with an empty word for what only the deployment knows."""
    found = router.value.get("command")
    return [word if isinstance(word, str) else "" for word in found] if isinstance(found, list) else []


def included_files(router: Container) -> Iterator[tuple[str, Part]]:
    """The configurations that the router reads and that are not in the task definition: what they are, and where."""
    options = router.firelens.part("options")
    value = options.text("config-file-value")
    if options.has("config-file-type") and value and value not in _IN_THE_IMAGE:
        yield value, options
    for item in router.parts("environment"):
        if "aws_fluent_bit_init_" in (item.text("name") or "") and (found := item.text("value")):
            yield found, item
    words = router.words[router.words.index("--") + 1 :] if "--" in router.words else router.words
    if words and words[0].rpartition("/")[2] in _SHELLS:  # whose -c is a command
        return
    for word, path in pairwise(words):
        if word in ("-c", "--config") and path != GENERATED:
            yield path, router
