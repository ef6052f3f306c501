"""Unix sockets take nobody's place and remove nobody's file."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from outrider.model.errors import LocalError, UserError
from outrider.net.unix_sockets import UnixSocket

KINDS = pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])


@pytest.fixture
def path() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as directory:  # the paths of pytest may be too long for a socket
        yield f"{directory}/s"


@KINDS
def test_what_a_dead_process_left_is_replaced(path: str, kind: int) -> None:
    with socket.socket(socket.AF_UNIX, kind) as dead:
        dead.bind(path)
    made = UnixSocket(path, 0o600, kind)
    assert Path(path).stat().st_mode & 0o777 == 0o600
    made.sock.close()
    made.remove()
    assert not Path(path).exists()


@KINDS
def test_a_process_that_listens_is_left_alone(path: str, kind: int) -> None:
    first = UnixSocket(path, None, kind)
    if kind == socket.SOCK_STREAM:
        first.sock.listen()
    with pytest.raises(LocalError, match="another process listens on"):
        UnixSocket(path, None, kind)
    assert Path(path).is_socket()
    first.sock.close()


def test_a_file_that_somebody_else_made_is_not_removed(path: str) -> None:
    first = UnixSocket(path, None, socket.SOCK_STREAM)
    first.sock.close()
    second = UnixSocket(path, None, socket.SOCK_STREAM)
    first.remove()
    assert Path(path).is_socket()
    second.sock.close()
    second.remove()
    second.remove()
    assert not Path(path).exists()


def test_a_link_is_not_followed(path: str) -> None:
    Path(path).symlink_to("/nonexistent/s")
    with pytest.raises(UserError, match="not a socket"):
        UnixSocket(path, None, socket.SOCK_STREAM)
