"""``beanstalk``: the agent on each instance of an Elastic Beanstalk environment with Docker managed by ECS."""

from __future__ import annotations

from textwrap import indent
from typing import Any

from outrider.export.description import Description
from outrider.export.docker_host import CONFIG, LOGS, RSYSLOG, STATE
from outrider.export.kind import Files, Kind
from outrider.export.tasks import AGENT, as_json, limits, role_arn, token_secret
from outrider.taskdef.rights import EXECUTION


def make(description: Description) -> Files:
    """What goes into the source bundle of the application."""
    d = description
    return {
        "Dockerrun.aws.json": as_json(_dockerrun(d)),
        ".ebextensions/98-outrider-token.config": f"""\
# The join token: Beanstalk fetches it and hands it to the containers as the variable OUTRIDER_TOKEN. The instances'
# profile and the execution role in Dockerrun.aws.json must be allowed to read it (secretsmanager:GetSecretValue or
# ssm:GetParameters). Each new instance uses it once: outrider server token create --ttl 30d --uses 1000
option_settings:
  aws:elasticbeanstalk:application:environmentsecrets:
    OUTRIDER_TOKEN: "{token_secret(d)}"
""",
        ".ebextensions/99-outrider-syslog.config": _SYSLOG,
    }


def _dockerrun(d: Description) -> dict[str, Any]:
    paths = {"outrider-state": STATE, "docker-containers": LOGS}
    variables = {"OUTRIDER_SERVER": d.server, "OUTRIDER_CONFIG": CONFIG, "OUTRIDER_LISTEN": "0.0.0.0"}
    agent = {
        "name": f"{d.name}-agent",
        "image": d.image,
        "essential": True,
        "user": "0",
        "readonlyRootFilesystem": True,
        "cpu": 10,
        **limits(d),
        **AGENT,
        "portMappings": [{"hostPort": 1514, "containerPort": 1514, "protocol": each} for each in ("tcp", "udp")],
        "environment": [{"name": name, "value": value} for name, value in variables.items()],
        "mountPoints": [
            {"sourceVolume": name, "containerPath": path, "readOnly": path != STATE} for name, path in paths.items()
        ],
    }
    return {
        "AWSEBDockerrunVersion": 2,
        "executionRoleArn": role_arn(d, EXECUTION),
        "volumes": [{"name": name, "host": {"sourcePath": path}} for name, path in paths.items()],
        "containerDefinitions": [agent],
    }


_SYSLOG = f"""\
# The instance's own syslog goes to the agent too. What the agent does not take at once waits in memory, then on disk,
# so that a restart of the agent loses nothing and holds nobody up. Amazon Linux 2023 has no rsyslog of its own.
packages:
  yum:
    rsyslog: []

files:
  /etc/rsyslog.d/99-outrider.conf:
    mode: "000644"
    owner: root
    group: root
    content: |
{indent(RSYSLOG, " " * 6)}
commands:
  # Identity, spool and positions of the agent, which outlive its container.
  01_state:
    command: install -d -m 700 {STATE}
  02_syslog:
    command: systemctl enable rsyslog && systemctl restart rsyslog
"""


KIND = Kind(
    "beanstalk",
    "Elastic Beanstalk with Docker managed by ECS: the agent on each instance, for its containers and its syslog.",
    "Merge the files into the application's source bundle; close port 1514 in the environment's security group.",
    frozenset({"name", "image", "server", "token_secret", "memory", "memory_reservation", "region", "account"}),
    make,
)
