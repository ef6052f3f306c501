"""The volumes of a task in Docker: which there are, and that they do not outlive it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from outrider.model.errors import UserError
from outrider.taskdef.run.docker.engine import Engine
from outrider.taskdef.run.identity import Identity
from outrider.taskdef.run.process.child import Guard
from outrider.taskdef.shape import Locate, TaskDefinition, nowhere


@dataclass(frozen=True, slots=True)
class Volume:
    """``source`` is a folder of this machine or the name of a volume in Docker.

    ``create`` is the body of Docker's call that makes it, None for what must be there; ``stays`` says that it is not
    removed with the task.
    """

    source: str
    create: Mapping[str, Any] | None = None
    stays: bool = False


def volumes_of(task: TaskDefinition, identity: Identity) -> dict[str, Volume]:
    """The task's volumes by name. Pure.

    A volume with a host's folder is that folder; Docker's own are as written; every other kind (empty, EFS, FSx, EBS)
    is an empty volume of the task's own.
    """
    found: dict[str, Volume] = {}
    for volume in task.get("volumes") or ():
        name = str(volume.get("name"))
        folder = (volume.get("host") or {}).get("sourcePath")
        wanted = volume.get("dockerVolumeConfiguration") or {}
        shared = wanted.get("scope") == "shared"
        body = {
            "Name": name if shared else f"outrider-{identity.task_id}-{name}",
            "Driver": wanted.get("driver") or "local",
            "DriverOpts": dict(wanted.get("driverOpts") or {}),
            "Labels": dict(wanted.get("labels") or {}) | {"outrider.task": "local"},
        }
        if folder:
            found[name] = Volume(str(folder))
        elif shared and not wanted.get("autoprovision"):
            found[name] = Volume(name, stays=True)
        else:
            found[name] = Volume(str(body["Name"]), body, stays=shared)
    return found


@asynccontextmanager
async def made(
    engine: Engine, guard: Guard, volumes: Mapping[str, Volume], note: Callable[[str], None], locate: Locate = nowhere
) -> AsyncIterator[None]:
    """The volumes are there while the block runs. Raises UserError for one that must be there before and is not."""
    held: list[str] = []
    for place, (name, volume) in enumerate(volumes.items()):
        where = locate(("volumes", place))
        if volume.create is not None:
            if not volume.stays:
                guard.hold("volume", volume.source)
                held.append(volume.source)
            await engine.create_volume(volume.create)
        elif volume.stays and not await engine.has_volume(volume.source):
            raise UserError(f"there is no volume '{name}' in Docker", where, fix=f"docker volume create {name}")
        elif not volume.stays and not await asyncio.to_thread(os.path.exists, volume.source):
            raise UserError(
                f"the volume '{name}' is {volume.source}, which is not on this machine",
                where,
                fix="make this folder, or remove sourcePath: then the volume is an empty one of the task's own",
            )
    try:
        yield
    finally:
        for source in held:
            try:
                await engine.remove_volume(source)
                guard.release("volume", source)
            except Exception as error:  # noqa: BLE001
                note(f"the volume {source} is left to be removed later: {error}")
