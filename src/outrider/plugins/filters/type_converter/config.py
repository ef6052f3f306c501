"""Options of the type_converter filter."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import Repeated, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    int_key: Repeated = option((), "'KEY NEW TYPE': a whole number under KEY as string, float or uint under NEW")
    uint_key: Repeated = option((), "'KEY NEW TYPE': a whole number, not negative, as string, float or int")
    float_key: Repeated = option((), "'KEY NEW TYPE': a number with a fraction as string, int or uint")
    str_key: Repeated = option((), "'KEY NEW TYPE': a text as int, uint, hex, float or bool")
