"""Texts to times: fields, fractions, zones, what is left out, and that nothing undeclared is raised."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.timeformat import TimeFormat, zone_offset

NS = 1_000_000_000
NOW = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * NS


def ns(*parts: int, nanoseconds: int = 0) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * NS + nanoseconds  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("%d/%b/%Y:%H:%M:%S %z", "21/Nov/2026:09:20:11 +0100", ns(2026, 11, 21, 8, 20, 11)),
        ("%Y-%m-%dT%H:%M:%S.%L%z", "2026-01-02T03:04:05.678+0200", ns(2026, 1, 2, 1, 4, 5, nanoseconds=678_000_000)),
        ("%Y-%m-%dT%H:%M:%S.%L%z", "2026-01-02T03:04:05.678-02:30", ns(2026, 1, 2, 5, 34, 5, nanoseconds=678_000_000)),
        ("%Y-%m-%dT%H:%M:%S.%L%z", "2026-01-02T03:04:05.123456789Z", ns(2026, 1, 2, 3, 4, 5, nanoseconds=123456789)),
        ("%Y-%m-%dT%H:%M:%S.%L", "2026-01-02T03:04:05.5Z", ns(2026, 1, 2, 3, 4, 5, nanoseconds=500_000_000)),
        ("%Y-%m-%d %H:%M:%S,%L", "2026-01-02 03:04:05,007", ns(2026, 1, 2, 3, 4, 5, nanoseconds=7_000_000)),
        ("%Y-%m-%dT%H:%M:%S.%LZ", "2026-01-02T03:04:05.5Z", ns(2026, 1, 2, 3, 4, 5, nanoseconds=500_000_000)),
        ("%Y-%m-%dT%H:%M:%S.%L", "2026-01-02T03:04:05.1234567891234", ns(2026, 1, 2, 3, 4, 5, nanoseconds=123456789)),
        ("%H.%M.%S.%L %Y-%m-%d", "03.04.05.25 2026-01-02", ns(2026, 1, 2, 3, 4, 5, nanoseconds=250_000_000)),
        ("%b %d %H:%M:%S", "Feb  5 17:32:18", ns(2026, 2, 5, 17, 32, 18)),
        ("%b %d %H:%M:%S", "Nov 22 11:00:00", ns(2026, 11, 22, 11)),
        ("%b %d %H:%M:%S", "Nov 23 11:00:00", ns(2025, 11, 23, 11)),
        ("%b %d %H:%M:%S", "Feb 29 00:00:00", ns(2024, 2, 29)),
        ("%H:%M:%S", "17:32:18", ns(2026, 11, 21, 17, 32, 18)),
        ("%s", "1700000000", 1_700_000_000 * NS),
        ("%s.%L", "1700000000.25", 1_700_000_000 * NS + 250_000_000),
        ("%Y-%m-%d %I:%M:%S %p", "2026-07-02 12:04:05 AM", ns(2026, 7, 2, 0, 4, 5)),
        ("%Y-%m-%d %I:%M:%S %p", "2026-07-02 12:04:05 pm", ns(2026, 7, 2, 12, 4, 5)),
        ("%A, %d %B %Y %T %Z", "Friday, 13 february 2026 01:02:03 GMT", ns(2026, 2, 13, 1, 2, 3)),
        ("%Y-%j", "2026-032", ns(2026, 2, 1)),
        ("%D %R", "07/02/26 03:04", ns(2026, 7, 2, 3, 4)),
        ("%F%n%T", "2026-07-02 03:04:05", ns(2026, 7, 2, 3, 4, 5)),
        ("%F %k:%M", "2026-07-02  3:04", ns(2026, 7, 2, 3, 4)),
        ("%y%m%d", "700102", ns(1970, 1, 2)),
        ("%d.%m.%Y%%", "1.2.2026%", ns(2026, 2, 1)),
        ("%Y-%m-%d %H:%M:%S", "2026-07-02 03:04:05 and more", ns(2026, 7, 2, 3, 4, 5)),
    ],
)
def test_texts_that_fit(form: str, text: str, expected: int) -> None:
    compiled = TimeFormat(form)
    assert [compiled.read(text, NOW), compiled.read(text, NOW)] == [expected, expected]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%Y-%m-%d", "2026-02-30"),
        ("%Y-%m-%d", "x"),
        ("%Y-%m-%dT%H:%M:%S.%L%z", "2026-01-02T03:04:05Z"),
        ("%Y-%m-%dT%H:%M:%S.%L%z", "2026-01-02T03:04:05."),
        ("%b %d %H:%M:%S", "Foo  5 17:32:18"),
        ("%Y-%m-%d", "2026-01-01" + " " * 64),
        ("%Y", "0"),
        ("%b %d", "Feb 30"),
        ("%Y", ""),
    ],
)
def test_texts_that_do_not_fit(form: str, text: str) -> None:
    assert TimeFormat(form).read(text, NOW) is None


def test_offset_and_zone_are_for_formats_without_one() -> None:
    berlin = ZoneInfo("Europe/Berlin")

    def local(moment: datetime) -> float:
        return moment.replace(tzinfo=berlin).timestamp()

    assert TimeFormat("%F %T", offset=7200).read("2026-07-02 03:04:05", NOW) == ns(2026, 7, 2, 1, 4, 5)
    assert TimeFormat("%F %T", local=local).read("2026-01-02 03:04:05", NOW) == ns(2026, 1, 2, 2, 4, 5)
    assert TimeFormat("%F %T %z", local=local, offset=60).read("2026-01-02 03:04:05 Z", NOW) == ns(2026, 1, 2, 3, 4, 5)


def test_not_strict_takes_what_fits() -> None:
    loose = TimeFormat("%Y-%m-%dT%H:%M:%S.%L%z", strict=False)
    assert loose.read("2026-01-02T03:04:05Z", NOW) == ns(2026, 1, 2, 3, 4, 5)
    assert loose.read("2026-01-02 03:04", NOW) == ns(2026, 1, 2)
    assert loose.read("today", NOW) is None


def test_a_new_day_forgets_what_was_read() -> None:
    compiled = TimeFormat("%H:%M:%S")
    assert compiled.read("01:00:00", NOW) == ns(2026, 11, 21, 1)
    assert compiled.read("01:00:00", NOW + 86_400 * NS) == ns(2026, 11, 22, 1)


def test_many_different_seconds() -> None:
    compiled = TimeFormat("%s")
    assert [compiled.read(str(n), NOW) for n in range(3000)] == [n * NS for n in range(3000)]


@pytest.mark.parametrize("form", ["%Q", "%", "%Y %!"])
def test_unknown_fields_are_refused(form: str) -> None:
    with pytest.raises(ValueError, match="allowed: %%"):
        TimeFormat(form)


@pytest.mark.parametrize(("text", "seconds"), [("+0200", 7200), ("-05:30", -19800), ("Z", 0)])
def test_zone_offsets(text: str, seconds: int) -> None:
    assert zone_offset(text) == seconds
    with pytest.raises(ValueError, match="not an offset"):
        zone_offset(text + "x")


_letters = st.sampled_from(list("AaBbCcDdeFGgHIjkLlMmnpRrSsTtUuVWwXxYyZz+%"))
_forms = st.lists(st.one_of(_letters.map("%{}".format), st.sampled_from(list(" .:-/TZ,"))), max_size=8).map("".join)
_texts = st.one_of(st.text(max_size=70), st.text(alphabet="0123456789 .:-/TZ+,NovAMpm", max_size=40))


@given(form=_forms, texts=st.lists(_texts, max_size=4), strict=st.booleans())
def test_reading_never_raises_and_does_not_depend_on_what_was_read(form: str, texts: list[str], strict: bool) -> None:
    compiled = TimeFormat(form, strict=strict)
    for text in texts:
        assert compiled.read(text, NOW) == TimeFormat(form, strict=strict).read(text, NOW)


@given(second=st.integers(86_400, 7_258_118_400), microsecond=st.integers(0, 999_999))
def test_round_trip(second: int, microsecond: int) -> None:
    text = datetime.fromtimestamp(second, UTC).strftime("%d/%b/%Y:%H:%M:%S") + f".{microsecond:06d} +0000"
    assert TimeFormat("%d/%b/%Y:%H:%M:%S.%L %z").read(text, NOW) == second * NS + microsecond * 1000
