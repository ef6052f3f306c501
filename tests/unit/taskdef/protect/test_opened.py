"""Task definitions in YAML and in templates: edited as those in JSON, and what a template leaves open."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.taskdef.protect.definitions import OUTRIDER, TASK, examples
from tests.unit.taskdef.test_yamlsource import RANDOM, Writer

from outrider.model.errors import UserError, UserErrors
from outrider.taskdef.protect import (
    C_PLUGIN,
    PROFILES,
    Debugging,
    Migration,
    Wish,
    agent_variables,
    migrate,
    opened,
    protect,
    substituted,
    unprotect,
)
from outrider.taskdef.templates import read_tasks, tasks_in

VALUE = json.loads(TASK)
del VALUE["containerDefinitions"][1]["logConfiguration"]
YAML = """\
# the web task
family: web
networkMode: awsvpc   # Fargate
containerDefinitions:
- name: web
  # no log driver yet
  image: 'nginx'

- {name: worker, links: []}
requiresCompatibilities: [FARGATE]
memory: '1024'
"""
TEMPLATE = """\
Resources:
    Task:
        Type: AWS::ECS::TaskDefinition
        Properties:
            Family: web
            NetworkMode: awsvpc
            Memory: !Ref Memory
            ContainerDefinitions:
                - Name: !Ref Service  # the service
                  Image: !Sub "nginx:${Tag}"
                  Environment:
                      - {Name: A, Value: !Ref B}
                      - !If [Debug, {Name: C, Value: "1"}, !Ref AWS::NoValue]
                - Name: worker
                  Image: busybox
    # the service
    Service:
        Type: AWS::ECS::Service
"""
AWSLOGS = """\
                  LogConfiguration:
                      LogDriver: awslogs
                      Options:
                          awslogs-group: !Ref Group
                          awslogs-region: {Ref: "AWS::Region"}
                          awslogs-stream-prefix: web
