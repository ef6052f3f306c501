"""The pipeline that an agent is: syslog over TCP and UDP, spooled, to the server."""

from __future__ import annotations

from typing import Final

from outrider.agent.settings import DEFAULT_MEMORY, Settings
from outrider.model.errors import Place
from outrider.pipeline.config.configuration import Configuration, PluginSection
from outrider.pipeline.options import Property

PLACE: Final = Place("agent preset")
UPLINK: Final = "uplink"


def configuration(settings: Settings) -> Configuration:
    """Both listeners keep what they accept in the spool until the server has it."""
    listener = {
        "name": "syslog",
        "listen": settings.listen,
        "port": str(settings.port),
        "storage.type": "filesystem",
        "mem_buf_limit": DEFAULT_MEMORY,
        "storage.limit_size": str(settings.spool_limit),
        "storage.memory_fallback": "off",
        "buffer_max_size": "1M",
    }
    return Configuration(
        sections=[
            _section("input", {**listener, "mode": "tcp", "alias": "syslog-tcp", "tag": "syslog.tcp"}),
            _section("input", {**listener, "mode": "udp", "alias": "syslog-udp", "tag": "syslog.udp"}),
            _section(
                "output",
                {
                    "name": "uplink",
                    "alias": UPLINK,
                    "match": "*",
                    "identity": str(settings.identity),
                    "task": settings.task,
                    "retry_limit": "no_limits",
                },
            ),
        ],
        service=[
            Property("flush", "0.5", PLACE),
            Property("grace", str(settings.grace), PLACE),
            Property("storage.path", str(settings.spool), PLACE),
            Property("scheduler.base", "1", PLACE),
            Property("scheduler.cap", "15", PLACE),
            Property("log_level", settings.log_level, PLACE),
        ],
    )


def _section(kind: str, values: dict[str, str]) -> PluginSection:
    return PluginSection(kind, [Property(key, value, PLACE) for key, value in values.items()], PLACE)
