"""Options of the rewrite_tag filter."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import EmitterOptions, Repeated, option


@dataclass(frozen=True, kw_only=True)
class Options(EmitterOptions):
    """See the help of each field."""

    rule: Repeated = option(
        (),
        "'$KEY REGEX NEW_TAG KEEP': a record whose field matches is sent on as NEW_TAG ($TAG, $TAG[n], $0 to $9, $key);"
        " KEEP true: the record itself goes on, too. The first rule that matches decides",
    )
