"""``outrider task protect``, ``unprotect`` and ``migrate`` on YAML and templates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outrider.cli import operator

YAML = """\
family: web   # the site
networkMode: awsvpc
containerDefinitions:
- name: web
  image: 'nginx:1.27'
"""
RESOURCE = """\
  {name}:
    Type: AWS::ECS::TaskDefinition
    Properties:
      NetworkMode: awsvpc
      ContainerDefinitions:
        - {{Name: !Ref Name, Image: nginx}}  # one
"""
ONE = "Resources:\n" + RESOURCE.format(name="Web")
TWO = ONE + RESOURCE.format(name="Worker")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command on a text in a file of this name; status, output, what was said."""
    monkeypatch.chdir(tmp_path)

    def run(command: str, text: str, *words: str, name: str = "task.yaml") -> tuple[int, str, str]:
        (tmp_path / name).write_text(text)
        status = operator.main(["task", command, name, *words])
        shown = capsys.readouterr()
        assert "Traceback" not in shown.out + shown.err
        return status, shown.out, shown.err

    return run


def test_yaml_is_protected_in_place_and_taken_back(run: Run, tmp_path: Path) -> None:
    status, out, said = run("protect", YAML, "--in-place")
    assert (status, out) == (0, "")
    assert "aws ecs register-task-definition --cli-input-yaml file://task.yaml" in said
    text = (tmp_path / "task.yaml").read_text()
    waits = "  dependsOn:\n  - containerName: log_router\n    condition: START\n"
    assert text.startswith(YAML + f"  logConfiguration:\n    logDriver: awsfirelens\n{waits}- name: outrider-agent\n")
    assert run("unprotect", text)[:2] == (0, YAML)


def test_the_next_steps_are_those_of_the_file(run: Run) -> None:
    described = "taskDefinition:\n" + "".join(f"  {line}\n" for line in YAML.splitlines())
    said = run("protect", described)[2]
    assert "save the output as protected.yaml" in said
    assert "outrider task deploy protected.yaml --cluster" in said
    assert "jq" not in said
    said = run("protect", ONE, "-o", "out.yaml")[2]
    assert "aws cloudformation deploy --template-file out.yaml --stack-name STACK" in said
    assert "register" not in said.partition("next:")[2]


def test_one_of_several_resources_is_edited(run: Run) -> None:
    status, _, said = run("protect", TWO)
    assert status == 2
    assert "the file has 2 task definitions; allowed: Web, Worker; fix: give --resource" in said
    status, out, said = run("protect", TWO, "--resource", "Worker", "--token-secret", "${Token}")
    assert status == 0
    first, _, second = out.partition("  Worker:\n")
    assert first == ONE
    assert 'ValueFrom: !Sub "${Token}"' in second
    assert "- {Name: !Ref Name, Image: nginx, LogConfiguration: {LogDriver: awsfirelens}}  # one\n" in second
    assert run("unprotect", out, "--resource", "Worker")[1] == TWO
    assert run("migrate", TWO, "--resource", "Other")[0] == 2


def test_secrets_are_looked_at_where_no_template_is(run: Run) -> None:
    status, _, said = run("protect", YAML, "--token-secret", "${Token}", "--agent-image", "${Image}")
    assert status == 2
    assert "--token-secret: '${Token}' names no secret" in said
    assert "--agent-image: '${Image}' is no name of an image" in said


@pytest.mark.parametrize("command", ["protect", "unprotect", "migrate"])
def test_terraform_is_not_edited(run: Run, command: str) -> None:
    text = 'resource "aws_ecs_task_definition" "a" {\n  container_definitions = jsonencode([{name = "a"}])\n}\n'
    status, out, said = run(command, text, name="main.tf")
    assert (status, out) == (2, "")
    assert "main.tf:1:1: Terraform is not edited; fix: give what 'aws ecs describe-task-definition' prints" in said


def test_the_region_of_tests_may_be_that_of_the_stack(run: Run) -> None:
    words = ("--debug", "--region", "${AWS::Region}", "--agent-image", "${Image}", "--router-image", "${Image}")
    status, out, _ = run("protect", ONE, *words)
    assert status == 0
    assert out.count('awslogs-region: !Sub "${AWS::Region}"\n') == 2
    assert out.count('Image: !Sub "${Image}"\n') == 2
    assert run("protect", out, *words)[1] == out
    assert run("protect", out, "--no-debug")[1] == run("protect", ONE, *words[3:])[1]
