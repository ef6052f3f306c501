"""From awslogs to awsfirelens: what is edited, what is told, what is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.taskdef.protect.definitions import AWSLOGS, OUTRIDER, app, containers, examples, task

from outrider.model.errors import UserError, UserErrors
from outrider.taskdef.firelens import render
from outrider.taskdef.protect import PROFILES, Wish, migrate, protect
from outrider.taskdef.protect import Migration as Wanted
from outrider.taskdef.source import task_source
from outrider.taskdef.templates import read_tasks

C = Wanted("cloudwatch_logs")
GO = Wanted("cloudwatch")
AWS_IMAGE = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"
ROUTER = {"name": "fb", "image": AWS_IMAGE, "firelensConfiguration": {"type": "fluentbit"}}
ROLES = {"executionRoleArn": "arn:aws:iam::111122223333:role/e", "taskRoleArn": "arn:aws:iam::111122223333:role/t"}
GROUP = "arn:aws:logs:us-east-1:111122223333:log-group:user-specified-group-name"


def logging(**options):
    keys = {key.replace("_", "-"): value for key, value in options.items()}
    return app(logConfiguration=AWSLOGS | {"options": AWSLOGS["options"] | keys})


def refusal(source, wish=C):
    with pytest.raises(UserError) as caught:
        migrate(source, wish)
    return str(caught.value)


def test_the_router_comes_with_it():
    result = migrate(task(logging(), **ROLES), C)
    web, router = containers(result)
    assert web["logConfiguration"]["options"]["Name"] == "cloudwatch_logs"
    assert router == ROUTER | {"name": "log_router"}
    assert result.files == {}
    assert migrate(result.source, C).changed == []
    assert "Name cloudwatch_logs\n    Match app-firelens*\n" in render(result.source.task)


def test_rights_move_to_the_task_role():
    notes = migrate(task(logging(), **ROLES), C).notes
    stream = f"{GROUP}:log-stream:user-specified-stream-prefix/"
    assert f"the task role needs logs:CreateLogGroup on {GROUP}:*" in notes
    assert f"the task role needs logs:CreateLogStream, logs:PutLogEvents on {stream}*" in notes
    assert f"the execution role needs no more logs:CreateLogGroup on {GROUP}:*" in notes
    assert f"the execution role needs no more logs:CreateLogStream, logs:PutLogEvents on {stream}app/*" in notes
    assert not any("taskRoleArn" in note for note in notes)
    assert any("add taskRoleArn" in note for note in migrate(task(logging()), C).notes)


def test_what_another_container_needs_stays_with_the_execution_role():
    notes = migrate(task(logging(), logging() | {"name": "b"}, **ROLES), Wanted("cloudwatch", ("app",))).notes
    assert not any("needs no more logs:CreateLogGroup" in note for note in notes)
    assert any("needs no more logs:CreateLogStream" in note for note in notes)


def test_only_the_containers_that_are_named():
    source = task(logging(), logging() | {"name": "b"})
    result = migrate(source, Wanted("cloudwatch", ("b",)))
    assert [c["logConfiguration"]["logDriver"] for c in containers(result)[:2]] == ["awslogs", "awsfirelens"]
    assert "'app'" not in " ".join(result.notes)
    assert "--container c: the task has no such container" in refusal(source, Wanted("cloudwatch", ("c",)))


def test_the_sidecars_keep_their_console():
    protected = protect(task(app(), **ROLES), Wish(PROFILES["alertlogic"])).source
    for index in (1, 2):
        protected = protected.set(("containerDefinitions", index), "logConfiguration", AWSLOGS)
    result = migrate(protected, C)
    assert (result.changed, result.notes, result.source) == ([], [], protected)
    named = migrate(protected, Wanted("cloudwatch_logs", ("al-agent",)))
    assert named.notes == ["'al-agent' is a sidecar: its own console stays with awslogs"]


def test_other_log_drivers_stay():
    result = migrate(task(app(logConfiguration={"logDriver": "splunk", "options": {"splunk-url": "u"}})), C)
    assert result.changed == []
    assert result.notes == ["'app' logs to splunk, which stays: an output of the router may do the same"]


def test_everything_else_is_kept_byte_for_byte():
    text = '{"containerDefinitions":[ {"name":"a","logConfiguration": %s ,"x" :1}],\t"family":"f" }\n'
    old, router = text % json.dumps(AWSLOGS), text.replace("[ {", '[ {"name":"r", "firelensConfiguration":{"type":')
    source = task_source((router.replace('"type":', '"type":"fluentbit"}},{', 1)) % json.dumps(AWSLOGS), "f")
    new = migrate(source, C)
    head, _, tail = source.source.text.partition(json.dumps(AWSLOGS))
    assert new.source.source.text.startswith(head)
    assert new.source.source.text.endswith(tail)
    assert migrate(task_source(old, "f"), C).source.source.text.endswith('],\t"family":"f" }\n')


def test_a_router_that_is_there_is_used():
    result = migrate(task(logging(), ROUTER), GO)
    assert len(containers(result)) == 2
    protected = protect(task(app(logConfiguration=None), ROUTER), Wish(PROFILES["alertlogic"], adopt_router=True))
    late = protected.source.append(("containerDefinitions",), logging() | {"name": "late"})
    notes = migrate(late, GO).notes
    assert "output cloudwatch needs -e /fluent-bit/cloudwatch.so in the command of 'fb'" in notes
    assert not any("needs -e" in note for note in result.notes)


def test_outriders_image_is_told_to_route():
    result = migrate(task(logging()), Wanted("cloudwatch_logs", router_image="own:1"))
    router = containers(result)[1]
    assert router["entryPoint"] == ["/fluent-bit/bin/fluent-bit"]
    assert router["command"] == ["-c", "/fluent-bit/etc/fluent-bit.conf"]
    adopted = protect(result.source, Wish(PROFILES["outrider"], adopt_router=True))
    assert containers(adopted)[1]["entryPoint"] == [PROFILES["outrider"].launcher]


@pytest.mark.parametrize(
    ("wish", "name", "image"),
    [
        (Wanted("cloudwatch", keep_streams=True), "user-specified-stream-prefix/app/$(ecs_task_id)", AWS_IMAGE),
        (
            Wanted("cloudwatch_logs", keep_streams=True),
            "user-specified-stream-prefix/app/${ECS_TASK_ID}",
            AWS_IMAGE.replace("stable", "init-latest"),
        ),
        (
            Wanted("cloudwatch_logs", keep_streams=True, router_image="own:1"),
            "user-specified-stream-prefix/app/${ECS_TASK_ID}",
            "own:1",
        ),
    ],
)
def test_streams_keep_their_names(wish, name, image):
    result = migrate(task(logging()), wish)
    assert containers(result)[0]["logConfiguration"]["options"]["log_stream_name"] == name
    assert containers(result)[1]["image"] == image
    assert "the log stream is called" not in " ".join(result.notes)


def test_how_a_stream_is_called_now_is_told():
    note = next(note for note in migrate(task(logging()), C).notes if "stream" in note)
    assert "user-specified-stream-prefix/app-firelens-TASK, where it was user-specified-stream-prefix/app/TASK" in note
    assert "log_stream_name user-specified-stream-prefix/app/${ECS_TASK_ID} for log_stream_prefix" in note
    nameless = task(
        app(logConfiguration={"logDriver": "awslogs", "options": {"awslogs-group": "g", "awslogs-region": "r"}})
    )
    note = next(note for note in migrate(nameless, C).notes if "stream" in note)
    assert note == "'app': the log stream is called /app-firelens-TASK, where it was the container's id"


@pytest.mark.parametrize(
    ("source", "wish", "words"),
    [
        (task(logging(awslogs_region="")), C, "logs to awslogs without awslogs-region"),
        (task(app(logConfiguration={"logDriver": "awslogs"})), C, "2 things are to be mended"),
        (task(logging(), ROUTER | {"firelensConfiguration": {"type": "fluentd"}}), C, "is of type fluentd"),
        (task(logging(), ROUTER, ROUTER | {"name": "b"}), C, "'fb' and 'b' both have one"),
        (task(logging(), runtimePlatform={"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}), C, "Linux only"),
        (task(logging(), ROUTER | {"image": "fluent/fluent-bit:3"}), GO, "does not have the plugin cloudwatch"),
        (task(logging(), ROUTER), Wanted("cloudwatch_logs", keep_streams=True), "does not know the task's id"),
        (task(logging() | {"name": "a\n[OUTPUT]"}), Wanted("cloudwatch_logs", file="e.conf"), "ECS does not take"),
        (task(logging(), app(name="log_router")), C, "'log_router' is there already"),
        (task(*[logging() | {"name": f"a{n}"} for n in range(10)]), C, "would have 11; ECS takes 10"),
        (
            task(
                logging(),
                app(
                    name="s",
                    logConfiguration={"logDriver": "splunk", "secretOptions": [{"name": "t", "valueFrom": "a"}]},
                ),
            ),
            C,
            "'s' has secretOptions for splunk",
        ),
    ],
)
def test_refusals(source, wish, words):
    assert words in refusal(source, wish)


def test_all_reasons_are_said_together():
    with pytest.raises(UserErrors) as caught:
        migrate(task(logging(awslogs_region=""), app(name="log_router")), Wanted("cloudwatch_logs", ("x", "app")))
    said = [reason.message for reason in caught.value.errors]
    for message, words in zip(said, ["--container x", "awslogs-region", "'log_router' is there"], strict=True):
        assert words in message


def test_several_lines_become_a_configuration():
    source = task(logging(awslogs_datetime_format="%Y-%m-%d"), logging() | {"name": "b"})
    told = migrate(source, C)
    assert told.files == {}
    assert any("awslogs-datetime-format is no option of an output" in note for note in told.notes)
    assert any("more than 16 KiB comes in pieces" in note for note in told.notes)
    result = migrate(source, Wanted("cloudwatch_logs", file="extra.conf"))
    assert list(result.files) == ["extra.conf", "extra-parsers.conf"]
    assert "Parsers_File /fluent-bit/configs/extra-parsers.conf" in result.files["extra.conf"]
    assert r'"/\d{4}-(?:0[1-9]|1[0-2])-' in result.files["extra-parsers.conf"]
    assert containers(result)[2]["firelensConfiguration"]["options"] == {
        "config-file-type": "file",
        "config-file-value": "/fluent-bit/configs/extra.conf",
    }
    assert "@INCLUDE /fluent-bit/configs/extra.conf" in render(result.source.task)
    assert any("COPY extra.conf extra-parsers.conf /fluent-bit/configs/" in note for note in result.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"awslogs_multiline_pattern": "a("}, "awslogs-multiline-pattern cannot be said to the router"),
        (
            {"awslogs_datetime_format": "%Y", "awslogs_multiline_pattern": "a"},
            "awslogs-multiline-pattern: awslogs-datetime-format counted",
        ),
        ({"mode": "blocking"}, "'app': mode: the application waited"),
    ],
)
def test_what_cannot_be_said_is_told(options, words):
    assert any(words in note for note in migrate(task(logging(**options)), C).notes)


def test_an_included_configuration_is_not_replaced():
    options = {"config-file-type": "file", "config-file-value": "/own.conf"}
    router = ROUTER | {"firelensConfiguration": {"type": "fluentbit", "options": options}}
    result = migrate(task(logging(), router), Wanted("cloudwatch_logs", file="extra.conf"))
    assert containers(result)[1] == router
    assert any("includes /own.conf already: add '@INCLUDE /fluent-bit/configs/extra.conf'" in n for n in result.notes)
    switch = ROUTER | {"firelensConfiguration": {"type": "fluentbit", "options": {"enable-ecs-log-metadata": "true"}}}
    result = migrate(task(logging(), switch), Wanted("cloudwatch_logs", file="extra.conf"))
    assert len(containers(result)[1]["firelensConfiguration"]["options"]) == 3


options_given = st.dictionaries(
    st.sampled_from(["mode", "max-buffer-size", "awslogs-multiline-pattern", "awslogs-datetime-format", "tag"]),
    st.text(max_size=6),
)


@given(options_given, st.sampled_from([C, GO]), st.booleans(), st.booleans())
def test_any_options_migrate_once(options, wish, keeps, writes):
    wanted = Wanted(wish.plugin, keep_streams=keeps, file="extra.conf" if writes else "")
    log = AWSLOGS | {"options": AWSLOGS["options"] | options}
    result = migrate(task(app(logConfiguration=log)), wanted)
    again = migrate(result.source, wanted)
    assert (again.changed, again.files, again.source) == ([], {}, result.source)
    assert protect(result.source, Wish(OUTRIDER.profile, adopt_router=True)).changed


@pytest.mark.parametrize("path", examples())
def test_published_examples(path):
    """Their only awslogs is the console of their routers, which stays."""
    if path.parent.name == "dynatrace":
        return
    source = read_tasks(str(path))[0]
    assert migrate(source, GO).changed == []
