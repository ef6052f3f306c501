"""The ecs and aws filters against endpoints on this machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from outrider.aws.metadata import Known
from outrider.model.errors import UserError
from outrider.plugins.filters.ecs import plugin as ecs_module
from outrider.plugins.filters.ecs.cache import Cache

ID = "79c796ed2a7f864f485c76f83f316548"
NEW = "0123456789ab"
INSTANCE = {"Cluster": "prod", "ContainerInstanceArn": "arn:aws:ecs:r:1:container-instance/prod/i-1", "Version": "v1"}
TASK = {
    "Cluster": "arn:aws:ecs:eu-west-1:111122223333:cluster/prod",
    "TaskARN": "arn:aws:ecs:eu-west-1:111122223333:task/prod/0123abcd",
    "Family": "web",
    "Revision": "7",
    "AvailabilityZone": "eu-west-1a",
    "Containers": [{"DockerId": "0123abcd-2", "Name": "app", "Networks": [{"IPv4Addresses": ["10.0.0.9"]}]}],
    "TaskTags": {"team": "a", "cost": "b"},
}


def container(docker_id: str) -> dict[str, Any]:
    return {"Arn": "arn:x/t-1", "Family": "web", "Version": "3", "Containers": [{"DockerId": docker_id, "Name": "app"}]}


@dataclass
class Endpoint:
    """A server with bodies by path; it notes what was asked."""

    bodies: dict[str, Any]
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    port: int = 0
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def asked_for(self, path: str, times: int) -> None:
        while self.asked.count(path) < times:
            self.more.clear()
            await self.more.wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path_qs}")
        self.headers.append(dict(request.headers))
        self.more.set()
        body = self.bodies.get(f"{request.method} {request.path_qs}", self.bodies.get(request.path_qs))
        if body is None:
            return web.Response(status=404)
        return web.Response(body=body if isinstance(body, str) else json.dumps(body))


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    found = Endpoint({})
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.port = runner.addresses[0][1]
    yield found
    await runner.cleanup()


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ECS_CONTAINER_METADATA_URI_V4", "AWS_EXECUTION_ENV", "AWS_EC2_METADATA_SERVICE_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setattr(ecs_module, "_FIRST_WAIT", 0.001)


async def until(plugin: Any, batch: Any, tag: str, expected: dict[str, str]) -> None:
    """Run the filter beside batches of the tag until they come out as expected."""
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(plugin.run())
        while True:
            found = batch({"log": "x"}, {}, tag=tag)
            plugin.apply(found)
            if found.records == [{"log": "x", **expected}, expected]:
                break
            await asyncio.sleep(0.002)
        running.cancel()
    await plugin.stop()


ADD = [("add", "cluster $ClusterName"), ("add", "what $ECSContainerName:$TaskDefinitionVersion:$ECSAgentVersion")]


def ecs(filter_of: Any, endpoint: Endpoint, *more: tuple[str, str]) -> Any:
    return filter_of("ecs", [*ADD, ("ecs_meta_port", str(endpoint.port)), *more])


async def test_the_agent_of_a_machine(filter_of: Any, batch: Any, endpoint: Endpoint) -> None:
    endpoint.bodies = {"/v1/metadata": INSTANCE, "/v1/tasks": {"Tasks": [container(ID)]}}
    plugin = ecs(filter_of, endpoint, ("ecs_tag_prefix", "ecs."))
    await until(plugin, batch, f"ecs.{ID}.log", {"cluster": "prod", "what": "app:3:v1"})


async def test_records_pass_unchanged_before_anything_is_known(filter_of: Any, batch: Any, endpoint: Endpoint) -> None:
    plugin = ecs(filter_of, endpoint)
    found = batch({"log": "x"})
    plugin.apply(found)
    assert found.records == [{"log": "x"}]
    assert "records pass unchanged" in plugin.logged()


async def test_a_container_that_is_not_known_is_looked_for(filter_of: Any, batch: Any, endpoint: Endpoint) -> None:
    endpoint.bodies = {"/v1/metadata": INSTANCE, "/v1/tasks": {"Tasks": [container(ID)]}}
    plugin = ecs(filter_of, endpoint, ("agent_endpoint_retries", "1000"))
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(plugin.run())
        await endpoint.asked_for("GET /v1/tasks", 1)
        found = batch({}, tag=NEW)
        while found.records != [{"cluster": "prod", "what": "app:3:v1"}]:
            assert found.records in ([{}], [{"cluster": "prod", "what": "::v1"}])
            if endpoint.asked.count("GET /v1/tasks") > 2:
                endpoint.bodies["/v1/tasks"] = {"Tasks": [container(NEW), container(ID)]}
            found = batch({}, tag=NEW)
            plugin.apply(found)
            await asyncio.sleep(0.002)
        running.cancel()
    await plugin.stop()


def test_what_is_not_found_is_not_looked_for_again_and_what_is_not_heard_of_is_forgotten() -> None:
    cache = Cache(dict, "ecs.", ttl=10, retries=2)
    known = Known({"c": "common"}, {ID[:12]: {"c": "container"}}, {})
    assert cache.fields("ecs." + NEW, 0) is None
    assert not cache.wants
    cache.take(known, 0)
    assert cache.fields("ecs." + ID, 1) == {"c": "container"}
    assert not cache.wants
    for time in (1, 2):
        assert cache.fields("ecs." + NEW, time) == {"c": "common"}
        assert cache.wants
        cache.take(known, time)
    assert cache.fields("ecs." + NEW, 3) == {"c": "common"}
    assert cache.fields("ecs.short", 3) == cache.fields("other." + ID, 3) == {"c": "common"}
    assert not cache.wants
    cache.fields("ecs." + ID, 8)
    cache.take(Known({}, {}, {}), 18)
    assert cache.fields("ecs." + ID, 18) == {"c": "container"}
    cache.take(Known({}, {}, {}), 29)
    assert cache.fields("ecs." + ID, 29) == {}


def test_any_number_of_unknown_containers_is_bounded() -> None:
    cache = Cache(dict, "", ttl=10, retries=2)
    cache.take(Known({}, {}, {}), 0)
    for n in range(5_000):
        cache.fields(f"{n:012}", 0)
    assert len(cache._missing) <= 1_000


async def test_the_cluster_alone_asks_once(filter_of: Any, batch: Any, endpoint: Endpoint) -> None:
    endpoint.bodies = {"/v1/metadata": INSTANCE}
    plugin = ecs(filter_of, endpoint, ("cluster_metadata_only", "on"))
    await until(plugin, batch, ID, {"cluster": "prod", "what": "::v1"})
    assert endpoint.asked == ["GET /v1/metadata"]


@pytest.mark.parametrize("tag", ["app-firelens-0123abcd", "anything"])
async def test_fargate(
    filter_of: Any, batch: Any, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, tag: str
) -> None:
    endpoint.bodies = {"/v4/abc/task": TASK}
    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", f"{endpoint.url}/v4/abc")
    monkeypatch.setenv("AWS_EXECUTION_ENV", "AWS_ECS_FARGATE")
    name = "app" if "app" in tag else ""
    await until(ecs(filter_of, endpoint), batch, tag, {"cluster": "prod", "what": f"{name}:7:"})
    assert endpoint.asked == ["GET /v4/abc/task"]


async def test_a_task_on_a_machine_whose_agent_cannot_be_reached_asks_for_itself(
    filter_of: Any, batch: Any, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.bodies = {"/v4/abc/task": TASK}
    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", f"{endpoint.url}/v4/abc")
    monkeypatch.setenv("AWS_EXECUTION_ENV", "AWS_ECS_EC2")
    await until(ecs(filter_of, endpoint), batch, "app-firelens-0123abcd", {"cluster": "prod", "what": "app:7:"})
    assert endpoint.asked == ["GET /v1/metadata", "GET /v4/abc/task"]


async def test_an_endpoint_that_fails_is_asked_again(filter_of: Any, batch: Any, endpoint: Endpoint) -> None:
    endpoint.bodies = {"/v1/metadata": "{"}
    plugin = ecs(filter_of, endpoint)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(plugin.run())
        await endpoint.asked_for("GET /v1/metadata", 3)
        running.cancel()
    await plugin.stop()
    assert "metadata cannot be read" in plugin.logged()


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([("add", "key")], "two words are expected: KEY TEMPLATE"),
        ([("add", "key $")], "names nothing"),
        ([("ecs_meta_port", "x")], "not a whole number"),
    ],
)
def test_what_ecs_refuses(filter_of: Any, rules: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        filter_of("ecs", rules)


# ---- aws -------------------------------------------------------------------------------------------------------------

META = "GET /latest/meta-data/"
ALL = [
    (name, "on")
    for name in (
        "ec2_instance_type",
        "private_ip",
        "vpc_id",
        "ami_id",
        "account_id",
        "hostname",
        "tags_enabled",
    )
]
MACHINE: dict[str, Any] = {
    f"{META}placement/availability-zone": "eu-west-1a",
    f"{META}instance-id": "i-1",
    f"{META}instance-type": "m1.small",
    f"{META}local-ipv4": "10.0.0.1",
    f"{META}mac": "0e:49",
    f"{META}network/interfaces/macs/0e%3A49/vpc-id": "vpc-1",
    f"{META}network/interfaces/macs/0e:49/vpc-id": "vpc-1",
    f"{META}ami-id": "ami-1",
    "GET /latest/dynamic/instance-identity/document": {"accountId": "1111"},
    f"{META}hostname": "ip-10",
    f"{META}tags/instance": "Name\nteam",
    f"{META}tags/instance/Name": "web",
    f"{META}tags/instance/team": "a",
}
FIELDS = {
    "az": "eu-west-1a",
    "ec2_instance_id": "i-1",
    "ec2_instance_type": "m1.small",
    "private_ip": "10.0.0.1",
    "vpc_id": "vpc-1",
    "ami_id": "ami-1",
    "account_id": "1111",
    "hostname": "ip-10",
    "Name": "web",
    "team": "a",
}


@pytest.mark.parametrize(("version", "token"), [("v2", "secret"), ("v2", ""), ("v1", "secret")])
async def test_a_machine(
    filter_of: Any, batch: Any, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, version: str, token: str
) -> None:
    endpoint.bodies = {**MACHINE, **({"PUT /latest/api/token": token} if token else {})}
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint.url)
    plugin = filter_of("aws", [("imds_version", version), *ALL])
    found = batch({"log": "x"})
    plugin.apply(found)
    assert found.records == [{"log": "x"}]
    await until(plugin, batch, "app", FIELDS)
    sent = [headers.get("X-aws-ec2-metadata-token", "") for headers in endpoint.headers]
    assert (endpoint.asked[0] == "PUT /latest/api/token") == (version == "v2")
    assert set(sent[1:]) == {token if version == "v2" else ""}


async def test_tags_can_be_chosen_and_may_be_missing(
    filter_of: Any, batch: Any, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.bodies = dict(MACHINE)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint.url)
    rules = [("az", "off"), ("ec2_instance_id", "off"), ("tags_enabled", "on")]
    await until(filter_of("aws", [*rules, ("tags_exclude", "Name")]), batch, "app", {"team": "a"})
    await until(filter_of("aws", [*rules, ("tags_include", "Name")]), batch, "app", {"Name": "web"})
    del endpoint.bodies[f"{META}tags/instance"]
    plugin = filter_of("aws", [*rules, ("az", "on")][1:])
    await until(plugin, batch, "app", {"az": "eu-west-1a"})
    assert "fix: allow tags in instance metadata" in plugin.logged()


async def test_fargate_says_what_it_knows(
    filter_of: Any, batch: Any, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint.bodies = {"/v4/abc/task": TASK, "/v4/abc/taskWithTags": TASK}
    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", f"{endpoint.url}/v4/abc")
    plugin = filter_of("aws", [*ALL, ("tags_include", "team")])
    await until(
        plugin,
        batch,
        "app",
        {"az": "eu-west-1a", "private_ip": "10.0.0.9", "account_id": "111122223333", "team": "a"},
    )
    assert "not known of a task on Fargate: ec2_instance_id, ec2_instance_type, vpc_id" in plugin.logged()


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([("enable_entity", "on")], "enable_entity is not supported"),
        ([("tags_include", "a"), ("tags_exclude", "b")], "cannot be used together"),
        ([("imds_version", "v3")], "allowed: v1, v2"),
    ],
)
def test_what_aws_refuses(filter_of: Any, rules: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        filter_of("aws", rules)


def test_an_endpoint_that_is_none_is_refused(filter_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "https://x")
    with pytest.raises(UserError, match="is not the URL of an endpoint"):
        filter_of("aws", [])
