"""The exported stacks: cfn-lint, our own lint, the rights of their roles, and the YAML that they are written in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from cfnlint.api import lint
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.export.description import Description
from outrider.export.kinds.cloudformation import KIND
from outrider.export.kinds.cloudformation.blocks import attribute, block, ref, sub
from outrider.taskdef.lint import RULES, check
from outrider.taskdef.ports import closing, groups_in
from outrider.taskdef.templates import tasks_in
from outrider.taskdef.yamltree import read_tree

IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/outrider:1.0"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:outrider-AbCdEf"
DESCRIPTIONS = [
    Description(image="registry.example.com/outrider:1.0"),
    Description(name="shop", image=IMAGE, server="https://logs.example.com", token_secret=SECRET),
    Description(image=IMAGE, token_secret="/shop/token", memory=3000),
    Description(image=IMAGE, token_secret=f"{SECRET[:-7]}:token::"),
]
texts = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=30)
values: st.SearchStrategy[Any] = st.recursive(
    texts | st.booleans() | st.integers(),
    lambda inner: st.dictionaries(texts, inner | st.lists(inner.filter(lambda one: not isinstance(one, list)))),
    max_leaves=20,
)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(texts, values, min_size=1), st.integers(0, 40))
def test_what_is_written_reads_as_it_was(value: dict[str, Any], indent: int) -> None:
    assert read_tree(block(value, indent), "x.yaml").value == value


def test_functions_read_as_cloudformation_s() -> None:
    text = block({"a": ref("B"), "c": [sub("${D}: e"), attribute("F.Arn")]}, 2)
    assert read_tree(text, "x.yaml").value == {
        "a": {"Ref": "B"},
        "c": [{"Fn::Sub": "${D}: e"}, {"Fn::GetAtt": "F.Arn"}],
    }


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=range(len(DESCRIPTIONS)))
def test_cfn_lint_finds_nothing(description: Description) -> None:
    for name, text in KIND.make(description).items():
        assert [str(match) for match in lint(text)] == [], name


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=range(len(DESCRIPTIONS)))
def test_our_lint_finds_nothing(description: Description) -> None:
    """But the note that the router of 'task protect' leaves the pieces of lines above 16 KiB as they are."""
    for name, text in KIND.make(description).items():
        (task,) = tasks_in(text, name)
        assert {finding.id for finding in check(task, RULES)} <= {"long-lines-split"}, name


@pytest.mark.parametrize("name", ["app", "task", "us-east-1", "ecs", "outrider-app"])
def test_names_are_where_they_belong(name: str) -> None:
    made, other = (KIND.make(Description(name=one)) for one in (name, "shop-x-shop"))
    for file in made:
        assert [line for line in made[file].split("\n") if f"Name: /ecs/{name}" in line or f"Family: {name}" in line]
        assert made[file].count("!Ref") == other[file].count("!Ref")
        assert made[file].count("!Sub") == other[file].count("!Sub")


def test_the_default_of_the_server_is_allowed() -> None:
    for name, text in KIND.make(Description(server="https://logs.example.com/")).items():
        tree: Any = read_tree(text, name).value
        server = tree["Parameters"]["Server"]
        assert re.fullmatch(server["AllowedPattern"], server["Default"])


def statements(text: str, role: str) -> dict[str, Any]:
    value: Any = read_tree(text, "x.yaml").value
    (policy,) = value["Resources"][role]["Properties"]["Policies"]
    return {statement["Sid"]: statement["Resource"] for statement in policy["PolicyDocument"]["Statement"]}


def test_the_roles_have_what_the_tasks_need() -> None:
    plain, secret, parameter, _ = (KIND.make(description) for description in DESCRIPTIONS)
    group = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
    token = {"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${JoinToken}"}
    assert statements(plain["fargate.yaml"], "TaskRole") == {
        "WriteLogStreams": {"Fn::Sub": f"{group}${{ApplicationLogGroup}}:log-stream:app/*"}
    }
    for name in plain:
        of_plain = statements(plain[name], "ExecutionRole")
        assert set(of_plain) == {"WriteLogStreams", "ReadParameters"}
        assert of_plain["ReadParameters"] == token
        assert statements(secret[name], "ExecutionRole")["ReadSecrets"] == {"Ref": "JoinToken"}
        assert statements(secret[name], "ExecutionRole")["PullImages"].startswith("arn:aws:ecr:eu-west-1:111122223333:")
        assert statements(parameter[name], "ExecutionRole")["ReadParameters"] == token
        assert "123456789012" not in plain[name]


@pytest.mark.parametrize("description", DESCRIPTIONS, ids=range(len(DESCRIPTIONS)))
def test_the_log_ports_are_closed(description: Description) -> None:
    (group,) = groups_in(KIND.make(description)["fargate.yaml"], "fargate.yaml")
    assert (closing(group).open, group.doubts) == ((), ())
    assert [(rule.protocol, rule.first, rule.last) for rule in group.rules] == [("tcp", 8080, 8080)]
