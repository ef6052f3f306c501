"""The variables of AWS's init images: files in moto's S3, the task's metadata, and a router that runs what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.stand_ins.aws import Aws

from outrider.aws.metadata import TASK_VARIABLES
from outrider.cli import route as router
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration
from outrider.pipeline.operate.reload import Loader

MAIN = """
[INPUT]
    Name exec
    Tag app
    Command echo GET /cart
    Exit_After_Oneshot On
"""
OUTPUT = """
[OUTPUT]
    Name file
    Match app
    Path {folder}
    File ${{ECS_TASK_ID}}.log
    Format plain
"""
FILES = {
    "tasks/a/set.conf": "[FILTER]\n    Name record_modifier\n    Match app\n    Record task ${ECS_TASK_DEFINITION}\n",
    "tasks/b/set.conf": "[FILTER]\n    Name parser\n    Match app\n    Key_Name exec\n    Parser words\n",
    "parsers.conf": "[PARSER]\n    Name words\n    Format regex\n    Regex ^(?<method>\\S+) (?<path>\\S+)$\n",
}
TASK = {"Cluster": "c", "TaskARN": "arn:aws:ecs:eu-west-1:111122223333:task/c/0123", "Family": "web", "Revision": "7"}


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def amazon(moto: str) -> Any:
    import boto3

    client = boto3.client(
        "s3", endpoint_url=moto, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    client.create_bucket(Bucket="files")
    for key, text in FILES.items():
        client.put_object(Bucket="files", Key=key, Body=text.encode())
    return client


@pytest.fixture
def task() -> Iterator[Aws]:
    server = Aws()
    server.pages["/v4/abc/task"] = lambda headers: json.dumps(TASK).encode()
    yield server
    server.close()


def route(tmp_path: Path, variables: dict[str, str], *more: str, text: str = MAIN) -> subprocess.CompletedProcess[str]:
    """The router as a process, with the task role's keys and nothing else of AWS."""
    main = tmp_path / "fluent-bit.conf"
    main.write_text(text)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ECS_", "aws_"))}
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_EC2_METADATA_DISABLED": "true"}
    command = [str(Path(sys.executable).with_name("outrider")), "route", "-c", str(main), *more]
    return subprocess.run(
        command, env={**kept, **keys, **variables}, capture_output=True, text=True, check=False, timeout=90
    )


def variables(tmp_path: Path, moto: str, task: Aws) -> dict[str, str]:
    (tmp_path / "output.conf").write_text(OUTPUT.format(folder=tmp_path))
    return {
        "AWS_ENDPOINT_URL_S3": moto,
        "ECS_CONTAINER_METADATA_URI_V4": f"{task.endpoint}/v4/abc",
        "aws_fluent_bit_init_s3_3": "arn:aws:s3:::files/tasks/a/set.conf",
        "aws_fluent_bit_init_s3_2": "arn:aws:s3:::files/tasks/b/set.conf",
        "aws_fluent_bit_init_s3_1": "arn:aws:s3:::files/parsers.conf",
        "aws_fluent_bit_init_file_10": str(tmp_path / "output.conf"),
    }


def test_the_files_are_fetched_and_run_in_their_order(amazon: Any, moto: str, task: Aws, tmp_path: Path) -> None:
    done = route(tmp_path, variables(tmp_path, moto, task))
    assert done.returncode == 0, done.stderr
    assert "arn:aws:s3:::files/tasks/b/set.conf is read" in done.stderr
    lines = (tmp_path / "0123.log").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"method": "GET", "path": "/cart", "task": "web:7"}]


def test_a_dry_run_fetches_too_and_places_faults_in_the_object(
    amazon: Any, moto: str, task: Aws, tmp_path: Path
) -> None:
    amazon.put_object(Bucket="files", Key="bad.conf", Body=b"[FILTER]\n    Name grep\n    Match app\n    Regx log a\n")
    given = variables(tmp_path, moto, task) | {
        "aws_fluent_bit_init_s3_4": "arn:aws:s3:::files/bad.conf",
        "aws_fluent_bit_init_s3_5": "arn:aws:s3:::files/missing.conf",
    }
    done = route(tmp_path, given, "--dry-run")
    assert done.returncode == 1
    assert (
        "arn:aws:s3:::files/bad.conf:4:10: filter plugin 'grep': unknown configuration property 'regx'" in done.stderr
    )
    assert "aws_fluent_bit_init_s3_5: arn:aws:s3:::files/missing.conf cannot be read: HTTP 404" in done.stderr
    assert "\n2 problems" in done.stderr


def test_a_reload_has_what_the_start_has_fetched(
    amazon: Any, moto: str, task: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Configuration, Loader]] = []

    def run(configuration: Configuration, plan: build.Plan, loader: Loader) -> int:
        seen.append((configuration, loader))
        return 0

    monkeypatch.setattr(router.run, "run", run)
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    unset = dict.fromkeys(TASK_VARIABLES, "")  # so that they are unset again
    for name, value in {**unset, **keys, **variables(tmp_path, moto, task)}.items():
        monkeypatch.setenv(name, value)
    main = tmp_path / "main.conf"
    main.write_text(MAIN)
    assert router.main(["-c", str(main)]) == 0
    for key in FILES:
        amazon.delete_object(Bucket="files", Key=key)
    ((configuration, loader),) = seen
    assert loader.load() == configuration
    (tmp_path / "output.conf").write_text("[OUTPUT]\n    Name null\n    Match *\n")
    assert loader.load().sections[-1].properties[0].value == "null"


def test_the_task_is_asked_where_only_a_value_needs_it(task: Aws, tmp_path: Path) -> None:
    where = {"ECS_CONTAINER_METADATA_URI_V4": f"{task.endpoint}/v4/abc"}
    assert route(tmp_path, where, text=MAIN + OUTPUT.format(folder=tmp_path)).returncode == 0
    assert (tmp_path / "0123.log").exists()


def test_a_task_that_does_not_answer_is_a_warning_then(task: Aws, tmp_path: Path) -> None:
    where = {"ECS_CONTAINER_METADATA_URI_V4": f"{task.endpoint}/nowhere"}
    done = route(tmp_path, where, "--dry-run", text=MAIN + OUTPUT.format(folder=tmp_path))
    assert done.returncode == 0
    assert "warning: the task does not tell who it is: " in done.stderr
    assert "variable ${ECS_TASK_ID} is used but not set" in done.stderr
