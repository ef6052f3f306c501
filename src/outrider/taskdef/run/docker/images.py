"""Where the image of a container comes from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from outrider.model.errors import LocalError
from outrider.taskdef.run.docker import busybox
from outrider.taskdef.run.docker.engine import Engine, EngineError

PULL_SECONDS = 120.0
"""How long an image may take to come."""
_BUSYBOX_SECONDS = 10.0  # the machine's own is ready, so a slow registry is not worth waiting for
_LOAD_SECONDS = 60.0


async def local_image(engine: Engine, name: str, say: Callable[[str], None], pull_seconds: float) -> str:
    """The name of an image on this machine that is ``name`` or stands for it.

    The image itself if it is here; else what the registry has; else, for busybox, one made of the machine's own.
    ``say`` gets what a user should know; ``pull_seconds`` bounds the wait for the registry. Raises LocalError.
    """
    if await engine.has_image(name):
        return name
    stand_in = f"{busybox.REPOSITORY}:{busybox.TAG}"
    program = busybox.find() if busybox.is_busybox(name) else None
    if program and await engine.has_image(stand_in):
        say(f"image {name}: using {stand_in}, made of {program}")
        return stand_in
    say(f"image {name}: fetching")
    try:
        async with asyncio.timeout(min(_BUSYBOX_SECONDS, pull_seconds) if program else pull_seconds):
            await engine.pull(name)
        return name
    except TimeoutError:
        reason = "it does not come in time"
    except EngineError as error:
        reason = str(error)
    if program is None:
        raise LocalError(f"image {name} is not on this machine and cannot be fetched: {reason}")
    say(f"image {name}: cannot be fetched ({reason}); making {stand_in} of {program}")
    archive = await asyncio.to_thread(busybox.archive, program)
    try:
        async with asyncio.timeout(_LOAD_SECONDS):
            await engine.load(archive, busybox.REPOSITORY, busybox.TAG)
    except TimeoutError:
        raise LocalError(f"Docker has not made {stand_in} after {_LOAD_SECONDS:g} s") from None
    return stand_in
