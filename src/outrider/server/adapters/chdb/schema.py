"""The table of records and the limits under which the engine runs."""

from __future__ import annotations

# One partition for an insert, whatever times its records claim: the day of receipt. So an insert is one part, and a
# part is there or it is not. ``pos`` and ``seq`` (the batch's position in the ingest log, the record's number in it)
# name a record for good: paging, replay and the check of what is missing rest on them.
TABLE = """
CREATE TABLE IF NOT EXISTS records(
    ts DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    received DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    pos UInt64 CODEC(Delta(8), ZSTD(1)),
    seq UInt32 CODEC(Delta(4), ZSTD(1)),
    host LowCardinality(String),
    tag LowCardinality(String),
    container LowCardinality(String),
    container_id LowCardinality(String),
    task LowCardinality(String),
    `stream` LowCardinality(String),
    severity LowCardinality(String),
    message String CODEC(ZSTD(1)),
    attrs Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    INDEX words message TYPE text(tokenizer = splitByNonAlpha, preprocessor = lower(message)),
    INDEX position pos TYPE minmax GRANULARITY 1
) ENGINE = MergeTree PARTITION BY toDate(received) ORDER BY (toStartOfHour(ts), host, ts)
SETTINGS index_granularity = 8192, non_replicated_deduplication_window = 10000, fsync_after_insert = 1,
    fsync_part_directory = 1, old_parts_lifetime = 60
"""

PROBE = "CREATE TABLE IF NOT EXISTS probe(message String) ENGINE = MergeTree ORDER BY tuple()"
"""Takes one record and forgets it: to see whether the engine can store anything at all."""

COLUMNS = "ts, received, pos, seq, host, tag, container, container_id, task, `stream`, severity, message, attrs"
"""In the order in which the follower writes them."""

SERVER_LIMITS = {
    "max_server_memory_usage": 1_500_000_000,
    "mark_cache_size": 64 << 20,
    "index_mark_cache_size": 16 << 20,
    "uncompressed_cache_size": 0,
}
"""For the connection string: without them the engine takes up to 90 % of the machine."""

READ_LIMITS = {
    "readonly": 2,
    "max_memory_usage": 600_000_000,
    "max_result_rows": 100_000,
    # A page of 1,000 messages as long as a page shows them.
    "max_result_bytes": 300_000_000,
    "max_threads": 2,
    "output_format_json_quote_64bit_integers": 0,
}
"""For every query of a reader."""


def connection(path: str) -> str:
    """The engine's connection string for a directory."""
    return path + "?" + "&".join(f"{name}={value}" for name, value in SERVER_LIMITS.items())


def read_settings(seconds: int = 5) -> str:
    """The ``SETTINGS`` clause of every query, which may take so long."""
    limits = {**READ_LIMITS, "max_execution_time": seconds}
    return " SETTINGS " + ", ".join(f"{name} = {value}" for name, value in limits.items())
