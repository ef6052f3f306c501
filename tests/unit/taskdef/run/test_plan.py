from typing import Any

import pytest

from outrider.model.errors import Place, UserError
from outrider.taskdef.run.given import Secrets
from outrider.taskdef.run.plan import Role, Wait, plan

FIRELENS = {"logConfiguration": {"logDriver": "awsfirelens"}}


def task(*containers: dict[str, Any]) -> dict[str, Any]:
    return {"family": "f", "networkMode": "awsvpc", "containerDefinitions": list(containers)}


def app(name: str, **members: Any) -> dict[str, Any]:
    return {"name": name, "image": "busybox", **FIRELENS, **members}


def router(**members: Any) -> dict[str, Any]:
    return {"name": "log_router", "firelensConfiguration": {"type": "fluentbit"}, **members}


AGENT = {"name": "outrider-agent", "image": "outrider:latest"}
PROTECTED_ROUTER = router(
    volumesFrom=[{"sourceContainer": "outrider-agent"}],
    dependsOn=[{"containerName": "outrider-agent", "condition": "START"}],
)


def test_agent_then_router_then_applications_as_in_the_file() -> None:
    planned = plan(task(app("web"), app("worker"), PROTECTED_ROUTER, AGENT))
    assert [(p.name, p.role) for p in planned] == [
        ("outrider-agent", Role.AGENT),
        ("log_router", Role.ROUTER),
        ("web", Role.APPLICATION),
        ("worker", Role.APPLICATION),
    ]


def test_dependencies_come_first() -> None:
    waits = [{"containerName": "b", "condition": "SUCCESS"}]
    planned = plan(task(app("a", dependsOn=waits), app("b", essential=False), PROTECTED_ROUTER, AGENT))
    assert [p.name for p in planned] == ["outrider-agent", "log_router", "b", "a"]
    assert planned[3].waits == (Wait("b", "SUCCESS"),)


def test_ecs_lets_applications_wait_for_a_router_that_waits_for_nobody() -> None:
    assert plan(task(app("web"), router()))[1].waits == (Wait("log_router", "START"),)


@pytest.mark.parametrize("name", ["web", "log_router", "outrider-agent"])
@pytest.mark.parametrize("command", [[], ["curl x"]])
def test_a_wrong_health_check_is_refused_with_its_place(name: str, command: list[str]) -> None:
    definition = task(app("web"), PROTECTED_ROUTER, AGENT)
    containers = definition["containerDefinitions"]
    index = [container["name"] for container in containers].index(name)
    containers[index] = {**containers[index], "healthCheck": {"command": command}}
    lines = {("containerDefinitions", index, "healthCheck", "command"): 7}
    with pytest.raises(UserError, match=f"file.json:7: the healthCheck of '{name}' begins with"):
        plan(definition, locate=lambda path: Place("file.json", lines.get(path, 0)))


def test_defaults_are_those_of_ecs() -> None:
    web, brief = plan(task(router(), app("web"), app("brief", essential=False, stopTimeout=5)))[1:]
    assert (web.essential, web.stop_timeout, web.logs_to_router) == (True, 30.0, True)
    assert (brief.essential, brief.stop_timeout) == (False, 5.0)


def test_the_users_variables_win_and_stand_in_for_secrets() -> None:
    container = app(
        "web",
        environment=[{"name": "PORT", "value": "80"}, {"name": "MODE", "value": "x"}],
        secrets=[{"name": "PASSWORD", "valueFrom": "arn:aws:secretsmanager:x"}],
    )
    planned = plan(task(router(), container), {"web": {"PORT": "81", "PASSWORD": "p"}})
    assert planned[1].environment == {"PORT": "81", "MODE": "x", "PASSWORD": "p"}


