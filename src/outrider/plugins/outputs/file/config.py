"""Options of the file output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import Size, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    path: str = option("", "directory; default: the working directory")
    file: str = option("", "file name; default: the records' tag, '/' in it as '_'")
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
    enable_strftime: bool = option(False, "not supported yet")
    max_dynamic_files: int = option(1024, "accepted")
    on_missing_field: str = option("error", "accepted")
    on_limit_reached: str = option("error", "accepted")
    fallback_path: str = option("", "accepted")
    fallback_file: str = option("", "accepted")
