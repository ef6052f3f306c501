"""Agent and router beside the applications; what is kept, what is refused."""

import dataclasses
import json

import pytest
from tests.unit.taskdef.protect.definitions import ALERTLOGIC, AWSLOGS, OUTRIDER, TASK, app, containers, examples, task

from outrider.model.errors import UserError, UserErrors
from outrider.taskdef.firelens import render
from outrider.taskdef.lint import RULES, check
from outrider.taskdef.protect import PROFILES, Wish, agent_variables, find_profile, protect, unprotect
from outrider.taskdef.source import task_source
from outrider.taskdef.templates import read_tasks

# The two definitions as the Fargate document prints them, with the registration key.
DOCUMENT = json.loads("""[
{
"name": "al-agent",
"image": "public.ecr.aws/alertlogic/al-agent-container:latest",
"environment": [
{
"name": "KEY",
"value": "your_registration_key_here"
}
]
},
{
"name": "log_router",
"image": "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable",
"firelensConfiguration": {"type": "fluentbit"},
"volumesFrom": [{"sourceContainer": "al-agent"}],
"dependsOn": [{
"containerName": "al-agent",
"condition": "START"
}],
"entryPoint": ["/var/alertlogic/lib/fluent-bit/fluent-launch"],
"command": [
"-s", "Scheduler.Cap", "60",
"-i", "Mem_Buf_Limit", "50M",
"--",
"-F", "record_modifier",
"-m", "*",
"-p", "Record=pid 1",
"-o", "syslog",
"-m", "*",
"-p", "Mode=tcp",
"-p", "Host=127.0.0.1",
"-p", "Port=1514",
"-p", "Retry_Limit=False",
"-p", "Syslog_Format=rfc3164",
"-p", "Syslog_Maxsize=786432",
"-p", "Syslog_Hostname_Key=container_id",
"-p", "Syslog_Appname_Key=container_name",
"-p", "Syslog_Procid_Key=pid",
"-p", "Syslog_Message_Key=log"
]
}
]""")

TOKEN = f"orj1.abcd.{'s' * 32}.{'p' * 43}"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:join-AbCdEf"


def refusal(source, wish=OUTRIDER):
    with pytest.raises(UserError) as caught:
        protect(source, wish)
    assert caught.value.place is not None
    return str(caught.value)


def test_alertlogic_is_as_documented():
    for environment, agent in [
        ((), {"name": DOCUMENT[0]["name"], "image": DOCUMENT[0]["image"]}),
        ((("KEY", "your_registration_key_here"),), DOCUMENT[0]),
    ]:
        added = containers(protect(task(app()), Wish(PROFILES["alertlogic"], environment=environment)))[1:]
        assert json.dumps(added) == json.dumps([agent, DOCUMENT[1]])


def test_outrider_has_the_same_shape():
    agent, router = containers(protect(task(app()), OUTRIDER))[1:]
    assert agent == {"name": "outrider-agent", "image": "outrider:latest"}
    assert list(router) == list(DOCUMENT[1])
    assert router["command"] == DOCUMENT[1]["command"]
    assert router["entryPoint"] == ["/var/outrider/lib/fluent-bit/fluent-launch"]
    assert router["volumesFrom"] == [{"sourceContainer": "outrider-agent"}]
    assert router["dependsOn"] == [{"containerName": "outrider-agent", "condition": "START"}]
    assert router["image"] == agent["image"]


def test_everything_else_of_the_file_is_kept():
    text = protect(task_source(TASK, "f"), OUTRIDER).source.source.text
    head, tail = TASK.split('      "name": "web"\n')
    assert text.startswith(head + '      "name": "web",\n      "logConfiguration": {"logDriver": "awsfirelens"},\n')
    worker, end = tail.split("\n  ],\n")
    assert worker.removesuffix("}") in text
    assert text.endswith("\n  ],\n" + end)


