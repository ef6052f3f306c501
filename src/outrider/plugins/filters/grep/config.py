"""Options of the grep filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import InOrder, Repeated, in_order, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    regex: Repeated = option((), "'KEY PATTERN': keep records whose field matches")
    exclude: Repeated = option((), "'KEY PATTERN': drop records whose field matches")
    logical_op: Literal["legacy", "and", "or"] = option("legacy", "how several rules combine")
    rules: InOrder = in_order()
