"""The launcher as one file does what the Python program does, and looks at nothing that is around it."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.compiler

PT_LOAD, PT_INTERP = 1, 3
FILES = {
    "c.conf": "@INCLUDE d/*.conf\n[SERVICE]\n    Flush 1\n",
    "d/a.conf": "[INPUT]\n    Name dummy\n    Tag über\n",
    "c.yaml": "includes: [e.yaml]\nservice: {flush: 1}\n",
    "e.yaml": "pipeline:\n  inputs:\n    - name: dummy\n",
    "wrong.conf": "[INPUT\n",
    "wrong.yaml": "a: [\n",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def run(program, *words, **options):
    return subprocess.run([*program, *map(str, words)], capture_output=True, check=False, **options)


def test_it_needs_no_loader(launcher):
    """Neither an interpreter nor a shared library: the kernel alone can start it (ELF: program headers)."""
    content = launcher.read_bytes()
    assert content[:5] == b"\x7fELF\x02"
    (start,) = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    types = {struct.unpack_from("<I", content, start + size * number)[0] for number in range(count)}
    assert PT_LOAD in types
    assert PT_INTERP not in types


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["-c", "c.conf", "-i", "Mem_Buf_Limit", "50M", "--diff"],
        ["-c", "c.conf", "-i", "Mem_Buf_Limit", "50M", "-s", "flush", "5", "--print"],
        ["-c", "c.yaml", "-i", "Mem_Buf_Limit", "50M", "--diff"],
        ["-c", "c.yaml", "-s", "a", "ü", "--print"],
        ["-c", "c.yaml", "--check"],
        ["-c", "wrong.conf"],
        ["-c", "wrong.yaml"],
        ["-c", "absent"],
        ["-o", "stdout", "-m", "*"],
        ["--prin"],
        ["-c", "c.conf", "-m", "o.conf", "-r", "absent"],
        ["-c", "c.conf", "-m", "o.conf", "-r", "/"],
    ],
)
def test_it_does_what_the_program_does(launcher, folder, words):
    ours, reference = (
        run(program, *words, cwd=folder) for program in ([launcher], [sys.executable, "-m", "outrider.launcher"])
    )
    assert (ours.returncode, ours.stdout, ours.stderr) == (reference.returncode, reference.stdout, reference.stderr)
    assert b"Traceback" not in ours.stderr


def test_the_router_gets_the_environment_and_nothing_else(launcher, folder):
    (folder / "os.py").write_text("raise SystemExit('found')\n")
    environment = {"PYTHONPATH": str(folder), "PYTHONHOME": "/absent", "PYTHONINSPECT": "1", "A": "b"}
    done = run([launcher], "-r", "/usr/bin/env", "-c", "c.conf", "-m", "o.conf", cwd=folder, env=environment)
    # 'env -c' is refused; what matters is that it was started.
    assert b"env: " in done.stderr
    script = folder / "router"
    script.write_text("#!/bin/sh\nexec cat /proc/self/environ\n")
    script.chmod(0o755)
    done = run([launcher], "-r", script, "-c", "c.conf", "-m", "o.conf", cwd=folder, env=environment)
    given = dict(pair.split("=", 1) for pair in done.stdout.decode().split("\0") if pair)
    assert {**given, "PWD": ""} == {**environment, "PWD": ""}


def test_the_same_sources_give_the_same_bytes(launcher, tmp_path):
    build = Path(__file__).resolve().parents[3] / "tools" / "launcher" / "build"
    subprocess.run([build, sys.executable, tmp_path / "again"], check=True, cwd=tmp_path)
    assert (tmp_path / "again").read_bytes() == launcher.read_bytes()
    assert os.listdir(tmp_path) == ["again"]