@pytest.mark.parametrize("wish", [OUTRIDER, ALERTLOGIC])
def test_a_second_time_changes_nothing(wish):
    once = protect(task_source(TASK, "f"), wish)
    text = once.source.source.text
    assert once.changed
    again = protect(task_source(text, "f"), wish)
    assert again.source.source.text == text
    assert again.changed == []


def test_what_the_user_added_to_the_sidecars_stays():
    definition = protect(task_source(TASK, "f"), OUTRIDER).source.task
    agent, router = definition["containerDefinitions"][2:]
    agent |= {"essential": False, "logConfiguration": AWSLOGS}
    router |= {"essential": False, "logConfiguration": AWSLOGS, "command": ["--", "-v"]}
    text = json.dumps(definition)
    assert protect(task_source(text, "f"), OUTRIDER).source.source.text == text


def test_a_new_application_of_a_protected_task_is_switched():
    definition = protect(task_source(TASK, "f"), OUTRIDER).source.task
    definition["containerDefinitions"].append({"name": "late", "image": "i"})
    result = protect(task_source(json.dumps(definition), "f"), OUTRIDER)
    assert result.changed == ["'late' logs through awsfirelens"]
    assert containers(result)[4]["logConfiguration"] == {"logDriver": "awsfirelens"}


def test_named_settings_reach_a_protected_task():
    first = protect(task(app()), Wish(PROFILES["outrider"], environment=(("KEY", "old"), ("OTHER", "x"))))
    wish = Wish(
        PROFILES["outrider"],
        agent_image="a:2",
        router_image="r:2",
        environment=(("KEY", "new"), ("OUTRIDER_SERVER", "https://s")),
        secrets=(("S", "arn:s"),),
    )
    result = protect(first.source, wish)
    agent, router = containers(result)[1:]
    assert (agent["image"], router["image"]) == ("a:2", "r:2")
    assert agent["environment"] == [
        {"name": "KEY", "value": "new"},
        {"name": "OTHER", "value": "x"},
        {"name": "OUTRIDER_SERVER", "value": "https://s"},
    ]
    assert agent["secrets"] == [{"name": "S", "valueFrom": "arn:s"}]
    assert protect(result.source, wish).changed == []
    assert "new" not in " ".join(result.changed + result.notes)


