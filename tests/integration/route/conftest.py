"""Real routers, real syslog daemons, throw-away certificates."""

from __future__ import annotations

import datetime
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OUTRIDER = str(Path(sys.executable).parent / "outrider")
PATIENCE = 20.0


def until(condition: Callable[[], object], what: str = "") -> None:
    """Wait until something that another process does has happened."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what or "it did not happen")
        time.sleep(0.01)


@dataclass
class Router:
    """A router at work; ``log`` is the file with its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def text(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def wait_for(self, text: str) -> None:
        def seen() -> bool:
            if text in self.text():
                return True
            assert self.process.poll() is None, self.text()
            return False

        until(seen, f"{text!r} is not in {self.log}")

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def router(tmp_path: Path) -> Iterator[Callable[..., Router]]:
    """Start a router with this configuration; it is ready when all its inputs listen."""
    started: list[Router] = []

    def start(text: str, listening: int = 1, **environment: str) -> Router:
        number = len(started)
        config, log = tmp_path / f"router{number}.conf", tmp_path / f"router{number}.log"
        config.write_text(text)
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [OUTRIDER, "route", "-c", str(config)], stderr=stream, stdout=subprocess.DEVNULL, cwd=tmp_path
            )
        found = Router(process, log)
        started.append(found)
        until(
            lambda: found.text().count("listening on") >= listening or process.poll() is not None,
            "the router does not listen",
        )
        return found

    yield start
    for one in started:
        one.end(signal.SIGKILL)


@pytest.fixture
def port() -> Callable[[], int]:
    """Free ports."""

    def free() -> int:
        with socket.create_server(("127.0.0.1", 0)) as sock:
            return int(sock.getsockname()[1])

    return free


@pytest.fixture
def rsyslogd(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Start rsyslogd with this input configuration; the file that gets each message as it came."""
    program = shutil.which("rsyslogd") or "/usr/sbin/rsyslogd"
    if not Path(program).exists():
        pytest.skip("needs rsyslogd; to run it: apt-get install rsyslog")
    started: list[subprocess.Popen[bytes]] = []

    def start(inputs: str) -> Path:
        found, config = tmp_path / "rsyslog.out", tmp_path / "rsyslog.conf"
        config.write_text(
            f'global(workDirectory="{tmp_path}" maxMessageSize="800k")\n{inputs}\n'
            'template(name="seen" type="string"'
            ' string="%pri%|%timereported:::date-rfc3339%|%hostname%|%app-name%|%procid%|%msg%\\n")\n'
            f'action(type="omfile" file="{found}" template="seen")\n'
        )
        command = [program, "-n", "-f", str(config), "-i", str(tmp_path / "rsyslog.pid")]
        with (tmp_path / "rsyslog.log").open("wb") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log))
        return found

    yield start
    for process in started:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[[str], tuple[Path, Path]]:
    """A certificate for localhost that is its own authority, and its key; one for each name."""

    def made(name: str) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        signed = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        files = tmp_path / f"{name}.crt", tmp_path / f"{name}.key"
        files[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files

    return made


def settled(path: Path, lines: int) -> list[Any]:
    """The lines of a file as soon as there are so many."""
    until(lambda: path.exists() and len(path.read_bytes().splitlines()) >= lines, f"{path} has not {lines} lines")
    return path.read_text("utf-8", "surrogateescape").splitlines()


@pytest.fixture
def lines_of() -> Callable[[Path, int], list[str]]:
    """Wait for so many lines in a file."""
    return settled


@pytest.fixture
def wait() -> Callable[..., None]:
    """Wait until something that another process does has happened."""
    return until
