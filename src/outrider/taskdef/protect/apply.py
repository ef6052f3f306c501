"""Add agent and router to a task definition, and send its applications' output to the router."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from outrider.model.errors import Place, UserError
from outrider.taskdef.firelens.options import DRIVER, plain_options, uses_firelens
from outrider.taskdef.firelens.render import find_router
from outrider.taskdef.protect import single
from outrider.taskdef.protect.debug import debug, region_of
from outrider.taskdef.protect.edited import CONTAINERS, Edited
from outrider.taskdef.protect.profile import (
    OWN_IMAGE,
    PROFILES,
    ROUTER_NAME,
    START,
    Container,
    Wish,
    agent_container,
    is_init,
    pairs,
    plugin_notes,
    router_container,
    router_members,
)
from outrider.taskdef.protect.refusals import Refusals
from outrider.taskdef.protect.refuse import check_log_drivers, check_names, check_outputs, check_platform, check_ports
from outrider.taskdef.protect.values import check_token
from outrider.taskdef.protect.waits import add_waits
from outrider.taskdef.shape import TaskDefinition
from outrider.taskdef.source import TaskSource


def protect(source: TaskSource, wish: Wish) -> Edited:
    """The task definition with agent and router. Raises UserError with every reason if it cannot be protected."""
    found = source
    if wish.awsvpc and source.task.get("networkMode") is None:
        source = source.set((), "networkMode", "awsvpc")
    task, place = source.task, found.place
    refusals = Refusals()
    refusals.add(check_platform(task, place, single=wish.single))
    edit: _Edit = single.add if wish.single else _add_both
    with refusals:
        router = _router_of(task, source)
        refusals.add(check_outputs(task, _router_image(task, router, wish), place, single=wish.single))
        if router is None:
            new = [single.NAME] if wish.single else [wish.profile.agent_name, ROUTER_NAME]
            refusals.add(check_names(task, new, place))
        else:
            edit = _editing(task, router, wish, source)
    applications = _applications(task, wish)
    if not applications:
        refusals.add([_nothing_to_protect(place(CONTAINERS))])
    if not wish.single or single.shares_ports(task):
        refusals.add(check_ports(applications, place))
    refusals.add(check_log_drivers(applications, wish, place))
    region = ""
    with refusals:
        region = region_of(source, wish.debugging) if wish.debugging is not None else ""
    refusals.settle()
    result = Edited(source)
    if source is not found:
        result.changed.append("networkMode is awsvpc, as on Fargate; without it, ECS takes bridge")
    for index, container in applications:
        _switch(result, index, container)
    is_new = not wish.single and not any(_has_launcher(container) for container in task["containerDefinitions"])
    edit(result, wish)
    if is_new:
        add_waits(result)
    _note(result, wish)
    if wish.debugging is not None:
        debug(result, _sidecars(result, wish), wish.debugging, region)
    return result


def _sidecars(result: Edited, wish: Wish) -> list[int]:
    """Where the agent and the router are."""
    return [
        index
        for index, container in enumerate(result.containers())
        if container["name"] == wish.profile.agent_name or container.get("firelensConfiguration") is not None
    ]


def _has_launcher(container: Container) -> bool:
    return container.get("entryPoint") in [[profile.launcher] for profile in PROFILES.values()]


def _router_of(task: TaskDefinition, source: TaskSource) -> int | None:
    if all(c.get("firelensConfiguration") is None for c in task["containerDefinitions"]):
        return None
    return find_router(task, source.place)


def _applications(task: TaskDefinition, wish: Wish) -> list[tuple[int, Container]]:
    """Without a router a container with the agent's name is an application, whose name is taken."""
    containers = task["containerDefinitions"]
    bare = all(container.get("firelensConfiguration") is None for container in containers)
    return [
        (index, container)
        for index, container in enumerate(containers)
        if container.get("firelensConfiguration") is None and (bare or container["name"] != wish.profile.agent_name)
    ]


def _nothing_to_protect(place: Place) -> UserError:
    return UserError(
        "there is no application container to protect", place, fix="give the task definition of an application"
    )


def _switch(result: Edited, index: int, container: Container) -> None:
    if uses_firelens(container):
        return
    old = container.get("logConfiguration")
    result.set(index, "logConfiguration", {"logDriver": DRIVER})
    before = f" (was {old['logDriver']}; its options are gone)" if old else ""
    result.changed.append(f"'{container['name']}' logs through awsfirelens{before}")


