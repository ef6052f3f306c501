"""What CloudFormation converts in a template."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from tests.unit.taskdef.mutations import mutated

from outrider.taskdef.conversions import converted
from outrider.taskdef.shape import UNKNOWN
from outrider.taskdef.templates import tasks_in


def test_each_member_gets_its_type() -> None:
    task = {
        "family": 17,
        "cpu": 256,
        "memory": "1GB",
        "containerDefinitions": [
            {
                "name": "a",
                "cpu": "10",
                "memory": "512",
                "essential": "false",
                "command": [10000, True, "x"],
                "environment": [{"name": "PORT", "value": 80}],
                "portMappings": [{"containerPort": "80", "protocol": "tcp"}],
                "logConfiguration": {"logDriver": "awsfirelens", "options": {"Port": 443, "tls": True, "size": 1.5}},
                "dockerLabels": {"essential": False, "timeout": 3},
                "healthCheck": {"command": ["CMD"], "retries": "many"},
            }
        ],
    }
    assert converted(task) == {
        "family": "17",
        "cpu": "256",
        "memory": "1GB",
        "containerDefinitions": [
            {
                "name": "a",
                "cpu": 10,
                "memory": 512,
                "essential": False,
                "command": ["10000", "true", "x"],
                "environment": [{"name": "PORT", "value": "80"}],
                "portMappings": [{"containerPort": 80, "protocol": "tcp"}],
                "logConfiguration": {
                    "logDriver": "awsfirelens",
                    "options": {"Port": "443", "tls": "true", "size": "1.5"},
                },
                "dockerLabels": {"essential": "false", "timeout": "3"},
                "healthCheck": {"command": ["CMD"], "retries": "many"},
            }
        ],
    }


def test_a_template_without_quotes_is_read() -> None:
    """As the documents of log services have it."""
    text = """
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Cpu: 256
      Memory: 1GB
      ContainerDefinitions:
        - Name: web
          Image: tomcat:10
          Command: [10000, 0]
          LogConfiguration: {LogDriver: awsfirelens, Options: {Name: opensearch, Port: 443, workers: 2, tls: true}}
        - Name: log_router
          Image: amazon/aws-for-fluent-bit:stable
          FirelensConfiguration: {Type: fluentbit, Options: {enable-ecs-log-metadata: true}}
          MemoryReservation: '50'
"""
    (source,) = tasks_in(text, "template.yaml")
    web, router = source.task["containerDefinitions"]
    assert web["command"] == ["10000", "0"]
    assert web["logConfiguration"]["options"] == {
        "Name": "opensearch",
        "Port": "443",
        "workers": "2",
        "tls": "true",
    }
    assert router["firelensConfiguration"]["options"] == {"enable-ecs-log-metadata": "true"}
    assert (source.task["cpu"], router["memoryReservation"]) == ("256", 50)
    assert source.task["family"] is UNKNOWN


@given(mutated())
def test_everything_is_taken_once(task: dict[str, Any]) -> None:
    once = converted(task)
    assert converted(once) == once
