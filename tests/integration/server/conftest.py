"""A real server in its own process group, and an agent that speaks the uplink with nothing but the standard library."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import select
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from outrider.protocols import uplink
from outrider.protocols.uplink import JoinToken, Row

START_SECONDS = 60
WAIT_SECONDS = 60


MAIN = "import sys; from outrider.cli import main; sys.exit(main())"


class Server:
    """``outrider server run`` on free ports."""

    def __init__(self, data: Path, *extra: str, ports: tuple[int, int] = (0, 0), main: str = MAIN) -> None:
        self.data = data
        arguments = ["server", "run", "--data", str(data), "--ready-json", *extra]
        arguments += ["--listen", f"127.0.0.1:{ports[0]}", "--ingest", f"127.0.0.1:{ports[1]}"]
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the fixture
        self.process = subprocess.Popen(
            [sys.executable, "-c", main, *arguments],
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], START_SECONDS)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.kill()
            raise AssertionError(f"the server did not start: {self.log()}")
        self.ready: dict[str, str] = json.loads(line)
        self.page, self.ingest = self.ready["page"].rstrip("/"), self.ready["ingest"]
        self.ports = urlsplit(self.page).port or 0, urlsplit(self.ingest).port or 0
        self.tls = ssl.create_default_context(cafile=self.ready["ca"])

    def log(self) -> str:
        self.errors.seek(0)
        return self.errors.read()

    def kill(self) -> None:
        """SIGKILL to the server and its store process at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.process.terminate()
        try:
            status = self.process.wait(60)
        finally:
            self.kill()
        return status

    def call(self, path: str, body: object = None, **parameters: str) -> Any:
        """The JSON API with the API token."""
        url = self.page + path + (f"?{urlencode(parameters)}" if parameters else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Authorization": f"Bearer {self.ready['api_token']}"})
        with urllib.request.urlopen(request, context=self.tls, timeout=30) as answer:
            return json.load(answer)

    def wait_stored(self) -> dict[str, Any]:
        """The ledger, once nothing waits any more."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            with contextlib.suppress(urllib.error.HTTPError):
                ledger: dict[str, Any] = self.call("/api/v1/ledger")
                if ledger["received"] == ledger["in_store"] + ledger["lost"] and not ledger["waiting"]:
                    return ledger
            assert time.monotonic() < deadline, f"records still wait: {self.call('/api/v1/ledger')} {self.log()}"
            time.sleep(0.05)


class Agent:
    """Knows a token and an address; everything else it gets by enrolling."""

    def __init__(self, ingest: str, token: str, name: str = "web-1") -> None:
        self.address = urlsplit(ingest).netloc
        self.directory = Path(tempfile.mkdtemp(prefix="or-agent-", dir="/tmp"))
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.token, self.name = token, name
        self.connection: http.client.HTTPSConnection | None = None

    def close(self) -> None:
        if self.connection:
            self.connection.close()
            self.connection = None
        shutil.rmtree(self.directory, ignore_errors=True)

    def fetch_ca(self) -> str:
        blind = ssl.create_default_context()
        blind.check_hostname, blind.verify_mode = False, ssl.CERT_NONE
        status, body = self.request("GET", uplink.CA_PATH, tls=blind)
        assert status == 200
        der = x509.load_pem_x509_certificate(body).public_bytes(serialization.Encoding.DER)
        assert uplink.certificate_pin(der) == JoinToken.parse(self.token).pin
        return body.decode()

    def csr(self) -> str:
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def ask_to_enrol(self, **changes: object) -> tuple[int, bytes]:
        """Enrol; the server's answer."""
        request = {"token": self.token, "csr_pem": self.csr(), "name": self.name, "kind": "host", "version": "1.0"}
        tls = ssl.create_default_context(cadata=self.fetch_ca())
        return self.request("POST", uplink.ENROL_PATH, json.dumps(request | changes).encode(), tls=tls)

    def enrol(self) -> Agent:
        status, body = self.ask_to_enrol()
        assert status == 200, body
        answer = uplink.decode_message(uplink.EnrolAnswer, body)
        self.host_id = answer.host_id
        key = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        identity = self.directory / "identity.pem"
        identity.write_bytes(key + answer.certificate_pem.encode())
        self.tls = ssl.create_default_context(cadata=answer.ca_pem)
        self.tls.load_cert_chain(identity)
        return self

    def request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, *, tls: ssl.SSLContext
    ) -> tuple[int, bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPSConnection(self.address, context=tls, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def heartbeat(self, **members: object) -> uplink.HeartbeatAnswer:
        body = uplink.encode_message(uplink.Heartbeat(**members))  # type: ignore[arg-type]
        status, answer = self.request("POST", uplink.HEARTBEAT_PATH, body, tls=self.tls)
        assert status == 200, answer
        return uplink.decode_message(uplink.HeartbeatAnswer, answer)

    def send(self, rows: list[Row], batch: str = "") -> tuple[int, dict[str, Any]]:
        """A batch over the kept connection; the status and the answer. Raises ``OSError`` when the server is gone."""
        return self.send_bytes(uplink.encode_batch(rows), len(rows), batch)

    def send_bytes(self, body: bytes, rows: int, batch: str = "") -> tuple[int, dict[str, Any]]:
        headers = {uplink.BATCH_HEADER: batch or secrets.token_hex(16), uplink.RECORDS_HEADER: str(rows)}
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(self.address, context=self.tls, timeout=30)
        try:
            self.connection.request("POST", uplink.BATCHES_PATH, body, headers)
            answer = self.connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            raise


def row(message: str, ts_ns: int = 0, container: str = "web", severity: str = "info", **attrs: str) -> Row:
    return Row(ts_ns or time.time_ns(), "app", container, "c0ffee", "task/1", "stdout", severity, message, attrs)


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers; they are gone after the test."""
    servers: list[Server] = []

    def make(*extra: str, data: Path | None = None, ports: tuple[int, int] = (0, 0), main: str = MAIN) -> Server:
        servers.append(Server(data or tmp_path / "data", *extra, ports=ports, main=main))
        return servers[-1]

    yield make
    for server in servers:
        server.kill()
        server.errors.close()


@pytest.fixture
def server(make_server: Callable[..., Server]) -> Server:
    return make_server()


@pytest.fixture
def make_agent() -> Iterator[Callable[..., Agent]]:
    """Agents that are enrolled, unless told otherwise."""
    agents: list[Agent] = []

    def make(server: Server, name: str = "web-1", *, token: str = "", enrol: bool = True) -> Agent:
        agents.append(Agent(server.ingest, token or server.ready["token"], name))
        return agents[-1].enrol() if enrol else agents[-1]

    yield make
    for agent in agents:
        agent.close()


@pytest.fixture
def make_row() -> Callable[..., Row]:
    return row