SECRET = [{"name": "PASSWORD", "valueFrom": "arn:x"}]
LOG_SECRET = {
    "logDriver": "awsfirelens",
    "options": {"Name": "http"},
    "secretOptions": [{"name": "k", "valueFrom": "a"}],
}


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (task(app("web")), "must be configured in one of the containers"),
        (task(router(), app("web", environmentFiles=[{"value": "arn:f", "type": "s3"}])), "--file arn:f=PATH"),
        (task(app("web"), router(), router(name="second")), "'log_router' and 'second' both have one"),
        (task(app("web"), router(firelensConfiguration={"type": "fluentd"})), "is Fluentd"),
        (task(app("web"), router(firelensConfiguration={"type": "fluentbi"})), "did you mean 'fluentbit'"),
        (task(router(), app("web", secrets=SECRET)), "--env web:PASSWORD=VALUE"),
        (task(router(), app("web", logConfiguration=LOG_SECRET)), "--env log_router:k_1=VALUE"),
        (
            task(router(), app("a", dependsOn=[{"containerName": "b", "condition": "START"}])),
            "is no container of this task",
        ),
        (
            task(router(), app("a", dependsOn=[{"containerName": "log_router", "condition": "UP"}])),
            "'UP' is no condition",
        ),
        (
            task(router(), app("a", dependsOn=[{"containerName": "log_router", "condition": "HEALTHY"}])),
            "has no healthCheck",
        ),
        (
            task(
                router(),
                app("db", healthCheck={"command": ["NONE"]}),
                app("a", dependsOn=[{"containerName": "db", "condition": "HEALTHY"}]),
            ),
            "has no healthCheck",
        ),
        (
            task(router(), app("a", dependsOn=[{"containerName": "log_router", "condition": "COMPLETE"}])),
            "with which the task itself ends",
        ),
        (
            task(
                router(),
                app("a", dependsOn=[{"containerName": "b", "condition": "START"}]),
                app("b", dependsOn=[{"containerName": "a", "condition": "START"}]),
            ),
            "'a', 'b' wait for one another",
        ),
    ],
)
def test_what_cannot_run_is_refused_with_a_reason(broken: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as caught:
        plan(broken)
    assert words in str(caught.value)


def test_a_variable_for_nobody_is_refused() -> None:
    with pytest.raises(UserError, match="did you mean 'web'"):
        plan(task(router(), app("web")), {"wep": {"A": "b"}})


def test_an_application_starts_after_the_sidecars_that_do_not_wait_for_it() -> None:
    waits = [
        {"containerName": "outrider-agent", "condition": "START"},
        {"containerName": "init", "condition": "SUCCESS"},
    ]
    late_router = {**PROTECTED_ROUTER, "dependsOn": waits}
    planned = {p.name: p for p in plan(task(app("web"), app("init", essential=False), late_router, AGENT))}
    assert planned["web"].sidecars == ("outrider-agent", "log_router")
    assert planned["init"].sidecars == ("outrider-agent",)
    assert planned["log_router"].sidecars == ()


def test_a_container_whose_volumes_are_mounted_comes_first() -> None:
    mounts = {"volumesFrom": [{"sourceContainer": "files"}]}
    web = {p.name: p for p in plan(task(app("web", **mounts), app("files"), router()))}["web"]
    assert web.waits == (Wait("log_router", "START"), Wait("files", "START"))


def test_a_task_without_a_router_runs_too() -> None:
    waits = [{"containerName": "db", "condition": "START"}]
    planned = plan(task({"name": "web", "dependsOn": waits}, {"name": "db"}, {**AGENT}))
    assert [(p.name, p.role, p.waits) for p in planned] == [
        ("outrider-agent", Role.AGENT, ()),
        ("db", Role.APPLICATION, ()),
        ("web", Role.APPLICATION, (Wait("db", "START"),)),
    ]


def test_who_only_lends_files_to_the_router_is_no_agent() -> None:
    lends = router(volumesFrom=[{"sourceContainer": "files"}])
    launched = {**lends, "entryPoint": ["/var/outrider/lib/fluent-bit/fluent-launch"]}
    roles = [{p.name: p.role for p in plan(task({"name": "files"}, r))}["files"] for r in (lends, launched)]
    assert roles == [Role.APPLICATION, Role.AGENT]


def test_files_and_secrets_that_are_given() -> None:
    container = app(
        "web",
        environmentFiles=[{"value": "arn:1", "type": "s3"}, {"value": "arn:2", "type": "s3"}],
        environment=[{"name": "MODE", "value": "own"}],
        secrets=SECRET,
        logConfiguration=LOG_SECRET,
    )
    files = {"arn:1": {"A": "first", "MODE": "file"}, "arn:2": {"A": "second", "B": "b"}}
    secrets = Secrets({"web:PASSWORD": "hush", "web:k": "hec"})
    planned = {p.name: p for p in plan(task(router(), container), {"web": {"B": "user"}}, secrets=secrets, files=files)}
    assert planned["web"].environment == {"A": "first", "MODE": "own", "B": "user", "PASSWORD": "hush"}
    assert planned["log_router"].environment == {"k_1": "hec"}
    assert planned["web"].log_secrets == {"k": "hec"}
    assert "hush" not in repr(planned)
