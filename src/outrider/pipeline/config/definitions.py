"""From the keys of a definition to a parser.

Definitions are read leniently where Fluent Bit is: a key that is not known, or given a second time, is a warning and
counts for nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeVar

from outrider.formats import casts, decoders, words
from outrider.formats.multiline import MultilineParser, Rule
from outrider.formats.parser import Extract, Parser, json_fields, logfmt_fields, ltsv_fields, regex_fields
from outrider.formats.regex import Regex
from outrider.formats.timeformat import Local, TimeFormat, zone_offset
from outrider.model.errors import Place, UserError
from outrider.pipeline import options
from outrider.pipeline.config import stock
from outrider.pipeline.options import Count, InOrder, Property, Repeated, in_order, option

T = TypeVar("T")
Warn = Callable[[str, str], None]
"""Takes a message and what it is about, as ``Log.warn`` does."""
Doubt = Callable[[UserError], None]
"""Takes what is right but hardly meant."""
BUILT_IN: Final = Place("built-in parsers")


@dataclass(frozen=True, kw_only=True)
class ParserOptions:
    """Keys of a [PARSER] section."""

    name: str = option("", "what plugins call it")
    format: Literal["regex", "json", "ltsv", "logfmt"] | None = option(None, "what texts look like")
    regex: str = option("", "Ruby expression whose named groups become fields")
    skip_empty_values: bool = option(True, "leave out groups that matched nothing")
    time_key: str = option("time", "field that holds the time")
    time_format: str = option("", "strptime format of the time, with %L for fractions; none: no time is taken")
    time_offset: str = option("", "zone of times without one, such as +0200")
    time_keep: bool = option(False, "leave the field with the time in the record")
    time_strict: bool = option(True, "off: a time needs to fit only at its beginning")
    time_system_timezone: bool = option(False, "times without a zone are in this machine's")
    time_zone: str = option("", "IANA zone of times without one, such as Europe/Berlin")
    types: str = option("", "'FIELD:TYPE …' with integer, float, hex, bool or string")
    decode_field: Repeated = option((), "'DECODER FIELD [try_next|do_next]': add the members of an encoded map")
    decode_field_as: Repeated = option((), "the same; the decoded value takes the field's place")
    logfmt_no_bare_keys: bool = option(False, "a logfmt text with a key that has no value does not match")
    decoding: InOrder = in_order()


@dataclass(frozen=True, kw_only=True)
class MultilineOptions:
    """Keys of a [MULTILINE_PARSER] section."""

    name: str = option("", "what plugins call it")
    type: Literal["regex", "endswith", "equal", "eq"] | None = option(None, "how lines are told apart")
    match_string: str = option("", "what the last line ends with or is")
    negate: bool = option(False, "a line that does not match is the last one")
    rule: Repeated = option((), '"STATE" "/REGEX/" "NEXT_STATE"; the first one for start_state')
    parser: str = option("", "parser that makes fields of each line first")
    key_content: str = option("", "field with the text")
    key_group: str = option("", "field that tells streams apart")
    key_pattern: str = option("", "field to compare instead of the text")
    flush_timeout: Count = option(4000, "milliseconds after which a record gets no more lines")


def parser_options(name: str, properties: Sequence[Property], doubt: Doubt) -> ParserOptions:
    """How a [PARSER] section defines a parser. Raises UserError."""
    read: ParserOptions = _read(ParserOptions, f"parser '{name}'", properties, doubt)
    return read


def make_parser(name: str, properties: Sequence[Property], place: Place, warn: Warn, doubt: Doubt) -> Parser:
    """The parser that a section defines; ``warn`` is told of records later. Raises UserError."""
    what = f"parser '{name}'"
    read = parser_options(name, properties, doubt)
    form = read.time_format
    message = f"{what}: a time does not fit Time_Format '{form}' and stays a field"

    def bad_time(text: str) -> None:
        warn(f"{message}: '{text[:64]}'", message)

    return _at(
        place,
        what,
        lambda: Parser(
            name,
            _extract(read),
            time_key=read.time_key,
            time_format=_time_format(read) if form else None,
            keep_time=read.time_keep,
            casts=casts.casts(read.types) if read.format != "json" else None,
            rules=[decoders.rule(text, replaces=key == "decode_field_as") for key, text in read.decoding],
            decodes_first=read.format == "json",
            clock=time.time_ns,
            on_bad_time=bad_time,
        ),
    )


def make_multiline(
    name: str,
    properties: Sequence[Property],
    place: Place,
    warn: Warn,
    doubt: Doubt,
    parser: Callable[[str], Parser],
) -> MultilineParser:
    """The multiline parser that a section defines, or ``stock`` where ``place`` says so. Raises UserError.

    ``parser`` gives the parser of a name; it raises UserError.
    """
    what = f"multiline parser '{name}'"
    read: MultilineOptions = _read(MultilineOptions, what, properties, doubt)
    inner: Parser | None = None
    if read.parser:
        inner = _at(place, what, lambda: parser(read.parser))
    elif place is BUILT_IN and name in stock.INNER_PARSERS:
        inner = make_parser(f"of {what}", as_properties(stock.INNER_PARSERS[name]), place, warn, doubt)
    if read.type is None:
        raise UserError(f"{what} has no Type", place, allowed=["regex", "endswith", "equal"])
    kind: Literal["regex", "endswith", "equal"] = "equal" if read.type == "eq" else read.type
    rules = stock.RULES.get(name, ()) if place is BUILT_IN else [_three(text, what, place) for text in read.rule]
    return _at(
        place,
        what,
        lambda: MultilineParser(
            name,
            kind,
            tuple(Rule(tuple(words.comma_list(states)), Regex(pattern), to) for states, pattern, to in rules),
            read.match_string,
            read.negate,
            read.key_content,
            read.key_group,
            read.key_pattern,
            inner,
            read.flush_timeout * 1_000_000,
        ),
    )


def _read(kind: type[Any], what: str, properties: Sequence[Property], doubt: Doubt) -> Any:
    """The options, without those that Fluent Bit passes over too."""
    known = options.declared(kind)
    taken: list[Property] = []
    seen: set[str] = set()
    for item in properties:
        entry = known.get(item.key)
        if entry is None:
            said = f"{what}: key '{item.key}' is not known and ignored"
            doubt(UserError(said, item.place, found=item.key, allowed=sorted(known)))
        elif item.key in seen and not entry.repeats:
            said = f"{what}: '{item.key}' is set again; the first one counts"
            doubt(UserError(said, item.place, fix="remove one of them"))
        else:
            seen.add(item.key)
            taken.append(item)
    return options.read(kind, taken, what)


def _at(place: Place, what: str, make: Callable[[], T]) -> T:
    """What ``make`` makes; its ValueError is the user's error in that place."""
    try:
        return make()
    except ValueError as error:
        raise UserError(f"{what}: {error}", place) from error
    except UserError as error:
        if error.place is not None:
            raise
        raise UserError(
            f"{what}: {error.message}", place, found=error.found, allowed=error.allowed, fix=error.fix
        ) from error