def test_plugins_are_loaded_only_where_they_are_used():
    source = task(
        app(logConfiguration={"logDriver": "awsfirelens", "options": {"Name": "kinesis"}}),
        {"name": "b", "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "cloudwatch"}}},
    )
    command = containers(protect(source, ALERTLOGIC))[3]["command"]
    at = command.index("--") + 1
    assert command[at : at + 5] == ["-e", "/fluent-bit/cloudwatch.so", "-e", "/fluent-bit/kinesis.so", "-F"]


def test_awslogs_is_refused_with_the_way_to_migrate():
    text = refusal(task(app(logConfiguration=AWSLOGS)), ALERTLOGIC)
    assert "task.json:9:27: container 'app' (awslogs) already logs elsewhere" in text
    migrated = {
        "Name": "cloudwatch",
        "auto_create_group": "true",
        "log_group_name": "user-specified-group-name",
        "region": "us-east-1",
        "log_stream_prefix": "user-specified-stream-prefix/",
        "log_key": "log",
    }
    assert f'"logConfiguration": {json.dumps({"logDriver": "awsfirelens", "options": migrated})}' in text
    assert "--replace-log-driver" in text
    assert '"Name": "cloudwatch_logs"' in refusal(task(app(logConfiguration=AWSLOGS)), OUTRIDER)


def test_what_a_migration_would_lose_is_said():
    options = AWSLOGS["options"] | {"awslogs-multiline-pattern": "^x"}
    text = refusal(task(app(logConfiguration=AWSLOGS | {"options": options})))
    assert "awslogs-multiline-pattern needs a multiline filter" in text


def test_every_other_log_driver_is_named():
    other = {"name": "b", "logConfiguration": {"logDriver": "splunk"}}
    text = refusal(task(app(logConfiguration={"logDriver": "json-file"}), other))
    assert text.startswith(
        "2 things are to be mended:\n  task.json:9:27: container 'app' (json-file) already logs elsewhere"
    )
    assert "container 'b' (splunk) already logs elsewhere" in text


def test_a_log_driver_is_replaced_if_asked():
    result = protect(task(app(logConfiguration=AWSLOGS)), Wish(PROFILES["outrider"], replace_log_driver=True))
    assert containers(result)[0]["logConfiguration"] == {"logDriver": "awsfirelens"}
    assert result.changed[0] == "'app' logs through awsfirelens (was awslogs; its options are gone)"


PLAIN_ROUTER = {"name": "fb", "image": "own:1", "firelensConfiguration": {"type": "fluentbit"}}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (task(app(), networkMode="bridge"), "networkMode is bridge"),
        (task(app(), networkMode="host"), "networkMode is host"),
        (task(app(), networkMode=None), "networkMode is missing"),
        (task(app(), networkMode=None, requiresCompatibilities=["EC2"]), "networkMode is missing"),
        (task(app(), requiresCompatibilities=["EXTERNAL"]), "ECS Anywhere has no networkMode awsvpc"),
        (task(app(), runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}), "on Linux only"),
        (task(app(portMappings=[{"containerPort": 1514}])), "uses port 1514, which is the agent's syslog port"),
        (task(app(portMappings=[{"containerPort": 80}, {"containerPort": 24224}])), "the router's forward port"),
        (task(app(name="log_router")), "a container named 'log_router' is there already"),
        (task(app(), app(name="outrider-agent")), "a container named 'outrider-agent' is there already"),
        (task(*[app(name=f"a{n}") for n in range(9)]), "the task has 9 containers and would have 11; ECS takes 10"),
        (task(app(), PLAIN_ROUTER), "say --adopt-router"),
        (task(app(), PLAIN_ROUTER | {"entryPoint": ["/x"], "command": ["y"]}), "with its own entryPoint and command"),
        (task(app(), PLAIN_ROUTER | {"firelensConfiguration": {"type": "fluentd"}}), "of type fluentd"),
        (task(PLAIN_ROUTER, PLAIN_ROUTER | {"name": "b"}), "'fb' and 'b' both have one"),
        (
            task(app(logConfiguration={"logDriver": "awsfirelens", "options": {"Name": "carrier_pigeon"}})),
            "'carrier_pigeon', which Outrider's router does not have",
        ),
        (protect(task(app()), ALERTLOGIC).source, "protected already, with profile alertlogic"),
    ],
)
def test_refusals(source, words):
    assert words in refusal(source)


def test_all_reasons_are_said_together():
    source = task(
        app(portMappings=[{"containerPort": 1514}, {"containerPort": 8877}]),
        app(name="outrider-agent", logConfiguration=AWSLOGS),
        app(name="b", logConfiguration={"logDriver": "awsfirelens", "options": {"Name": "carrier_pigeon"}}),
        networkMode="bridge",
    )
    with pytest.raises(UserErrors) as caught:
        protect(source, OUTRIDER)
    said = str(caught.value).splitlines()
    assert said[0] == "6 things are to be mended:"
    for line, words in zip(
        said[1:],
        [
            "networkMode is bridge",
            "'carrier_pigeon'",
            "'outrider-agent' is there",
            "port 1514",
            "port 8877",
            "(awslogs)",
        ],
        strict=True,
    ):
        assert line.startswith("  task.json:")
        assert words in line


@pytest.mark.parametrize("port", [[], {}, None, "1514"])
def test_ports_that_are_no_numbers_are_left_to_ecs(port):
    assert protect(task(app(portMappings=[{"containerPort": port}, None])), OUTRIDER).changed


