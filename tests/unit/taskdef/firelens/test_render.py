"""The generated configuration, byte for byte, and what ECS refuses."""

import copy

import pytest

from outrider.model.errors import UserError
from outrider.taskdef.firelens import Runtime, render
from outrider.taskdef.firelens.runtime import LOCAL_TASK_ARN

ARN = "arn:aws:ecs:us-west-2:111122223333:task/prod/0123456789abcdef0123456789abcdef"
PROD = Runtime("prod", ARN, 7)
METADATA = f"""
[FILTER]
    Name record_modifier
    Match *
    Record ecs_cluster prod
    Record ecs_task_arn {ARN}
    Record ecs_task_definition web:7
"""
NULL = """
[OUTPUT]
    Name null
    Match firelens-healthcheck
"""


def inputs(limit: int = 25, bind: str = "127.0.0.1") -> str:
    return f"""
[INPUT]
    Name forward
    Mem_Buf_Limit {limit}MB
    unix_path /var/run/fluent.sock

[INPUT]
    Name forward
    Listen {bind}
    Port 24224

[INPUT]
    Name tcp
    Tag firelens-healthcheck
    Listen 127.0.0.1
    Port 8877
"""


def app(name="app", options=None, **members):
    log = {"logDriver": "awsfirelens"} | ({"options": options} if options is not None else {})
    return {"name": name, "logConfiguration": log | members}


def task(*containers, mode="awsvpc", router=None, **firelens):
    definition = {
        "family": "web",
        "containerDefinitions": [
            {"name": "log_router", "firelensConfiguration": {"type": "fluentbit"} | firelens} | (router or {}),
            *containers,
        ],
    }
    return definition | ({"networkMode": mode} if mode else {})


def test_fargate_minimal():
    options = {"Name": "cloudwatch_logs", "region": "us-west-2", "log_group_name": "/ecs/app", "Retry_Limit": "2"}
    assert render(task(app(options=options)), PROD) == inputs() + METADATA + NULL + (
        "\n[OUTPUT]\n    Name cloudwatch_logs\n    Match app-firelens*\n"
        "    Retry_Limit 2\n    log_group_name /ecs/app\n    region us-west-2\n"
    )


def test_filters_of_all_containers_precede_and_keep_their_order():
    first = app("api", {"Name": "stdout", "exclude-pattern": "^GET /health"})
    second = app("worker", {"Name": "stdout", "include-pattern": "ERROR|WARN", "exclude-pattern": "noise"})
    text = render(task(first, second), PROD)
    assert (
        "\n[FILTER]\n    Name   grep\n    Match worker-firelens*\n    Regex  log ERROR|WARN\n"
        "\n[FILTER]\n    Name   grep\n    Match api-firelens*\n    Exclude log ^GET /health\n"
        "\n[FILTER]\n    Name   grep\n    Match worker-firelens*\n    Exclude log noise\n"
        "\n[FILTER]\n    Name record_modifier\n"
    ) in text
    assert text.index("Match api-firelens*\n", text.index("[OUTPUT]")) < text.index("worker", text.index("[OUTPUT]"))


def test_a_pattern_alone_makes_no_output():
    text = render(task(app(options={"include-pattern": "x"})), PROD)
    assert "Regex  log x\n" in text
    assert text.endswith(METADATA + NULL)


@pytest.mark.parametrize(
    ("memory", "limit"),
    [
        ({}, 25),
        ({"memoryReservation": 100}, 50),
        ({"memory": 51}, 25),
        ({"memory": 1024, "memoryReservation": 200}, 100),
        ({"memory": 1024, "memoryReservation": 0}, 512),
        ({"memoryReservation": 1}, 25),
        ({"memoryReservation": 1, "memory": 1024}, 25),
    ],
)
def test_memory_limit_is_half_of_the_routers_own_memory(memory, limit):
    definition = task(app(), router=memory) | {"memory": "4096"}
    assert render(definition, PROD) == inputs(limit) + METADATA + NULL


def test_network_modes():
    assert render(task(app(), mode="bridge"), PROD).startswith(inputs(bind="0.0.0.0"))
    assert render(task(app(), mode=None), PROD).startswith(inputs(bind="0.0.0.0"))
    for mode in ("host", "none"):
        only = "\n[INPUT]\n    Name forward\n    Mem_Buf_Limit 25MB\n    unix_path /var/run/fluent.sock\n"
        assert render(task(app(), mode=mode), PROD) == only + METADATA


