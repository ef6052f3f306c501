"""Spans and moments as people write them in an address or a form."""

from __future__ import annotations

import datetime
import re

from outrider.model.errors import UserError

_SPAN = re.compile(r"(\d{1,6})\s*(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = 5_200 * _SECONDS["w"]
_FIX = "write 15m, 24h, 7d, 2026-01-31, 2026-01-31T08:00 (UTC) or 2026-01-31T08:00:00+01:00"


def parse_span(text: str) -> int:
    """``30s``, ``15m``, ``24h``, ``7d``, ``2w`` in seconds, more than 0. Raises ``UserError``."""
    found = _SPAN.fullmatch(text.strip().lower())
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not seconds:
        raise UserError(f"'{text}' is not a span of time", fix="write a number and s, m, h, d or w, as in 15m or 24h")
    if seconds > _LONGEST:
        raise UserError(f"'{text}' is too long a span of time", fix="write 100 years (5200w) at most")
    return seconds


def parse_moment(text: str, now_ns: int) -> int:
    """A moment in ns: ``now``, a span ago, nanoseconds since the epoch, or ISO 8601 (UTC where no zone is given).

    Raises ``UserError``.
    """
    text = text.strip()
    if text == "now":
        return now_ns
    if re.fullmatch(r"\d{19}", text):
        return int(text)
    if _SPAN.fullmatch(text.lower()):
        return now_ns - parse_span(text) * 10**9
    try:
        moment = datetime.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    except (ValueError, OverflowError) as error:
        raise UserError(f"'{text}' is not a time", fix=_FIX) from error
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000


def show_moment(ns: int) -> str:
    """ISO 8601 in UTC with nine digits: ``2026-01-31T08:00:00.123456789Z``."""
    seconds, rest = divmod(ns, 10**9)
    moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
