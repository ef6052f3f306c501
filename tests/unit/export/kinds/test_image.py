"""The image's Dockerfile, and the programs that it puts into the image."""

from __future__ import annotations

import json
import re
import runpy
import socket
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tests.helpers import free_port

from outrider.export.description import describe
from outrider.export.kinds import image

ROOT = Path(__file__).resolve().parents[4]
TOOLS = ROOT / "tools" / "image"


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore"])
def test_the_image_of_this_repository_is_the_exported_one(name: str) -> None:
    assert (ROOT / name).read_text("utf-8") == image.make(describe({}))[name]


def test_the_base_is_an_argument() -> None:
    made = image.make(describe({"base": "debian@sha256:" + "0" * 64}))["Dockerfile"]
    assert made.count(f"ARG BASE=debian@sha256:{'0' * 64}\n") == 1
    assert "python:3.11" not in made


@pytest.mark.parametrize(
    ("words", "started"),
    [
        ([], "outrider agent"),
        (["--port", "5514"], "outrider agent --port 5514"),
        (["outrider", "route", "-c", "a b"], "outrider route -c a b"),
    ],
)
def test_what_a_container_starts(tmp_path: Path, words: list[str], started: str) -> None:
    program = tmp_path / "outrider"
    program.write_text('#!/bin/sh\necho outrider "$@"\n')
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run([TOOLS / "start", *words], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == f"{started}\n"


def test_a_program_that_is_not_there_is_told() -> None:
    done = subprocess.run([TOOLS / "start", "absent-program"], capture_output=True, text=True, check=False)
    assert done.returncode == 127
    assert "absent-program" in done.stderr


HEALTH = runpy.run_path(str(TOOLS / "health.py"))
AGENT = ("/opt/outrider/bin/python", "/opt/outrider/bin/outrider", "agent")


def process(folder: Path, number: int, command: Sequence[str], **environment: str) -> None:
    """A process as /proc shows it."""
    (folder / str(number)).mkdir(parents=True)
    (folder / str(number) / "cmdline").write_bytes("".join(f"{word}\0" for word in command).encode())
    variables = "".join(f"{name}={value}\0" for name, value in environment.items())
    (folder / str(number) / "environ").write_bytes(variables.encode())


@pytest.mark.parametrize(
    ("words", "listen", "port"),
    [
        ([], "127.0.0.1", "1514"),
        (["--listen", "127.0.0.2"], "127.0.0.2", "1514"),
        (["--port=99", "-c", "file"], "127.0.0.1", "99"),
    ],
)
def test_an_agent_must_listen_where_it_was_told(tmp_path: Path, words: list[str], listen: str, port: str) -> None:
    closed = free_port()
    process(tmp_path, 1, [*AGENT, *words, *([] if port == "99" else ["--port", str(closed)])])
    told = HEALTH["fault"](tmp_path)
    assert told.startswith(f"the agent does not listen on {listen}:{port if port == '99' else closed}: ")


def test_an_agent_that_takes_connections_is_healthy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        process(tmp_path, 7, AGENT, OUTRIDER_SYSLOG_PORT=port, OUTRIDER_LISTEN="0.0.0.0")
        process(tmp_path, 8, ["cat"])
        (tmp_path / "9").mkdir()
        assert HEALTH["fault"](tmp_path) == ""


def test_a_router_is_healthy_while_it_runs(tmp_path: Path) -> None:
    process(tmp_path, 1, ["python", "/opt/outrider/bin/outrider", "route", "-c", "agent"])
    process(tmp_path, 2, ["/fluent-bit/bin/fluent-bit", "agent"])
    assert HEALTH["fault"](tmp_path) == ""


def test_the_bill_of_materials_is_complete_and_the_same_each_time() -> None:
    first, second = (
        subprocess.run([sys.executable, TOOLS / "sbom.py", "1.0"], capture_output=True, check=True).stdout for _ in "12"
    )
    assert first == second
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(first.decode()) is None
    bill = json.loads(first)
    named = {one["name"] for one in bill["components"] if one["purl"].startswith("pkg:pypi/")}
    expected = {re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower() for one in metadata.distributions()}
    assert named == expected - {"outrider"}
    references = [one["bom-ref"] for one in bill["components"]]
    assert len(references) == len(set(references))