"""
TEXTS = {
    "yaml": YAML,
    "crlf": YAML.replace("\n", "\r\n"),
    "no last line end": YAML.rstrip("\n"),
    "mark": "\ufeff" + YAML,
    "dumped": yaml.safe_dump(VALUE),
    "described": yaml.safe_dump({"taskDefinition": VALUE, "tags": []}),
    "in brackets": yaml.safe_dump(VALUE, default_flow_style=True, width=10**6)[1:-2].join(["---\n{", "}\n"]),
    "second document": f"kind: Other\n---\n{YAML}...\n",
    "template": TEMPLATE,
    "template in json": json.dumps(
        {
            "Resources": {
                "Task": {
                    "Type": "AWS::ECS::TaskDefinition",
                    "Properties": {
                        "NetworkMode": "awsvpc",
                        "ContainerDefinitions": [{"Name": {"Ref": "Name"}, "Image": "i"}, {"Name": "b"}],
                    },
                }
            }
        },
        indent=1,
    ),
}
WISHES = [
    OUTRIDER,
    Wish(PROFILES["alertlogic"], environment=(("KEY", "yes"),), secrets=(("TOKEN", "arn:x"),)),
    Wish(PROFILES["outrider"], debugging=Debugging(True, "/group", "eu-west-1")),
]


def of(text):
    (found,) = tasks_in(text, "f")
    return opened(found)


@pytest.mark.parametrize("wish", WISHES, ids=["outrider", "alertlogic", "debug"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_protected_is_as_before_when_it_is_taken_back(text, wish):
    once = protect(of(text), wish)
    written = once.source.source.text
    assert [line for line in text.splitlines() if line not in written.splitlines()] == [] or "{" in text
    again = protect(of(written), wish)
    assert (again.changed, again.source.source.text) == ([], written)
    assert unprotect(of(written)).source.source.text == text


def test_the_yaml_that_is_written():
    text = protect(of(YAML), OUTRIDER).source.source.text
    before, _, rest = YAML.partition("\n- {name: worker")
    assert text.startswith(
        before.removesuffix("\n") + "\n  logConfiguration:\n    logDriver: awsfirelens\n"
        "  dependsOn:\n  - containerName: log_router\n    condition: START\n\n- {name: worker"
    )
    assert text.endswith("requiresCompatibilities: [FARGATE]\nmemory: '1024'\n")
    assert (
        "- name: outrider-agent\n  image: outrider:latest\n- name: log_router\n  image: outrider:latest\n"
        "  firelensConfiguration:\n    type: fluentbit\n  volumesFrom:\n  - sourceContainer: outrider-agent\n"
        "  dependsOn:\n  - containerName: outrider-agent\n    condition: START\n"
        "  entryPoint:\n  - /var/outrider/lib/fluent-bit/fluent-launch\n"
        "  command:\n    ['-s', 'Scheduler.Cap', '60',\n     '-i', 'Mem_Buf_Limit', '50M',\n     '--',\n"
    ) in text
    assert rest


@pytest.mark.parametrize("path", examples())
@pytest.mark.parametrize("wish", [Wish(PROFILES["alertlogic"], adopt_router=True, replace_log_driver=True)])
def test_examples_in_yaml_and_in_a_template_become_what_they_become_in_json(path, wish):
    try:
        source = read_tasks(str(path))[0]
        wanted = protect(source, wish)
    except UserError:
        return
    text = yaml.safe_dump(source.task, sort_keys=False)
    got = protect(of(text), wish)
    assert (got.source.task, got.changed, got.notes) == (wanted.source.task, wanted.changed, wanted.notes)
    taken = unprotect(of(got.source.source.text))
    assert taken.source.task == unprotect(wanted.source).source.task


def test_functions_stay_and_are_told():
    result = protect(of(TEMPLATE), OUTRIDER)
    assert result.changed[0] == "'<Ref Service>' logs through awsfirelens"
    kept = [line for line in result.source.source.text.splitlines() if line in TEMPLATE.splitlines()]
    assert kept == TEMPLATE.splitlines()
    assert "    # the service\n    Service:" in result.source.source.text


def test_texts_of_options_may_be_of_cloudformation():
    environment, secrets = agent_variables(
        PROFILES["outrider"],
        key=None,
        token=None,
        token_secret="${Token}",
        server="https://${Host}:8444",
        template=True,
    )
    image = substituted("${Account}.dkr.ecr/outrider")
    wish = Wish(PROFILES["outrider"], image, image, environment, secrets)
    text = protect(of(TEMPLATE), wish).source.source.text
    for written in (
        'Value: !Sub "https://${Host}:8444"\n',
        'ValueFrom: !Sub "${Token}"\n',
        'Image: !Sub "${Account}.dkr.ecr/outrider"\n',
    ):
        assert written in text
    assert protect(of(text), wish).changed == []
    text = protect(of(TEXTS["template in json"]), wish).source.source.text
    assert '"ValueFrom": {"Fn::Sub": "${Token}"}' in text
    assert agent_variables(
        PROFILES["outrider"], key=None, token=None, token_secret="any text", server=None, template=True
    )[1] == (("OUTRIDER_TOKEN", "any text"),)


OPEN = {
    "ContainerDefinitions: !Ref All": "6:29: Ref gives containerDefinitions",
    "ContainerDefinitions: [!If [A, {Name: b}, {Name: c}]]": "6:30: Fn::If gives a container",
    "ContainerDefinitions: [{Name: a, LogConfiguration: !If [A, {LogDriver: x}, !Ref AWS::NoValue]}]": (
        "6:58: Fn::If gives logConfiguration"
    ),
    "ContainerDefinitions: [{Name: a, LogConfiguration: {LogDriver: !Ref D}}]": "6:70: Ref gives logDriver",
    "ContainerDefinitions: [{Name: a}, {Name: r, FirelensConfiguration: {Type: !Ref T}}]": "6:81: Ref gives type",
    "ContainerDefinitions: [{Name: a}, {Name: r, FirelensConfiguration: {Type: fluentbit}, Command: !Ref C}]": (
        "6:[0-9]+: Ref gives the value that is to be edited"
    ),
}


@pytest.mark.parametrize(("written", "said"), OPEN.items(), ids=OPEN.values())
def test_what_an_edit_depends_on_must_not_be_open(written, said):
    head = "Resources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      NetworkMode: awsvpc\n"
    with pytest.raises(UserError, match=f"^f:{said}"):
        protect(of(f"{head}      {written}\n"), ADOPT)


ADOPT = Wish(PROFILES["outrider"], adopt_router=True)


def test_every_open_value_is_told():
    head = "Resources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      NetworkMode: awsvpc\n"
    containers = "      ContainerDefinitions: [!Ref A, {Name: b, LogConfiguration: {LogDriver: x, Options: !Ref O}}]\n"
    with pytest.raises(UserErrors) as caught:
        protect(of(head + containers), OUTRIDER)
    assert [reason.place.column for reason in caught.value.errors] == [30, 90]


def test_a_network_mode_that_is_open_is_refused():
    with pytest.raises(UserError, match="networkMode is <Ref Mode>: only with awsvpc"):
        protect(of(TEMPLATE.replace("awsvpc", "!Ref Mode")), OUTRIDER)


def test_migration_takes_functions_along():
    result = migrate(of(TEMPLATE.replace("    # the service", AWSLOGS + "    # the service")), Migration(C_PLUGIN))
    assert (
        "                      Options:\n"
        "                          Name: cloudwatch_logs\n"
        "                          log_group_name: !Ref Group\n"
        "                          region: !Ref AWS::Region\n"
        "                          log_stream_prefix: web/\n"
    ) in result.source.source.text
    assert any("log-group:<Ref Group>:" in note for note in result.notes)


def test_migration_puts_nothing_together_of_functions():
    text = TEMPLATE.replace("    # the service", AWSLOGS.replace("prefix: web", "prefix: !Ref P") + "    # the service")
    with pytest.raises(UserError, match=r"^f:17:\d+: log_stream_prefix would be put together of <Ref P>; fix: write"):
        migrate(of(text), Migration(C_PLUGIN))


def test_a_name_that_is_open_is_in_no_configuration():
    text = TEMPLATE.replace("                - Name: worker", AWSLOGS + "                - Name: worker")
    assert migrate(of(text), Migration(C_PLUGIN)).changed[0].startswith("'<Ref Service>' logs through awsfirelens")
    with pytest.raises(UserError, match=r"^f:9:25: --config-out: the name of container '<Ref Service>' is open here"):
        migrate(of(text), Migration(C_PLUGIN, file="extra.conf"))


def test_a_pattern_that_is_open_is_told():
    pattern = AWSLOGS + "                          awslogs-multiline-pattern: !Ref P\n"
    text = TEMPLATE.replace("    # the service", pattern + "    # the service")
    result = migrate(of(text), Migration(C_PLUGIN, file="extra.conf"))
    assert "'worker': awslogs-multiline-pattern is open here, and each line is a record now" in result.notes
    assert "<Ref" not in result.files["extra.conf"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (
            'resource "aws_ecs_task_definition" "a" {\n  container_definitions = jsonencode([{name = "a"}])\n}\n',
            "Terraform",
        ),
        ("services:\n  a:\n    image: i\n", "Compose"),
    ],
)
def test_other_files_are_not_edited(text, language):
    with pytest.raises(UserError, match=f"{language}.* is not edited; fix: give what 'aws ecs describe"):
        of(text)


@RANDOM
@given(st.data())
def test_any_layout_of_yaml_is_protected_and_taken_back(data):
    text = Writer(data.draw).document(VALUE)
    once = protect(of(text), OUTRIDER)
    assert once.source.task == protect(of(json.dumps(VALUE)), OUTRIDER).source.task
    assert unprotect(of(once.source.source.text)).source.source.text == text


def test_a_null_in_an_array_of_a_template_is_no_function():
    source = of(TEMPLATE.replace("Image: busybox", "Image: busybox\n                  Links: [null]"))
    assert protect(source, OUTRIDER).changed
