"""``outrider task migrate`` and ``unprotect`` as commands: where results go, what is said, what a dry run prints."""

import json
import shutil
import subprocess

import pytest
import typer
from typer.testing import CliRunner

from outrider.cli import route, task
from outrider.cli.task_edit import difference
from outrider.model.errors import UserError
from outrider.taskdef.firelens import render

LOG = {
    "logDriver": "awslogs",
    "options": {
        "awslogs-group": "g",
        "awslogs-region": "eu-west-1",
        "awslogs-stream-prefix": "p",
        "awslogs-multiline-pattern": "^INFO",
    },
}
TEXT = json.dumps(
    {
        "family": "web",
        "networkMode": "awsvpc",
        "containerDefinitions": [
            {"name": "a", "image": "i", "logConfiguration": LOG},
            {"name": "b", "image": "i", "logConfiguration": LOG},
        ],
    },
    indent=2,
)


@pytest.fixture
def outrider():
    app = typer.Typer()
    task.register(app)

    def run(*words, **options):
        return CliRunner().invoke(app, ["task", *(str(word) for word in words)], **options)

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "task.json"
    path.write_text(TEXT)
    return path


def drivers(text):
    return [(c.get("logConfiguration") or {}).get("logDriver") for c in json.loads(text)["containerDefinitions"]]


def test_migrate(outrider, file):
    result = outrider("migrate", file)
    assert result.exit_code == 0
    assert drivers(result.stdout) == ["awsfirelens", "awsfirelens", None]
    assert "'a': the log stream is called p/a-firelens-TASK" in result.stderr
    assert "--config-out FILE writes the parser" in result.stderr
    assert "file://migrated.json" in result.stderr
    assert file.read_text() == TEXT


def test_migrate_in_place_and_again(outrider, file, tmp_path):
    words = ["migrate", file, "--in-place", "--config-out", tmp_path / "extra.conf"]
    assert outrider(*words).stdout == ""
    once = file.read_text()
    assert "Multiline.Parser      a-lines" in (tmp_path / "extra.conf").read_text()
    assert "/^INFO/" in (tmp_path / "extra-parsers.conf").read_text()
    again = outrider(*words)
    assert f"no container of {file} is to migrate; nothing changed" in again.stderr
    assert "next:" not in again.stderr
    assert file.read_text() == once


def test_migrate_what_is_named(outrider, file):
    words = ["--container", "b", "--plugin", "cloudwatch", "--keep-stream-names", "--router-image", "r:1"]
    result = outrider("migrate", file, *words)
    assert drivers(result.stdout)[:2] == ["awslogs", "awsfirelens"]
    _, b, router = json.loads(result.stdout)["containerDefinitions"]
    assert b["logConfiguration"]["options"]["log_stream_name"] == "p/b/$(ecs_task_id)"
    assert b["logConfiguration"]["options"]["Name"] == "cloudwatch"
    assert router["image"] == "r:1"


EVERY = {
    "awslogs-create-group": "true",
    "awslogs-create-stream": "true",
    "awslogs-credentials-endpoint": "/v2/credentials",
    "awslogs-endpoint": "http://127.0.0.1:1",
    "awslogs-format": "json/emf",
    "max-buffer-size": "25m",
    "mode": "non-blocking",
}


