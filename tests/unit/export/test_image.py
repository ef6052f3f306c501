"""The image's Dockerfile, and the programs that it puts into the image."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from outrider.export.description import describe
from outrider.export.kinds import image

ROOT = Path(__file__).resolve().parents[3]
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