def test_two_routers_do_not_hide_the_rest():
    text = refusal(task(app(logConfiguration=AWSLOGS), PLAIN_ROUTER, PLAIN_ROUTER | {"name": "b"}))
    assert "'fb' and 'b' both have one" in text
    assert "'app' (awslogs)" in text


def test_no_application():
    definition = protect(task(app()), OUTRIDER).source.task
    del definition["containerDefinitions"][0]
    assert "no application container" in refusal(task_source(json.dumps(definition), "f"))


@pytest.mark.parametrize("damage", ["agent", "volume"])
def test_half_of_a_protection(damage):
    definition = protect(task(app()), OUTRIDER).source.task
    if damage == "agent":
        del definition["containerDefinitions"][1]
    else:
        del definition["containerDefinitions"][2]["volumesFrom"]
    assert "remove 'log_router' and protect the task again" in refusal(task_source(json.dumps(definition), "f"))


def test_a_router_is_adopted_if_asked():
    wait = {"containerName": "envoy", "condition": "HEALTHY"}
    wish = Wish(PROFILES["outrider"], adopt_router=True)
    result = protect(task(PLAIN_ROUTER | {"dependsOn": [wait]}, app(), app(name="envoy")), wish)
    router, agent = containers(result)[0], containers(result)[3]
    assert agent["name"] == "outrider-agent"
    assert router["image"] == "own:1"
    assert router["dependsOn"] == [wait, {"containerName": "outrider-agent", "condition": "START"}]
    assert router["entryPoint"] == ["/var/outrider/lib/fluent-bit/fluent-launch"]
    assert router["command"] == DOCUMENT[1]["command"]
    assert protect(result.source, OUTRIDER).changed == []


def test_notes():
    bare = task(app(), memory=None, networkMode=None, requiresCompatibilities=["FARGATE"])
    notes = " ".join(protect(bare, Wish(PROFILES["outrider"], secrets=(("OUTRIDER_TOKEN", "arn"),))).notes)
    for words in ("networkMode", "executionRoleArn", "memory", "--server"):
        assert words in notes
    assert "--token-secret" in " ".join(protect(task(app()), OUTRIDER).notes)
    plain = Wish(PROFILES["outrider"], environment=(("OUTRIDER_TOKEN", "t"), ("OUTRIDER_SERVER", "s")))
    assert protect(task(app()), plain).notes == [
        "the image outrider:latest is published nowhere yet, so ECS cannot start this task: before you register it, "
        "build your own image as docs/task.md shows, and name it with --agent-image and --router-image",
        "the join token stands in the task definition in plain text; --token-secret ARN keeps it out",
    ]
    own = dataclasses.replace(plain, agent_image="own:1", router_image="own:1")
    assert "published nowhere" not in " ".join(protect(task(app()), own).notes)
    half = dataclasses.replace(own, router_image=None)
    assert "published nowhere" in " ".join(protect(task(app()), half).notes)
    key = Wish(PROFILES["outrider"], environment=(("KEY", "of-another-vendor"),))
    assert "KEY is no join token" in " ".join(protect(task(app()), key).notes)
    assert "KEY is no" not in " ".join(protect(task(app()), Wish(key.profile, environment=(("KEY", TOKEN),))).notes)
    assert len(protect(task(app()), ALERTLOGIC).notes) == 1


def test_how_the_agent_registers():
    own, vendor = PROFILES["outrider"], PROFILES["alertlogic"]
    nothing = {"key": None, "token": None, "token_secret": None, "server": None}
    assert agent_variables(own, **nothing | {"key": "k"}) == ((("KEY", "k"),), ())
    assert agent_variables(own, **nothing | {"token": TOKEN, "server": "https://s"}) == (
        (("OUTRIDER_SERVER", "https://s"), ("OUTRIDER_TOKEN", TOKEN)),
        (),
    )
    assert agent_variables(own, **nothing | {"token_secret": SECRET}) == ((), (("OUTRIDER_TOKEN", SECRET),))
    assert agent_variables(vendor, **nothing | {"token_secret": SECRET}) == ((), (("KEY", SECRET),))
    for profile, given in [
        (own, {"key": "k", "token": TOKEN}),
        (own, {"token": TOKEN, "token_secret": SECRET}),
        (own, {"key": ""}),
        (vendor, {"token": TOKEN}),
        (vendor, {"server": "https://s"}),
    ]:
        with pytest.raises(UserError):
            agent_variables(profile, **nothing | given)
    with pytest.raises(UserError, match="did you mean 'outrider'"):
        find_profile("outridr")