@pytest.mark.parametrize("words", [[], ["--keep-stream-names"]])
@pytest.mark.parametrize("plugin", ["cloudwatch_logs", "cloudwatch"])
def test_the_router_understands_what_is_written(outrider, file, tmp_path, monkeypatch, capsys, plugin, words):
    """ECS's configuration for the migrated task, with the file that it includes, passes the router's own check."""
    definition = json.loads(TEXT)
    definition["containerDefinitions"][0]["logConfiguration"] = LOG | {"options": LOG["options"] | EVERY}
    file.write_text(json.dumps(definition))
    extra = tmp_path / "extra.conf"
    outrider("migrate", file, "--in-place", "--plugin", plugin, "--config-out", extra, *words)
    main = tmp_path / "main.conf"
    main.write_text(render(json.loads(file.read_text())).replace("/fluent-bit/configs", str(tmp_path)))
    extra.write_text(extra.read_text().replace("/fluent-bit/configs", str(tmp_path)))
    monkeypatch.setenv("ECS_TASK_ID", "0123456789abcdef")
    assert route.main(["-c", str(main), "--dry-run"]) == 0
    assert capsys.readouterr().err == "configuration test is successful\n"


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
def test_a_dry_run_is_a_patch(outrider, file, tmp_path):
    words = ["migrate", file, "--config-out", tmp_path / "extra.conf"]
    patch = outrider(*words, "--in-place", "--dry-run")
    assert file.read_text() == TEXT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["task.json"]
    assert "dry run, nothing is written" in patch.stderr
    assert "next:" not in patch.stderr
    wanted = outrider(*words, "-o", tmp_path / "wanted.json")
    assert wanted.exit_code == 0
    for name in ("extra.conf", "extra-parsers.conf"):
        (tmp_path / name).rename(tmp_path / f"wanted-{name}")
    subprocess.run(["patch", "-p0"], input=patch.stdout.encode(), cwd="/", check=True, capture_output=True)
    assert file.read_bytes() == (tmp_path / "wanted.json").read_bytes()
    for name in ("extra.conf", "extra-parsers.conf"):
        assert (tmp_path / name).read_bytes() == (tmp_path / f"wanted-{name}").read_bytes()


def test_lines_of_a_difference():
    unended = "\\ No newline at end of file\n"
    expected = f"--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\r\n-\u2028b\n{unended}+c\n{unended}"
    assert difference("a\r\n\u2028b", "a\r\nc", "f") == expected
    assert difference("a", "a", "f") == ""


def test_protect_and_unprotect(outrider, file, tmp_path):
    plain = TEXT.replace('"awslogs"', '"awsfirelens"').replace("awslogs-", "x-")
    bare = json.dumps({**json.loads(plain), "containerDefinitions": [{"name": "a", "image": "i"}]}, indent=1)
    file.write_text(bare)
    protected = tmp_path / "protected.json"
    debug = ["--debug", "--debug-group", "g", "--region", "eu-west-1"]
    shown = outrider("protect", file, *debug, "--dry-run")
    assert shown.stdout.startswith(f"--- {file}\n+++ {file}\n@@ ")
    assert outrider("protect", file, *debug, "-o", protected).exit_code == 0
    assert protected.read_text().count('"awslogs-group": "g"') == 2
    assert outrider("protect", protected, "--no-debug", "--in-place").exit_code == 0
    assert "awslogs" not in protected.read_text()
    dry = outrider("unprotect", protected, "--dry-run")
    assert dry.stdout.startswith(f"--- {protected}\n")
    assert outrider("unprotect", protected).stdout == bare
    assert outrider("unprotect", protected, "--in-place").stdout == ""
    assert protected.read_text() == bare
    assert f"{protected} is not protected; nothing changed" in outrider("unprotect", protected).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["migrate", "--in-place", "-o", "x"], "--in-place needs a file"),
        (["unprotect", "--in-place", "-o", "x"], "--in-place needs a file"),
        (["migrate", "--config-out", "x.yaml"], "is no name of a classic configuration"),
        (["migrate", "--router-image", ""], "--router-image: '' is no name"),
        (["migrate", "--container", "c"], "the task has no such container"),
        (["protect", "--debug-group", "g"], "--debug-group and --region are for --debug"),
    ],
)
def test_mistakes(outrider, file, words, said):
    result = outrider(words[0], file, *words[1:])
    assert isinstance(result.exception, UserError)
    assert said in str(result.exception)
    assert result.stdout == ""
    assert file.read_text() == TEXT
