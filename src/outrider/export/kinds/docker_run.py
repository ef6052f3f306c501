"""``docker run``: the agent on a Docker host."""

from __future__ import annotations

from outrider.export.description import Description
from outrider.export.kind import Files, Kind


def make(description: Description) -> Files:
    """One script."""
    d = description
    return {
        "run.sh": f"""\
#!/bin/sh
# Starts the agent on this host: syslog on 127.0.0.1:1514, delivered to {d.server}.
# The join token comes from the environment, so that it stands in no file and no process list.
set -eu
: "${{OUTRIDER_TOKEN:?set it to a join token: outrider server token create}}"
export OUTRIDER_TOKEN
exec docker run --detach --name {d.name}-agent --restart unless-stopped \\
    --network host --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \\
    --memory {d.memory}m --memory-reservation {d.memory_reservation}m \\
    --log-opt max-size=10m --log-opt max-file=3 \\
    --volume {d.name}-state:/var/lib/outrider \\
    --env OUTRIDER_TOKEN --env OUTRIDER_SERVER={d.server} \\
    {d.image}
"""
    }


KIND = Kind(
    "docker-run",
    "A script that starts the agent on a Docker host.",
    "Run it: OUTRIDER_TOKEN=$(cat token) sh run.sh",
    frozenset({"name", "image", "server", "memory", "memory_reservation"}),
    make,
)
