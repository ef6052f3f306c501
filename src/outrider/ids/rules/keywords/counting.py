"""When a rule that matches alerts."""

from __future__ import annotations

from typing import Final

from outrider.ids.rules.conditions import Threshold
from outrider.ids.rules.draft import Draft
from outrider.ids.rules.keywords.reading import Reader, settings
from outrider.ids.rules.numbers import integer
from outrider.ids.rules.refusal import RuleError

KINDS: Final = ("limit", "threshold", "both", "backoff")
TRACKS: Final = ("by_src", "by_dst", "by_both", "by_rule", "by_flow")
_MOST: Final = (1 << 32) - 1


def counted(keyword: str, given: dict[str, str], kind: str) -> Threshold:
    """A threshold of what it is told. Raises RuleError."""
    missing = [name for name in ("track", "count") if name not in given]
    if "seconds" not in given and kind != "backoff":
        missing.append("seconds")
    if missing:
        raise RuleError(f"{keyword} has no {' and no '.join(missing)}")
    if given["track"] not in TRACKS:
        raise RuleError(f"{keyword}: track is {', '.join(TRACKS)}, not '{given['track']}'")
    return Threshold(
        kind,
        given["track"],
        integer(given["count"], f"{keyword}: count", 1, _MOST),
        integer(given.get("seconds", "0"), f"{keyword}: seconds", 0 if kind == "backoff" else 1, _MOST),
        integer(given.get("multiplier", "1"), f"{keyword}: multiplier", 1, _MOST),
    )


def _threshold(draft: Draft, value: str) -> None:
    given = _read("threshold", value, ("type", "track", "count", "seconds", "multiplier"))
    kind = given.get("type", "")
    if kind not in KINDS:
        raise RuleError(f"threshold: type is {', '.join(KINDS)}, not '{kind}'")
    if any(one.kind != "detection_filter" for one in draft.thresholds):
        raise RuleError("threshold stands there twice")
    draft.thresholds.append(counted("threshold", given, kind))


def _detection_filter(draft: Draft, value: str) -> None:
    given = _read("detection_filter", value, ("track", "count", "seconds", "unique_on"))
    if any(one.kind == "detection_filter" for one in draft.thresholds):
        raise RuleError("detection_filter stands there twice")
    draft.thresholds.append(counted("detection_filter", given, "detection_filter"))


def _read(keyword: str, value: str, known: tuple[str, ...]) -> dict[str, str]:
    given = dict(settings(value, keyword))
    for name in given:
        if name not in known:
            raise RuleError(f"{keyword}: '{name}' is not known; {', '.join(known)} are")
    return given


READERS: Final[dict[str, Reader]] = {"threshold": _threshold, "detection_filter": _detection_filter}
