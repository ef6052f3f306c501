"""``outrider task lint`` as a command: exit statuses, formats, repairs, and files that are wrong in every way."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias
from xml.etree import ElementTree

import pytest

from outrider.cli import operator
from outrider.taskdef.lint import RULES

Lint: TypeAlias = Callable[..., tuple[int, str, str]]

CLEAN = """\
{
  "family": "web",
  "networkMode": "bridge",
  "containerDefinitions": [
    {"name": "web", "image": "nginx:1.27", "memoryReservation": 64}
  ]
}
"""
WRONG = CLEAN.replace('"web", "image"', '"we b", "image"')
WARNED = CLEAN.replace('"memory', '"environment": [{"name": "DB_PASSWORD", "value": "correct horse"}], "memory')
MENDABLE = """\
{
    "family" : "web",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256", "memory": "512",
    "networkMode": "bridge",
    "containerDefinitions": [{"name": "web", "image": "nginx:1.27"}]
}
"""


@pytest.fixture
def lint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Lint:
    """Runs the command on texts, each in a file of its own, with more words; status, output, what was said."""

    def run(*texts: str | bytes, words: tuple[str, ...] = (), suffix: str = ".json") -> tuple[int, str, str]:
        files = []
        for number, text in enumerate(texts):
            path = tmp_path / f"task{number}{suffix}"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            files.append(str(path))
        status = operator.main(["task", "lint", *files, *words])
        shown = capsys.readouterr()
        assert "Traceback" not in shown.out + shown.err
        return status, shown.out, shown.err

    return run


def test_status_tells_the_worst_finding(lint: Lint) -> None:
    assert lint(CLEAN) == (0, "nothing found in 1 file\n", "")
    assert lint(WRONG)[0] == 1
    assert lint(WARNED)[0] == 0
    assert lint(WARNED, words=("--strict",))[0] == 1
    assert lint(CLEAN.replace("nginx:1.27", "nginx"), words=("--strict",))[0] == 0, "a note"


def test_every_format(lint: Lint, tmp_path: Path) -> None:
    place = f"{tmp_path / 'task0.json'}:5:14"
    text = lint(WRONG)[1]
    assert text.startswith(f"{place}: error: the name 'we b' has the character ' ' [container-name]\n     5 |     {{")
    (finding,) = json.loads(lint(WRONG, words=("--format", "json"))[1])
    assert (finding["id"], finding["level"], finding["line"], finding["column"]) == ("container-name", "error", 5, 14)
    assert json.loads(lint(CLEAN, words=("--format", "json"))[1]) == []
    (run,) = json.loads(lint(WRONG, words=("--format", "sarif"))[1])["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["container-name"]
    (suite,) = ElementTree.fromstring(lint(WRONG, words=("--format", "junit"))[1])
    assert suite.get("failures") == "1"
    assert lint(WRONG, words=("--format", "github"))[1].startswith("::error file=")


def test_several_files_are_one_report(lint: Lint, tmp_path: Path) -> None:
    status, out, _ = lint(CLEAN, WRONG, "{", words=("--format", "json"))
    assert status == 1
    assert [Path(finding["file"]).name for finding in json.loads(out)] == ["task1.json", "task2.json"]
    assert lint(CLEAN, CLEAN)[1] == "nothing found in 2 files\n"


def test_standard_input(lint: Lint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WRONG.encode())))
    status, out, _ = lint(words=("-",))
    assert status == 1
    assert out.startswith("standard input:5:14: error: ")
    assert '     5 |     {"name": "we b"' in out


def test_rules_that_are_left_out(lint: Lint) -> None:
    assert lint(WRONG, words=("--ignore", "container-name", "--ignore", "image-mutable"))[0] == 0
    status, out, error = lint(WRONG, words=("--ignore", "container-nam"))
    assert (status, out) == (2, "")
    assert "did you mean 'container-name'?" in error


def test_every_rule_is_told(lint: Lint) -> None:
    status, out, _ = lint(words=("--rules",))
    assert status == 0
    for rule in RULES:
        assert f"{rule.id} ({rule.level})\n  {rule.why}\n  fix: {rule.fix}\n" in out


def test_repairs_change_nothing_else(lint: Lint, tmp_path: Path) -> None:
    status, out, error = lint(MENDABLE, words=("--fix",))
    path = tmp_path / "task0.json"
    assert (status, out) == (0, "nothing found in 1 file\n")
    assert "task0.json:5:20: Fargate has no networkMode 'bridge'; done: write" in error
    assert path.read_text() == MENDABLE.replace("bridge", "awsvpc")
    before = path.stat().st_ino
    assert operator.main(["task", "lint", str(path), "--fix"]) == 0
    assert path.stat().st_ino == before, "nothing is written where nothing is to be repaired"


def test_a_rule_that_is_left_out_repairs_nothing(lint: Lint, tmp_path: Path) -> None:
    assert lint(MENDABLE, words=("--fix", "--ignore", "fargate-network-mode")) == (0, "nothing found in 1 file\n", "")
    assert (tmp_path / "task0.json").read_text() == MENDABLE


TEMPLATE = """\
{
  "Resources": {
    "One": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
      "Cpu": 256, "Memory": 512, "RequiresCompatibilities": ["FARGATE"],
      "ContainerDefinitions": [{"Name": "web", "Image": {"Ref": "Image"}}]
    }},
    "Two": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
      "NetworkMode": "awsvpc",
      "ContainerDefinitions": [
        {"Name": "web", "Image": {"Ref": "Image"}, "Memory": 64,
         "PortMappings": [{"ContainerPort": 80, "HostPort": 81}]}
      ]
    }}
  }
}
"""


def test_repairs_in_a_template_speak_its_language(lint: Lint, tmp_path: Path) -> None:
    assert lint(TEMPLATE)[0] == 1
    status, out, error = lint(TEMPLATE, words=("--fix",))
    assert (status, out) == (0, "nothing found in 1 file\n")
    assert len(error.splitlines()) == 2
    one, two = (task["Properties"] for task in json.loads((tmp_path / "task0.json").read_text())["Resources"].values())
    assert one["NetworkMode"] == "awsvpc"
    assert two["ContainerDefinitions"][0]["PortMappings"] == [{"ContainerPort": 80, "HostPort": 80}]


def test_yaml_is_repaired_and_keeps_the_rest(lint: Lint, tmp_path: Path) -> None:
    text = (
        "# the web task\nfamily: web\nnetworkMode: awsvpc\ncontainerDefinitions:\n  - name: web  # one\n"
        "    image: nginx:1.27\n    memory: 64\n    portMappings:\n      - {containerPort: 80, hostPort: 81}\n"
    )
    status, out, error = lint(text, words=("--fix",), suffix=".yaml")
    assert (status, out) == (0, "nothing found in 1 file\n")
    assert "task0.yaml:9:39: 'web' maps port 80 to 81" in error
    assert (tmp_path / "task0.yaml").read_text() == text.replace("hostPort: 81", "hostPort: 80")


def test_compose_is_looked_at_and_not_repaired(lint: Lint, tmp_path: Path) -> None:
    text = "services:\n  web:\n    image: nginx:1.27\n    logging:\n      driver: awsfirelens\n"
    status, out, error = lint(text, words=("--fix",), suffix=".yaml")
    assert (status, error) == (1, "")
    assert "--fix does it" not in out
    assert (tmp_path / "task0.yaml").read_text() == text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no file is given"),
        (("--format", "xml", "x.json"), "there is no such format; allowed: text"),
        (("--fix", "-"), "--fix cannot write to standard input"),
        (("/absent.json",), "cannot read /absent.json: No such file or directory"),
        (("/",), "cannot read /: Is a directory"),
        (("--stric", "x.json"), "--strict"),
    ],
)
def test_wrong_arguments(lint: Lint, words: tuple[str, ...], said: str) -> None:
    status, out, error = lint(words=words)
    assert (status, out) == (2, "")
    assert said in error


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "1:1", "the file is empty"),
        ("{family: web}", "1:2", "a member's name was expected"),
        (CLEAN[:-4], "6:3", "',' or ']' was expected"),
        (CLEAN.replace('"networkMode"', '"family"'), "3:3", '"family" is written twice in one object, first in line 2'),
        ("[" * 100_000, "1:101", "more than 100 levels of nesting"),
        ("\ufeff" + CLEAN.replace('"nginx:1.27"', "1" * 2_000), "5:30", "a number of 2000 digits"),
        ("[]", "1:1", "a task definition is an object, this is an array"),
        ('{"containerDefinitions": [{"name": 1}]}', "1:36", "name is a string, this is a number"),
        ('{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}', "1:15", "the template has no AWS::ECS::TaskDefinition"),
        ("a: *b\n", "1:4", "not YAML: found undefined alias"),
        (CLEAN.encode("utf-16"), "1:1", "UTF-16, as PowerShell's > writes it"),
        (CLEAN.encode().replace(b"nginx", b"ngin\xff"), "5:35", "byte 0xff is not UTF-8"),
    ],
)
def test_what_is_no_task_definition_has_a_place(lint: Lint, text: str | bytes, place: str, said: str) -> None:
    status, out, _ = lint(text)
    assert status == 1
    assert f"task0.json:{place}: error: " in out
    assert said in out
    assert "[not-a-task-definition]" in out
    (finding,) = json.loads(lint(text, words=("--format", "json"))[1])
    assert finding["fix"]


def test_a_file_of_ten_megabytes_is_refused(lint: Lint) -> None:
    status, out, error = lint(CLEAN.replace("web", "w" * 10_000_000))
    assert (status, out) == (2, "")
    assert "is larger than 4194304 bytes" in error


def test_a_ring_of_dependencies_is_told_with_its_path(lint: Lint) -> None:
    ring = ", ".join(
        f'{{"name": "{name}", "image": "x:1", "memory": 64, '
        f'"dependsOn": [{{"containerName": "{other}", "condition": "START"}}]}}'
        for name, other in ("ab", "bc", "ca")
    )
    status, out, _ = lint(f'{{"family": "x", "containerDefinitions": [{ring}]}}')
    assert status == 1
    assert "these containers wait for each other: a → b → c → a [dependency-cycle]" in out


def test_a_long_chain_of_dependencies_is_followed_to_its_end(lint: Lint) -> None:
    chain = [
        {"name": f"c{n}", "dependsOn": [{"containerName": f"c{(n + 1) % 5_000}", "condition": "START"}]}
        for n in range(5_000)
    ]
    found = json.loads(lint(json.dumps({"containerDefinitions": chain}), words=("--format", "json"))[1])
    assert [finding["id"] for finding in found].count("dependency-cycle") == 1


def test_names_in_any_script_and_what_steers_a_terminal(lint: Lint) -> None:
    text = CLEAN.replace('"name": "web"', r'"name": "日本\u001b[31m\ud800"')
    status, out, _ = lint(text)
    assert status == 1
    assert "the name '日本\ufffd[31m\ufffd' has the character '日'" in out
    assert "\x1b" not in out
    (finding,) = json.loads(lint(text, words=("--format", "json"))[1])
    assert finding["column"] == 14


SECRETS = """\
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - {Name: web, Image: nginx, Environment: [{Name: DB_PASSWORD, Value: correct horse}], Memory: 64}
        - Name: worker
          Image: nginx
          Environment:
            - Name: API_KEY
              Value: |
                correct
                horse
