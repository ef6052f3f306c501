"""Options of the tail input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import CommaList, Count, Duration, Repeated, Size, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    path: CommaList = option((), "files to follow: names or patterns, with commas between them")
    exclude_path: CommaList = option((), "patterns of files to leave alone")
    key: str = option("log", "field that gets the line")
    path_key: str = option("", "field that gets the file's name")
    offset_key: str = option("", "field that gets the position of the line in the file, in bytes")
    tag_regex: str = option("", "expression on the file's name; <name> in Tag stands for what its group has found")
    read_from_head: bool = option(False, "read what files hold already when they are first seen at the start")
    read_newly_discovered_files_from_head: bool = option(True, "the same for files that appear later")
    refresh_interval: Duration = option(60, "seconds between looks for new files where there is no inotify to tell")
    rotate_wait: Duration = option(5, "seconds that a file is followed after its name leads elsewhere")
    watcher_interval: Duration = option(2, "seconds between looks for rotated files where there is no inotify to tell")
    progress_check_interval: Duration = option(2, "accepted; there are no stalls to look for")
    progress_check_interval_nsec: int = option(0, "accepted; there are no stalls to look for")
    inotify_watcher: bool = option(True, "hear of changes from the kernel; off: look at each file")
    ignore_older: Duration = option(0, "leave files alone that were last changed so long ago; 0: none")
    ignore_active_older_files: bool = option(False, "stop following a file too when it has become that old")
    buffer_chunk_size: Size = option(32_768, "accepted; reads are as large as the file has data")
    buffer_max_size: Size = option(32_768, "longest line in bytes")
    static_batch_size: Size = option(50_000_000, "accepted; files take turns at every block")
    event_batch_size: Size = option(50_000_000, "accepted; files take turns at every block")
    skip_long_lines: bool = option(False, "leave longer lines out; default: the file is given up")
    truncate_long_lines: bool = option(False, "cut longer lines")
    skip_empty_lines: bool = option(False, "leave empty lines out")
    exit_on_eof: bool = option(False, "end the pipeline when every file has been read to its end")
    file_cache_advise: bool = option(True, "tell the kernel that files need not stay in its cache once read")
    parser: str = option("", "parser of the lines; what it cannot parse stays a line")
    multiline_parser: Repeated = option(
        (), "multiline parsers, with commas between them; the first that fits a line takes it", name="multiline.parser"
    )
    db: str = option("", "SQLite file with the positions, so that a restart goes on where it stopped")
    db_sync: Literal["normal", "off", "full", "extra"] = option("normal", "SQLite's synchronous", name="db.sync")
    db_locking: bool = option(False, "nobody else may open the database", name="db.locking")
    db_journal_mode: Literal["WAL", "DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF"] = option(
        "WAL", "SQLite's journal_mode", name="db.journal_mode"
    )
    db_compare_filename: bool = option(
        False, "positions belong to name and inode, not to the inode alone", name="db.compare_filename"
    )
    docker_mode: bool = option(False, "join what Docker has cut, by parser; multiline.parser docker does it too")
    docker_mode_flush: Count = option(4, "seconds after which docker_mode waits for no more lines")
    docker_mode_parser: str = option("", "not supported: use multiline.parser")
    multiline: bool = option(False, "join lines to those that parser_firstline matches; see multiline.parser")
    multiline_flush: Duration = option(4, "seconds after which multiline waits for no more lines")
    parser_firstline: str = option("", "parser that matches the first line of a record, for multiline")
    unicode_encoding: str = option("", "not supported; files are UTF-8", name="unicode.encoding")
    generic_encoding: str = option("", "not supported; files are UTF-8", name="generic.encoding")
    windows_path_encoding: str = option("ansi", "accepted; this is not Windows", name="windows.path_encoding")
