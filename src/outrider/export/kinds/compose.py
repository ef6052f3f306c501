"""``compose``: the agent on a Docker host, as a file of Docker Compose."""

from __future__ import annotations

from outrider.export.description import Description
from outrider.export.docker_host import CONFIG, LOGS, STATE, USES, what
from outrider.export.kind import Files, Kind


def make(description: Description) -> Files:
    """One file."""
    d = description
    return {
        "compose.yaml": f"""\
{what(d)}#
# The join token is a file beside this one, of root alone; it is used once, at the first start:
#   outrider server token create | sudo install -m 400 /dev/stdin outrider-token
services:
  {d.name}-agent:
    image: "{d.image}"
    restart: unless-stopped
    network_mode: host
    user: "0:0"
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    read_only: true
    tmpfs: [/tmp]
    mem_limit: {d.memory}m
    mem_reservation: {d.memory_reservation}m
    cpus: 1
    stop_grace_period: 30s
    environment:
      OUTRIDER_SERVER: "{d.server}"
      OUTRIDER_TOKEN_FILE: /run/secrets/outrider-token
      OUTRIDER_CONFIG: {CONFIG}
    secrets: [outrider-token]
    volumes:
      - type: volume
        source: state
        target: {STATE}
        # An empty one is root's; the image's own folder is not.
        volume: {{nocopy: true}}
      - type: bind
        source: {LOGS}
        target: {LOGS}
        read_only: true
    healthcheck:
      test: [CMD, outrider, agent, status]
      interval: 30s
      timeout: 10s
      retries: 3
      start_period: 15s
    logging:
      driver: local
      options: {{max-size: 10m, max-file: "3"}}

volumes:
  state:
    name: {d.name}-state

secrets:
  outrider-token:
    file: ./outrider-token
"""
    }


KIND = Kind(
    "compose",
    "A file of Docker Compose with the agent on a Docker host, for the logs of all its containers.",
    "Put the join token beside it as compose.yaml says, then: docker compose -f compose.yaml up -d",
    USES,
    make,
)
