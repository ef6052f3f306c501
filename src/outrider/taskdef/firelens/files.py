"""The router's mounts and the owner of its socket directory.

Source: amazon-ecs-agent ``task.go`` (AddFirelensContainerBindMounts), ``ecs-agent/utils/firelens`` (agent 1.96).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from outrider.model.errors import Place, UserError
from outrider.taskdef.firelens.driver import HOST_DATA_DIR
from outrider.taskdef.firelens.generator import Kind
from outrider.taskdef.firelens.options import EXTERNAL, firelens_kind, router_options

_CONFIG: dict[Kind, str] = {"fluentbit": "/fluent-bit/etc/fluent-bit.conf", "fluentd": "/fluentd/etc/fluent.conf"}


def config_path(kind: Kind) -> str:
    """Where the router finds the generated configuration."""
    return _CONFIG[kind]


def binds(kind: str, options: Mapping[str, str], task_id: str, host_data_dir: str = HOST_DATA_DIR) -> list[str]:
    """Docker's bind mounts of the router in ECS's order: configuration, socket directory, external configuration.

    ``options`` are those of the firelensConfiguration. Raises UserError for a kind or option that ECS refuses.
    """
    known = firelens_kind(kind, words="encounter invalid firelens configuration type")
    folder = f"{host_data_dir}/data/firelens/{task_id}"
    mounts = [f"{folder}/config/fluent.conf:{_CONFIG[known]}", f"{folder}/socket/:/var/run/"]
    if router_options(known, options).from_s3:
        mounts.append(f"{folder}/config/external.conf:{EXTERNAL[known]}")
    return mounts


class SocketOwner(NamedTuple):
    """Numeric owner of the socket directory."""

    uid: int
    gid: int


def socket_owner(user: str | None, agent_gid: int, place: Place | None = None) -> SocketOwner | None:
    """The owner that ECS gives the socket directory for the router's ``user``; None leaves it as it is.

    A group that is not a number becomes that of the agent. Raises UserError for a user that is not a number.
    """
    if not user:
        return None
    uid, *groups = user.split(":")
    if len(groups) > 1:
        raise UserError(f"unable to parse Firelens user: {user}", place, fix="write UID or UID:GID")
    if not _is_number(uid):
        raise UserError(
            f"unable to determine the user ID of Firelens user: {user}",
            place,
            fix="write the numeric user ID: ECS does not look into the image for names",
        )
    gid = int(groups[0]) if groups and _is_number(groups[0]) else agent_gid
    return SocketOwner(int(uid), gid)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10