def _outputs(task: TaskDefinition) -> list[str]:
    return [
        plain_options(c)["Name"]
        for c in task["containerDefinitions"]
        if uses_firelens(c) and "Name" in plain_options(c)
    ]


def _router_image(task: TaskDefinition, router: int | None, wish: Wish) -> str:
    """What the router will run."""
    if router is None:
        return wish.new_router_image
    return wish.router_image or task["containerDefinitions"][router].get("image") or ""


_Edit: TypeAlias = Callable[[Edited, Wish], None]


def _add_both(result: Edited, wish: Wish) -> None:
    _add_agent(result, wish)
    router = router_container(wish, _outputs(result.source.task))
    result.source = result.source.append(CONTAINERS, router)
    result.changed.append(f"added the log router '{ROUTER_NAME}' ({router['image']})")


def _add_agent(result: Edited, wish: Wish) -> None:
    agent = agent_container(wish)
    result.source = result.source.append(CONTAINERS, agent)
    result.changed.append(f"added the agent '{agent['name']}' ({agent['image']})")


def _editing(task: TaskDefinition, index: int, wish: Wish, source: TaskSource) -> _Edit:
    """How to go on with a task that has a router: it is ours already, may be adopted, or is refused."""
    router = task["containerDefinitions"][index]
    path = (*CONTAINERS, index)
    if single.is_single(router):
        if not wish.single:
            raise _protected_otherwise(source.place((*path, "entryPoint")), "with --style single", "say --style single")
        return lambda result, wish: single.update(result, index, wish)
    for profile in PROFILES.values():
        if router.get("entryPoint") != [profile.launcher]:
            continue
        if profile != wish.profile:
            raise UserError(
                f"the task is protected already, with profile {profile.name}",
                source.place((*path, "entryPoint")),
                fix=f"say --profile {profile.name}, or remove '{router['name']}' and '{profile.agent_name}' first",
            )
        if wish.single:
            raise _protected_otherwise(source.place((*path, "entryPoint")), "with two sidecars", "drop --style single")
        return _protected_already(task, index, wish, source)
    kind = router["firelensConfiguration"].get("type")
    own = [key for key in ("entryPoint", "command", "volumesFrom") if router.get(key)]
    if {key: router[key] for key in own} == START:
        own = []
    if kind != "fluentbit" or own:
        has = f"of type {kind}" if kind != "fluentbit" else f"with its own {' and '.join(own)}"
        raise UserError(
            f"the task has a log router '{router['name']}' {has}, and ECS allows one router in a task",
            source.place(path),
            fix="remove it, or put its outputs into the logConfiguration options of the applications",
        )
    if not wish.adopt_router:
        raise UserError(
            f"the task has a log router '{router['name']}' already, and ECS allows one in a task",
            source.place(path),
            fix="say --adopt-router: it keeps its image and outputs, and sends a copy of all logs to the agent",
        )
    refusals = Refusals()
    if wish.single:
        refusals.add(single.check_adoption(router, index, wish, source.place))
    else:
        refusals.add(check_names(task, [wish.profile.agent_name], source.place))
    refusals.settle()
    return lambda result, wish: (single.adopt if wish.single else _adopt)(result, index, wish)


def _protected_otherwise(place: Place, how: str, fix: str) -> UserError:
    return UserError(f"the task is protected already, {how}", place, fix=f"{fix}, or outrider task unprotect it first")


def _protected_already(task: TaskDefinition, index: int, wish: Wish, source: TaskSource) -> _Edit:
    router = task["containerDefinitions"][index]
    agent = wish.profile.agent_name
    places = [i for i, container in enumerate(task["containerDefinitions"]) if container["name"] == agent]
    mounted = [item.get("sourceContainer") for item in router.get("volumesFrom") or []]
    if not places or agent not in mounted:
        lacks = f"the container '{agent}' is missing" if not places else f"its volumesFrom does not name '{agent}'"
        raise UserError(
            f"the log router '{router['name']}' runs the launcher of profile {wish.profile.name}, but {lacks}",
            source.place((*CONTAINERS, index)),
            fix=f"remove '{router['name']}' and protect the task again",
        )
    return lambda result, wish: _update(result, places[0], index, wish)


