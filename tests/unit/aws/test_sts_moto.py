"""Roles of moto's STS, over real HTTP."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from outrider.aws.credentials import Credentials, Identity


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """A running moto server."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as server:
        assert server.stderr is not None
        for line in server.stderr:
            _, found, address = line.partition("Running on ")
            if found:
                break
        yield address.strip()
        server.terminate()
        server.stderr.read()


async def test_assume_role(moto: str, keys: None) -> None:
    identity = Identity("us-east-1", role_arn="arn:aws:iam::123456789012:role/logs", external_id="x", sts_endpoint=moto)
    found = await Credentials(identity).current()
    assert found.access_key.startswith("ASIA")
    assert found.secret_key
    assert found.token
    assert found.expires is not None


async def test_web_identity(moto: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("jwt")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/logs")
    assert (await Credentials(Identity("eu-west-1", sts_endpoint=moto)).current()).token
