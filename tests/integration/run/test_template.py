"""``outrider task run`` on a template: what the user gives stands in for what the template leaves open."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.integration.run.conftest import records

OUTRIDER = (sys.executable, "-c", "from outrider.cli import main; raise SystemExit(main())")
TEMPLATE = """\
Parameters:
  Image: {{Type: String}}
Resources:
  Other: {{Type: AWS::ECS::TaskDefinition, Properties: {{ContainerDefinitions: [{{Name: a}}]}}}}
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      NetworkMode: awsvpc
      Memory: !Ref Memory
      TaskRoleArn: !GetAtt Role.Arn
      ContainerDefinitions:
        - Name: app
          Image: !Ref Image
          EntryPoint: [/bin/sh, -c]
          Command: ["echo hello $WHO; sleep 2"]
          Environment: [{{Name: WHO, Value: !Ref Who}}]
          LogConfiguration: {{LogDriver: awsfirelens}}
        - Name: log_router
          Image: outrider:latest
          FirelensConfiguration: {{Type: fluentbit}}
          EntryPoint: [/var/outrider/lib/fluent-bit/fluent-launch]
          Command: ["--", "-f", "0.2", "-o", file, "-m", "app-firelens-*", "-p", "Path={folder}", "-p", File=out, "-p",
            Format=plain]
"""


def test_a_resource_of_a_template_runs(folder: Path) -> None:
    (folder / "template.yaml").write_text(TEMPLATE.format(folder=folder))
    command = [*OUTRIDER, "task", "run", str(folder / "template.yaml"), "--backend", "process"]
    given = ["--resource", "Web", "--image", "app=busybox", "--env", "app:WHO=you", "--json"]
    done = subprocess.run([*command, *given], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["status"] == 0
    assert "task: memory is open here, and left out" in done.stdout
    assert [record["log"] for record in records(folder / "out")] == ["hello you"]
    assert {record["ecs_task_definition"] for record in records(folder / "out")} == {"task:1"}


def test_what_is_open_is_told_before_anything_runs(folder: Path) -> None:
    (folder / "template.yaml").write_text(TEMPLATE.format(folder=folder))
    command = [*OUTRIDER, "task", "run", str(folder / "template.yaml"), "--resource", "Web"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (2, "")
    assert "template.yaml:13:18: image is open here, and the run needs it; fix: name a local one" in done.stderr
    assert "--env app:WHO=VALUE" in done.stderr
