"""From ``awslogs`` to ``awsfirelens``: the same lines to the same log groups, through a log router."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from outrider.taskdef.firelens.options import DRIVER
from outrider.taskdef.firelens.render import find_router
from outrider.taskdef.protect.awslogs import GO_PLUGIN, MULTILINE, Converted, convert
from outrider.taskdef.protect.beginnings import beginning
from outrider.taskdef.protect.edited import CONTAINERS, Edited
from outrider.taskdef.protect.joining import FOLDER, Stream, configuration, parsers, parsers_name
from outrider.taskdef.protect.migration import Migration, check_containers, check_migration
from outrider.taskdef.protect.profile import (
    PROFILES,
    ROUTER_NAME,
    START,
    Container,
    is_stock,
    plugin_notes,
)
from outrider.taskdef.protect.refusals import Refusals
from outrider.taskdef.rights import EXECUTION, TASK, Rights, rights_of, scope_of
from outrider.taskdef.source import TaskSource
from outrider.taskdef.templates import OpenText
from outrider.taskdef.view import Task

_SIDECARS = {profile.agent_name for profile in PROFILES.values()}


@dataclass(slots=True)
class Migrated(Edited):
    """Also the ``files`` that the router's image is to have, name to text."""

    files: dict[str, str] = field(default_factory=dict)


def migrate(source: TaskSource, wish: Migration) -> Migrated:
    """The task definition with the log router in the place of ``awslogs``. Raises UserError with every reason."""
    task, refusals = source.task, Refusals()
    router: int | None = None
    with refusals:
        router = find_router(task, source.place) if any(map(_routes, task["containerDefinitions"])) else None
    refusals.add(check_containers(source, wish))
    chosen = [index for index, container in enumerate(task["containerDefinitions"]) if _is_chosen(container, wish)]
    if chosen:
        refusals.add(check_migration(source, wish, chosen, router))
    refusals.settle()
    result = Migrated(source)
    streams = [_switch(result, index, wish) for index in chosen]
    _note_others(result, wish)
    if not chosen:
        return result
    result.notes.append("the ECS console's own log view shows awslogs alone; CloudWatch shows these streams as before")
    _write(result, streams, wish)
    if router is None:
        _add_router(result, wish)
    elif wish.file:
        _include(result, router, wish)
    router = find_router(result.source.task)
    result.notes += plugin_notes(result.containers()[router], [wish.plugin])
    _note_rights(result, source)
    return result


def _routes(container: Container) -> bool:
    return container.get("firelensConfiguration") is not None


def _driver(container: Container) -> str:
    return (container.get("logConfiguration") or {}).get("logDriver") or ""


def _is_chosen(container: Container, wish: Migration) -> bool:
    """The sidecars' own console stays where it is: the router cannot send its own faults."""
    named = not wish.containers or container["name"] in wish.containers
    return named and _driver(container) == "awslogs" and not _routes(container) and container["name"] not in _SIDECARS


def _switch(result: Migrated, index: int, wish: Migration) -> Stream:
    container = result.containers()[index]
    name, log = container["name"], container["logConfiguration"]
    options: dict[str, str] = log.get("options") or {}
    new = convert(name, options, wish.plugin, keep_stream=wish.keep_streams)
    result.set(index, "logConfiguration", new.log)
    result.changed.append(f"'{name}' logs through awsfirelens to {wish.plugin}, log group {options['awslogs-group']}")
    _tell_stream(result, name, new, wish)
    result.notes += [f"'{name}': {phrase}" for phrase in new.told]
    if log.get("secretOptions"):
        result.notes.append(f"'{name}': awslogs has no secretOptions; they are left out")
    return Stream(name, _beginning(result, name, options, wish))


def _tell_stream(result: Migrated, name: str, new: Converted, wish: Migration) -> None:
    if new.stream == new.old_stream:
        return
    text = f"'{name}': the log stream is called {new.stream}, where it was {new.old_stream}"
    if new.old_name:
        of_go = wish.plugin == GO_PLUGIN
        where = "" if of_go else ", where Outrider or an init- image of aws-for-fluent-bit is the router"
        text += f"; --keep-stream-names keeps it: log_stream_name {new.old_name} for log_stream_prefix{where}"
    result.notes.append(text)


