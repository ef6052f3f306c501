"""What an agent is told, by environment variables (as containers do) or arguments."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from outrider.model.errors import UserError
from outrider.protocols.uplink import JoinToken, Refusal

DEFAULT_STATE: Final = "/var/lib/outrider"
DEFAULT_PORT: Final = 1514
DEFAULT_MEMORY: Final = "20M"
TOKEN_VARIABLES: Final = ("OUTRIDER_TOKEN", "KEY")
TOKEN_FILE_VARIABLE: Final = "OUTRIDER_TOKEN_FILE"


@dataclass(frozen=True, slots=True)
class Settings:
    """``token`` may be empty where the agent is enrolled already."""

    server: str
    state: Path
    listen: str
    port: int
    name: str
    task: str
    token: JoinToken | None = field(repr=False, default=None)
    log_level: str = ""
    """Empty: as the configuration file says, else info."""
    config: str = ""
    """A configuration whose inputs, filters and outputs run in the agent too."""

    @property
    def identity(self) -> Path:
        """Directory of key and certificates."""
        return self.state / "identity"

    @property
    def spool(self) -> Path:
        """Directory of records that are not delivered yet."""
        return self.state / "spool"

    @property
    def status(self) -> Path:
        """File with the agent's ledger, written every second when something changed."""
        return self.state / "status.json"


def read(environment: Mapping[str, str], arguments: Mapping[str, str | None]) -> Settings:
    """Settings; arguments win over the environment. Raises UserError whose ``key`` is the variable or argument."""

    def get(argument: str, *variables: str, default: str = "") -> tuple[str, str]:
        return _get(environment, arguments, argument, *variables, default=default)

    token_text, token_source = find_token(environment, arguments)
    port_text, port_source = get("port", "OUTRIDER_SYSLOG_PORT", default=str(DEFAULT_PORT))
    if not port_text.isdecimal() or not 0 < int(port_text) < 65536:
        raise UserError(f"{port_source}: '{port_text}' is not a port", key=port_source, allowed=["1 to 65535"])
    server, server_source = get("server", "OUTRIDER_SERVER")
    if server and not server.startswith("https://"):
        raise UserError(f"{server_source}: '{server}' must begin with https://", key=server_source)
    name = get("name", "OUTRIDER_NAME", default=platform.node() or "agent")[0]
    return Settings(
        server=server,
        state=Path(get("state", "OUTRIDER_STATE", default=DEFAULT_STATE)[0]),
        listen=get("listen", "OUTRIDER_LISTEN", default="127.0.0.1")[0],
        port=int(port_text),
        name=name,
        task=get("task", "OUTRIDER_TASK", default=name)[0],
        token=_token(token_text, token_source) if token_text else None,
        log_level=get("log-level", "OUTRIDER_LOG_LEVEL")[0],
        config=get("config", "OUTRIDER_CONFIG")[0],
    )


def find_token(environment: Mapping[str, str], arguments: Mapping[str, str | None]) -> tuple[str, str]:
    """The text of the join token, empty if there is none, and what names it. Raises UserError for a file."""
    text, source = _get(environment, arguments, "token", *TOKEN_VARIABLES)
    if text:
        return text, source
    file, source = _get(environment, arguments, "token-file", TOKEN_FILE_VARIABLE)
    return _content(file, source) if file else "", source


def _get(
    environment: Mapping[str, str],
    arguments: Mapping[str, str | None],
    argument: str,
    *variables: str,
    default: str = "",
) -> tuple[str, str]:
    """A value, and the argument or variable that has it."""
    given = arguments.get(argument)
    if given:
        return given, f"--{argument}"
    for variable in variables:
        if environment.get(variable):
            return environment[variable], variable
    return default, variables[0]


def _content(file: str, source: str) -> str:
    """What a file holds, without blanks around it."""
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        message = f"{source}: cannot read {file}: {reason}"
        raise UserError(message, key=source, fix="let the agent's user read it") from error


def _token(text: str, source: str) -> JoinToken:
    try:
        return JoinToken.parse(text)
    except Refusal as error:
        raise UserError(f"{source}: {error.message}", key=source, fix=error.fix) from error
