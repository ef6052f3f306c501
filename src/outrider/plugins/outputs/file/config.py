"""Options of the file output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import Count, Size, option

Action = Literal["error", "drop", "fallback"]
"""What becomes of a record that has no file: a dead letter and an error in the log, nothing, or fallback_file."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    path: str = option("", "directory, with $key for fields; default: the working directory")
    file: str = option("", "file name, with $key for fields; default: the records' tag, '/' in it as '_'")
    format: Literal["out_file", "plain", "csv", "ltsv", "template", "msgpack"] = option(
        "out_file", "form of the records"
    )
    delimiter: str = option("", "between fields of csv and ltsv; 'tab', 'space' or 'comma' name characters")
    label_delimiter: str = option(":", "between label and value of ltsv")
    template: str = option("{time} {message}", "line of format template")
    csv_column_names: bool = option(False, "begin a new file with the names of the columns")
    mkdir: bool = option(False, "make the directory")
    rotate: bool = option(False, "begin a new file when rotate_max_size is reached")
    rotate_max_size: Size = option(100_000_000, "size of a full file, in bytes")
    rotate_max_files: int = option(7, "rotated files to keep")
    rotate_gzip: bool = option(True, "compress rotated files")
    enable_strftime: bool = option(False, "%Y and the like in path and file stand for the record's time, in UTC")
    max_dynamic_files: Count = option(
        1024, "files that records may name by $key, or by their times, within an hour; 0: any number"
    )
    on_missing_field: Action = option("error", "for a record without the field, or whose fields make no safe name")
    on_limit_reached: Action = option("error", "for a record that would need one file too many")
    fallback_path: str = option("", "directory of fallback_file; default: the working directory")
    fallback_file: str = option("", "file of records for which an action says fallback")
