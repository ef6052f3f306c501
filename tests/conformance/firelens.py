"""Checks of the recorded FireLens cases: what ECS generates around a log router."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from outrider.model.errors import UserError
from outrider.taskdef import firelens
from outrider.taskdef.firelens.generator import Configuration, Grep, Plugin
from outrider.taskdef.shape import check_shape

Case = dict[str, Any]
_AGENT_GID = 987


def _differs(what: str, expected: object, got: object) -> str | None:
    return None if expected == got else f"{what}: expected {expected!r}, got {got!r}"


def _runtime(case: Case) -> firelens.Runtime:
    return firelens.Runtime(**case["input"]["runtime"])


def check_config(case: Case) -> str | None:
    task = case["input"]["task_definition"]
    wrong = _differs("configuration", case["expected_config"], firelens.render(task, _runtime(case)))
    if wrong or "expected_router_env" not in case:
        return wrong
    return _differs("router environment", list(case["expected_router_env"]), list(firelens.router_secrets(task)))


def check_error(case: Case) -> str | None:
    try:
        if "user" in case["input"]:
            firelens.socket_owner(case["input"]["user"], _AGENT_GID)
        else:
            firelens.render(case["input"]["task_definition"], _runtime(case))
    except UserError as error:
        expected = case["expected_error_contains"]
        return None if expected in str(error) else f"expected an error that says {expected!r}, got {str(error)!r}"
    return f"expected the error {case['expected_error_contains']!r}, got none"


def check_driver_options(case: Case) -> str | None:
    given = case["input"]
    got = firelens.driver_options(
        given["container_name"],
        given["task_arn"],
        given["log_options"],
        host_data_dir=given["host_data_dir"],
        docker_version=given["docker_server_version"],
        asynchronous=given["firelens_async_enabled"],
    )
    environment = firelens.container_environment(given["network_mode"], given["router_bridge_ip"])
    return _differs("driver options", case["expected_driver_options"], got) or _differs(
        "container environment", case["expected_container_env"], environment
    )


def check_socket_owner(case: Case) -> str | None:
    owner = firelens.socket_owner(case["input"]["user"], _AGENT_GID)
    expected = case["expected_owner"]
    if expected is not None:
        expected = tuple(_AGENT_GID if part == "agent-gid" else part for part in expected)
    return _differs("owner", expected, owner)


def check_binds(case: Case) -> str | None:
    given = case["input"]
    got = firelens.binds(given["type"], given["options"], given["task_id"], given["host_data_dir"])
    return _differs("mounts", case["expected_binds"], got)


def check_dependency(case: Case) -> str | None:
    given = case["input"]
    router = {"name": "log_router", "firelensConfiguration": {"type": "fluentbit"}}
    app = {"name": "app", "logConfiguration": {"logDriver": "awsfirelens"}}
    task = check_shape(
        {
            "containerDefinitions": [
                router | {"dependsOn": given["router_dependsOn"]},
                app | {"dependsOn": given["app_dependsOn"]},
            ]
        }
    )
    return _differs("dependsOn", case["expected_app_dependsOn"], firelens.dependencies(task)["app"])


def check_generator(case: Case) -> str | None:
    model = case["input"]["model"]
    configuration = Configuration(
        head=model["head"],
        inputs=[Plugin(*item) for item in model["inputs"]],
        after_inputs=model["after_inputs"],
        include=[Grep(*item) for item in model["include"]],
        exclude=[Grep(*item) for item in model["exclude"]],
        modify=model["modify"],
        after_filters=model["after_filters"],
        outputs=[Plugin(*item) for item in model["outputs"]],
        end=model["end"],
    )
    return _differs("text", case["expected_config"], configuration.text(case["input"]["type"]))


CHECKS: dict[str, Callable[[Case], str | None]] = {
    "config": check_config,
    "error": check_error,
    "driver_options": check_driver_options,
    "socket_owner": check_socket_owner,
    "binds": check_binds,
    "dependency": check_dependency,
    "generator": check_generator,
}
