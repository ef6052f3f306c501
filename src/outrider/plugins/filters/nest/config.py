"""Options of the nest filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import Repeated, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    operation: Literal["", "nest", "lift"] = option("", "nest: fields into a map; lift: out of it")
    wildcard: Repeated = option((), "nest: key of a field that goes into the map; a trailing * stands for the rest")
    nest_under: str = option("", "nest: key of the map")
    nested_under: str = option("", "lift: key of the map")
    add_prefix: str = option("", "put this before the keys of the fields that are nested or lifted")
    remove_prefix: str = option("", "take this away from the keys of the fields that are nested or lifted")
