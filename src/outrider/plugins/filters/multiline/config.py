"""Options of the multiline filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import Count, EmitterOptions, Repeated, option


@dataclass(frozen=True, kw_only=True)
class Options(EmitterOptions):
    """See the help of each field."""

    mode: Literal["parser", "partial_message"] = option(
        "parser", "join lines by parsers, or the pieces that Docker makes of long lines"
    )
    multiline_parser: Repeated = option(
        (), "names of multiline parsers, separated by commas; the first that fits counts", name="multiline.parser"
    )
    multiline_key_content: str = option(
        "", "field with the text; default: the parser's, else log", name="multiline.key_content"
    )
    flush_ms: Count = option(2000, "milliseconds without a further line after which a record is complete")
    buffer: bool = option(True, "off: only lines of one chunk are joined, and nothing is emitted")
    debug_flush: bool = option(False, "accepted; records are not printed")
