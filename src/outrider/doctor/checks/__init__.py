"""One check, one class, one module.

The agent: ``settings``, ``identity``, ``identity_accepted``, ``token``, ``token_accepted``, ``agent_port``,
``state_directory``.
The server: ``server_name``, ``server_connection``, ``server_certificate``, ``server_answer``, ``clock``.
The router: ``configuration``, ``output_peer``, ``router_socket``, ``router_ports``, ``credentials``.
The machine: ``resolver``, ``metadata``, ``memory``, ``open_files``, ``file_system``, ``user``, ``capabilities``.
"""

from __future__ import annotations

from typing import Final

from outrider.doctor.check import AnyCheck
from outrider.doctor.checks.agent_port import AgentPort
from outrider.doctor.checks.capabilities import Capabilities
from outrider.doctor.checks.clock import Clock
from outrider.doctor.checks.configuration import Configuration
from outrider.doctor.checks.credentials import Credentials
from outrider.doctor.checks.file_system import FileSystem
from outrider.doctor.checks.identity import Identity
from outrider.doctor.checks.identity_accepted import IdentityAccepted
from outrider.doctor.checks.memory import MemoryLimit
from outrider.doctor.checks.metadata import Metadata
from outrider.doctor.checks.open_files import OpenFiles
from outrider.doctor.checks.output_peer import OutputPeer
from outrider.doctor.checks.resolver import Resolver
from outrider.doctor.checks.router_ports import RouterPorts
from outrider.doctor.checks.router_socket import RouterSocket
from outrider.doctor.checks.server_answer import ServerAnswer
from outrider.doctor.checks.server_certificate import ServerCertificate
from outrider.doctor.checks.server_connection import ServerConnection
from outrider.doctor.checks.server_name import ServerName
from outrider.doctor.checks.settings import Settings
from outrider.doctor.checks.state_directory import StateDirectory
from outrider.doctor.checks.token import Token
from outrider.doctor.checks.token_accepted import TokenAccepted
from outrider.doctor.checks.user import User
from outrider.doctor.subject import Subject

CHECKS: Final[tuple[type[AnyCheck], ...]] = (
    Settings,
    Resolver,
    ServerName,
    ServerConnection,
    ServerCertificate,
    ServerAnswer,
    Clock,
    Token,
    TokenAccepted,
    Identity,
    IdentityAccepted,
    AgentPort,
    StateDirectory,
    RouterSocket,
    RouterPorts,
    Metadata,
    MemoryLimit,
    OpenFiles,
    FileSystem,
    User,
    Capabilities,
    Credentials,
    Configuration,
)
"""Those that there are of everything, in the order in which they are told."""


def checks_of(subject: Subject) -> list[AnyCheck]:
    """All checks of a subject: one of each, and one for each peer of the router's outputs."""
    peers = subject.router.peers() if subject.router else []
    each = {(name, str(peer)): peer for name, peer in peers}
    return [*(make(subject) for make in CHECKS), *(OutputPeer(subject, name, peer) for (name, _), peer in each.items())]


__all__ = ["CHECKS", "checks_of"]