def as_properties(values: Mapping[str, str]) -> list[Property]:
    """The keys of a definition that is built in."""
    return [Property(key, value, BUILT_IN) for key, value in values.items()]


def _extract(read: ParserOptions) -> Extract:
    if read.format == "regex":
        if not read.regex:
            raise ValueError("Format regex needs Regex")
        return regex_fields(read.regex, skip_empty=read.skip_empty_values)
    if read.format == "json":
        return json_fields
    if read.format == "ltsv":
        return ltsv_fields
    if read.format == "logfmt":
        return logfmt_fields(bare_keys=not read.logfmt_no_bare_keys)
    raise ValueError("no Format; allowed: regex, json, ltsv, logfmt")


def _time_format(read: ParserOptions) -> TimeFormat:
    given = [read.time_offset, read.time_zone, "on" if read.time_system_timezone else ""]
    if len([text for text in given if text]) > 1:
        raise ValueError("only one of Time_Offset, Time_Zone and Time_System_Timezone can be set")
    local: Local | None = None
    if read.time_zone:
        local = _in_zone(read.time_zone)
    elif read.time_system_timezone:
        local = datetime.timestamp
    offset = zone_offset(read.time_offset) if read.time_offset else 0
    return TimeFormat(read.time_format, offset=offset, local=local, strict=read.time_strict)


def _in_zone(name: str) -> Local:
    from zoneinfo import ZoneInfo  # few need it

    try:
        zone = ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"'{name}' is not a time zone of this machine, such as Europe/Berlin") from error
    return lambda moment: (moment.replace(tzinfo=zone) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()


def _three(text: str, what: str, place: Place) -> tuple[str, str, str]:
    """``"STATE" "/REGEX/" "NEXT_STATE"``; the next state may be missing."""
    try:
        found = words.tokens(text, 3)
    except ValueError as error:
        raise UserError(f"{what}: rule {error}", place) from error
    if not 2 <= len(found) <= 3:
        raise UserError(f'{what}: rule \'{text}\' must be "STATE" "/REGEX/" "NEXT_STATE"', place)
    return found[0], found[1], found[2] if len(found) == 3 else ""
