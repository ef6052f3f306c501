"""Files that are no good, through every command that takes one: a message with a place, a status, no traceback."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.taskdef.mutations import mutated, template
from typer.testing import CliRunner

from outrider.cli import firelens, task
from outrider.model.errors import UserError

FILE = "@"
"""Stands for the file."""
READERS = [
    ["task", "lint", FILE],
    ["task", "iam", FILE],
    ["task", "iam", FILE, "--diff", FILE],
    ["task", "diff", FILE, FILE],
    ["firelens", "render", FILE],
    ["firelens", "plan", FILE],
    ["firelens", "plan", "--format", "json", "--docker-version", "19.03", FILE],
]
EDITORS = [
    ["task", "lint", "--fix", FILE],
    ["task", "protect", FILE],
    ["task", "protect", "--profile", "alertlogic", "--adopt-router", "--replace-log-driver", "--debug", FILE],
    ["task", "unprotect", FILE],
    ["task", "migrate", FILE],
    ["task", "migrate", "--plugin", "cloudwatch", "--keep-stream-names", "--dry-run", FILE],
]
COMMANDS = [*READERS, *EDITORS]
OTHERS = [
    ["task", "run", "--backend", "process", FILE],
    ["task", "deploy", "--dry-run", "--service", "s", FILE],
    ["task", "security-group", FILE],
]
"""They would start containers, call AWS, or read something else."""
FORMATS = [["task", "lint", "--format", form, FILE] for form in ("json", "sarif", "junit", "github")]
APP = typer.Typer()
task.register(APP)
firelens.register(APP)
GOOD: dict[str, Any] = {
    "family": "web",
    "networkMode": "awsvpc",
    "containerDefinitions": [
        {"name": "router", "image": "i", "firelensConfiguration": {"type": "fluentbit"}},
        {"name": "web", "image": "i", "logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "stdout"}}},
    ],
}
TEXT = json.dumps(GOOD, indent=1)


def said(words: list[str], path: Path) -> tuple[int, str]:
    """The status of a command, and all that it says; its errors as the program tells them."""
    result = CliRunner().invoke(APP, [str(path) if word == FILE else word for word in words])
    error = result.exception
    if isinstance(error, UserError):
        return 2, f"{result.output}outrider: {error}\n"
    if error is not None and not isinstance(error, SystemExit):
        raise error
    return result.exit_code, result.output


def containers(*made: dict[str, Any]) -> bytes:
    return json.dumps(GOOD | {"containerDefinitions": [*GOOD["containerDefinitions"], *made]}, indent=1).encode()


UNREADABLE = {
    "nothing": b"",
    "blanks": b" \n\t ",
    "cut": TEXT[:200].encode(),
    "cut in a text": b'{"family": "we',
    "a member twice": TEXT.replace('"networkMode"', '"family"').encode(),
    "NUL": TEXT.replace("web", "w\0b").encode(),
    "only NUL": b"\0" * 100,
    "UTF-16": TEXT.encode("utf-16"),
    "Latin-1": TEXT.replace("web", "w\u00e9b").encode("latin-1"),
    "binary": bytes(range(256)),
    "deep": b"[" * 5_000,
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "a huge number": TEXT.replace('"awsvpc"', "9" * 5_000).encode(),
    "two documents": TEXT.encode() * 2,
    "a comment": b"// web\n" + TEXT.encode(),
    "an array": b"[]",
    "a number": b"17",
    "an empty object": b"{}",
    "containers that are none": b'{"family": "web", "containerDefinitions": {"name": "web"}}',
    "no containers": b'{"family": "web", "containerDefinitions": []}',
    "a template without a task": b'{"Resources": {"A": {"Type": "AWS::S3::Bucket"}}}',
    "only white after a byte order mark": b"\xef\xbb\xbf  ",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    refused(tmp_path / "task.json", UNREADABLE[name], [*COMMANDS, *OTHERS])


def refused(path: Path, content: bytes, commands: list[list[str]]) -> None:
    """Each command says where, and leaves the file as it is."""
    path.write_bytes(content)
    for words in commands:
        status, text = said(words, path)
        assert status == (1 if words[1] == "lint" else 2), text
        assert re.search(rf"{re.escape(str(path))}:\d+:\d+: ", text), text
    assert path.read_bytes() == content


def test_ten_megabytes_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "task.json"
    path.write_bytes(containers({"name": "x" * 10_000_000, "image": "i"}))
    for words in (*COMMANDS, *OTHERS):
        status, text = said(words, path)
        assert status == 2
        assert "is larger than" in text


def test_no_command_is_left_out() -> None:
    known = {name for group in APP.registered_groups for name in _commands(group.typer_instance)}
    assert known - {"doctor"} == {words[1] for words in (*COMMANDS, *OTHERS)}


def _commands(app: typer.Typer | None) -> list[str]:
    return [command.name or "" for command in app.registered_commands] if app else []


ODD = {
    "a ring": containers(
        {"name": "a", "image": "i", "dependsOn": [{"containerName": "b", "condition": "START"}]},
        {"name": "b", "image": "i", "dependsOn": [{"containerName": "a", "condition": "HEALTHY"}]},
        {"name": "c", "image": "i", "dependsOn": [{"containerName": "c", "condition": "START"}]},
    ),
    "unicode": containers(
        {"name": "日本語", "image": "é"}, {"name": "עברית", "image": "i"}, {"name": "😀", "image": "i"}
    ),
    "signs that steer": containers(
        {"name": "\u202egpj.exe", "image": "\x1b[2J", "environment": [{"name": "\r\n", "value": "\u200b\x07"}]},
        {
            "name": "\u0000",
            "image": "\ufeff",
            "logConfiguration": {"logDriver": "\x1b]0;x\x07", "options": {"\n": "\r"}},
        },
    ),
    "a byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "halves of pairs": TEXT.replace('"web"', '"\\ud800"').encode(),
    "huge numbers": containers(
        {"name": "a", "image": "i", "memory": 10**300, "memoryReservation": -(10**300), "cpu": 1e308}
    ),
    "hundreds of containers": containers(
        *(
            {"name": f"c{n}", "image": "i", "dependsOn": [{"containerName": f"c{n + 1}", "condition": "START"}]}
            for n in range(300)
        )
    ),
    "open values": template(GOOD | {"family": {"Ref": "Family"}, "cpu": {"Fn::GetAtt": ["A", "b"]}}).encode(),
    "a container that is open": template(GOOD | {"containerDefinitions": [{"Fn::If": ["A", "b", "c"]}]}).encode(),
    "nothing but open": template({"containerDefinitions": {"Fn::Transform": {"Name": "x"}}}).encode(),
}
_STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]")


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_told_or_taken(name: str, tmp_path: Path) -> None:
    path = tmp_path / "task.json"
    for words in [*COMMANDS, *FORMATS]:
        path.write_bytes(ODD[name])
        result = CliRunner().invoke(APP, [str(path) if word == FILE else word for word in words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            assert isinstance(result.exception, UserError)
            assert result.exception.place is not None
            assert not _STEERS.search(str(result.exception))
        assert result.exit_code in (0, 1, 2)
        assert not _STEERS.search(result.stderr)


FORMS: dict[str, Callable[[Any], str]] = {
    "task.json": lambda task: json.dumps(task, indent=1),
    "template.json": template,
    "task.yaml": lambda task: yaml.safe_dump(task, sort_keys=False),
    "template.yaml": lambda task: yaml.safe_dump(json.loads(template(task)), sort_keys=False),
    "main.tf": lambda task: (
        'resource "aws_ecs_task_definition" "web" {\n  family = "web"\n  container_definitions = jsonencode('
        + json.dumps(task.get("containerDefinitions"), indent=1).replace("${", "$${").replace("%{", "%%{")
        + ")\n}\n"
    ),
}


@settings(deadline=None)
@given(mutated(), st.sampled_from(sorted(FORMS)), st.sampled_from([*COMMANDS, *FORMATS]))
def test_what_nobody_thought_of(
    tmp_path_factory: pytest.TempPathFactory, definition: dict[str, Any], form: str, words: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / form
    path.write_text(FORMS[form](definition))
    status, text = said(words, path)
    assert status in (0, 1, 2)
    if status == 2:
        assert "outrider: " in text


LIKE_YAML = {
    "a tab": b"family: web\ncontainerDefinitions:\n\t- name: web\n",
    "an alias to itself": b"family: &a [*a]\ncontainerDefinitions: *a\n",
    "an alias to nothing": b"containerDefinitions: *nothing\n",
    "a bomb of aliases": b"a: &a [x, x, x, x, x, x, x, x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (n + 1, n + 1, b", ".join([b"*%c" % n] * 8)) for n in range(ord("a"), ord("k")))
    + b"containerDefinitions: *k\n",
    "a member twice": b"family: web\nfamily: web\ncontainerDefinitions: []\n",
    "deep": b"containerDefinitions: " + b"[" * 500 + b"]" * 500,
    "a tag of Python's": b"containerDefinitions: !!python/object/apply:os.system ['true']\n",
    "cut": b"containerDefinitions:\n- {name: web, image: 'i\n",
}


@pytest.mark.parametrize("name", LIKE_YAML)
def test_yaml_that_cannot_be_read_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    refused(tmp_path / "task.yaml", LIKE_YAML[name], [READERS[0], EDITORS[1]] if "bomb" in name else COMMANDS)
