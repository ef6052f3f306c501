"""``docker-run``: the agent on a Docker host."""

from __future__ import annotations

from shlex import quote

from outrider.export.description import Description
from outrider.export.docker_host import CONFIG, LOGS, STATE, USES, what
from outrider.export.kind import Files, Kind


def make(description: Description) -> Files:
    """One script."""
    d = description
    return {
        "run.sh": f"""\
#!/bin/sh
{what(d)}#
# The join token comes from the environment, so that it stands in no file and no process list. It is used once, at the
# first start; whoever may ask Docker for the container's environment sees it, so let it be of one use.
set -eu
: "${{OUTRIDER_TOKEN:?set it to a join token: outrider server token create}}"
export OUTRIDER_TOKEN
exec docker run --detach --name {d.name}-agent --label app={d.name}-agent --restart unless-stopped \\
    --network host --user 0:0 --cap-drop ALL --security-opt no-new-privileges --read-only --tmpfs /tmp \\
    --memory {d.memory}m --memory-reservation {d.memory_reservation}m --cpus 1 --stop-timeout 30 \\
    --log-driver local --log-opt max-size=10m --log-opt max-file=3 \\
    --mount type=volume,source={d.name}-state,target={STATE},volume-nocopy \\
    --mount type=bind,source={LOGS},target={LOGS},readonly \\
    --env OUTRIDER_TOKEN --env OUTRIDER_SERVER={quote(d.server)} \\
    --env OUTRIDER_CONFIG={CONFIG} \\
    {d.image}
"""
    }


KIND = Kind(
    "docker-run",
    "A script that starts the agent on a Docker host, for the logs of all its containers.",
    "Run it: OUTRIDER_TOKEN=$(outrider server token create) sh run.sh",
    USES,
    make,
)
