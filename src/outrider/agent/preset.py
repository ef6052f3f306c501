"""The pipeline that an agent is: syslog over TCP and UDP, spooled, to the server; and what a file adds to it."""

from __future__ import annotations

from typing import Final

import msgspec

from outrider.agent.settings import DEFAULT_MEMORY, Settings
from outrider.model.errors import Place
from outrider.pipeline.config.configuration import Configuration, PluginSection
from outrider.pipeline.options import Property

PLACE: Final = Place("agent preset")
UPLINK: Final = "uplink"
_SPOOL_LIMIT: Final = 500_000_000
"""Bytes on disk for each listener; beyond them senders over TCP wait."""
_GRACE: Final = 10
"""Seconds to deliver what is left at the end."""
HEALTH_TAG: Final = "firelens-healthcheck"
"""What ECS's health checks send under: no records of anybody."""


def configuration(settings: Settings, file: Configuration | None = None) -> Configuration:
    """The agent's own pipeline, with the sections of a file in front and its [SERVICE] keys, which count.

    All inputs keep what they accept in the spool until the server has it, those of the file unless it says otherwise.
    """
    found = file or Configuration()
    first = {"flush": "0.5", "grace": str(_GRACE), "storage.path": str(settings.spool), "scheduler.cap": "60"}
    first |= {"storage.default_type": "filesystem", "mem_buf_limit": DEFAULT_MEMORY}
    if file is None:  # outputs of a file may have few retries, which must not be used up in moments
        first |= {"scheduler.base": "1", "scheduler.cap": "15"}
    last = {"log_level": settings.log_level} if settings.log_level else {}
    sections = [_kept(settings, section) if section.kind == "input" else section for section in found.sections]
    sections += [*_listeners(settings), _uplink(settings, everything=file is None)]
    service = [*_properties(first), *found.service, *_properties(last)]
    return msgspec.structs.replace(found, sections=sections, service=service)


def _listeners(settings: Settings) -> list[PluginSection]:
    listener = {
        "name": "syslog",
        "listen": settings.listen,
        "port": str(settings.port),
        "storage.type": "filesystem",
        "mem_buf_limit": DEFAULT_MEMORY,
        "buffer_max_size": "1M",
    }
    modes = ({**listener, "mode": mode, "alias": f"syslog-{mode}", "tag": f"syslog.{mode}"} for mode in ("tcp", "udp"))
    return [_kept(settings, PluginSection("input", _properties(values), PLACE)) for values in modes]


def _uplink(settings: Settings, *, everything: bool) -> PluginSection:
    values = {
        "name": "uplink",
        "alias": UPLINK,
        **({"match": "*"} if everything else {"match_regex": rf"(?m:(?!{HEALTH_TAG}\z).+)"}),
        "identity": str(settings.identity),
        "task": settings.task,
        "retry_limit": "no_limits",
    }
    return PluginSection("output", _properties(values), PLACE)


def _kept(settings: Settings, section: PluginSection) -> PluginSection:
    """An input whose spool has a limit; while the disk refuses, senders wait."""
    values = {"storage.limit_size": str(_SPOOL_LIMIT), "storage.memory_fallback": "off"}
    missing = {key: value for key, value in values.items() if not section.first(key)}
    return msgspec.structs.replace(section, properties=section.properties + _properties(missing))


def _properties(values: dict[str, str]) -> list[Property]:
    return [Property(key, value, PLACE) for key, value in values.items()]
