"""``outrider task protect`` and ``outrider firelens render`` as commands: where the result goes, what is said."""

import json
import os
import stat

import pytest
import typer
from typer.testing import CliRunner

from outrider.cli import firelens, task
from outrider.model.errors import UserError
from outrider.taskdef.firelens import render
from outrider.taskdef.protect import PROFILES, Wish, protect
from outrider.taskdef.source import task_source

TEXT = json.dumps(
    {
        "family": "web",
        "networkMode": "awsvpc",
        "memory": "512",
        "revision": 3,
        "containerDefinitions": [{"name": "ap\u00e9", "image": "i"}],
    },
    indent=2,
    ensure_ascii=False,
)
SECRET = "arn:aws:ssm:eu-west-1:123456789012:parameter/outrider/token"
PROTECTED = protect(task_source(TEXT, "f"), Wish(PROFILES["alertlogic"])).source.source.text


@pytest.fixture
def outrider():
    app = typer.Typer()
    firelens.register(app)
    task.register(app)

    def run(*words, **options):
        return CliRunner().invoke(app, [str(word) for word in words], **options)

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "task.json"
    path.write_text(TEXT)
    return path


def protected(outrider, *words, **options):
    result = outrider("task", "protect", "--profile", "alertlogic", *words, **options)
    assert result.exception is None
    return result


def test_to_standard_output(outrider, file):
    result = protected(outrider, file)
    assert result.stdout == PROTECTED
    assert "added the agent 'al-agent'" in result.stderr
    assert "aws ecs register-task-definition --cli-input-json file://protected.json" in result.stderr
    assert "TCP and UDP 1514" in result.stderr
    assert file.read_text() == TEXT


def test_from_standard_input(outrider):
    assert protected(outrider, "-", input=TEXT).stdout == PROTECTED


def test_to_a_file(outrider, file, tmp_path):
    target = tmp_path / "out file.json"
    mask = os.umask(0o027)
    try:
        result = protected(outrider, file, "-o", target)
    finally:
        os.umask(mask)
    assert result.stdout == ""
    assert target.read_text() == PROTECTED
    assert f"'file://{target}'" in result.stderr
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_to_a_pipe(outrider, file, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        protected(outrider, file, "-o", pipe)
        assert os.read(reader, 65536).decode() == PROTECTED
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_in_place_keeps_link_and_permissions(outrider, file, tmp_path):
    file.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(file)
    protected(outrider, link, "--in-place")
    assert link.is_symlink()
    assert file.read_text() == PROTECTED
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    before = file.stat().st_ino
    again = protected(outrider, file, "--in-place")
    assert "is protected already; nothing changed" in again.stderr
    assert "register-task-definition" not in again.stderr
    assert file.stat().st_ino == before
    assert sorted(os.listdir(tmp_path)) == ["link.json", "task.json"]


def test_what_describe_prints_needs_one_step_more(outrider):
    result = protected(outrider, "-", input=f'{{"taskDefinition": {TEXT}}}')
    assert "jq '.taskDefinition | del(.taskDefinitionArn, .revision," in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--in-place", "-o", "x"], "--in-place needs a file"),
        (["-o", "/absent/x.json"], "cannot write /absent/x.json: No such file or directory"),
        (["--profile", "other"], "unknown profile 'other'"),
        (["--key", "a", "--token", "b"], "--key and --token both say"),
        (["--debug", "--no-debug"], "--debug and --no-debug are given together; fix: give one of them"),
    ],
)
def test_mistakes(outrider, file, words, said):
    result = outrider("task", "protect", file, *words)
    assert isinstance(result.exception, UserError)
    assert said in str(result.exception)
    assert result.stdout == ""
    assert file.read_text() == TEXT


def test_all_mistakes_are_said_together(outrider, file):
    file.write_text(TEXT.replace("awsvpc", "bridge"))
    words = [
        "--server",
        "h:8444",
        "--token",
        "x",
        "--token-secret",
        "notarn",
        "--agent-image",
        "",
        "--in-place",
        "-o",
        "y",
    ]
    said = str(outrider("task", "protect", file, *words).exception).splitlines()
    assert said[0] == "7 things are to be mended:"
    for line, start in zip(
        said[1:],
        [
            "--in-place needs a file",
            "--agent-image: '' is no name",
            "--token and --token-secret both say",
            "--token: the join token does not begin with",
            "--token-secret: 'notarn' names no secret",
            "--server: 'h:8444' is not the address",
            f"{file}:3:18: networkMode is bridge",
        ],
        strict=True,
    ):
        assert line.startswith(f"  {start}")


def test_the_image_is_not_published(outrider, file):
    warning = "note: the image outrider:latest is published nowhere yet"
    assert warning in outrider("task", "protect", file).stderr
    own = ["--agent-image", "o:1", "--router-image", "o:1"]
    assert warning not in outrider("task", "protect", file, *own).stderr
    assert warning not in protected(outrider, file).stderr


def test_settings_reach_the_agent(outrider, file):
    words = ["--server", "https://s:1", "--token-secret", SECRET, "--agent-image", "a", "--router-image", "r"]
    result = outrider("task", "protect", file, *words)
    agent, router = json.loads(result.stdout)["containerDefinitions"][1:]
    assert agent == {
        "name": "outrider-agent",
        "image": "a",
        "environment": [{"name": "OUTRIDER_SERVER", "value": "https://s:1"}],
        "secrets": [{"name": "OUTRIDER_TOKEN", "valueFrom": SECRET}],
    }
    assert router["image"] == "r"


def test_a_key_is_not_repeated_in_what_is_said(outrider, file):
    result = outrider("task", "protect", file, "--key", "very-secret")
    assert "very-secret" in result.stdout
    assert "very-secret" not in result.stderr


@pytest.mark.parametrize(("words", "mode"), [(["--key", "secret"], 0o600), (["--token-secret", SECRET], 0o644)])
def test_a_new_file_with_a_secret_is_its_owners_alone(outrider, file, tmp_path, words, mode):
    target = tmp_path / "protected.json"
    protected(outrider, file, *words, "-o", target)
    assert stat.S_IMODE(target.stat().st_mode) == mode


def test_render(outrider, file):
    file.write_text(PROTECTED)
    assert f"{json.loads(TEXT)['family']}:3\n" in outrider("firelens", "render", file).stdout
    words = [
        "--cluster",
        "c",
        "--task-arn",
        "arn:aws:ecs:x:123456789012:task/y",
        "--revision",
        "9",
        "--instance-id",
        "i-1",
    ]
    text = outrider("firelens", "render", file, *words).stdout
    for line in (
        "ec2_instance_id i-1",
        "ecs_cluster c",
        "ecs_task_arn arn:aws:ecs:x:123456789012:task/y",
        "ecs_task_definition web:9",
    ):
        assert f"    Record {line}\n" in text
    default = outrider("firelens", "render", "-", input=PROTECTED).stdout
    assert default == render(json.loads(PROTECTED)).replace("web:1", "web:3")


def test_render_refusals_have_a_place(outrider, file):
    result = outrider("firelens", "render", file)
    assert str(result.exception).startswith(f"{file}:6:27: no container has a firelensConfiguration")
