"""Where chunks are kept: what [SERVICE] and each input say, put together."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Final, Literal

from outrider.model.errors import Place, UserError
from outrider.pipeline.chunk import SIZE_MAX
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.intake import Spool
from outrider.pipeline.options import InputCore, Property
from outrider.pipeline.service import Service

_REJECTED: Final = "rejected"
_NO_DISKS: Final = (("/", "proc"), ("/", "sys"))


def with_defaults(core: InputCore, service: Service) -> InputCore:
    """An input's keys, with those of the service where it has none of its own."""
    return dataclasses.replace(
        core,
        storage_type=core.storage_type or default_type(service),
        mem_buf_limit=service.mem_buf_limit if core.mem_buf_limit is None else core.mem_buf_limit,
    )


def default_type(service: Service) -> Literal["memory", "filesystem"]:
    """``storage.type`` of inputs that do not say."""
    return service.storage_default_type or (service.storage_type if service.storage_inherit else "") or "memory"


def check_service(service: Service, properties: list[Property]) -> None:
    """Raises UserError for settings that cannot work together."""
    places = {item.key: item.place for item in properties}
    for key, asks in (
        ("storage.default_type", service.storage_default_type == "filesystem"),
        ("storage.type", service.storage_inherit and service.storage_type == "filesystem"),
        ("storage.keep.rejected", service.storage_keep_rejected),
    ):
        if asks and not service.storage_path:
            raise UserError(
                f"service: {key} needs storage.path",
                places.get(key),
                fix="add 'storage.path DIRECTORY' to [SERVICE], on a disk that outlives the process",
            )
    if service.storage_max_chunks_up < 1:
        raise UserError("service: storage.max_chunks_up must be at least 1", places.get("storage.max_chunks_up"))


def look_at_path(service: Service, properties: list[Property], findings: Findings) -> None:
    """Say where ``storage.path`` cannot be made, as far as it can be known without writing anything."""
    if not service.storage_path:
        return
    path = Path(os.path.realpath(service.storage_path))
    place = next((item.place for item in reversed(properties) if item.key == "storage.path"), None)
    said = f"storage.path {service.storage_path} cannot be used"
    there = next(each for each in (path, *path.parents) if each.exists())
    if not there.is_dir():
        findings.error(UserError(f"{said}: '{there}' is not a directory", place, fix="choose another one"))
    elif path.parts[:2] in _NO_DISKS:
        findings.error(UserError(f"{said}: '{there}' is no file system to write to", place, fix="choose another one"))
    elif not os.access(there, os.W_OK | os.X_OK):
        fix = "let the user of the router write there"
        findings.warn(f"{said} by this user, who may not write to '{there}'", place, fix=fix)


def spool(name: str, core: InputCore, service: Service, place: Place | None) -> Spool | None:
    """The spool of an input, or None where there is no storage.path. Raises UserError."""
    made = plain_spool(name, core.storage_type == "filesystem", service, place)
    if made is not None:
        limits = [core.storage_limit_size]
        if made.first and core.storage_pause_on_chunks_overlimit:
            limits.append(service.storage_max_chunks_up * SIZE_MAX)
        made.limit = min(filter(None, limits), default=0)
        made.memory_fallback = core.storage_memory_fallback
    return made


def plain_spool(name: str, first: bool, service: Service, place: Place | None) -> Spool | None:
    """A spool without limits; its directory is made at once where records go there ``first``. Raises UserError."""
    if not service.storage_path:
        return None
    directory = Path(service.storage_path) / name
    if first:
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UserError(
                f"storage.path '{directory}' cannot be used: {error.strerror}", place, fix="choose another one"
            ) from error
    return Spool(directory, service.storage_sync == "full", first)


def memory_limit(core: InputCore, service: Service, sharing: int) -> int:
    """Bytes in memory at which an input spills or pauses; 0: none.

    ``sharing`` inputs that keep chunks on disk share ``storage.max_chunks_up``, where they have no limit of their own.
    """
    if core.mem_buf_limit or core.storage_type != "filesystem":
        return core.mem_buf_limit or 0
    return service.storage_max_chunks_up * SIZE_MAX // max(sharing, 1)


def rejected_directory(service: Service) -> Path | None:
    """Where rejected chunks are kept; None where they are not."""
    if not service.storage_keep_rejected:
        return None
    return Path(service.storage_path) / (service.storage_rejected_path or _REJECTED)
