"""The whole way: container, log driver, router, agent, server."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

OUTRIDER = Path(sys.executable).with_name("outrider")


def once(*words: str, environment: dict[str, str] | None = None) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(
        [OUTRIDER, "demo", "--once", *words], capture_output=True, text=True, timeout=90, env=environment
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stderr


def test_what_is_written_is_stored(backend: str) -> None:
    status, summary, _ = once("--backend", backend)
    assert (status, summary["backend"], summary["lost"]) == (0, backend, 0)
    assert summary["written"] == summary["routed"] == summary["received"] == summary["stored"]
    assert summary["containers"]["worker"]["written"] == 41
    assert summary["containers"]["web"]["written"] == summary["visits"] + 1 > 1
    assert "directory" not in summary


def test_without_busybox_python_serves_the_page(folder: Path) -> None:
    """A machine with only a shell and Python."""
    programs = folder / "bin"
    programs.mkdir()
    for name in ("sh", "sleep", "mktemp", "rm"):
        (programs / name).symlink_to(Path("/bin") / name)
    (programs / "python3").symlink_to(sys.executable)
    status, summary, _ = once("--backend", "process", environment={**os.environ, "PATH": str(programs)})
    assert (status, summary["stored"]) == (0, summary["written"])
    assert summary["visits"] > 0


def test_docker_that_does_not_answer_is_said_in_one_line(folder: Path) -> None:
    status, summary, said = once(environment={**os.environ, "DOCKER_HOST": f"unix://{folder}/nobody"})
    assert (status, summary["backend"]) == (0, "process")
    assert len([line for line in said.splitlines() if "Docker does not answer" in line]) == 1


def test_a_folder_keeps_the_files(folder: Path) -> None:
    state = folder / "kept"
    for _ in range(2):  # the second run finds a server that is not new
        status, summary, _ = once("--backend", "process", "--state", str(state))
        assert (status, summary["lost"], summary["directory"]) == (0, 0, str(state))
    assert '"firelensConfiguration"' in (state / "web-task.protected.json").read_text()
    assert len(list(state.glob("data/firelens/*/logs/outrider-agent.log"))) == 2


def test_ctrl_c_ends_the_live_demo_with_a_balanced_sheet() -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(
            OUTRIDER, ["outrider", "demo", "--backend", "process"], {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
        )
    text, interrupted = "", False
    while select.select([terminal], [], [], 60)[0]:
        try:
            text += os.read(terminal, 65536).decode(errors="replace")
        except OSError:  # the other end of the terminal is closed
            break
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
        if not interrupted and re.search(r"│ worker +│ +[1-9]", plain):
            os.write(terminal, b"\x03")
            interrupted = True
    assert interrupted, text
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert "admin / " in plain
    assert "[bold" not in plain
    rows = [tuple(map(int, row)) for row in re.findall(r"│ (?:web|worker|all) +│" + r" +(\d+) │" * 4, plain)]
    assert rows == [tuple(sorted(row, reverse=True)) for row in rows]
    final = plain[plain.rindex("container ┃") :]
    assert "balanced: every line" in final
    assert "http://" not in final
    assert re.findall(r"│ all +│ +(\d+) │ +(\d+) │ +(\d+) │ +(\d+) │ +0 │", plain)[-1][0] > "0"


def test_a_web_port_that_somebody_has_is_not_used(backend: str) -> None:
    with socket.create_server(("0.0.0.0", 0)) as stranger:
        code = "import sys; from outrider.taskdef.demo import demo; demo.WEB_PORT = int(sys.argv.pop(1));"
        code += "from outrider.cli import main; sys.exit(main())"
        port = str(stranger.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", code, port, "demo", "--once", "--backend", backend],
            capture_output=True,
            text=True,
            timeout=90,
        )
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, summary["visits"], summary["containers"]["web"]["written"]) == (0, 30, 31)
    assert f"port {port} is in use" in done.stderr


@pytest.mark.parametrize("place", ["/proc/nothing", "/etc/passwd"])
def test_a_folder_that_cannot_be_used_is_explained(place: str) -> None:
    done = subprocess.run([OUTRIDER, "demo", "--once", "--state", place], capture_output=True, text=True, timeout=60)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert f"the folder {place} cannot be used" in done.stderr


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    (folder / "server").write_text("a file where the server wants a folder")
    done = subprocess.run([OUTRIDER, "demo", "--once", "--state", folder], capture_output=True, text=True, timeout=60)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "the server ended with status" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_anything_runs_leaves_nothing(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [OUTRIDER, "demo", "--once"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # whoever runs the tests may ignore SIGINT
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("starting the server")
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode != 0


@pytest.mark.parametrize("words", [("--once",), ()])
def test_a_demo_that_nobody_reads_ends_in_silence(words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [OUTRIDER, "demo", "--backend", "process", *words], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=90
    )
    os.close(writer)
    assert done.returncode == 128 + signal.SIGPIPE
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
