"""What differs between two task definitions, and what only looks as if it did."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.compare import differences
from outrider.taskdef.compare.form import DEFAULTS, KEYS, SETS

WEB: dict[str, Any] = {
    "family": "web",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE", "EC2"],
    "cpu": ".25 vCPU",
    "memory": "0.5 GB",
    "taskRoleArn": "web-task",
    "tags": [{"key": "team", "value": "a"}, {"key": "stage", "value": "b"}],
    "containerDefinitions": [
        {
            "name": "web",
            "image": "web:1",
            "portMappings": [{"containerPort": 80}, {"containerPort": 443, "protocol": "udp"}],
            "environment": [{"name": "PORT", "value": "80"}, {"name": "MODE", "value": "a"}],
            "secrets": [{"name": "TOKEN", "valueFrom": "arn:aws:ssm:eu-west-1:1:parameter/t"}],
            "command": ["serve", "--quiet"],
            "linuxParameters": {"capabilities": {"add": ["SYS_PTRACE", "NET_ADMIN"]}},
            "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "s3", "bucket": "b"}},
        },
        {"name": "log_router", "image": "fb", "firelensConfiguration": {"type": "fluentbit"}},
    ],
}
DESCRIBED: dict[str, Any] = {
    **WEB,
    "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:3",
    "revision": 3,
    "status": "ACTIVE",
    "registeredBy": "somebody",
    "requiresAttributes": [{"name": "ecs.capability.firelens.fluentbit"}],
    "compatibilities": ["EC2", "FARGATE"],
    "requiresCompatibilities": ["EC2", "FARGATE"],
    "cpu": "256",
    "memory": "512",
    "taskRoleArn": "arn:aws:iam::123456789012:role/web-task",
    "executionRoleArn": None,
    "volumes": [],
    "placementConstraints": [],
    "tags": [{"key": "stage", "value": "b"}, {"key": "aws:ecs:x", "value": "y"}, {"key": "team", "value": "a"}],
    "containerDefinitions": [
        {"name": "log_router", "image": "fb", "firelensConfiguration": {"type": "fluentbit", "options": {}}, "cpu": 0},
        {
            **WEB["containerDefinitions"][0],
            "cpu": 0,
            "essential": True,
            "mountPoints": [],
            "systemControls": [],
            "environment": [{"name": "MODE", "value": "a"}, {"name": "PORT", "value": "80"}],
            "portMappings": [
                {"containerPort": 443, "hostPort": 443, "protocol": "udp"},
                {"containerPort": 80, "hostPort": 80, "protocol": "tcp"},
            ],
            "linuxParameters": {"capabilities": {"add": ["NET_ADMIN", "SYS_PTRACE"], "drop": []}},
        },
    ],
}


def changed(edit: Any) -> list[str]:
    """What is said of the definition after an edit of its copy."""
    new = copy.deepcopy(WEB)
    edit(new, new["containerDefinitions"][0])
    return [str(found) for found in differences(WEB, new)]


def test_what_ecs_makes_of_a_definition_is_no_difference() -> None:
    assert differences(WEB, DESCRIBED) == []
    assert differences(DESCRIBED, WEB) == []


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda t, c: c.update(image="web:2"), '~ containerDefinitions[web].image: "web:1" → "web:2"'),
        (lambda t, c: c.update(essential=False), "~ containerDefinitions[web].essential: true → false"),
        (lambda t, c: c.update(memory=64), "+ containerDefinitions[web].memory: 64"),
        (lambda t, c: t.update(networkMode=None), '~ networkMode: "awsvpc" → "bridge"'),
        (lambda t, c: t.pop("taskRoleArn"), '- taskRoleArn: "web-task"'),
        (
            lambda t, c: c.update(command=["--quiet", "serve"]),
            '~ containerDefinitions[web].command: ["serve", "--quiet"] → ["--quiet", "serve"]',
        ),
        (
            lambda t, c: c["environment"].append({"name": "MORE", "value": ""}),
            '+ containerDefinitions[web].environment[MORE].value: ""',
        ),
        (
            lambda t, c: c["portMappings"].append({"containerPort": 80, "protocol": "udp"}),
            "+ containerDefinitions[web].portMappings[80/udp].hostPort: 80",
        ),
        (
            lambda t, c: c["secrets"].pop(),
            '- containerDefinitions[web].secrets[TOKEN].valueFrom: "arn:aws:ssm:eu-west-1:1:parameter/t"',
        ),
        (
            lambda t, c: t["containerDefinitions"].append({"name": "agent", "essential": True}),
            '+ containerDefinitions[agent].name: "agent"',
        ),
        (
            lambda t, c: t["requiresCompatibilities"].pop(),
            '~ requiresCompatibilities: ["EC2", "FARGATE"] → ["FARGATE"]',
        ),
        (
            lambda t, c: c["logConfiguration"]["options"].update(region="x"),
            '+ containerDefinitions[web].logConfiguration.options.region: "x"',
        ),
        (lambda t, c: c.update(cpu=True), "~ containerDefinitions[web].cpu: 0 → true"),
        (lambda t, c: t.update(cpu=512), '~ cpu: "256" → "512"'),
        (lambda t, c: t["tags"].pop(), '- tags[stage].value: "b"'),
    ],
)
def test_what_differs(edit: Any, said: str) -> None:
    found = changed(edit)
    assert said in found
    if "networkMode" not in said:  # which changes the ports of the host too
        assert found == [said]


def test_tags_that_one_side_does_not_tell_are_not_compared() -> None:
    assert changed(lambda t, c: t.pop("tags")) == []


def test_a_bridged_port_is_any_port_of_the_host() -> None:
    def bridged(**more: int) -> dict[str, Any]:
        mapping = {"containerPort": 80, **more}
        return {"containerDefinitions": [{"name": "web", "portMappings": [mapping]}]}

    assert differences(bridged(), bridged(hostPort=0)) == []
    assert len(differences(bridged(), bridged(hostPort=80))) == 1


@pytest.mark.parametrize(
    ("where", "secret"),
    [
        ("environment", {"name": "KEY", "value": "hunter2"}),
        ("environment", {"name": "DB_PASSWORD", "value": "hunter2"}),
        ("environment", {"name": "DATABASE_URL", "value": "postgres://web:hunter2@db/web"}),
        ("options", {"Name": "splunk", "splunk_token": "hunter2"}),
        ("options", {"Name": "loki", "http_passwd": "hunter2"}),
        ("options", {"Name": "datadog", "apikey": "hunter2"}),
        ("options", {"Name": "http", "header": "Authorization Bearer hunter2"}),
        ("environment", {"name": "CONFIG", "value": '{"user": "web", "password": "hunter2"}'}),
        ("environment", {"name": "WHO", "value": "ghp_hunter2hunter2hunter2hunter2hunter2hunter2"}),
        ("environment", {"name": "CONFIG", "value": "host=db;Password=hunter2;port=1"}),
        ("command", ["--password", "hunter2"]),
        ("command", ["--password=hunter2"]),
        ("command", ["sh", "-c", "TOKEN=hunter2 serve"]),
        ("command", ["-p", "http_passwd=hunter2"]),
    ],
)
def test_secrets_are_not_told(where: str, secret: Any) -> None:
    def edit(_task: dict[str, Any], container: dict[str, Any]) -> None:
        if where == "environment":
            container["environment"].append(secret)
        elif where == "options":
            container["logConfiguration"]["options"] = secret
        else:
            container["command"] = secret

    said = "\n".join(changed(edit))
    assert "***" in said
    assert "hunter2" not in said


NAMES = st.sampled_from(["PASSWORD", "db_passwd", "MY_SECRET", "TOKEN", "API_KEY", "apikey", "CLIENT-CREDENTIALS"])
SECRETS = st.text("0123456789xyz", min_size=8)


@given(NAMES, SECRETS, SECRETS, st.sampled_from(["environment", "options", "pair", "flag"]))
def test_no_secret_is_told(name: str, old: str, new: str, where: str) -> None:
    def secret(text: str) -> dict[str, Any]:
        found: dict[str, Any] = {
            "environment": {"environment": [{"name": name, "value": text}]},
            "options": {"logConfiguration": {"logDriver": "splunk", "options": {f"my_{name}": text}}},
            "pair": {"command": [f"{name}={text}"]},
            "flag": {"command": [f"--{name}", text]},
        }[where]
        return {"containerDefinitions": [{"name": "web", **found}]}

    said = "".join(map(str, differences(secret(old), secret(new))))
    assert ("***" in said) == (old != new)
    assert old not in said
    assert new not in said


@pytest.mark.parametrize(
    "shown",
    [
        {"image": "registry:5000/token-service:1.2"},
        {"repositoryCredentials": {"credentialsParameter": "arn:aws:secretsmanager:eu-west-1:1:secret:pull-AbCdEf"}},
        {"secrets": [{"name": "TOKEN", "valueFrom": "arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf:password::"}]},
    ],
)
def test_what_names_a_secret_is_told(shown: dict[str, Any]) -> None:
    (said,) = changed(lambda t, c: c.update(shown))
    assert "***" not in said


def test_what_only_sounds_like_a_secret_is_told() -> None:
    assert changed(lambda t, c: c["logConfiguration"]["options"].update(log_key="log")) == [
        '+ containerDefinitions[web].logConfiguration.options.log_key: "log"'
    ]


def shuffled(data: st.DataObject, value: Any, member: str = "") -> Any:
    """The same definition in another order, defaults written or left out."""
    if isinstance(value, list):
        items = [shuffled(data, item, member) for item in value]
        return data.draw(st.permutations(items)) if member in KEYS or member in SETS else items
    if not isinstance(value, dict):
        return value
    found = {key: shuffled(data, item, key) for key, item in value.items()}
    for key, default in DEFAULTS.get(member, {}).items():
        if key not in found and data.draw(st.booleans()):
            found[key] = default
        elif key in found and found[key] == default and data.draw(st.booleans()):
            del found[key]
    return dict(data.draw(st.permutations(list(found.items()))))


@given(st.data())
def test_order_and_defaults_do_not_count(data: st.DataObject) -> None:
    assert differences(WEB, shuffled(data, WEB)) == []
    assert differences(shuffled(data, DESCRIBED), WEB) == []


MEMBERS = st.sampled_from([*KEYS, *SETS, *filter(None, DEFAULTS), "cpu", "name", "value", "options", "Name", "Name2"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=3),
    max_leaves=8,
)
TASKS = st.builds(
    lambda more, containers: {
        **more,
        "containerDefinitions": [{**item, "name": f"c{n}"} for n, item in enumerate(containers)],
    },
    st.dictionaries(MEMBERS, VALUES, max_size=4),
    st.lists(st.dictionaries(MEMBERS, VALUES, max_size=4), min_size=1, max_size=3),
)


@given(TASKS, TASKS)
def test_any_two_definitions(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Nothing is raised, nothing differs from itself, and looking from the other side swaps old and new."""
    before = json.dumps([old, new])
    assert differences(old, old) == []
    there, back = differences(old, new), differences(new, old)
    assert sorted((found.path, repr(found.old), repr(found.new)) for found in there) == sorted(
        (found.path, repr(found.new), repr(found.old)) for found in back
    )
    assert json.dumps([old, new]) == before
