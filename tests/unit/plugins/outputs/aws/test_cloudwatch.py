"""The cloudwatch output: names by template, tags, and the event limit of the Go plugin."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError

NOW = time.time_ns()


def plugin_of(make: Any, aws: Any, **options: Any) -> Any:
    given = {
        "region": "us-east-1",
        "endpoint": aws.endpoint,
        "log_group_name": "grp",
        "log_stream_name": "str",
        "auto_create_group": "true",
        **options,
    }
    return make("output", "cloudwatch", **{key: value for key, value in given.items() if value is not None})


async def streams(make: Any, aws: Any, *records: Any, tag: str = "app.one", **options: Any) -> set[tuple[str, str]]:
    plugin = plugin_of(make, aws, **options)
    assert (await plugin.send(Batch(tag, [NOW] * len(records), list(records)))).delivered == len(records)
    await plugin.stop()
    return set(aws.streams)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ("grp", "str")),
        ({"log_stream_name": None, "log_stream_prefix": "from-fluent-bit"}, ("grp", "from-fluent-bitapp.one")),
        ({"log_stream_name": "$(tag)"}, ("grp", "app.one")),
        ({"log_stream_name": "x/$(tag[1])/$(tag[0])"}, ("grp", "x/one/app")),
        ({"log_stream_name": "x$(tag[5])"}, ("grp", "/fluentbit-default")),
        ({"log_group_name": "$(missing)"}, ("fluentbit-default", "str")),
        ({"log_group_name": "$(missing)", "default_log_group_name": "other"}, ("other", "str")),
        ({"log_group_name": "/a/$(kube['ns'])"}, ("/a/prod", "str")),
        ({"log_stream_name": "$(bad)"}, ("grp", "bcd")),
        ({"log_group_name": "$(bad) !"}, ("bcd", "str")),
        ({"log_stream_name": "$(ecs_task_id)"}, ("grp", "/fluentbit-default")),
    ],
)
async def test_names(options: dict[str, Any], expected: tuple[str, str], make: Any, aws: Any) -> None:
    record = {"kube": {"ns": "prod"}, "bad": "b:c*d"}
    assert await streams(make, aws, record, **options) == {expected}


async def test_records_go_to_the_streams_they_name(make: Any, aws: Any) -> None:
    found = await streams(make, aws, {"p": "a"}, {"p": "b"}, {"q": 1}, {"p": "a"}, log_stream_name="s-$(p)")
    assert found == {("grp", "s-a"), ("grp", "s-b"), ("grp", "/fluentbit-default")}
    assert len(aws.streams["grp", "s-a"]) == 2


@pytest.mark.parametrize(
    ("options", "lacked"),
    [
        ({"log_stream_name": "x$(tag[5])"}, "$(tag[5])"),
        ({"log_group_name": "a-$(missing)"}, "$(missing)"),
        ({"log_stream_name": "$(ecs_task_id)"}, "$(ecs_task_id)"),
        ({"log_group_name": "$(odd)"}, "every valid character"),
        ({"log_group_name": "/a/$(p)"}, ""),
    ],
)
async def test_a_name_that_cannot_be_filled_is_told_once(
    options: dict[str, Any], lacked: str, make: Any, aws: Any
) -> None:
    plugin = plugin_of(make, aws, **options)
    for _ in range(2):
        await plugin.send(Batch("t", [NOW], [{"p": "a", "odd": "é"}]))
    await plugin.stop()
    assert plugin.logged().count("records with tag t lack ") == bool(lacked)
    assert f"lack {lacked} of a name: the default name is used" in plugin.logged() or not lacked


async def test_names_hold_what_ecs_knows(make: Any, aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = "arn:aws:ecs:us-west-2:111122223333:task/prod/0123456789abcdef"
    task = {
        "Cluster": "arn:aws:ecs:us-west-2:111122223333:cluster/prod",
        "TaskARN": arn,
        "Family": "web",
        "Revision": "1",
    }
    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", f"{aws.endpoint}/v4/x")
    names = {"log_group_name": "/ci/$(ecs_cluster)/app", "log_stream_name": "$(ecs_task_id)"}
    plugin = plugin_of(make, aws, **names)
    with pytest.raises(PeerError, match="HTTP 404"):
        await plugin.send(Batch("t", [NOW], [{"a": 1}]))
    aws.pages["/v4/x/task"] = lambda headers: json.dumps(task).encode()
    assert (await plugin.send(Batch("t", [NOW], [{"a": 1}]))).delivered == 1
    await plugin.stop()
    assert set(aws.streams) == {("/ci/prod/app", "0123456789abcdef")}


async def test_outside_of_ecs_the_fields_of_the_record_count(
    make: Any, aws: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ECS_CONTAINER_METADATA_URI_V4", raising=False)
    plugin = plugin_of(make, aws, log_group_name="/ecs/$(ecs_cluster)", log_stream_name="s")
    await plugin.send(Batch("t", [NOW], [{"ecs_cluster": "mine"}]))
    await plugin.stop()
    assert set(aws.streams) == {("/ecs/mine", "s")}
    assert "this is none: fields of the records that are called so are used" in plugin.log.sink.stream.getvalue()


async def test_the_uuid_is_one_for_the_instance(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws, log_stream_name="$(uuid)")
    for _ in range(2):
        await plugin.send(Batch("t", [NOW], [{"a": 1}]))
    await plugin.stop()
    ((_, name),) = aws.streams
    assert len(name) == 32


async def test_long_events_are_cut_as_the_go_plugin_does(make: Any, aws: Any) -> None:
    await streams(make, aws, {"log": "é" * 200_000}, log_key="log")
    ((_, text),) = aws.streams["grp", "str"]
    assert text.endswith("é[Truncated...]")
    assert 262_116 <= len(text.encode()) <= 262_118


async def test_groups_are_made_with_tags(make: Any, aws: Any) -> None:
    await streams(make, aws, {"a": "é"}, log_group_name="new", new_log_group_tags="a=b, c = d e", log_retention_days=3)
    assert aws.groups["new"] == {"logGroupName": "new", "tags": {"a": "b", "c": "d e"}, "retentionInDays": 3}
    ((_, text),) = aws.streams["new", "str"]
    assert text == '{"a":"é"}'


async def test_streams_are_not_made_where_that_is_not_wanted(make: Any, aws: Any) -> None:
    plugin = plugin_of(make, aws, auto_create_stream="false")
    with pytest.raises(PeerError, match="log stream does not exist"):
        await plugin.send(Batch("t", [NOW], [{"a": 1}]))
    await plugin.stop()
    assert set(aws.targets) == {"PutLogEvents"}


async def test_keys_come_from_the_named_endpoint(make: Any, aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.keys["OTHER"] = ("top", "tok")
    given = {"AccessKeyId": "OTHER", "SecretAccessKey": "top", "Token": "tok", "Expiration": "2099-01-01T00:00:00Z"}
    aws.pages["/mine"] = lambda headers: json.dumps(given).encode()
    await streams(make, aws, {"a": 1}, credentials_endpoint=f"{aws.endpoint}/mine")
    assert "Credential=OTHER/" in aws.calls[-1][2]["authorization"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"log_group_name": None}, "log_group_name is required"),
        ({"log_stream_name": None}, "exactly one of"),
        ({"log_stream_name": "$(a"}, r"cannot be read: '\$\(a'"),
        ({"new_log_group_tags": "a"}, "name=value"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, Any], said: str, make: Any, aws: Any) -> None:
    with pytest.raises(UserError, match=said):
        plugin_of(make, aws, **options)
