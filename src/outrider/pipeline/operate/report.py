"""The bodies of Fluent Bit's monitoring endpoints, from a pipeline's numbers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from outrider.pipeline.operate.status import InputStatus, Status

VERSION: Final = "5.1.1"
"""The version of Fluent Bit whose bodies these are."""
EDITION: Final = "Community"
_UNITS: Final = "KMGTPE"
PROMETHEUS: Final = "text/plain; version=0.0.4"

_Table: TypeAlias = tuple[tuple[str, str, Callable[[Any], int]], ...]
# name, help, and where the number comes from; in the order of the bodies
_INPUTS: Final[_Table] = (
    ("records", "Number of input records.", lambda row: row.records),
    ("bytes", "Number of input bytes.", lambda row: row.bytes),
)
_FILTERS: Final[_Table] = (
    ("drop_records", "Number of records that filters took out.", lambda row: row.dropped),
    ("add_records", "Number of records that filters added.", lambda row: row.added),
    ("records", "Number of records that went through.", lambda row: row.records),
    ("bytes", "Not counted: filters work on decoded records.", lambda row: 0),
    ("drop_bytes", "Not counted: filters work on decoded records.", lambda row: 0),
)
_OUTPUTS: Final[_Table] = (
    ("proc_records", "Number of processed output records.", lambda row: row.records),
    ("proc_bytes", "Number of processed output bytes.", lambda row: row.bytes),
    ("errors", "Number of output errors.", lambda row: row.errors),
    ("retries", "Number of output retries.", lambda row: row.retries),
    (
        "retries_failed",
        "Number of abandoned batches because the maximum of retries was reached.",
        lambda r: r.retries_failed,
    ),
    ("dropped_records", "Number of dropped records.", lambda row: row.dropped),
    ("retried_records", "Number of retried records.", lambda row: row.retried),
)
_GAUGES: Final[tuple[tuple[str, str, Callable[[InputStatus], int]], ...]] = (
    ("ingestion_paused", "Is the input paused or not?", lambda row: int(row.paused)),
    ("storage_overlimit", "Is the input memory usage overlimit?", lambda row: int(row.paused)),
    ("storage_memory_bytes", "Memory bytes used by the chunks.", lambda row: row.held),
    ("storage_chunks", "Total number of chunks.", lambda row: row.chunks),
    ("storage_chunks_up", "Total number of chunks in memory.", lambda row: row.chunks_up),
    ("storage_chunks_down", "Total number of chunks on disk alone.", lambda row: row.chunks - row.chunks_up),
    ("storage_chunks_busy", "Total number of chunks on their way to an output.", lambda row: row.chunks_busy),
    ("storage_chunks_busy_bytes", "Total number of bytes of those.", lambda row: row.busy_bytes),
)


def root(version: str) -> dict[str, Any]:
    """``GET /``"""
    return {
        "fluent-bit": {"version": VERSION, "edition": EDITION, "flags": []},
        "outrider": {"version": version},
    }


def uptime(seconds: float) -> dict[str, Any]:
    """``GET /api/v1/uptime``"""
    return {"uptime_sec": int(seconds), "uptime_hr": uptime_text(int(seconds))}


def uptime_text(seconds: int) -> str:
    """The uptime in Fluent Bit's words."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "day"), (hours, "hour"), (minutes, "minute")]
    text = ", ".join(f"{n} {word}{'s' if n > 1 else ''}" for n, word in parts)
    return f"Fluent Bit has been running:  {text} and {rest} second{'s' if rest > 1 else ''}"


def metrics(status: Status) -> dict[str, Any]:
    """``GET /api/v1/metrics``"""
    return {
        kind: {row.name: {name: read(row) for name, _, read in table} for row in rows}
        for kind, rows, table in _kinds(status)
    }


def plugins(status: Status) -> dict[str, Any]:
    """``GET /api/v1/plugins``"""
    return {"plugins": status.plugins}


def storage(status: Status) -> dict[str, Any]:
    """``GET /api/v1/storage``"""
    total = sum(row.chunks for row in status.inputs)
    on_disk = sum(row.chunks_on_disk for row in status.inputs)
    up = sum(row.chunks_up for row in status.inputs)
    in_memory_alone = total - on_disk
    return {
        "storage_layer": {
            "chunks": {
                "total_chunks": total,
                "mem_chunks": in_memory_alone,
                "fs_chunks": on_disk,
                "fs_chunks_up": max(up - in_memory_alone, 0),
                "fs_chunks_down": total - max(up, in_memory_alone),
            }
        },
        "input_chunks": {
            row.name: {
                "status": {
                    "overlimit": row.paused,
                    "mem_size": size_text(row.held),
                    "mem_limit": size_text(row.limit),
                },
                "chunks": {
                    "total": row.chunks,
                    "up": row.chunks_up,
                    "down": row.chunks - row.chunks_up,
                    "busy": row.chunks_busy,
                    "busy_size": size_text(row.busy_bytes),
                },
            }
            for row in status.inputs
        },
    }


