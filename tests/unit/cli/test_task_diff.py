"""``outrider task diff`` of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outrider.cli import operator

OLD: dict[str, Any] = {"family": "web", "containerDefinitions": [{"name": "web", "image": "web:1"}]}
NEW: dict[str, Any] = {
    "family": "web",
    "containerDefinitions": [
        {"name": "web", "image": "web:2", "essential": True, "environment": [{"name": "TOKEN", "value": "hunter2"}]}
    ],
}


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(OLD))
    new.write_text(json.dumps({"taskDefinition": {**NEW, "revision": 3, "status": "ACTIVE"}, "tags": []}))
    return str(old), str(new)


def test_text(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.main(["task", "diff", *files]) == 1
    assert capsys.readouterr().out.splitlines() == [
        '~ containerDefinitions[web].image: "web:1" → "web:2"',
        '+ containerDefinitions[web].environment[TOKEN].value: "***"',
    ]


def test_json(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.main(["task", "diff", "--json", *files]) == 1
    assert json.loads(capsys.readouterr().out) == [
        {"path": "containerDefinitions[web].image", "change": "changed", "old": "web:1", "new": "web:2"},
        {"path": "containerDefinitions[web].environment[TOKEN].value", "change": "added", "new": "***"},
    ]


def test_the_same(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.main(["task", "diff", files[0], files[0]]) == 0
    assert operator.main(["task", "diff", "--json", files[0], files[0]]) == 0
    assert capsys.readouterr().out == "[]\n"


def test_a_template_leaves_open_what_it_does_not_say(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = tmp_path / "stack.yaml"
    template.write_text(
        "Resources:\n  Web:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Family: web\n"
        "      ContainerDefinitions:\n        - Name: web\n          Image: !Ref Image\n          Memory: 64\n"
    )
    assert operator.main(["task", "diff", files[0], str(template)]) == 1
    assert capsys.readouterr().out == "+ containerDefinitions[web].memory: 64\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-", "-"], "standard input cannot be both"),
        (["none.json", "-"], "cannot read none.json"),
        (["web", "-"], "cannot read web"),
    ],
)
def test_what_cannot_be_compared(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.main(["task", "diff", *words]) == 2
    assert said in capsys.readouterr().err
