"""What the description says, as Kubernetes wants it. Raises UserError for what it does not take."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from outrider.export.description import Description
from outrider.model.errors import UserError

TOKEN_KEY: Final = "token"
DOCKER_FOLDER: Final = "/var/lib/docker/containers"
_TAINTS: Final = (
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/master",
    "CriticalAddonsOnly",
    "components.gke.io/gke-managed-components",
)
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


class Server(NamedTuple):
    """Where agents deliver; ``block`` is its address alone as CIDR, empty where it is a name."""

    url: str
    port: int
    block: str


class Image(NamedTuple):
    """The parts of an image's name; either ``tag`` or ``digest`` is set."""

    repository: str
    tag: str
    digest: str


def server(description: Description) -> Server:
    """The server's address, taken apart."""
    url = description.server.rstrip("/")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError as error:
        raise UserError(f"server: '{url}': {error}", fix="write https://HOST:PORT") from error
    if not host:
        raise UserError(f"server: '{url}' names no host", fix="write https://HOST:PORT")
    try:
        address = ip_address(host)
    except ValueError:
        return Server(url, port, "")
    return Server(url, port, f"{address}/{address.max_prefixlen}")


def secret(description: Description) -> str:
    """The name of the Secret with the join token; where the description names none, it goes by the name of all."""
    name = description.token_secret or f"{description.name}-token"
    if not _NAME.fullmatch(name):
        raise UserError(f"token_secret: '{name}' is no name of a Secret", fix="name a Secret of the namespace")
    return name


def image(description: Description) -> Image:
    """The image's name, taken apart; without a tag it is Docker's ``latest``."""
    name, _, digest = description.image.partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:  # a colon of the registry's port
        repository, tag = name, "" if digest else "latest"
    return Image(repository, "" if digest else tag, digest)


def resources(description: Description) -> str:
    """Requests and limits, as YAML."""
    return f"""\
requests:
  cpu: 100m
  memory: {description.memory_reservation}Mi
# No limit of CPU: logs would be late when there are many.
limits:
  memory: {description.memory}Mi"""


def tolerations() -> str:
    """The control plane, whose taint has had two names, and the pools of EKS, AKS and GKE for the system have logs too;
    a list, as YAML."""
    return "\n".join(f"- key: {taint}\n  operator: Exists\n  effect: NoSchedule" for taint in _TAINTS)
