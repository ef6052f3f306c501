"""Options of the modify filter."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.options import InOrder, Repeated, in_order, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field. Rules work in the order of the file."""

    set: Repeated = option((), "'KEY VALUE': the field has this value, at the end")
    add: Repeated = option((), "'KEY VALUE': add the field unless it is there")
    remove: Repeated = option((), "key of a field to remove")
    remove_wildcard: Repeated = option((), "beginning of the keys of fields to remove")
    remove_regex: Repeated = option((), "regular expression for the keys of fields to remove")
    move_to_start: Repeated = option((), "beginning of the keys of fields to put first")
    move_to_end: Repeated = option((), "beginning of the keys of fields to put last")
    rename: Repeated = option((), "'KEY NEW': unless there is a field NEW")
    hard_rename: Repeated = option((), "'KEY NEW': a field NEW that is there goes")
    copy: Repeated = option((), "'KEY NEW': unless there is a field NEW")
    hard_copy: Repeated = option((), "'KEY NEW': a field NEW that is there goes")
    condition: Repeated = option(
        (), "'TEST ARGUMENTS': change only records of which all conditions are true, such as 'Key_value_equals a b'"
    )
    rules: InOrder = in_order()
