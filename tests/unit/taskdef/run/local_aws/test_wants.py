from __future__ import annotations

from typing import Any

import pytest

from outrider.taskdef.run.local_aws.wants import Wanted, redirected, wants_of

URL = "http://127.1.2.3:5000"


def container(name: str, driver: str = "awsfirelens", **options: str) -> dict[str, Any]:
    return {"name": name, "logConfiguration": {"logDriver": driver, "options": options}}


def task(*containers: dict[str, Any], command: list[str] | None = None) -> dict[str, Any]:
    router = {"name": "router", "firelensConfiguration": {"type": "fluentbit"}, "command": command or []}
    return {"family": "t", "containerDefinitions": [router, *containers]}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"Name": "s3", "bucket": "b", "region": "eu-west-1"}, Wanted("bucket", "b", "eu-west-1")),
        ({"Name": "s3", "bucket": "b"}, Wanted("bucket", "b", "us-east-1")),
        ({"Name": "cloudwatch_logs", "log_group_name": "g", "region": "x-1"}, Wanted("group", "g", "x-1")),
        ({"Name": "cloudwatch", "log_group_name": "g", "region": "x-1"}, Wanted("group", "g", "x-1")),
        ({"Name": "cloudwatch_logs", "log_group_name": "g", "auto_create_group": "On"}, None),
        ({"Name": "kinesis_streams", "stream": "s", "region": "x-1"}, Wanted("stream", "s", "x-1")),
        ({"Name": "kinesis", "stream": "s", "region": "x-1"}, Wanted("stream", "s", "x-1")),
        ({"Name": "kinesis_firehose", "delivery_stream": "d", "region": "x"}, Wanted("delivery stream", "d", "x")),
        ({"Name": "firehose", "delivery_stream": "d", "region": "x"}, Wanted("delivery stream", "d", "x")),
        ({"Name": "s3"}, None),
        ({"Name": "http", "Host": "h"}, None),
    ],
)
def test_what_each_output_wants(options: dict[str, str], wanted: Wanted | None) -> None:
    assert wants_of(task(container("app", **options)), {}).things == ({wanted} if wanted else set())


def test_names_may_have_variables_of_the_router() -> None:
    definition = task(container("app", Name="s3", bucket="b-${STAGE}", region="${WHERE}"))
    found = wants_of(definition, {"STAGE": "test", "WHERE": "eu-west-1"})
    assert (found.things, found.region) == ({Wanted("bucket", "b-test", "eu-west-1")}, "eu-west-1")


def test_names_that_nobody_knows_beforehand_are_told() -> None:
    definition = task(
        container("app", Name="s3", bucket="b-${STAGE}"),
        container("web", Name="cloudwatch", log_group_name="$(ecs_cluster)", region="x"),
    )
    found = wants_of(definition, {})
    assert found.things == set()
    assert [name for name, _ in found.notes] == ["app", "web"]
    assert "bucket is 'b-${STAGE}'" in found.notes[0][1]


def test_outputs_in_the_routers_command_count() -> None:
    definition = task(command=["--", "-o", "s3", "-p", "bucket=b", "-p", "region=eu-west-1"])
    assert wants_of(definition, {}).things == {Wanted("bucket", "b", "eu-west-1")}


def test_the_log_driver_awslogs_has_its_group() -> None:
    options = {"awslogs-group": "/g", "awslogs-region": "eu-west-1", "awslogs-create-group": "true"}
    found = wants_of(task(container("app", "awslogs", **options)), {})
    assert (found.things, found.regions) == ({Wanted("group", "/g", "eu-west-1")}, ["eu-west-1"])


def test_outputs_to_aws_go_to_the_stand_in_and_others_stay() -> None:
    own = {"Name": "S3", "bucket": "b", "Endpoint": "https://vpce", "tls": "On", "profile": "me", "port": "9"}
    definition = task(container("app", **own), container("web", Name="http", Host="h", tls="On"), {"name": "bare"})
    router, app, web, bare = redirected(definition, URL, "/task/s3")["containerDefinitions"]
    options = {"Name": "S3", "bucket": "b", "endpoint": URL, "sts_endpoint": URL, "store_dir": "/task/s3"}
    assert app["logConfiguration"]["options"] == options
    assert [router, web, bare] == [definition["containerDefinitions"][place] for place in (0, 2, 3)]
    assert definition["containerDefinitions"][1]["logConfiguration"]["options"] == own


def test_an_output_to_s3_may_have_a_store_of_its_own() -> None:
    definition = task(container("app", Name="s3", bucket="b", Store_Dir="/mine"))
    (_, app) = redirected(definition, URL, "/task/s3")["containerDefinitions"]
    assert app["logConfiguration"]["options"].get("store_dir", "/mine") == "/mine"