def _update(result: Edited, agent: int, router: int, wish: Wish) -> None:
    """Bring what the user named to containers that are there; leave alone what was not named."""
    for index, image in ((agent, wish.agent_image), (router, wish.router_image)):
        container = result.source.task["containerDefinitions"][index]
        if image and container.get("image") != image:
            result.set(index, "image", image)
            result.changed.append(f"'{container['name']}' runs {image}")
    result.merge(agent, "environment", pairs(wish.environment, "value"))
    result.merge(agent, "secrets", pairs(wish.secrets, "valueFrom"))


def _adopt(result: Edited, index: int, wish: Wish) -> None:
    task = result.source.task
    router = task["containerDefinitions"][index]
    members = router_members(wish.profile, _router_image(task, index, wish), _outputs(task))
    if wish.router_image and wish.router_image != router.get("image"):
        members = {"image": wish.router_image, **members}
    for key, value in members.items():
        if key == "dependsOn" and router.get(key):
            result.source = result.source.append((*CONTAINERS, index, key), *value)
        else:
            result.set(index, key, value)
    result.changed.append(f"the log router '{router['name']}' runs under the launcher")
    if is_init(str(router.get("image"))):
        result.notes.append(
            f"the launcher takes the place of the image's start program: variables aws_fluent_bit_init_* of "
            f"'{router['name']}' have no effect then, unless --router-image names Outrider's router"
        )
    _add_agent(result, wish)


def _note(result: Edited, wish: Wish) -> None:
    task = result.source.task
    containers = {container["name"]: container for container in task["containerDefinitions"]}
    router = task["containerDefinitions"][find_router(task)]
    agent = router if wish.single else containers[wish.profile.agent_name]
    notes = result.notes
    if OWN_IMAGE in (agent.get("image"), router.get("image")):
        options = "--agent-image" if wish.single else "--agent-image and --router-image"
        notes.append(
            f"the image {OWN_IMAGE} is published nowhere yet, so ECS cannot start this task: before you register it, "
            f"build your own image as docs/task.md shows, and name it with {options}"
        )
    if wish.profile.name == "outrider":
        notes += _registration_notes(agent)
    elif wish.profile.token_name not in _told(agent):
        notes.append(
            f"the agent has no registration key ({wish.profile.token_name}) yet: it needs one to register, when it "
            "starts for the first time; give --token-secret, or --key"
        )
    if task.get("networkMode") is None and (not wish.single or single.shares_ports(task)):
        notes.append('add "networkMode": "awsvpc": Fargate takes no other')
    if agent.get("secrets") and not task.get("executionRoleArn"):
        notes.append("add executionRoleArn: ECS reads the agent's secret with that role")
    if task.get("memory") is None and any(
        not (container.get("memory") or container.get("memoryReservation")) for container in containers.values()
    ):
        notes.append("set the task's memory, or memoryReservation on each container: ECS asks for one of them")
    notes += plugin_notes(router, _outputs(task))


def _foreign(key: str) -> bool:
    return any(check_token("KEY", key))


def _told(agent: Container) -> set[str]:
    """The names of the agent's variables and secrets."""
    return {str(item.get("name")) for key in ("environment", "secrets") for item in agent.get(key) or []}


def _registration_notes(agent: Container) -> list[str]:
    environment, secrets = ({item.get("name") for item in agent.get(key) or []} for key in ("environment", "secrets"))
    notes = []
    if any(item.get("name") == "KEY" and _foreign(str(item.get("value"))) for item in agent.get("environment") or []):
        notes.append(
            "KEY is no join token, and Outrider's agent takes nothing else: 'outrider server token create' makes one"
        )
    if not (environment | secrets) & {"OUTRIDER_TOKEN", "KEY"}:
        notes.append(
            "the agent has no join token yet: make one with 'outrider server token create --uses N' (each start of the "
            "task is one use), give --token-secret"
        )
    elif environment & {"OUTRIDER_TOKEN", "KEY"}:
        notes.append("the join token stands in the task definition in plain text; --token-secret ARN keeps it out")
    if "OUTRIDER_SERVER" not in environment | secrets:
        notes.append("the agent does not know its server yet: give --server URL")
    return notes
