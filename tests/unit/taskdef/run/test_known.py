"""What must be known of a template's task definition that runs here."""

from __future__ import annotations

import pytest

from outrider.model.errors import UserError, UserErrors
from outrider.taskdef.run.known import known_source
from outrider.taskdef.shape import open_paths
from outrider.taskdef.source import TaskSource
from outrider.taskdef.templates import tasks_in

TEMPLATE = """\
Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Memory: !Ref Memory
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: web
          Image: !Ref Image
          Memory: !Ref Memory
          Environment: [{Name: A, Value: !Ref A}, {Name: B, Value: b}]
          Secrets: [{Name: S, ValueFrom: !Ref Secret}]
          LogConfiguration: {LogDriver: awsfirelens, Options: {Name: stdout}}
        - Name: router
          Image: busybox
          FirelensConfiguration: {Type: fluentbit}
          LogConfiguration: {LogDriver: awslogs, Options: {awslogs-group: !Ref G}}
"""


def source(text: str = TEMPLATE) -> TaskSource:
    (found,) = tasks_in(text, "t.yaml")
    return found


def test_what_the_user_gives_need_not_be_known() -> None:
    found, told = known_source(source(), {"web"}, {"web": {"A": "1"}})
    assert list(open_paths(found.task)) == []
    assert found.task["family"] == "task"
    web, router = found.task["containerDefinitions"]
    assert web["environment"] == [{"name": "A"}, {"name": "B", "value": "b"}]
    assert web["secrets"] == [{"name": "S", "valueFrom": "what is known at deployment"}]
    assert router["logConfiguration"] == {"logDriver": "awslogs", "options": {}}
    assert told == [f"{name} is open here, and left out" for name in ("memory", "containerDefinitions.0.memory")]
    assert found.place(("containerDefinitions", 1)).line == 14


def test_everything_that_is_missing_is_told() -> None:
    with pytest.raises(UserErrors) as caught:
        known_source(source(), (), {})
    assert [str(reason) for reason in caught.value.errors] == [
        "t.yaml:9:18: image is open here, and the run needs it; fix: name a local one: --image web=LOCAL",
        "t.yaml:11:42: value is open here, and the run needs it; fix: give a value to use here: --env web:A=VALUE",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Name: web\n", "Name: !Ref Name\n", "t.yaml:8:17: name is open here"),
        ("Name: stdout", "Name: !Ref Name", "t.yaml:13:70: Name is open here"),
        ("LogDriver: awslogs", "LogDriver: !Ref D", "t.yaml:17:41: logDriver is open here"),
        ("Name: router\n", "Name: router\n          DependsOn: [!Ref N]\n", "t.yaml:15:23: dependsOn is open here"),
        ("        - Name: router", "        - !Ref N\n        - Name: router", "containerDefinitions is open here"),
    ],
)
def test_what_decides_must_be_known(old: str, new: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        known_source(source(TEMPLATE.replace(old, new, 1)), {"web"}, {"web": {"A": "1"}})
    assert said in str(caught.value)


def test_what_is_known_stays() -> None:
    before = source("family: web\ncontainerDefinitions: [{name: a}]\n")
    assert known_source(before, (), {}) == (before, [])


COMPOSE = """\
services:
  web:
    image: busybox
    command: [echo, hello]
    labels: {version: $VERSION}
    stop_grace_period: $GRACE
"""


def test_a_compose_file_runs() -> None:
    found, told = known_source(source(COMPOSE), (), {})
    (web,) = found.task["containerDefinitions"]
    assert list(open_paths(found.task)) == []
    assert (web["name"], web["command"], "essential" in web) == ("web", ["echo", "hello"], False)
    assert "containerDefinitions.0.essential is open here, and left out" in told
