"""What the kinds for a host share: the agent that reads the logs of its containers, and the host's own syslog."""

from __future__ import annotations

from typing import Final

from outrider.export.description import Description

LOGS: Final = "/var/lib/docker/containers"
STATE: Final = "/var/lib/outrider"
CONFIG: Final = "/fluent-bit/configs/docker-host.yaml"
"""The configuration in the image that follows LOGS."""
USES: Final = frozenset({"name", "image", "server", "memory", "memory_reservation"})

RSYSLOG: Final = """\
*.* action(type="omfwd" target="127.0.0.1" port="1514" protocol="tcp" template="RSYSLOG_SyslogProtocol23Format"
           action.resumeRetryCount="-1" queue.type="LinkedList" queue.size="10000" queue.filename="outrider"
           queue.maxDiskSpace="100m" queue.saveOnShutdown="on")
"""
"""What sends a host's syslog to the agent on it."""

WHAT: Final = """\
# Outrider on a Docker host: one container that follows the logs of all others (Docker's driver json-file), takes
# syslog on 127.0.0.1:1514 and Docker's driver fluentd on 127.0.0.1:24224, keeps all of it, and delivers it to
# %s
#
# It is root, because the folder of the logs is root's, without any capability. Nothing can be written but its volume,
# which holds identity, spool and positions, and outlives the container. Both listeners are on the host's loopback.
# Its own output goes to the driver local, so that it does not read itself: docker logs shows it.
"""


def what(description: Description) -> str:
    """The comment with which a file begins."""
    return WHAT % description.server
