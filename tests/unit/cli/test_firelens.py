"""``outrider firelens render`` on YAML and templates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outrider.cli import operator

YAML = """\
family: web
networkMode: awsvpc
revision: 7
containerDefinitions:
- name: web
  logConfiguration: {logDriver: awsfirelens, options: {Name: stdout}}
- name: router
  firelensConfiguration: {type: fluentbit}
"""
TEMPLATE = """\
Resources:
  Other: {Type: AWS::ECS::TaskDefinition, Properties: {ContainerDefinitions: [{Name: a}]}}
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      Memory: !Ref Memory
      NetworkMode: awsvpc
      ContainerDefinitions:
        - Name: web
          Image: !Sub "${Image}"
          LogConfiguration: {LogDriver: awsfirelens, Options: {Name: stdout}}
        - Name: router
          FirelensConfiguration: {Type: fluentbit}
"""

Render = Callable[..., tuple[int, str, str]]


@pytest.fixture
def render(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Render:
    """Renders a text; status, output, what was said."""

    def run(text: str, *words: str) -> tuple[int, str, str]:
        path = tmp_path / "task.yaml"
        path.write_text(text)
        status = operator.main(["firelens", "render", str(path), *words])
        shown = capsys.readouterr()
        assert "Traceback" not in shown.out + shown.err
        return status, shown.out, shown.err

    return run


def test_yaml_and_a_resource_of_a_template(render: Render) -> None:
    status, out, said = render(YAML)
    assert (status, said) == (0, "")
    assert "    Record ecs_task_definition web:7\n" in out
    assert render(TEMPLATE, "--resource", "Web", "--revision", "7") == (0, out, "")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Family: web", "Family: !Ref F", ":6:15: the configuration has family in it, which is open here; fix: write"),
        ("      Family: web\n", "", ":6:7: the configuration has family in it"),
        ("{Name: stdout}", "{Name: s3, bucket: !Ref B}", ":12:82: the configuration has bucket in it"),
        ("awsvpc", "!Ref Mode", "depends on networkMode, which is open here"),
        ("", "", "the file has 2 task definitions"),
    ],
)
def test_what_is_in_the_configuration_must_be_known(render: Render, old: str, new: str, said: str) -> None:
    words = ("--resource", "Web") if old else ()
    status, out, error = render(TEMPLATE.replace(old, new, 1) if old else TEMPLATE, *words)
    assert (status, out) == (2, "")
    assert said in error


def test_an_open_value_that_is_not_in_the_configuration_does_not_matter(render: Render) -> None:
    text = TEMPLATE.replace("Family: web", "Family: !Ref F").replace(
        "{Type: fluentbit}", '{Type: fluentbit, Options: {enable-ecs-log-metadata: "false"}}'
    )
    assert render(text, "--resource", "Web")[0] == 0
