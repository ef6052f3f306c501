"""What ECS generates around FireLens, as pure functions of a task definition.

``render``      the router's configuration file, byte for byte
``driver``      the log driver options and the environment of an application container
``files``       the router's mounts, the owner of its socket directory
``order``       the start order that ECS adds
``options``     what the options of a container and of the router mean; secrets
``runtime``     what is known of a task only when it runs
``generator``   the text generator underneath, for both configuration languages

Source: the ECS agent (amazon-ecs-agent ``agent/taskresource/firelens``, ``agent/api/task/task.go``,
``agent/engine/docker_task_engine.go``) and its configuration generator; errors use their words.
The agent iterates maps, so its order between containers is random; here it is that of the task definition.
"""

from outrider.taskdef.firelens.driver import container_environment, driver_options
from outrider.taskdef.firelens.files import SocketOwner, binds, config_path, socket_owner
from outrider.taskdef.firelens.options import router_environment, router_secrets
from outrider.taskdef.firelens.order import dependencies
from outrider.taskdef.firelens.render import find_router, network_mode, render
from outrider.taskdef.firelens.runtime import Runtime

__all__ = [
    "Runtime",
    "SocketOwner",
    "binds",
    "config_path",
    "container_environment",
    "dependencies",
    "driver_options",
    "find_router",
    "network_mode",
    "render",
    "router_environment",
    "router_secrets",
    "socket_owner",
]
