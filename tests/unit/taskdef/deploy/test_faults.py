"""What AWS says when it refuses a call, in words that tell what to do."""

from __future__ import annotations

import json

import botocore.exceptions
import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import PeerError, UserError, UserErrors
from outrider.taskdef.deploy.faults import Denied, fault, invalid
from outrider.taskdef.shape import nowhere
from outrider.taskdef.source import task_source


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            "User: arn:aws:iam::1:user/ci is not authorized to perform: ecs:RegisterTaskDefinition on resource: * "
            "because no identity-based policy allows the ecs:RegisterTaskDefinition action",
            "user/ci may not ecs:RegisterTaskDefinition on *; fix: allow ecs:RegisterTaskDefinition on * in its policy",
        ),
        (
            "User: arn:aws:sts::1:assumed-role/ci/x is not authorized to perform: iam:PassRole on resource: "
            "arn:aws:iam::1:role/web because no identity-based policy allows the iam:PassRole action",
            "fix: allow iam:PassRole on arn:aws:iam::1:role/web in its policy",
        ),
        (
            "User: x is not authorized to perform: ecs:RegisterTaskDefinition with an explicit deny in an SCP",
            "fix: one of its policies denies ecs:RegisterTaskDefinition",
        ),
        ("Access denied", "this identity may not ecs:RegisterTaskDefinition; fix: allow"),
    ],
)
def test_missing_rights_are_named(message: str, said: str) -> None:
    error = fault("AccessDeniedException", message, 400, "RegisterTaskDefinition")
    assert isinstance(error, Denied)
    assert said in str(error)


@pytest.mark.parametrize(
    ("code", "status", "kind", "said"),
    [
        ("ThrottlingException", 400, PeerError, "Rate"),
        ("ServerException", 500, PeerError, "Rate"),
        ("", 503, PeerError, "Rate"),
        ("ExpiredTokenException", 400, UserError, "aws sso login"),
        ("ClusterNotFoundException", 400, UserError, "check --cluster"),
        ("ServiceNotFoundException", 400, UserError, "check --service"),
        ("ClientException", 400, UserError, "Rate"),
    ],
)
def test_kinds(code: str, status: int, kind: type[Exception], said: str) -> None:
    error = fault(code, "Rate", status, "UpdateService")
    assert type(error) is kind
    assert said in str(error)


def test_what_ecs_refuses_is_explained() -> None:
    words = (
        "When a firelensConfiguration object is specified, at least one container has to be configured with the "
        "awsfirelens log driver."
    )
    error = fault("ClientException", words, 400, "RegisterTaskDefinition")
    assert isinstance(error, UserError)
    assert "nobody logs to it" in str(error)
    assert "logConfiguration" in error.fix


FILE = """{
  "family": "web",
  "networkMod": "awsvpc",
  "containerDefinitions": [
    {
      "name": "web",
      "image": "web:1",
      "cpu": "64",
      "environment": [{"name": "TOKEN", "value": {"secret": "hunter2, type:\\n x"}}],
      "healthCheck": {"interval": 30}
    }
  ]
}"""


def refused(definition: dict[str, object]) -> str:
    """What boto3 says of a definition before it sends it."""
    client = botocore.session.Session().create_client(
        "ecs", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="y"
    )
    with pytest.raises(botocore.exceptions.ParamValidationError) as caught:
        client.register_task_definition(**definition)
    return str(caught.value.kwargs["report"])


def test_what_boto3_does_not_send_is_told_with_places() -> None:
    source = task_source(FILE, "task.json")
    error = invalid(refused(json.loads(FILE)), source.place)
    assert isinstance(error, UserErrors)
    told = str(error).splitlines()
    assert len(told) == 4
    for words in (
        "task.json:3:17: ECS knows no 'networkMod' here; did you mean 'networkMode'?",
        "task.json:8:14: containerDefinitions[0].cpu is a number, this is a string",
        "task.json:9:50: containerDefinitions[0].environment[0].value is a string, this is an object",
        "task.json:10:22: command is missing",
    ):
        assert any(line.startswith(words) for line in told), told
    assert "hunter2" not in str(error)


def test_one_fault() -> None:
    report = refused({"family": "web"})
    assert str(invalid(report, nowhere)).startswith("containerDefinitions is missing")


def test_a_bound_is_told_without_the_value() -> None:
    report = "Invalid length for parameter tags, value: hunter2, valid min length: 1"
    assert str(invalid(report, nowhere)).startswith("Invalid length for parameter tags; fix:")


@given(st.text(), st.text(), st.integers(0, 600), st.text())
def test_any_answer(code: str, message: str, status: int, report: str) -> None:
    assert str(fault(code, message, status, "UpdateService"))
    assert str(invalid(report, nowhere)) or not report.strip()


def test_what_was_asked_for_is_named_with_a_remedy() -> None:
    error = fault("ClientException", "Unable to describe task definition.", 400, "DescribeTaskDefinition", "'nosuch:1'")
    assert str(error).startswith(
        "DescribeTaskDefinition of 'nosuch:1': Unable to describe task definition.; fix: check"
    )
    error = fault("ClusterNotFoundException", "", 400, "DescribeServices", "service 'web' in cluster 'prod'")
    assert str(error).startswith("service 'web' in cluster 'prod': there is no such cluster in this region; fix: check")
