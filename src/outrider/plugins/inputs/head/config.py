"""Options of the head input."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Count, Size, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    file: str = option("", "the file, such as /proc/uptime")
    key: str = option("head", "field that gets the text")
    buf_size: Size = option(256, "bytes that are read")
    lines: Count = option(0, "lines that are read; 0: all that buf_size holds")
    split_line: bool = option(False, "a field for each line: line0, line1 …")
    add_path: bool = option(False, "add the file's name as path")
    interval_sec: Count = option(1, "seconds between records")
    interval_nsec: Count = option(0, "nanoseconds between records, added to interval_sec")
