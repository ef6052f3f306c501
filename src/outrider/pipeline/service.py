"""The [SERVICE] keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import Count, Duration, Host, LogLevel, Port, Repeated, Size, option


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Service:
    """What holds for the whole pipeline. Defaults are Fluent Bit's unless the help says otherwise."""

    flush: float = option(1.0, "seconds between flushes")
    grace: int = option(5, "seconds to deliver what is left at SIGTERM; -1: as long as it takes")
    daemon: bool = option(False, "run in the background")
    processes: Count = option(1, "processes that share the listeners; 0: one for each core (Outrider's own)")
    log_file: str = option("", "file for the log; default: standard error")
    log_format: Literal["text", "json"] = option("text", "json: one object a line (Outrider's own)")
    log_level: LogLevel = option("info", "most talkative level")
    parsers_file: Repeated = option((), "file with [PARSER] and [MULTILINE_PARSER] sections, classic or YAML")
    plugins_file: Repeated = option((), "accepted and not needed: plugins are built in")
    streams_file: str = option("", "stream processor; not supported")
    http_server: bool = option(False, "monitoring endpoint")
    http_listen: Host = option("127.0.0.1", "its address (Fluent Bit: 0.0.0.0)")
    http_port: Port = option(2020, "its port")
    health_check: bool = option(False, "enable /api/v1/health")
    hc_errors_count: Count = option(5, "batches with dropped records above which it is unhealthy")
    hc_retry_failure_count: Count = option(5, "given-up chunks above which it is unhealthy")
    hc_period: Duration = option(60, "seconds that are looked at")
    storage_path: str = option("", "directory of the spool", name="storage.path")
    storage_sync: Literal["normal", "full"] = option(
        "normal", "full: every append reaches the disk before it counts as accepted", name="storage.sync"
    )
    storage_checksum: bool = option(
        True, "accepted: spooled data is always checked (Fluent Bit: off)", name="storage.checksum"
    )
    storage_metrics: bool = option(True, "enable /api/v1/storage", name="storage.metrics")
    storage_default_type: Literal["", "memory", "filesystem"] = option(
        "", "storage.type of inputs that do not set it (Outrider's own)", name="storage.default_type"
    )
    storage_type: Literal["", "memory", "filesystem"] = option(
        "", "the same, where storage.inherit is on", name="storage.type"
    )
    storage_inherit: bool = option(False, "inputs without a storage.type take the service's", name="storage.inherit")
    mem_buf_limit: Size = option(0, "Mem_Buf_Limit of inputs that do not set it; 0: none (Outrider's own)")
    storage_max_chunks_up: int = option(
        128,
        "chunks of 2 MB in memory of all filesystem inputs without Mem_Buf_Limit together; others are on disk alone",
        name="storage.max_chunks_up",
    )
    storage_keep_rejected: bool = option(
        False, "keep records that an output refuses or that exhaust Retry_Limit", name="storage.keep.rejected"
    )
    storage_rejected_path: str = option("rejected", "where, below storage.path", name="storage.rejected.path")
    storage_rejected_limit: Size = option(
        0, "bytes of them; beyond, nothing more is kept; 0: no limit", name="storage.rejected.limit"
    )
    storage_backlog_mem_limit: Size = option(
        100_000_000, "accepted: a backlog is read chunk by chunk", name="storage.backlog.mem_limit"
    )
    scheduler_cap: int = option(2000, "longest wait before a retry, in seconds", name="scheduler.cap")
    scheduler_base: int = option(5, "shortest wait before a retry, in seconds", name="scheduler.base")
    coro_stack_size: int = option(0, "accepted and not needed")
    dns_mode: str = option("", "accepted", name="dns.mode")
    dns_resolver: str = option("", "accepted", name="dns.resolver")
    dns_prefer_ipv4: bool = option(False, "accepted", name="dns.prefer_ipv4")
    dns_prefer_ipv6: bool = option(False, "accepted", name="dns.prefer_ipv6")
    json_escape_unicode: bool = option(True, "write non-ASCII characters as \\uXXXX", name="json.escape_unicode")
    json_convert_nan_to_null: bool = option(
        False, "not supported; NaN is written as nan", name="json.convert_nan_to_null"
    )
    multiline_buffer_limit: str = option("2MB", "size at which a joined record is cut; K is 1024")
    hot_reload: bool = option(False, "POST /api/v2/reload reads the configuration anew; SIGHUP always does")
    hot_reload_ensure_thread_safety: bool = option(True, "accepted", name="hot_reload.ensure_thread_safety")
    hot_reload_timeout: Duration = option(0, "accepted", name="hot_reload.timeout")
    storage_backlog_flush_on_shutdown: bool = option(False, "accepted", name="storage.backlog.flush_on_shutdown")
    storage_delete_irrecoverable_chunks: bool = option(
        False, "accepted: damaged chunks are set aside, never deleted", name="storage.delete_irrecoverable_chunks"
    )
    storage_trim_files: bool = option(False, "accepted and not needed", name="storage.trim_files")
    enable_chunk_trace: bool = option(False, "accepted; chunk tracing is not supported")
    sp_convert: bool = option(True, "accepted", name="sp.convert_from_str_to_num")
    security_fips_mode: bool = option(False, "accepted", name="security.fips_mode")
