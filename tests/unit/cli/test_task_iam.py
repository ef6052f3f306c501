"""``outrider task iam`` as a command: what is printed where, and the status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from outrider.cli import task
from outrider.model.errors import UserError

Run = Callable[..., Result]
ARN = "arn:aws:logs:eu-west-1:123456789012:log-group"
TASK: dict[str, Any] = {
    "family": "f",
    "taskRoleArn": "arn:aws:iam::123456789012:role/path/app",
    "executionRoleArn": "arn:aws:iam::123456789012:role/start",
    "containerDefinitions": [
        {"name": "router", "image": "i", "firelensConfiguration": {"type": "fluentbit"}},
        {
            "name": "web",
            "image": "i",
            "secrets": [{"name": "S", "valueFrom": "/s"}],
            "logConfiguration": {
                "logDriver": "awsfirelens",
                "options": {
                    "Name": "cloudwatch_logs",
                    "region": "eu-west-1",
                    "log_group_name": "g",
                    "log_stream_name": "s",
                    "auto_create_group": "true",
                },
            },
        },
    ],
}


@pytest.fixture
def outrider() -> Run:
    app = typer.Typer()
    task.register(app)
    return lambda *words, **options: CliRunner().invoke(app, ["task", "iam", *map(str, words)], **options)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "task.json"
    path.write_text(json.dumps(TASK, indent=2))
    return path


def policy_file(folder: Path, name: str, *statements: dict[str, Any], role: str = "") -> Path:
    document: dict[str, Any] = {"Version": "2012-10-17", "Statement": list(statements)}
    path = folder / name
    path.write_text(json.dumps({"RoleName": role, "PolicyDocument": document} if role else document, indent=2))
    return path


def test_policies_and_reasons(outrider: Run, file: Path) -> None:
    done = outrider(file)
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert [statement["Sid"] for statement in found["task"]["Statement"]] == ["CreateLogGroups", "WriteLogStreams"]
    assert found["execution"]["Statement"][0]["Resource"] == "arn:aws:ssm:eu-west-1:123456789012:parameter/s"
    line = f"{file}:28:30: task role: logs:CreateLogStream, logs:PutLogEvents on {ARN}:g:log-stream:s"
    assert f"{line} (container 'web', output cloudwatch_logs, option log_stream_name)" in done.stderr
    assert all(line.startswith(f"{file}:") for line in done.stderr.splitlines())


def test_one_role_alone(outrider: Run, file: Path) -> None:
    done = outrider("-", "--role", "execution", input=file.read_text())
    assert json.loads(done.stdout)["Statement"][0]["Sid"] == "ReadParameters"
    assert "task role" not in done.stderr
    assert "standard input:19:24: execution role: ssm:GetParameters" in done.stderr


def test_a_configuration_and_ecs_exec(outrider: Run, file: Path, tmp_path: Path) -> None:
    (tmp_path / "extra.conf").write_text("[OUTPUT]\n    Name s3\n    Match *\n    bucket b\n")
    done = outrider(file, "--config", tmp_path / "extra.conf", "--execute-command", "--role", "task")
    sids = [statement["Sid"] for statement in json.loads(done.stdout)["Statement"]]
    assert sids[-2:] == ["PutObjects", "ExecuteCommand"]
    assert f"{tmp_path}/extra.conf:4:12: task role: s3:PutObject" in done.stderr


def test_ecs_exec_beside_the_task_definition(outrider: Run) -> None:
    done = outrider("-", input=json.dumps({"enableExecuteCommand": True, "taskDefinition": TASK}))
    assert json.loads(done.stdout)["task"]["Statement"][-1]["Sid"] == "ExecuteCommand"
    assert "standard input:1:26: task role: ssmmessages:" in done.stderr


def test_nothing_is_needed(outrider: Run) -> None:
    done = outrider("-", input='{"containerDefinitions": [{"name": "a", "image": "i"}]}')
    assert json.loads(done.stdout) == {}
    assert "needs rights" in done.stderr


def test_difference(outrider: Run, file: Path, tmp_path: Path) -> None:
    statement = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
    there = policy_file(tmp_path, "p.json", statement)
    done = outrider(file, "--diff", there)
    assert done.exit_code == 1
    missing, wide = done.stdout.splitlines()
    option = "container 'web', output cloudwatch_logs, option auto_create_group"
    assert missing == f"{file}:29:32: the task role lacks logs:CreateLogGroup on {ARN}:g:* ({option})"
    assert wide.startswith(f"{there}:4:5: too much for the task role: statement 1 allows logs:CreateLogStream")
    assert "the execution role is not compared" in done.stderr


def test_difference_of_both_roles_by_name(outrider: Run, file: Path, tmp_path: Path) -> None:
    logs = {"Effect": "Allow", "Action": "logs:*", "Resource": f"{ARN}:g:*"}
    secrets = {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "arn:aws:ssm:*:*:parameter/s"}
    app = policy_file(tmp_path, "a.json", logs, role="app")
    start = policy_file(tmp_path, "s.json", secrets, role="start")
    done = outrider(file, "--diff", app, "--diff", start)
    assert done.exit_code == 0
    assert "lacks" not in done.stdout
    assert "for the task role: statement 1 allows logs:*" in done.stdout
    done = outrider(file, "--diff", f"execution={app}")
    assert "the execution role lacks ssm:GetParameters" in done.stdout


def test_one_role_that_is_both(outrider: Run, tmp_path: Path) -> None:
    both = {**TASK, "executionRoleArn": TASK["taskRoleArn"]}
    done = outrider("-", "--diff", policy_file(tmp_path, "p.json"), input=json.dumps(both))
    assert "the task role and execution role lacks ssm:GetParameters" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--role", "tsak"], "did you mean 'task'"),
        (["--role", "task", "--diff", "x"], "--role is for what is printed"),
        (["--account", "12"], "--account '12' is not 12 digits; fix: write 12 digits"),
        (["--region", "here"], "--region 'here' is not a region such as eu-west-1"),
        (["--partition", "x"], "--partition 'x' is not aws, aws-cn or aws-us-gov"),
        (["--kms-key", "alias/x"], "--kms-key 'alias/x' is not arn:aws:kms:REGION:ACCOUNT:key/ID"),
        (["--resource", "X"], "--resource X: this file has one task definition; fix: leave --resource out"),
        (["--diff", "/no/such"], "cannot read /no/such"),
        (["--config", "/no/such.conf"], "/no/such.conf"),
    ],
)
def test_wrong_arguments(outrider: Run, file: Path, words: list[str], message: str) -> None:
    error = outrider(file, *words).exception
    assert isinstance(error, UserError)
    assert message in str(error)


def test_a_policy_of_a_stranger(outrider: Run, file: Path, tmp_path: Path) -> None:
    error = outrider(file, "--diff", policy_file(tmp_path, "p.json", role="other")).exception
    assert isinstance(error, UserError)
    assert "say whose it is, such as --diff task=" in str(error)


def test_a_template(outrider: Run) -> None:
    image = {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.x"}
    secret = {"Name": "S", "ValueFrom": {"Ref": "Secret"}}
    properties = {"ContainerDefinitions": [{"Name": "a", "Image": image, "Secrets": [secret]}]}
    resource = {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}
    one, two = ({"Resources": names} for names in ({"A": resource}, {"A": resource, "B": resource}))
    done = outrider("-", input=json.dumps(one))
    assert done.stderr.count("only the deployment knows the value") == 2
    assert "give --resource" in str(outrider("-", input=json.dumps(two)).exception)
    assert outrider("-", "--resource", "B", input=json.dumps(two)).exit_code == 0
