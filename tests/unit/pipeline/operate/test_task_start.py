"""What a task is asked before its configuration is read."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.helpers import section
from tests.stand_ins.aws import Aws
from tests.stand_ins.s3 import S3, RefusalError, Stored

from outrider.model.errors import UserError
from outrider.pipeline.config.configuration import Configuration
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.init_files import named
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.operate import task_start

TASK = {
    "Cluster": "arn:aws:ecs:eu-west-1:111122223333:cluster/prod",
    "TaskARN": "arn:aws:ecs:eu-west-1:111122223333:task/prod/0123456789abcdef",
    "Family": "web",
    "Revision": "7",
}


@pytest.fixture(autouse=True)
def _task_role(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith(("AWS_", "ECS_", "EKS_", "aws_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@pytest.fixture
def endpoint() -> Iterator[Aws]:
    """A stand-in whose page ``/v4/abc/task`` is the task's."""
    server = Aws()
    server.pages["/v4/abc/task"] = lambda headers: json.dumps(TASK).encode()
    yield server
    server.close()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """A stand-in with the bucket ``files``, in the place of S3."""
    server = S3("files")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.endpoint)
    yield server
    server.close()


def fetched(**variables: str) -> tuple[dict[str, str], list[str]]:
    findings = Findings()
    wanted = named({f"aws_fluent_bit_init_{name}": value for name, value in variables.items()})
    texts = task_start.fetch(wanted, os.environ, Log(Sink(stream=io.StringIO()), "test"), findings)
    return texts, findings.lines()


def test_a_task_tells_who_it_is(endpoint: Aws) -> None:
    environment = {
        "ECS_CONTAINER_METADATA_URI_V4": f"{endpoint.endpoint}/v4/abc",
        "ECS_FAMILY": "own",
        "ECS_REVISION": "",
    }
    task_start.set_variables(environment)
    del environment["ECS_CONTAINER_METADATA_URI_V4"]
    assert environment == {
        "AWS_REGION": "eu-west-1",
        "ECS_CLUSTER": "prod",
        "ECS_TASK_ARN": TASK["TaskARN"],
        "ECS_TASK_ID": "0123456789abcdef",
        "ECS_FAMILY": "own",
        "ECS_REVISION": "7",
        "ECS_TASK_DEFINITION": "web:7",
    }


@pytest.mark.parametrize("page", [b"", b"{}", b'{"Cluster": "c", "TaskARN": "x"}', None])
def test_a_task_that_does_not_tell_is_an_error(endpoint: Aws, page: bytes | None) -> None:
    endpoint.pages = {} if page is None else {"/v4/abc/task": lambda headers: page}
    with pytest.raises(UserError, match=r"^ECS_CONTAINER_METADATA_URI_V4: the task does not tell who it is: "):
        task_start.set_variables({"ECS_CONTAINER_METADATA_URI_V4": f"{endpoint.endpoint}/v4/abc"})


def test_without_a_task_nothing_is_asked() -> None:
    environment: dict[str, str] = {}
    task_start.set_variables(environment)
    assert environment == {}


def test_a_task_is_asked_where_a_value_needs_it() -> None:
    configuration = Configuration([section("output", name="null", match="x-${ECS_TASK_ID}")])
    assert task_start.lacks(configuration, {})
    assert not task_start.lacks(configuration, {"ECS_TASK_ID": "1"})
    configuration.variables["ECS_TASK_ID"] = "1"
    assert not task_start.lacks(configuration, {})
    assert not task_start.lacks(Configuration([section("output", name="null", match="${OTHER}")]), {})
    of_processor = section("input", name="dummy")
    of_processor.processors = [section("filter", name="grep", regex="a ${AWS_REGION}")]
    assert task_start.lacks(Configuration([of_processor]), {})


def test_objects_are_fetched_once_each(s3: S3) -> None:
    s3.objects = {"a b/x.conf": Stored("ä".encode(), {}), "y.conf": Stored(b"\xff", {})}
    one, two = "arn:aws:s3:::files/a b/x.conf", "arn:aws:s3:::files/y.conf"
    texts, problems = fetched(s3_1=one, S3_2=two, s3_3=one, file_4="/x.conf")
    assert (texts, problems) == ({one: "ä", two: "\udcff"}, [])
    assert [path for _, path, _ in s3.requests] == ["/files/a%20b/x.conf", "/files/y.conf"]


def test_a_bucket_elsewhere_is_asked_there(s3: S3) -> None:
    s3.objects = {"x": Stored(b"x", {})}
    s3.failures.append(RefusalError(301, "PermanentRedirect", {"x-amz-bucket-region": "eu-south-2"}))
    assert fetched(s3_1="arn:aws:s3:::files/x")[0]
    regions = [headers["authorization"].split("/")[2] for _, _, headers in s3.requests]
    assert regions == ["us-east-1", "eu-south-2"]


@pytest.mark.parametrize(("region", "asked"), [("eu-west-1", "eu-west-1"), ("..", "us-east-1"), ("", "us-east-1")])
def test_the_region_of_the_task_is_asked_first(
    s3: S3, monkeypatch: pytest.MonkeyPatch, region: str, asked: str
) -> None:
    monkeypatch.setenv("AWS_REGION", region)
    fetched(s3_1="arn:aws:s3:::files/x")
    assert s3.requests[0][2]["authorization"].split("/")[2] == asked


def test_a_region_that_is_none_is_not_asked(s3: S3) -> None:
    s3.failures.append(RefusalError(301, "PermanentRedirect", {"x-amz-bucket-region": "evil.example"}))
    _, problems = fetched(s3_1="arn:aws:s3:::files/x")
    assert "HTTP 301 PermanentRedirect" in problems[0]
    assert "fix:" not in problems[0]
    assert len(s3.requests) == 1


def test_a_request_without_an_answer_is_sent_once_more(s3: S3) -> None:
    s3.objects = {"x": Stored(b"x", {})}
    s3.failures.append("silence")
    assert fetched(s3_1="arn:aws:s3:::files/x")[0] == {"arn:aws:s3:::files/x": "x"}


def test_every_fault_is_told_with_its_variable(s3: S3) -> None:
    s3.objects = {"big": Stored(bytes((4 << 20) + 1), {})}
    names = {"s3_1": "arn:aws:s3:::files/no", "s3_2": "s3://files/x", "s3_3": "arn:aws:s3:::other/x", "s3_4": ""}
    texts, problems = fetched(**names, s3_5="arn:aws:s3:::files/big")
    assert texts == {}
    assert [line.partition(":")[0] for line in problems[:-1]] == [f"aws_fluent_bit_init_s3_{n}" for n in range(1, 6)]
    assert "HTTP 404 NoSuchKey" in problems[0]
    assert "task role may s3:GetObject" in problems[0]
    assert "fix: write it as arn:aws:s3:::BUCKET/KEY" in problems[1]
    assert "NoSuchBucket" in problems[2]
    assert "larger than 4194304 bytes" in problems[4]


def test_without_keys_the_fault_says_so(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    _, problems = fetched(s3_1="arn:aws:s3:::files/x")
    assert "no AWS credentials found" in problems[0]
    assert "give the task a task role" in problems[0]


def test_an_endpoint_that_is_none_is_told_with_the_variable(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://a b")
    _, problems = fetched(s3_1="arn:aws:s3:::files/x")
    assert problems[0].startswith("aws_fluent_bit_init_s3_1: endpoint 'http://a b' is not a host with an optional port")