"""


LOGS = '"logConfiguration": {"logDriver": "awsfirelens", "options": {"Name": "http", "http_passwd": "correct horse"}}, '


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit", "github"])
@pytest.mark.parametrize(
    ("text", "suffix"),
    [(WARNED, ".json"), (SECRETS, ".yaml"), (WARNED.replace('"environment"', f'{LOGS}"environment"'), ".json")],
)
def test_no_secret_is_told(lint: Lint, form: str, text: str, suffix: str) -> None:
    _, out, error = lint(text, words=("--format", form), suffix=suffix)
    assert "DB_PASSWORD" in out
    assert "correct" not in out + error
    assert "horse" not in lint(text, words=("--ignore", "secret-in-environment"), suffix=suffix)[1]


def test_a_secret_is_asterisks_where_its_line_is_quoted(lint: Lint) -> None:
    out = lint(WARNED.replace("nginx:1.27", "nginx"))[1]
    assert f'"DB_PASSWORD", "value": {"*" * 15}' in out


def test_a_template_in_another_spelling_is_not_repaired(lint: Lint) -> None:
    text = TEMPLATE.replace("PortMappings", "portMappings").replace('"One"', '"Zero"')
    status, out, error = lint(text, words=("--fix",))
    assert status == 1
    assert "host-port-mismatch" in out
    assert len(error.splitlines()) == 1


TERRAFORM = 'resource "aws_ecs_task_definition" "web" {\n  container_definitions = file("web.json")\n}\n'


def test_a_file_that_terraform_names_is_quoted_without_its_secrets(lint: Lint, tmp_path: Path) -> None:
    containers = '[{"name": "web", "image": "a:1", "environment": [{"name": "DB_PASSWORD", "value": "correct horse"}]}]'
    (tmp_path / "web.json").write_text(containers)
    _, out, error = lint(TERRAFORM, words=("--fix",), suffix=".tf")
    column = containers.index('"correct') + 1
    assert f"{tmp_path / 'web.json'}:1:{column}: warning: the variable DB_PASSWORD" in out
    assert f'"DB_PASSWORD", "value": {"*" * 15}' in out
    assert "correct horse" not in out
    assert (error, (tmp_path / "web.json").read_text()) == ("", containers)