def test_metadata_and_include():
    options = {"enable-ecs-log-metadata": "false", "config-file-type": "file", "config-file-value": "/x.conf"}
    assert render(task(app(), options=options), PROD) == inputs() + "\n@INCLUDE /x.conf\n" + NULL
    options = {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::b/k"}
    text = render(task(app(), options=options), PROD)
    assert text == inputs() + METADATA + "\n@INCLUDE /fluent-bit/etc/external.conf\n" + NULL
    # Go's ParseBool knows no "yes", and the agent then leaves the switch off.
    assert render(task(app(), options={"enable-ecs-log-metadata": "yes"}), PROD) == inputs() + NULL
    assert render(task(app(), options={"config-file-value": "/x"}), PROD) == inputs() + METADATA + NULL


def test_instance_id_is_a_record_only_if_known():
    text = render(task(app()), Runtime("prod", ARN, 7, "i-1"))
    assert "    Match *\n    Record ec2_instance_id i-1\n    Record ecs_cluster prod\n" in text


def test_fluentd_with_a_secret():
    web = app("web", {"@type": "splunk_hec", "hec_host": "h.example"}, secretOptions=[secret("hec_token")])
    definition = task(web, router={"memory": 64}, type="fluentd")
    assert render(definition, PROD) == (
        "\n<source>\n    @type unix\n    path /var/run/fluent.sock\n</source>\n"
        "\n<source>\n    @type forward\n    bind 127.0.0.1\n    port 24224\n</source>\n"
        "\n<filter **>\n    @type record_transformer\n    <record>\n        ecs_cluster prod\n"
        f"        ecs_task_arn {ARN}\n        ecs_task_definition web:7\n    </record>\n</filter>\n"
        "\n<match web-firelens**>\n    @type splunk_hec\n    hec_host h.example\n"
        "    hec_token \"#{ENV['hec_token_1']}\"\n</match>\n"
    )


def secret(name):
    return {"name": name, "valueFrom": "arn:aws:ssm:::p"}


def test_a_secret_wins_over_a_plain_option_and_may_name_the_plugin():
    web = app("web", {"Name": "stdout", "a": "plain"}, secretOptions=[secret("Name"), secret("a")])
    assert "    Name ${Name_1}\n    Match web-firelens*\n    a ${a_1}\n" in render(task(web), PROD)


def test_defaults_are_obviously_local():
    text = render(task(app()))
    assert f"Record ecs_cluster default\n    Record ecs_task_arn {LOCAL_TASK_ARN}\n" in text
    assert "web:1\n" in text
    assert ":local:" in LOCAL_TASK_ARN


def test_the_task_definition_is_not_changed():
    definition = task(app(options={"Name": "x"}, secretOptions=[secret("a")]))
    before = copy.deepcopy(definition)
    render(definition, PROD)
    assert definition == before


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        (task(app(options={"key1": "v"})), "app to firelens config: missing output key Name which is required"),
        (task(app(options={"name": "stdout"})), "write Name instead of name"),
        (task(app(options={"key": "v"}), type="fluentd"), "missing output key @type"),
        (task(app(), type="invalid"), "unsupported firelens config type invalid"),
        (task(app(), options={"config-file-type": "x"}), "invalid value x is specified for option config-file-type"),
        (task(app(), options={"config-file-type": "s3"}), "but config-file-value is not specified"),
        (task(app(), router={"name": "app"}), "two containers are named 'app'"),
        (task(app("b") | {"firelensConfiguration": {"type": "fluentbit"}}), "'log_router' and 'b' both have one"),
        ({"family": "f", "containerDefinitions": [app()]}, "a firelens configuration object must be configured"),
        ({"family": "f", "containerDefinitions": [{"name": "a"}]}, "no container has a firelensConfiguration"),
        ({"family": "f", "containerDefinitions": []}, "containerDefinitions is empty"),
        ({"family": "f"}, "containerDefinitions is missing"),
        (task(app()) | {"family": None}, "family is missing"),
        (
            task({"name": "old", "logConfiguration": {"logDriver": "splunk", "secretOptions": [secret("token")]}}),
            "ECS hands the secretOptions of every log driver of the task to the router",
        ),
    ],
)
def test_refusals(definition, words):
    with pytest.raises(UserError) as caught:
        render(definition, PROD)
    assert words in str(caught.value)


def test_errors_name_the_place():
    asked = []

    def locate(path):
        asked.append(path)

    with pytest.raises(UserError):
        render(task(app(options={"key": "v"})), PROD, locate)
    assert asked[-1] == ("containerDefinitions", 1, "logConfiguration", "options")
