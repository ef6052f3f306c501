"""What ``protect`` put in, taken away again; what the user added stays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from outrider.model.errors import UserError
from outrider.taskdef.firelens.options import BUFFER_LIMIT, uses_firelens
from outrider.taskdef.lint.routing import is_stock_image
from outrider.taskdef.protect import single
from outrider.taskdef.protect.debug import is_ours, take_back
from outrider.taskdef.protect.edited import CONTAINERS, Edited
from outrider.taskdef.protect.profile import (
    OWN_IMAGE,
    PLUGINS,
    PROFILES,
    START,
    Container,
    Profile,
    is_stock,
    router_members,
)
from outrider.taskdef.protect.waits import take_waits_back
from outrider.taskdef.rights.outputs import included_files
from outrider.taskdef.source import TaskSource
from outrider.taskdef.view import Task

_WRITTEN = {"name", "image", "firelensConfiguration", "volumesFrom", "dependsOn", "entryPoint", "command"}
_OF_SINGLE = {"memoryReservation", "healthCheck"}
_DEBUG = {"essential", "logConfiguration"}


def unprotect(source: TaskSource) -> Edited:
    """The task definition without agent and launcher; without the router too if nothing else needs it.

    Raises UserError if no application is left.
    """
    result = Edited(source)
    alone = next((index for index, container in enumerate(result.containers()) if single.is_single(container)), None)
    if alone is not None:
        _remove_single(result, alone)
        return result
    found = _protection(source)
    if found is None:
        result.notes += _leftovers(source)
        return result
    profile, agent, router = found
    containers = result.containers()
    stays = _why_it_stays(source, agent, router)
    if len(containers) == 1 + (agent is not None) and not stays:
        raise _no_application(source)
    gone = [index for index in (agent, None if stays else router) if index is not None]
    _restore_log_drivers(result, router, stays)
    if stays:
        take_waits_back(result, router)
        _release_router(result, router, profile)
        result.notes.append(f"the log router '{containers[router]['name']}' stays: {stays}")
    _forget(result, [containers[index]["name"] for index in gone])
    for index in sorted(gone, reverse=True):
        _tell_extras(result, containers[index])
        result.remove(index)
        result.changed.append(f"removed '{containers[index]['name']}'")
    return result


def _remove_single(result: Edited, index: int) -> None:
    container = result.containers()[index]
    stays = _why_single_stays(result.source, index)
    if len(result.containers()) == 1 and not stays:
        raise _no_application(result.source)
    _restore_log_drivers(result, index, stays)
    if stays:
        single.release(result, index)
        if is_ours(result.containers()[index]):
            take_back(result, index)
        result.notes.append(f"the log router '{container['name']}' stays: {stays}")
        return
    _forget(result, [container["name"]])
    _tell_extras(result, container)
    result.remove(index)
    result.changed.append(f"removed '{container['name']}'")


def _why_single_stays(source: TaskSource, index: int) -> str:
    """Why the router is needed, or is not the one that ``protect`` adds; empty if it may go."""
    container = source.task["containerDefinitions"][index]
    why = _why_needed(source, index)
    adopted = single.LABEL in (container.get("dockerLabels") or {})
    return why or ("it was there before it became the agent" if adopted or container["name"] != single.NAME else "")


def _no_application(source: TaskSource) -> UserError:
    return UserError(
        "the task has no container beside agent and router",
        source.place(CONTAINERS),
        fix="delete the task definition instead",
    )


def _protection(source: TaskSource) -> tuple[Profile, int | None, int] | None:
    """The profile, and where agent and router are; None if no router runs the launcher of a profile."""
    containers = source.task["containerDefinitions"]
    for profile in PROFILES.values():
        for index, container in enumerate(containers):
            if _routes(container) and container.get("entryPoint") == [profile.launcher]:
                names = [other["name"] for other in containers]
                agent = names.index(profile.agent_name) if profile.agent_name in names else None
                return profile, agent, index
    return None


def _leftovers(source: TaskSource) -> list[str]:
    names = {profile.agent_name for profile in PROFILES.values()}
    return [
        f"'{container['name']}' stays: no log router in the task runs its launcher"
        for container in source.task["containerDefinitions"]
        if container["name"] in names
    ]


def _routes(container: Container) -> bool:
    return container.get("firelensConfiguration") is not None


def _why_it_stays(source: TaskSource, agent: int | None, router: int) -> str:
    """Why the router is needed, or is not the one that ``protect`` adds behind the agent; empty if it may go."""
    if why := _why_needed(source, router):
        return why
    if agent is None:
        return "there is no agent with which protect has added it"
    return "it was there before the agent" if router < agent else ""


def _why_needed(source: TaskSource, router: int) -> str:
    task = Task(source.task)
    sending = [f"'{sender.name}'" for sender in task.senders if sender.path[1] != router and _has_output(sender.value)]
    if sending:
        return f"it takes the logs of {' and '.join(sending)} to destinations of their own"
    found = task.containers[router]
    if any(included_files(found)) or found.firelens.part("options").value:
        return "its firelensConfiguration or its variables are not from protect"
    return ""


def _has_output(container: Mapping[str, Any]) -> bool:
    log = container["logConfiguration"]
    return bool(log.get("secretOptions")) or bool(set(log.get("options") or {}) - {BUFFER_LIMIT})


def _restore_log_drivers(result: Edited, router: int, stays: str) -> None:
    """Logs that only the agent took have no other way, so their containers have no log configuration again."""
    known = not stays or _tells_all(result.source, router)
    for index, container in enumerate(result.containers()):
        if not uses_firelens(container) or _routes(container) or _has_output(container):
            continue
        name = container["name"]
        if known:
            result.remove(index, "logConfiguration")
            result.changed.append(
                f"'{name}' has no logConfiguration, as before (but for one that --replace-log-driver replaced)"
            )
        else:
            result.notes.append(
                f"'{name}' still logs through awsfirelens without an output of its own: remove its logConfiguration if "
                "the router has no output for it"
            )


def _tells_all(source: TaskSource, router: int) -> bool:
    """Whether the task definition names every output of a router that stays."""
    found = Task(source.task).containers[router]
    images = {profile.router_image for profile in PROFILES.values()}
    is_known = found.image in images or is_stock_image(found) or single.is_single(found.value)
    return not any(included_files(found)) and is_known


def _release_router(result: Edited, index: int, profile: Profile) -> None:
    """A router without the launcher and the agent."""
    name = result.containers()[index]["name"]
    _tell_command(result, result.containers()[index], profile)
    result.remove_items(index, "volumesFrom", "sourceContainer", profile.agent_name)
    result.remove_items(index, "dependsOn", "containerName", profile.agent_name)
    image = str(result.containers()[index].get("image"))
    for key, value in START.items():
        if image == OWN_IMAGE:
            result.set(index, key, value)
        elif key in result.containers()[index]:
            result.clear(index, key)
    result.changed.append(f"the log router '{name}' runs without the launcher")
    if image != OWN_IMAGE and not is_stock(image):
        start = json.dumps(START)[1:-1]
        result.notes.append(f"'{name}' runs as its image says; Outrider's would be an agent then: it needs {start}")
    if is_ours(result.containers()[index]):
        take_back(result, index)
    elif result.containers()[index].get("essential") is False:
        result.notes.append(f"'{name}' is not essential, as --debug leaves it: its end does not end the task")


def _tell_command(result: Edited, router: Container, profile: Profile) -> None:
    """Words that the user has put into the command go with it."""
    words = list(router.get("command") or [])
    written = [*router_members(profile, "", ())["command"], "-e", *PLUGINS.values()]
    added = [word for word in words if word not in written]
    if added:
        result.notes.append(f"words of the command of '{router['name']}' that are not from protect: {' '.join(added)}")


def _tell_extras(result: Edited, container: Container) -> None:
    """What the user has added to a container that goes."""
    written = _WRITTEN | _DEBUG | {"environment", "secrets"} | (_OF_SINGLE if single.is_single(container) else set())
    extras = sorted(set(container) - written)
    if extras:
        result.notes.append(f"'{container['name']}' had {', '.join(extras)} too, which went with it")


def _forget(result: Edited, gone: list[str]) -> None:
    """Nothing may wait for a container that is gone, or mount its volumes: ECS refuses that."""
    for index, container in enumerate(result.containers()):
        for name in gone if container["name"] not in gone else ():
            waited = result.remove_items(index, "dependsOn", "containerName", name)
            mounted = result.remove_items(index, "volumesFrom", "sourceContainer", name)
            if waited or mounted:
                result.changed.append(f"'{container['name']}' no longer names '{name}'")