@pytest.mark.parametrize("path", examples())
def test_published_examples(path):
    """Each renders, and is protected around its own router, in awsvpc; one file is not JSON."""
    if path.parent.name == "dynatrace":
        with pytest.raises(UserError, match=r"task-definition.json:33:32: not JSON: .* write a comma here"):
            read_tasks(str(path))[0]
        return
    source = read_tasks(str(path))[0]
    assert render(source.task).startswith("\n[INPUT]\n    Name forward\n    Mem_Buf_Limit ")
    assert "ECS allows one" in refusal(source.set((), "networkMode", "awsvpc"))
    if source.task.get("networkMode") is None:
        assert "networkMode is missing" in refusal(source)
    wish = Wish(PROFILES["alertlogic"], adopt_router=True, replace_log_driver=True, awsvpc=True)
    result = protect(source, wish)
    applications = [c for c in containers(result) if c["name"] != "al-agent" and "firelensConfiguration" not in c]
    assert all(c["logConfiguration"]["logDriver"] == "awsfirelens" for c in applications)
    assert protect(result.source, wish).source.source.text == result.source.source.text
    render(result.source.task)


def test_a_network_mode_is_set_on_demand_where_there_is_none():
    bare = task_source('{\n  "family": "f",\n  "containerDefinitions": [{"name": "a", "image": "i"}]\n}\n', "task.json")
    assert "--awsvpc" in refusal(bare)
    wish = dataclasses.replace(ALERTLOGIC, awsvpc=True)
    result = protect(bare, wish)
    assert result.changed[0] == "networkMode is awsvpc, as on Fargate; without it, ECS takes bridge"
    assert result.source.task["networkMode"] == "awsvpc"
    assert protect(result.source, wish).changed == []
    bridge = bare.set((), "networkMode", "bridge")
    with pytest.raises(UserError, match="networkMode is bridge"):
        protect(bridge, wish)


def test_alertlogics_agent_without_a_key_is_told():
    (note,) = [note for note in protect(task(app()), ALERTLOGIC).notes if "registration key (KEY)" in note]
    assert "when it starts for the first time" in note
    for told in ({"environment": (("KEY", "k"),)}, {"secrets": (("KEY", SECRET),)}):
        notes = protect(task(app()), dataclasses.replace(ALERTLOGIC, **told)).notes
        assert not any("registration key" in note for note in notes)


def test_senders_wait_for_the_router_and_no_longer_when_it_is_released():
    to_s3 = {"logDriver": "awsfirelens", "options": {"Name": "s3"}}
    router = app(name="fb", image="aws-for-fluent-bit:2", firelensConfiguration={"type": "fluentbit"})
    wait = {"containerName": "fb", "condition": "START"}
    source = task(app(logConfiguration=to_s3), app(name="b", dependsOn=[wait]), router)
    result = protect(source, dataclasses.replace(OUTRIDER, adopt_router=True))
    assert [container["dependsOn"] for container in containers(result)[:2]] == [[wait], [wait]]
    assert containers(result)[2]["dockerLabels"] == {"outrider.waits": "app"}
    for protected in (result, protect(task_source(TASK, "f"), OUTRIDER)):
        assert not any(found.id == "sender-before-router" for found in check(protected.source, RULES))
    assert unprotect(result.source).source.source.text == source.source.text
