"""Security groups that templates declare open the same as those that EC2 describes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import Place, UserError
from outrider.taskdef.lint import RULES, check
from outrider.taskdef.ports import Group, closing, groups_in
from outrider.taskdef.ports.services import groups_of_services
from outrider.taskdef.templates import tasks_in

TERRAFORM = """\
resource "aws_security_group" "task" {
  name = "task"

  ingress {
    protocol    = "TCP"
    from_port   = 1514
    to_port     = "1514"
    cidr_blocks = ["10.0.0.0/8", var.office]
    self        = true
  }

  ingress {
    protocol        = "tcp"
    from_port       = var.port
    to_port         = var.port
    security_groups = [aws_security_group.lb.id]
  }

  dynamic "ingress" {
    for_each = var.more
    content {
      protocol = "-1"
    }
  }

  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.main.id
}

resource "aws_security_group_rule" "all" {
  type              = "ingress"
  security_group_id = aws_security_group.task.id
  protocol          = -1
  from_port         = var.any
  to_port           = var.any
  ipv6_cidr_blocks  = ["::/0"]
}

resource "aws_security_group_rule" "out" {
  type              = "egress"
  security_group_id = aws_security_group.task.id
  protocol          = "-1"
  from_port         = 0
  to_port           = 0
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_vpc_security_group_ingress_rule" "router" {
  security_group_id            = var.group
  ip_protocol                  = "tcp"
  from_port                    = 24224
  to_port                      = 24224
  referenced_security_group_id = aws_security_group.lb.id
}
"""
TEMPLATE = """\
Resources:
  Task:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupName: task
      SecurityGroupIngress:
        - IpProtocol: tcp
          FromPort: "1500"
          ToPort: 1600
          SourceSecurityGroupId: !Ref Clients
        - !If [Wide, {IpProtocol: "-1", CidrIp: 0.0.0.0/0}, !Ref "AWS::NoValue"]
        - IpProtocol: udp
          FromPort: !Ref Port
          ToPort: !Ref Port
          CidrIpv6: ::/0
  Rule:
    Type: AWS::EC2::SecurityGroupIngress
    Properties:
      GroupId: !GetAtt Task.GroupId
      IpProtocol: "-1"
      SourcePrefixListId: pl-1
  Other:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: sg-12, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}
  Bare:
    Type: AWS::EC2::SecurityGroup
