"""Task definitions in YAML and in CloudFormation templates: read as ECS spells them, each value with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.taskdef.jsontree import Node
from outrider.taskdef.shape import UNKNOWN, Path
from outrider.taskdef.templates import tasks_in
from outrider.taskdef.yamltree import read_tree

TEMPLATE = """\
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Tag: {Type: String}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub web
      Cpu: 256
      Memory: !Ref Memory
      RequiresCompatibilities: [FARGATE]
      ContainerDefinitions:
        - Name: !Join ["-", [web, blue]]
          Image: !Sub "nginx:${Tag}"
          DockerLabels: {Team: a}
          LogConfiguration:
            LogDriver: awsfirelens
            Options: {Name: s3, Bucket: !Ref Bucket}
        - Fn::If: [Debug, {Name: shell}, !Ref "AWS::NoValue"]
"""

LONG_FORMS = """\
Web:
  Type: AWS::ECS::TaskDefinition
  Properties:
    Memory: {Ref: Memory}
    ContainerDefinitions:
      - Name: web
        Image: {"Fn::Sub": "nginx:${Tag}"}
      - Fn::If: [Debug, {Name: shell}, {Ref: "AWS::NoValue"}]
"""


def test_a_template_reads_as_ecs_spells_it() -> None:
    (found,) = tasks_in(TEMPLATE, "t.yaml")
    assert found.task == {
        "family": "web",
        "cpu": "256",
        "memory": UNKNOWN,
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [
            {
                "name": "web-blue",
                "image": UNKNOWN,
                "dockerLabels": {"Team": "a"},
                "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "s3", "Bucket": UNKNOWN}},
            },
            UNKNOWN,
        ],
    }
    places = {
        ("cpu",): (11, 12),
        ("containerDefinitions", 0, "logConfiguration", "options", "Name"): (20, 29),
        ("containerDefinitions", 0, "dockerLabels", "Team"): (17, 32),
        ("containerDefinitions", 1): (21, 11),
        ("containerDefinitions", 0, "absent"): (15, 11),
    }
    for path, (line, column) in places.items():
        assert (found.place(path).line, found.place(path).column) == (line, column), path


def test_a_json_template_is_edited_in_its_own_spelling() -> None:
    properties = {"Family": "web", "ContainerDefinitions": [{"Name": "web", "Command": ["a"]}]}
    resource = {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}
    text = json.dumps({"Resources": {"A": resource, "B": resource}}, indent=2)
    first, second = tasks_in(text, "t.json")
    edited = first.set(("containerDefinitions", 0), "logConfiguration", {"logDriver": "x", "options": {"aKey": "v"}})
    edited = edited.append(("containerDefinitions",), {"name": "router", "dockerLabels": {"l": "v"}})
    edited = edited.rename(("containerDefinitions", 0), "command", "entryPoint")
    options = ("containerDefinitions", 0, "logConfiguration", "options")
    edited = edited.rename(options, "aKey", "bKey")
    assert edited.task["containerDefinitions"][1] == {"name": "router", "dockerLabels": {"l": "v"}}
    told = json.loads(edited.source.text)["Resources"]
    assert told["A"]["Properties"]["ContainerDefinitions"] == [
        {"Name": "web", "EntryPoint": ["a"], "LogConfiguration": {"LogDriver": "x", "Options": {"bKey": "v"}}},
        {"Name": "router", "DockerLabels": {"l": "v"}},
    ]
    assert told["B"] == json.loads(text)["Resources"]["B"]
    assert second.place(()).line > first.place(()).line


def test_yaml_of_ecs_itself_is_edited() -> None:
    text = "family: web\ncontainerDefinitions:\n- name: web # one\n  essential: yes\n"
    (found,) = tasks_in(text, "t.yml")
    assert found.task["containerDefinitions"] == [{"name": "web", "essential": True}]
    edited = found.set((), "family", "x").append(("containerDefinitions",), {"name": "b", "links": ["c"]})
    assert edited.source.text == text.replace("web", "x", 1) + "- name: b\n  links:\n  - c\n"
    assert edited.rename((), "family", "name").task["name"] == "x"


def test_a_yaml_template_is_edited_in_its_own_spelling() -> None:
    (found,) = tasks_in(TEMPLATE, "t.yaml")
    edited = found.set(("containerDefinitions", 0), "logConfiguration", {"logDriver": "x", "options": {"aKey": "v"}})
    edited = edited.append(("containerDefinitions",), {"name": "router", "dockerLabels": {"l": "v"}})
    before, _, after = TEMPLATE.partition(
        "LogDriver: awsfirelens\n            Options: {Name: s3, Bucket: !Ref Bucket}\n"
    )
    assert edited.source.text == (
        f"{before}LogDriver: x\n            Options:\n              aKey: v\n{after}"
        "        - Name: router\n          DockerLabels:\n            l: v\n"
    )


@pytest.mark.parametrize("text", [TEMPLATE, json.dumps({"Resources": yaml.safe_load(LONG_FORMS)})])
def test_what_functions_give_is_not_edited(text: str) -> None:
    (found,) = tasks_in(text, "t")
    path: Path
    for path, key in [((), "memory"), (("containerDefinitions", 0), "image"), (("containerDefinitions", 1), "cpu")]:
        with pytest.raises(UserError, match=r"^t:[0-9]+:[0-9]+: .*(Ref|Fn::Sub|Fn::If) gives the value"):
            found.set(path, key, "x")
    with pytest.raises(UserError, match="Fn::If gives the value"):
        found.rename(("containerDefinitions", 1), "Fn::If", "x")
    with pytest.raises(UserError, match="Fn::If gives the value"):
        found.append(("containerDefinitions", 1, "command"), "x")
    assert "image" not in found.remove(("containerDefinitions", 0, "image")).task["containerDefinitions"][0]


DOCUMENTS = f"""\
kind: Other
list: [1]
---
# the task
family: web
containerDefinitions: [{{name: web}}]
...
---
{TEMPLATE}"""


def test_documents_go_by_their_families_where_these_differ() -> None:
    one, two = (
        "family: {}\ncontainerDefinitions: [{{name: a}}]\n",
        "taskDefinition: {containerDefinitions: [{name: a}]}\n",
    )
    names = [task.name for task in tasks_in("---\n".join([one.format("a"), one.format("b"), two]), "t.yaml")]
    assert names == ["a", "b", "document 3"]
    names = [task.name for task in tasks_in("---\n".join([one.format("a")] * 2), "t.yaml")]
    assert names == ["document 1", "document 2"]


def test_a_file_of_several_documents_is_edited_in_one() -> None:
    first, second = tasks_in(DOCUMENTS, "t.yaml")
    assert (first.place(()).line, first.name, second.name) == (5, "web", "Web")
    edited = first.set((), "family", "other").append(("containerDefinitions",), {"name": "b"})
    assert edited.source.text == DOCUMENTS.replace("family: web", "family: other").replace(
        "[{name: web}]", "[{name: web}, {name: b}]"
    )
    again = tasks_in(edited.source.text, "t.yaml")[1].set((), "cpu", 512)
    assert again.source.text == edited.source.text.replace("Cpu: 256", "Cpu: 512")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("# only a remark\n", "the file is empty"),
        ("a: b: c\n", "t.yaml:1:5: not YAML: mapping values are not allowed"),
        ("a: 1\nb: 2\na: 3\n", 't.yaml:3:1: not YAML: "a" is written twice in one map, first in line 1'),
        ("a: !Odd x\n", "t.yaml:1:4: not YAML: the tag !Odd is not known here"),
        ("? [a]\n: b\n", "a key must be a text"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "merge keys are not supported"),
        ("a: &x [*x]\n", "levels of nesting"),
        ("- " * 5_000, "not YAML"),
        ("a: 1\n---\nb: 2\n", "none of the file's 2 documents is a task definition"),
        ("a: !!python/object:os.system x\n", "is not known here"),
        ("Resources:\n  B:\n    Type: AWS::S3::Bucket\n", "t.yaml:2:3: the template has no AWS::ECS::TaskDefinition"),
        ("containerDefinitions: 5\n", "containerDefinitions is an array, this is a number"),
        ("x" * 1_100_000, "is longer than"),
    ],
)
def test_what_is_no_task_definition_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        tasks_in(text, "t.yaml")
    assert message in str(caught.value)


def test_aliases_do_not_multiply_without_end() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(UserError, match="more than 100000 values"):
        tasks_in("\n".join(lines), "t.yaml")


words = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029"), max_size=9)
"""The writer does not quote the line ends that are left out."""
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@given(values, st.sampled_from([None, True, False]))
def test_yaml_reads_what_another_writer_wrote(value: Any, flow: bool | None) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    node = read_tree(text, "f")
    assert node.value == value
    check_spans(node, text)


def check_spans(node: Node, text: str) -> None:
    """Each value stands inside the one that holds it, and the values of one holder do not overlap."""
    assert 0 <= node.start <= node.end <= len(text)
    before = node.start
    for start, child in node.children():
        assert before <= start <= child.start
        assert child.end <= node.end
        before = child.end
        check_spans(child, text)


@given(st.text(max_size=60) | st.text("{}[]:-&*!|> \n#a,'\"", max_size=40))
def test_any_text_gives_a_tree_or_an_error_with_a_place(text: str) -> None:
    try:
        node = read_tree(text, "f")
    except UserError as error:
        place = error.place
    else:
        check_spans(node, text)
        return
    assert place is not None
    assert place.line >= 1


VOLUMES = """\
Resources:
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Volumes:
        - Name: data
          EFSVolumeConfiguration:
            FilesystemId: fs-1
            AuthorizationConfig: {IAM: ENABLED}
      ProxyConfiguration: {ContainerName: a, ProxyConfigurationProperties: []}
      ContainerDefinitions: [{Name: a}]
"""


def test_members_that_cloudformation_spells_in_a_way_of_its_own() -> None:
    (found,) = tasks_in(VOLUMES, "t.yaml")
    assert found.task["volumes"] == [
        {
            "name": "data",
            "efsVolumeConfiguration": {"fileSystemId": "fs-1", "authorizationConfig": {"iam": "ENABLED"}},
        }
    ]
    assert found.task["proxyConfiguration"] == {"containerName": "a", "properties": []}
    place = found.place(("volumes", 0, "efsVolumeConfiguration", "authorizationConfig", "iam"))
    assert (place.line, place.column) == (9, 40)
    place = found.place(("proxyConfiguration", "properties"))
    assert place.line == 10
