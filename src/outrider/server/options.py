"""What a server is started with."""

from __future__ import annotations

import ipaddress
import os
import socket
from pathlib import Path

import msgspec

from outrider.model.errors import UserError


class Address(msgspec.Struct, frozen=True):
    """Where to listen. Port 0 is any free port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Can only this machine connect?"""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Options(msgspec.Struct, frozen=True):
    """``names`` stand in the server's certificate besides this machine's own; ``ingest_url`` is what agents are told to
    use where that is not the address by which they enrolled; ``keep_days`` is how long records stay;
    ``log_keep_bytes`` of the ingest log are kept after they were stored; while more than ``log_waiting_bytes`` of it
    wait for the store, batches are refused."""

    data: Path
    listen: Address = Address("127.0.0.1", 8443)
    ingest: Address = Address("127.0.0.1", 8444)
    names: tuple[str, ...] = ()
    http: bool = False
    ingest_url: str = ""
    heartbeat_seconds: int = 30
    keep_days: int = 30
    log_keep_bytes: int = 1 << 30
    log_waiting_bytes: int = 10 << 30
    ready_json: bool = False


def default_data() -> Path:
    """``$OUTRIDER_DATA``, else below the user's state directory (root: ``/var/lib/outrider/server``)."""
    if found := os.environ.get("OUTRIDER_DATA"):
        return Path(found)
    if os.geteuid() == 0:
        return Path("/var/lib/outrider/server")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "outrider" / "server"


def make_directory(data: Path) -> None:
    """The data directory, for its owner only. Raises ``UserError`` where it cannot be made or written."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        writable = os.access(data, os.W_OK | os.X_OK)
    except OSError as error:
        raise UserError(
            f"cannot make the data directory {data}: {error.strerror}", fix="choose another with --data DIR"
        ) from error
    if not writable:
        raise UserError(f"the data directory {data} cannot be written", fix="choose another with --data DIR")


def parse_address(text: str, option: str) -> Address:
    """``host:port`` or ``[v6]:port``. Raises ``UserError`` that names the option."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65_535:
        raise UserError(
            f"{option} '{text}' is not an address", fix="write HOST:PORT, as in 127.0.0.1:8443 or [::1]:8443"
        )
    return Address(host.removeprefix("[").removesuffix("]"), int(port))


def certificate_names(options: Options) -> list[str]:
    """The names and addresses that the server's certificate is good for. Raises ``UserError``."""
    names = [*options.names, socket.gethostname(), "localhost", "127.0.0.1", "::1"]
    names += [a.host for a in (options.listen, options.ingest) if a.host not in ("0.0.0.0", "::")]
    for name in options.names:
        if not name.isascii() or any(c.isspace() for c in name) or not name:
            raise UserError(
                f"--name '{name}' is not a host name or address", fix="ASCII only; for others use their xn-- form"
            )
    return list(dict.fromkeys(name for name in names if name.isascii()))
