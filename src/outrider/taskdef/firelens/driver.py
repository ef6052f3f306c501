"""What ECS gives Docker and an application container that logs through ``awsfirelens``.

Source: amazon-ecs-agent ``docker_task_engine.go`` (getFirelensLogConfig, agent 1.93), moby's fluentd driver.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from outrider.model.errors import LocalError
from outrider.taskdef.firelens.options import BUFFER_LIMIT
from outrider.taskdef.firelens.runtime import task_id

HOST_DATA_DIR = "/var/lib/ecs"
_ASYNC_SINCE = (20, 10)


def task_directory(task_arn: str, host_data_dir: str = HOST_DATA_DIR) -> str:
    """The folder on the host that holds ``config/`` and ``socket/`` of a task."""
    return f"{host_data_dir}/data/firelens/{task_id(task_arn)}"


def driver_options(
    container_name: str,
    task_arn: str,
    log_options: Mapping[str, str],
    *,
    host_data_dir: str = HOST_DATA_DIR,
    docker_version: str = "",
    asynchronous: bool = True,
) -> dict[str, str]:
    """The options of Docker's ``fluentd`` driver for one container, complete.

    ``log_options`` are the container's own, of which only log-driver-buffer-limit goes to the driver.
    ``docker_version`` is the server's; one that cannot be read counts as new.
    """
    options = {
        "tag": f"{container_name}-firelens-{task_id(task_arn)}",
        "fluentd-address": f"unix://{task_directory(task_arn, host_data_dir)}/socket/fluent.sock",
        "fluentd-sub-second-precision": "true",
        _async_key(docker_version): "true" if asynchronous else "false",
    }
    if BUFFER_LIMIT in log_options:
        options["fluentd-buffer-limit"] = log_options[BUFFER_LIMIT]
    return options


def _async_key(docker_version: str) -> str:
    found = re.match(r"(\d{1,6})\.(\d{1,6})", docker_version)
    old = found is not None and (int(found[1]), int(found[2])) < _ASYNC_SINCE
    return "fluentd-async-connect" if old else "fluentd-async"


def container_environment(network_mode: str, router_ip: str | None = None) -> dict[str, str]:
    """The variables that tell an application where to send records itself; none without a network of the task's own.

    ``router_ip`` is the router's address on the bridge; LocalError if it is needed and not known.
    """
    if network_mode == "awsvpc":
        return {"FLUENT_HOST": "127.0.0.1", "FLUENT_PORT": "24224"}
    if network_mode not in ("", "bridge", "default"):
        return {}
    if not router_ip:
        raise LocalError("unable to get BridgeIP for task in bridge mode: the router has no address yet")
    return {"FLUENT_HOST": router_ip, "FLUENT_PORT": "24224"}