"""


def seen(group: Group) -> list[tuple[int, list[str], list[tuple[str, int]]]]:
    """Line, senders and guarded ports of each rule that opens some."""
    return [(rule.place.line, [one.name for one in rule.senders], rule.opens()) for rule in closing(group).open]


ALL = [("tcp", 1514), ("tcp", 24224), ("udp", 1514)]


def test_terraform() -> None:
    task, closed, other = groups_in(TERRAFORM, "main.tf")
    assert (task.id, task.name, task.is_there) == ("aws_security_group.task", "task", False)
    assert seen(task) == [
        (4, ["10.0.0.0/8", "var.office", "aws_security_group.task"], [("tcp", 1514)]),
        (38, ["::/0"], ALL),
    ]
    assert [place.line for place in task.doubts] == [12, 19]
    assert (closed.id, closed.rules, closed.doubts) == ("aws_default_security_group.closed", (), ())
    assert (other.id, seen(other)) == ("var.group", [(56, ["aws_security_group.lb.id"], [("tcp", 24224)])])


def test_cloudformation() -> None:
    task, bare, other = sorted(groups_in(TEMPLATE, "t.yaml"), key=lambda group: -len(group.rules))[:3]
    assert (task.id, task.name, task.is_there) == ("Task", "task", False)
    assert seen(task) == [(7, ["Clients"], [("tcp", 1514)]), (19, ["pl-1"], ALL)]
    assert [place.line for place in task.doubts] == [11, 12]
    assert {bare.id, other.id} == {"Bare", "sg-12"}
    assert seen(bare) == seen(other) == []


def test_a_plan_and_standard_input() -> None:
    values = {"name": "x", "ingress": [{"protocol": "tcp", "from_port": 0, "to_port": 2000, "cidr_blocks": ["::/0"]}]}
    rule = {"security_group_id": None, "ip_protocol": "udp", "from_port": 1514, "to_port": 1514, "cidr_ipv4": "1.2.3.4"}
    resources = [
        {"address": "module.a.aws_security_group.x[0]", "type": "aws_security_group", "values": values},
        {
            "address": "aws_vpc_security_group_ingress_rule.y",
            "type": "aws_vpc_security_group_ingress_rule",
            "values": rule,
        },
    ]
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": resources}}}
    first, second = groups_in(json.dumps(plan), "-")
    assert (first.id, seen(first)) == ("module.a.aws_security_group.x[0]", [(1, ["::/0"], [("tcp", 1514)])])
    assert second.id == "the group of aws_vpc_security_group_ingress_rule.y"
    assert seen(second)[0][2] == [("udp", 1514)]
    assert groups_in(TERRAFORM, "standard input")[0].id == "aws_security_group.task"


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ('resource "aws_vpc" "x" {}\n', "a.tf"),
        ("Resources: {}", "a.yaml"),
        ('{"format_version": "1", "planned_values": {"root_module": {}}}', "a.json"),
    ],
)
def test_a_template_without_groups_is_refused(text: str, file: str) -> None:
    with pytest.raises(UserError, match="no security group"):
        groups_in(text, file)


ports = st.integers(0, 65535)
rules = st.lists(
    st.tuples(st.sampled_from(["tcp", "udp", "6", "17", "-1", "icmp"]), ports, ports, st.just("10.0.0.0/8")), min_size=1
)


@given(rules)
def test_every_form_of_a_group_opens_the_same(given_: list[tuple[str, int, int, str]]) -> None:
    described = [
        {"IpProtocol": p, **({} if p == "-1" else {"FromPort": a, "ToPort": b}), "IpRanges": [{"CidrIp": c}]}
        for p, a, b, c in given_
    ]
    ec2 = {"SecurityGroups": [{"GroupId": "g", "GroupName": "g", "IpPermissions": described}]}
    ingress = [{"IpProtocol": p, "FromPort": a, "ToPort": b, "CidrIp": c} for p, a, b, c in given_]
    template = {
        "Resources": {"g": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"SecurityGroupIngress": ingress}}}
    }
    blocks = "".join(
        f'  ingress {{\n    protocol = "{p}"\n    from_port = {a}\n    to_port = {b}\n    cidr_blocks = ["{c}"]\n  }}\n'
        for p, a, b, c in given_
    )
    texts = [json.dumps(ec2), json.dumps(template), f'resource "aws_security_group" "g" {{\n{blocks}}}\n']
    (expected,), *others = (groups_in(text, "standard input") for text in texts)
    for (group,) in others:
        assert [one[1:] for one in seen(group)] == [one[1:] for one in seen(expected)]
        assert group.doubts == ()


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("tcp"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["IpProtocol", "FromPort", "ToPort", "CidrIp", "Ref", "Fn::If", "GroupId", "GroupName"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(values, values)
def test_odd_templates_are_no_bug(ingress: Any, rule: Any) -> None:
    resources = {
        "A": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"SecurityGroupIngress": ingress, "GroupName": rule}},
        "B": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": rule},
    }
    groups_in(json.dumps({"Resources": resources}), "a.json")


@given(st.text(st.sampled_from('resource "aws_security_group x {}[]=\n:ingress1-'), max_size=80))
def test_any_text_gives_groups_or_a_place(text: str) -> None:
    for file in ("a.tf", "a.yaml"):
        assert place_of_refusal(text, file) != Place("")


def place_of_refusal(text: str, file: str) -> Place | None:
    try:
        groups_in(text, file)
    except UserError as error:
        return error.place or Place("")
    return None


SERVICE = """\
resource "aws_ecs_task_definition" "web" {
  family = "web"
  container_definitions = jsonencode([
    { name = "app", image = "a:1", logConfiguration = { logDriver = "awsfirelens", options = { Name = "null" } } },
    { name = "log_router", image = "b:1", firelensConfiguration = { type = "fluentbit" } },
  ])
}

resource "aws_ecs_service" "web" {
  task_definition = aws_ecs_task_definition.web.arn
  network_configuration {
    security_groups = concat([aws_security_group.task.id], var.more)
  }
}

resource "aws_security_group" "lb" {
  ingress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

"""


def test_services_of_terraform_have_their_groups() -> None:
    assert [group.id for group in groups_of_services(SERVICE + TERRAFORM, "a.tf", "web")] == ["aws_security_group.task"]
    assert groups_of_services(SERVICE + TERRAFORM, "a.tf", "we") == []
    assert groups_of_services(SERVICE, "a.tf", "web") == []


def test_lint_tells_of_them() -> None:
    (task,) = tasks_in(SERVICE + TERRAFORM, "a.tf")
    found = [finding for finding in check(task, RULES) if finding.id == "log-port-open"]
    assert [finding.place.line for finding in found] == [28, 62]
    assert found[0].message == (
        "the security group 'aws_security_group.task' of the task's service lets 10.0.0.0/8, var.office, "
        "aws_security_group.task reach TCP 1514"
    )
    assert not [finding for finding in check(task, RULES, {"log-port-open"}) if finding.id == "log-port-open"]
