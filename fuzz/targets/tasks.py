"""Task definitions in the files where they are kept, as far as what lint says of them."""

from __future__ import annotations

from typing import Final

from fuzz.target import steered, target
from outrider.model.errors import UserError
from outrider.taskdef.lint import RULES, check
from outrider.taskdef.templates import tasks_in

_CONTAINERS: Final = (
    b'[{name = "a", image = "i", logConfiguration = {logDriver = "awsfirelens", options = {Name = "x"}}}]'
)
_HCL: Final = (
    b'resource "aws_ecs_task_definition" "web" {\n  family = "f"\n  container_definitions = jsonencode('
    + _CONTAINERS
    + b')\n  volume {\n    name = "v"\n    host_path = "/x"\n  }\n}\n',
    b'resource "aws_ecs_task_definition" "a" {\n  cpu = 256 # x\n  container_definitions = <<-EOF\n'
    b'    [{"name": "a", "image": "${var.image}", "cpu": ${var.cpu}}]\n    EOF\n}\n',
    b'locals {\n  x = "${join("}", ["%{ if a }b%{ endif ~}"])}" /* y */\n}\nvariable "v" { type = list(string) }\n'
    b'resource "aws_ecs_task_definition" "a" {\n  family = "\\u00e9$${a}"\n  container_definitions ='
    b' "[{\\"name\\": \\"a\\"}]"\n  dynamic "volume" {\n    for_each = [for x in var.y : x if x != null]\n'
    b"    content { name = volume.value }\n  }\n}\n",
    b'resource "aws_ecs_task_definition" "a" {\n  container_definitions = templatefile("${path.module}/t.json", {a = 1}'
    b')\n  requires_compatibilities = ["FARGATE",]\n  tags = { "a" : 1, (b) = 2 }\n}\n',
)
_OTHERS: Final = (
    b"\0Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Family: !Sub '${A}-x'\n"
    b"      ContainerDefinitions:\n        - Name: a\n          Image: !If [a, b, !Ref c]\n"
    b"          Environment: [{Name: A, Value: b}]\n",
    b"\1services:\n  web:\n    image: i:$TAG\n    depends_on: {r: {condition: service_healthy}}\n    ports: ['80:80']\n"
    b"    logging: {driver: awsfirelens, options: {Name: stdout}}\n    deploy: {resources: {limits: {memory: 64M}}}\n"
    b"  r:\n    image: i\n    x-aws-firelens: {type: fluentbit}\n",
    b"\2name: a\ntype: Load Balanced Web Service\nimage: {location: i, port: 80}\ncpu: 256\nmemory: 512\n"
    b"sidecars: {b: {image: j, essential: false}}\nlogging: {destination: {Name: stdout}, configFilePath: /x}\n",
    b'\3{"format_version": "1.0", "planned_values": {"root_module": {"resources": [{"address":'
    b' "aws_ecs_task_definition.a", "type": "aws_ecs_task_definition", "values": {"container_definitions":'
    b' "[{\\"name\\": \\"a\\"}]"}}]}}, "resource_changes": []}',
)
_FILES: Final = ("template.yaml", "compose.yaml", "manifest.yml", "plan.json")


@target("task.hcl", *_HCL, weight=10)
def terraform(data: bytes) -> None:
    """Terraform's language."""
    _look(data, "main.tf")


@target("task.sources", *_OTHERS, weight=10)
def sources(data: bytes) -> None:
    """CloudFormation, Compose, Copilot's manifests, Terraform's plans."""
    way, text = steered(data)
    _look(text, _FILES[way % len(_FILES)])


def _look(data: bytes, file: str) -> None:
    try:
        found = tasks_in(data.decode("utf-8", "replace"), file)
    except UserError as error:
        _told(error)
        return
    for task in found:
        for finding in check(task, RULES):
            assert finding.place.line > 0, finding


def _told(error: UserError) -> None:
    assert error.place is not None, error
    assert str(error)
