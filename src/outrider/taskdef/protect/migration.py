"""What a migration is asked for, and why a task definition cannot have it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from outrider.model.errors import UserError
from outrider.taskdef.firelens.options import DRIVER
from outrider.taskdef.protect.awslogs import GO_PLUGIN, NEEDED
from outrider.taskdef.protect.edited import CONTAINERS
from outrider.taskdef.protect.profile import AWS_IMAGE, ROUTER_NAME, Container, is_init, is_of_aws, is_stock
from outrider.taskdef.protect.refuse import check_linux, check_names
from outrider.taskdef.source import TaskSource
from outrider.taskdef.templates import OpenText


@dataclass(frozen=True, slots=True)
class Migration:
    """What the user asked for. ``containers`` of none are all; ``file`` names the configuration to write, if any."""

    plugin: str
    containers: tuple[str, ...] = ()
    keep_streams: bool = False
    router_image: str | None = None
    file: str = ""

    @property
    def new_router_image(self) -> str:
        """The image of a router that is added: AWS's, with the variables of the task where names need them."""
        init = self.keep_streams and self.plugin != GO_PLUGIN
        return self.router_image or (AWS_IMAGE.replace(":stable", ":init-latest") if init else AWS_IMAGE)


def check_containers(source: TaskSource, wish: Migration) -> Iterator[UserError]:
    """Containers that are named must be there."""
    names = [container["name"] for container in source.task["containerDefinitions"]]
    for name in wish.containers:
        if name not in names:
            place = source.place(CONTAINERS)
            yield UserError(f"--container {name}: the task has no such container", place, found=name, allowed=names)


def check_migration(source: TaskSource, wish: Migration, chosen: list[int], router: int | None) -> Iterator[UserError]:
    """What would fail in silence or break the task; ``chosen`` are to migrate, ``router`` is there or is added."""
    yield from check_linux(source.task, source.place)
    yield from _check_options(source, chosen)
    yield from _check_names(source, chosen if wish.file else [])
    yield from _check_router(source, router, wish)
    yield from _check_secrets(source)


def _check_options(source: TaskSource, chosen: list[int]) -> Iterator[UserError]:
    for index in chosen:
        log = source.task["containerDefinitions"][index]["logConfiguration"]
        for key in NEEDED:
            if not (log.get("options") or {}).get(key):
                yield UserError(
                    f"container '{source.task['containerDefinitions'][index]['name']}' logs to awslogs without {key}",
                    source.place((*CONTAINERS, index, "logConfiguration")),
                    fix=f"add {key}: the router cannot do without it",
                )


def _check_names(source: TaskSource, chosen: list[int]) -> Iterator[UserError]:
    """Names that are written into a configuration."""
    for index in chosen:
        name = source.task["containerDefinitions"][index]["name"]
        if isinstance(name, OpenText):
            yield UserError(
                f"--config-out: the name of container '{name}' is open here, and the configuration has it",
                source.place((*CONTAINERS, index, "name")),
                fix="write the name, or drop --config-out",
            )
        elif not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            yield UserError(
                f"container '{name}' has a name that ECS does not take",
                source.place((*CONTAINERS, index, "name")),
                allowed=("letters, digits, _ and -",),
                fix="rename it",
            )


def _check_router(source: TaskSource, index: int | None, wish: Migration) -> Iterator[UserError]:
    if index is None:
        yield from check_names(source.task, [ROUTER_NAME], source.place)
        router: Container = {"name": ROUTER_NAME, "image": wish.new_router_image}
        place = None
    else:
        router = source.task["containerDefinitions"][index]
        place = source.place((*CONTAINERS, index))
        kind = router["firelensConfiguration"].get("type")
        if kind != "fluentbit":
            yield UserError(
                f"the log router '{router['name']}' is of type {kind}; only Fluent Bit's outputs are known here",
                place,
                fix="replace it by Fluent Bit or Outrider first",
            )
    image = str(router.get("image"))
    if wish.plugin == GO_PLUGIN and is_stock(image) and not is_of_aws(image):
        fix = "say --plugin cloudwatch_logs"
        yield UserError(f"the image {image} of '{router['name']}' does not have the plugin cloudwatch", place, fix=fix)
    if wish.keep_streams and wish.plugin != GO_PLUGIN and not _knows_task(router):
        yield UserError(
            f"--keep-stream-names: the router '{router['name']}' does not know the task's id: cloudwatch_logs takes it "
            "from ECS_TASK_ID, which Outrider's router sets, and AWS's image where its tag begins with init-",
            place,
            fix="say --plugin cloudwatch, or give the router another image",
        )


def _knows_task(router: Container) -> bool:
    image = str(router.get("image"))
    if is_of_aws(image):
        return is_init(image) and not router.get("entryPoint")
    return not is_stock(image)


def _check_secrets(source: TaskSource) -> Iterator[UserError]:
    for index, container in enumerate(source.task["containerDefinitions"]):
        log = container.get("logConfiguration") or {}
        if log.get("secretOptions") and log["logDriver"] not in (DRIVER, "awslogs"):
            yield UserError(
                f"container '{container['name']}' has secretOptions for {log['logDriver']}: ECS hands them to the log "
                "router, which has no output for them, and the task does not start",
                source.place((*CONTAINERS, index, "logConfiguration", "secretOptions")),
                fix="move this container to another task, or its logs to an output of the router",
            )
