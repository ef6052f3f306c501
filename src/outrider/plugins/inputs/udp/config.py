"""Options of the udp input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    format: Literal["json", "none"] = option("json", "JSON values one after another, or text split at the separator")
    separator: str = option(r"\n", "end of a record with format none; C escapes allowed")
    parser: str = option("", "parser for each line; format is none then")
    chunk_size: str = option("32", "accepted; a datagram is read whole")
    buffer_size: str = option("", "largest record in KB; default: chunk_size")
    source_address_key: str = option("", "field that gets the sender's address")
    workers: int = option(1, "accepted; one event loop serves every sender")