def size_text(size: int) -> str:
    """Bytes as Fluent Bit writes them: ``0b``, ``1.5K``, ``2.0M``."""
    if size < 1024:
        return f"{size}b"
    power = min((size.bit_length() - 1) // 10, len(_UNITS))
    return f"{size / 1024**power:.1f}{_UNITS[power - 1]}"


def health(errors: int, retries_failed: int, limits: tuple[int, int, int], *, healthy: bool) -> dict[str, Any]:
    """``GET /api/v2/health``; ``limits``: HC_Errors_Count, HC_Retry_Failure_Count, HC_Period."""
    return {
        "status": "ok" if healthy else "error",
        "errors": errors,
        "retries_failed": retries_failed,
        "error_limit": limits[0],
        "retry_failure_limit": limits[1],
        "period_limit": limits[2],
    }


def prometheus_v1(status: Status, now_ms: int) -> str:
    """``GET /api/v1/metrics/prometheus``: counters with a time stamp in milliseconds, sorted by name."""
    lines: list[str] = []
    for name, help_, rows in sorted(_counters(status)):
        lines += _head(name, help_, "counter")
        lines += [f'{name}{{name="{_label(label)}"}} {value} {now_ms}' for label, value in rows]
    lines += _head("fluentbit_uptime", "Number of seconds that Fluent Bit has been running.", "counter")
    lines.append(f"fluentbit_uptime {int(status.uptime)} {now_ms}")
    lines += _process(status)
    return "\n".join(lines) + "\n"


def prometheus_v2(status: Status) -> str:
    """``GET /api/v2/metrics/prometheus``: without time stamps, and the state of the buffers too."""
    lines = _head("fluentbit_uptime", "Number of seconds that Fluent Bit has been running.", "counter")
    lines.append(f"fluentbit_uptime {int(status.uptime)}")
    for name, help_, rows in _counters(status):
        lines += _head(name, help_, "counter")
        lines += [f'{name}{{name="{_label(label)}"}} {value}' for label, value in rows]
    for metric, help_, read in _GAUGES:
        name = f"fluentbit_input_{metric}"
        lines += _head(name, help_, "gauge")
        lines += [f'{name}{{name="{_label(row.name)}"}} {read(row)}' for row in status.inputs]
    lines += _head("fluentbit_hot_reloaded_times", "Count of the hot reloads.", "gauge")
    lines.append(f"fluentbit_hot_reloaded_times {status.reloads}")
    lines += _process(status)
    return "\n".join(lines) + "\n"


def text_v2(status: Status) -> str:
    """``GET /api/v2/metrics``: one line a number."""
    lines = [
        f'{name}{{name="{_label(label)}"}} = {value}' for name, _, rows in _counters(status) for label, value in rows
    ]
    lines += [
        f'fluentbit_input_{metric}{{name="{_label(row.name)}"}} = {read(row)}'
        for metric, _, read in _GAUGES
        for row in status.inputs
    ]
    lines += [f"fluentbit_uptime = {int(status.uptime)}", f"fluentbit_hot_reloaded_times = {status.reloads}"]
    return "\n".join(lines) + "\n"


def _counters(status: Status) -> Iterable[tuple[str, str, list[tuple[str, int]]]]:
    for kind, rows, table in _kinds(status):
        for metric, help_, read in table:
            if rows:
                yield f"fluentbit_{kind}_{metric}_total", help_, [(row.name, read(row)) for row in rows]


def _kinds(status: Status) -> Iterable[tuple[str, list[Any], _Table]]:
    yield "input", status.inputs, _INPUTS
    yield "filter", status.filters, _FILTERS
    yield "output", status.outputs, _OUTPUTS


def _process(status: Status) -> list[str]:
    name = "process_start_time_seconds"
    lines = _head(name, "Start time of the process since unix epoch in seconds.", "gauge")
    lines.append(f"{name} {int(status.started)}")
    lines += _head("fluentbit_build_info", "Build version information.", "gauge")
    lines.append(f'fluentbit_build_info{{version="{VERSION}",edition="{EDITION}"}} 1')
    return lines


def _head(name: str, help_: str, kind: str) -> list[str]:
    return [f"# HELP {name} {help_}", f"# TYPE {name} {kind}"]


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
