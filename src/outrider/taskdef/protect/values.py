"""What the options of ``task protect`` may say. Each check yields UserErrors, without the secrets that it looks at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from outrider.model.errors import UserError
from outrider.protocols.uplink import JoinToken, Refusal

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./:@#-]{0,254}")
"""What ECS takes as the name of an image."""
_REGION = r"arn:aws[a-z-]*:{}:[a-z0-9-]+:[0-9]{{12}}:"
_SECRET = re.compile(
    rf"{_REGION.format('secretsmanager')}secret:[\w/+=.@!-]+(:[^:\s]*){{0,3}}"
    rf"|{_REGION.format('ssm')}parameter/[\w./-]+"
    r"|/[\w.-]+(/[\w.-]+)*"
)
"""What ECS takes as ``valueFrom``: a secret with key, stage and version, or a parameter; of the same region by name."""


def check_server(text: str) -> Iterator[UserError]:
    """The address at which agents reach the server."""
    if not _is_address(text):
        yield UserError(
            f"--server: '{text}' is not the address of a server",
            allowed=("https://HOST", "https://HOST:PORT"),
            fix="give the address at which the server takes agents, its --ingest: https://HOST:8444",
        )


def _is_address(text: str) -> bool:
    if re.search(r"[\s@]", text):  # urlsplit takes line ends away
        return False
    try:
        parts = urlsplit(text)
        named = parts.hostname is not None and re.fullmatch(r"[\w.:-]+", parts.hostname) is not None
        return (
            named
            and parts.scheme == "https"
            and parts.port != 0
            and not (parts.path.strip("/") or parts.query or parts.fragment)
        )
    except ValueError:
        return False


def check_token(option: str, text: str) -> Iterator[UserError]:
    """A join token in plain text."""
    try:
        JoinToken.parse(text)
    except Refusal as error:
        yield UserError(f"{option}: {error.message}", fix=error.fix)


def check_secret(text: str) -> Iterator[UserError]:
    """Where ECS fetches the token."""
    if not _SECRET.fullmatch(text):
        yield UserError(
            f"--token-secret: '{text}' names no secret" if len(text) < 50 else "--token-secret names no secret",
            allowed=(
                "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME",
                "arn:aws:ssm:REGION:ACCOUNT:parameter/NAME",
                "/NAME of a parameter in the task's region",
            ),
            fix="put the token into Secrets Manager or SSM, and give the ARN; --token takes the token itself",
        )


def check_file_name(option: str, text: str) -> Iterator[UserError]:
    """The name of a configuration, which also stands in the router's configuration and in a Dockerfile."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*\.conf", text, re.ASCII):
        yield UserError(
            f"{option}: '{text}' is no name of a classic configuration",
            allowed=("letters, digits and _ . -, with .conf behind",),
            fix="give a name such as extra.conf",
        )


def check_image(option: str, text: str) -> Iterator[UserError]:
    """An image's name, as far as ECS looks at it."""
    if not _IMAGE.fullmatch(text):
        yield UserError(
            f"{option}: '{text}' is no name of an image",
            allowed=("letters, digits and _ . / : @ # -, at most 255",),
            fix="give REGISTRY/NAME:TAG, or leave the option out",
        )
