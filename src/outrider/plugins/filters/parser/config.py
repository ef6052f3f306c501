"""Options of the parser filter."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Repeated, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    key_name: str = option("", "field to parse: a key, or an accessor such as $a['b']")
    parser: Repeated = option((), "name of a parser; of several the first that matches counts")
    preserve_key: bool = option(False, "with reserve_data, keep the parsed field too")
    reserve_data: bool = option(False, "keep the other fields, behind the parsed ones")
    unescape_key: bool = option(False, "accepted; deprecated, Fluent Bit does nothing with it")
