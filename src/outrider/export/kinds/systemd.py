"""``systemd``: the agent on a Linux host without containers."""

from __future__ import annotations

from outrider.export.description import Description
from outrider.export.docker_host import RSYSLOG
from outrider.export.kind import Files, Kind


def make(description: Description) -> Files:
    """The unit, and what sends the host's syslog to it."""
    d = description
    return {
        "outrider-agent.service": f"""\
# Outrider's agent on this host, from /opt/outrider (python3 -m venv /opt/outrider; /opt/outrider/bin/pip install …).
# It has a user of its own, no capability, and can write nothing but /var/lib/outrider.
#
# The join token is a file of root's, which systemd hands to the agent alone; it is used once, at the first start:
#   outrider server token create | sudo install -D -m 400 /dev/stdin /etc/outrider/token
[Unit]
Description=Outrider's agent: takes syslog on 127.0.0.1:1514 and delivers it
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/opt/outrider/bin/outrider agent
Environment=OUTRIDER_SERVER={d.server}
Environment=OUTRIDER_TOKEN_FILE=/run/credentials/outrider-agent.service/token
LoadCredential=token:/etc/outrider/token
Restart=always
RestartSec=2
TimeoutStopSec=30
MemoryLow={d.memory_reservation}M
MemoryMax={d.memory}M

DynamicUser=yes
StateDirectory=outrider
StateDirectoryMode=0700
UMask=0077
CapabilityBoundingSet=
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
""",
        "99-outrider.conf": f"""\
# The host's syslog goes to the agent too, in /etc/rsyslog.d. What the agent does not take at once waits in memory, then
# on disk, so that a restart of the agent loses nothing and holds nobody up.
{RSYSLOG}""",
    }


KIND = Kind(
    "systemd",
    "A unit of systemd for the agent on a Linux host without containers, and rsyslog's part.",
    "Put outrider-agent.service into /etc/systemd/system, 99-outrider.conf into /etc/rsyslog.d, and the token where "
    "the unit says; then: systemctl enable --now outrider-agent; systemctl restart rsyslog",
    frozenset({"server", "memory", "memory_reservation"}),
    make,
)
