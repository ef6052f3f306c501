"""``outrider server`` and its commands, without starting one."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from outrider.cli import server
from outrider.model.errors import UserError
from outrider.server.clock import wall
from outrider.server.control import Control


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    server.register(app)
    return app


def run(app: typer.Typer, data: Path, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["server", *arguments, "--data", str(data)])
    if isinstance(done.exception, UserError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout.strip()


def test_tokens(app: typer.Typer, tmp_path: Path) -> None:
    text = run(app, tmp_path, "token", "create", "--ttl", "1h", "--uses", "2", "--host-name-prefix", "web-")
    token_id = text.split(".")[1]
    listed = run(app, tmp_path, "token", "list")
    assert token_id in listed
    assert "valid" in listed
    assert "0/2" in listed
    assert "web-*" in listed
    assert text.split(".")[2] not in listed
    run(app, tmp_path, "token", "revoke", token_id)
    assert "revoked" in run(app, tmp_path, "token", "list")
    with pytest.raises(UserError, match="no valid token"):
        run(app, tmp_path, "token", "revoke", token_id)
    assert f"token revoked {token_id}" in run(app, tmp_path, "audit")


def test_api_tokens_and_passwords(app: typer.Typer, tmp_path: Path) -> None:
    secret = run(app, tmp_path, "api-token", "create", "robot")
    assert "robot" in run(app, tmp_path, "api-token", "list")
    run(app, tmp_path, "api-token", "revoke", "robot")
    assert "robot" not in run(app, tmp_path, "api-token", "list")
    password = run(app, tmp_path, "password")
    control = Control(tmp_path, wall)
    assert control.users.api_token(secret) is None
    assert control.users.check_password("admin", password)
    control.close()


def test_names_of_others_do_not_steer_the_terminal(app: typer.Typer, tmp_path: Path) -> None:
    control = Control(tmp_path, wall)
    control.note("10.0.0.1", "login refused", "\x1b[2J\x9b31mroot")
    control.close()
    listed = run(app, tmp_path, "audit")
    assert "root" in listed
    assert listed.isprintable()


def test_plain_http_is_for_loopback_only(app: typer.Typer, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="in the clear"):
        run(app, tmp_path, "run", "--http", "--listen", "0.0.0.0:0")
    with pytest.raises(UserError, match="--ingest 'x' is not an address"):
        run(app, tmp_path, "run", "--ingest", "x")