def _beginning(result: Migrated, name: str, options: dict[str, str], wish: Migration) -> str:
    """The expression for the first line of a message; empty where there is none, or no file to write it to."""
    keys = [key for key in MULTILINE if key in options]
    if not keys:
        return ""
    if len(keys) > 1:
        result.notes.append(f"'{name}': {keys[1]}: {keys[0]} counted, and this was ignored")
    if isinstance(options[keys[0]], OpenText):
        result.notes.append(f"'{name}': {keys[0]} is open here, and each line is a record now")
        return ""
    try:
        found = beginning(options)
    except ValueError as error:
        result.notes.append(f"'{name}': {keys[0]} cannot be said to the router ({error}); each line is a record now")
        return ""
    if found and not wish.file:
        result.notes.append(
            f"'{name}': {keys[0]} is no option of an output, and each line is a record now; "
            "--config-out FILE writes the parser and the filter that join them"
        )
    return found


def _note_others(result: Migrated, wish: Migration) -> None:
    for container in result.containers():
        name, driver = container["name"], _driver(container)
        if driver in ("", DRIVER) or (wish.containers and name not in wish.containers):
            continue
        if driver != "awslogs":
            result.notes.append(f"'{name}' logs to {driver}, which stays: an output of the router may do the same")
        elif wish.containers:
            result.notes.append(f"'{name}' is a sidecar: its own console stays with awslogs")


def _add_router(result: Migrated, wish: Migration) -> None:
    image = wish.new_router_image
    firelens = {"type": "fluentbit"} | ({"options": _included(wish)} if wish.file else {})
    router = {"name": ROUTER_NAME, "image": image, "firelensConfiguration": firelens}
    result.source = result.source.append(CONTAINERS, router if is_stock(image) else {**router, **START})
    result.changed.append(f"added the log router '{ROUTER_NAME}' ({image})")


def _included(wish: Migration) -> dict[str, Any]:
    """The options of the router that includes the file."""
    return {"config-file-type": "file", "config-file-value": str(FOLDER / wish.file)}


def _write(result: Migrated, streams: list[Stream], wish: Migration) -> None:
    """The files that join lines."""
    if not wish.file:
        result.notes.append(
            "a line of more than 16 KiB comes in pieces now, which awslogs took whole up to 256 KiB; --config-out FILE "
            "writes a filter that joins them"
        )
        return
    parsers_file = parsers_name(wish.file)
    result.files[wish.file] = configuration(streams, str(FOLDER / parsers_file))
    if text := parsers(streams):
        result.files[parsers_file] = text
    several = " and ".join(f"'{stream.container}'" for stream in streams if stream.begins)
    if several:
        result.notes.append(f"a line of more than 16 KiB of {several} gets a line end each 16 KiB; awslogs made none")
    copied = " ".join(result.files)
    result.notes.append(f"build an image of the router with 'COPY {copied} {FOLDER}/', and name it in its definition")


def _include(result: Migrated, index: int, wish: Migration) -> None:
    path = FOLDER / wish.file
    router = result.containers()[index]
    options = router["firelensConfiguration"].get("options") or {}
    if "config-file-type" in options:
        result.notes.append(
            f"the router '{router['name']}' includes {options.get('config-file-value')} already: add '@INCLUDE {path}' "
            "there, and keep one [SERVICE] in all of it"
        )
        return
    wanted = _included(wish)
    where = (*CONTAINERS, index, "firelensConfiguration")
    if not options:
        result.source = result.source.set(where, "options", wanted)
    for key, value in wanted.items() if options else ():
        result.source = result.source.set((*where, "options"), key, value)
    result.changed.append(f"the log router '{router['name']}' includes {path}")


def _note_rights(result: Migrated, source: TaskSource) -> None:
    """What moves from the execution role to the task role."""
    old, new = Task(source.task), Task(result.source.task)
    scope = scope_of(old)
    before, after = rights_of(old, scope), rights_of(new, scope)
    for text in _beyond(after, before, TASK):
        result.notes.append(f"the task role needs {text}")
    for text in _beyond(before, after, EXECUTION):
        result.notes.append(f"the execution role needs no more {text}")
    if not source.task.get("taskRoleArn"):
        result.notes.append("add taskRoleArn: awslogs wrote with the execution role, the router writes with the task's")


def _beyond(one: Rights, other: Rights, role: str) -> list[str]:
    """Actions on each resource that one asks for and the other does not."""
    known = {(action, need.resource) for need in other.of(role) for action in need.actions}
    found: dict[str, dict[str, None]] = {}
    for need in one.of(role):
        for action in need.actions:
            if (action, need.resource) not in known:
                found.setdefault(need.resource, {})[action] = None
    return [f"{', '.join(actions)} on {resource}" for resource, actions in found.items()]
