"""Options of the expect filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import InOrder, Repeated, in_order, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    key_exists: Repeated = option((), "the record has this field")
    key_not_exists: Repeated = option((), "the record has no such field")
    key_val_is_null: Repeated = option((), "the field is there and is null")
    key_val_is_not_null: Repeated = option((), "the field is there and is not null")
    key_val_eq: Repeated = option((), "'KEY VALUE': the field is there and, where it is text, is this one")
    action: Literal["warn", "exit", "result_key"] = option(
        "warn", "where a record is not as expected: warn, stop the pipeline, or say in each record whether all were"
    )
    result_key: str = option("matched", "key of that truth value, with action result_key")
    rules: InOrder = in_order()
