from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from outrider.protocols.syslog.format import BLOCK, SyslogFormat

SECOND = 1_000_000_000
T = 1_795_253_400 * SECOND + 123_456_789
KEYS: dict[str, Any] = {"hostname_key": "h", "appname_key": "a", "procid_key": "p", "message_key": "m"}
OLD = SyslogFormat(format="rfc3164", **KEYS)
NEW = SyslogFormat(**KEYS, msgid_key="i")
HEAD = "<14>Nov 21 09:30:00 "
HEAD_5424 = "<14>1 2026-11-21T09:30:00.123456Z "


def line(formatter: SyslogFormat, record: dict[str, Any], ns: int = T) -> str:
    """The one line of a record; the stream must agree with it."""
    (found,) = formatter.lines([ns], [record])
    assert formatter.stream([ns], [record]) == found + b"\n"
    return found.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"h": "host", "a": "/app", "p": "1", "m": "hi"}, "host /app[1]: hi"),
        ({"h": "host", "p": "1", "m": "hi"}, "host hi"),
        ({"a": "app", "m": "hi"}, "app: hi"),
        ({"a": "app", "p": 7}, "app[7]: "),
        ({"m": "a\nb\r\n"}, "a\nb\r\n"),
        ({"h": None, "a": ["x"], "p": {"k": 1}, "m": True}, "true"),
        ({"m": 1.5}, "1.500000"),
        ({"m": b"caf\xc3\xa9 \xff"}, "caf\u00e9 \udcff"),
        ({"m": "half \ud800 pair \udcff"}, "half \ufffd pair \udcff"),
        ({}, ""),
        ({"h": "", "a": "", "m": ""}, " : "),
    ],
)
def test_rfc3164_leaves_out_what_is_missing(record: dict[str, Any], expected: str) -> None:
    assert line(OLD, record) == HEAD + expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"h": "host", "a": "/app", "p": "1", "i": "ID", "m": "hi"}, "host /app 1 ID - \ufeffhi"),
        ({"m": "hi"}, "- - - - - \ufeffhi"),
        ({"h": "host", "m": ""}, "host - - - - \ufeff"),
        ({}, "- - - - -"),
        ({"h": "", "m": 5}, "- - - - - \ufeff5"),
        (
            {"h": "h" * 300, "a": "a" * 60, "p": "p" * 200, "i": "i" * 40},
            f"{'h' * 255} {'a' * 48} {'p' * 128} {'i' * 32} -",
        ),
        ({"a": "\u00e9" * 30, "m": "x"}, f"- {chr(0xE9) * 24} - - - \ufeffx"),
        ({"i": "a" + "\u00e9" * 30}, f"- - - a{chr(0xE9) * 15}\udcc3 -"),
    ],
)
def test_rfc5424_writes_a_dash_and_cuts_at_bytes(record: dict[str, Any], expected: str) -> None:
    assert line(NEW, record) == HEAD_5424 + expected


@pytest.mark.parametrize("formatter", [OLD, NEW])
def test_a_message_that_is_a_syslog_line_is_sent_alone(formatter: SyslogFormat) -> None:
    assert line(formatter, {"h": "host", "m": "<13>whole line"}) == "<13>whole line"
    assert line(replace(formatter, maxsize=4), {"m": "<13>whole line"}) == "<13>"


@pytest.mark.parametrize(("format_", "default"), [("rfc3164", 1024), ("rfc5424", 2048)])
def test_a_line_is_cut_at_its_bytes(format_: Any, default: int) -> None:
    formatter = SyslogFormat(format=format_, message_key="m")
    for limit, expected in ((0, default), (100, 100)):
        cut = replace(formatter, maxsize=limit)
        whole = cut.lines([T], [{"m": "\u00e9" * 3000}])[0]
        assert len(whole) == expected
        assert cut.stream([T, T], [{"m": "\u00e9" * 3000}, {"m": "short"}]).count(b"\n") == 2
        assert len(cut.stream([T], [{"m": "\u00e9" * 3000}])) == expected + 1


def test_presets_fill_what_the_record_lacks() -> None:
    presets: dict[str, Any] = {"hostname_preset": "edge", "appname_preset": "web", "procid_preset": "7"}
    assert line(replace(OLD, **presets), {"m": "x"}) == HEAD + "edge web[7]: x"
    assert line(replace(OLD, **presets), {"h": "own", "p": [], "m": "x"}) == HEAD + "own web[7]: x"
    assert line(replace(NEW, **presets, msgid_preset="I" * 40), {"m": "x"}).startswith(
        HEAD_5424 + f"edge web 7 {'I' * 32} - "
    )
    fixed = SyslogFormat(format="rfc3164", message_key="m", severity_preset=3, facility_preset=16, **presets)
    assert line(fixed, {"m": "x"}) == "<131>Nov 21 09:30:00 edge web[7]: x"


@pytest.mark.parametrize(
    ("record", "priority"),
    [
        ({"s": "ERR", "f": "local3"}, 155),
        ({"s": 3, "f": 23}, 187),
        ({"s": "9", "f": "24"}, 14),
        ({"s": "error", "f": None}, 14),
        ({}, 14),
    ],
)
def test_priority_from_the_record(record: dict[str, Any], priority: int) -> None:
    formatter = SyslogFormat(format="rfc3164", severity_key="s", facility_key="f", message_key="m")
    assert line(formatter, {**record, "m": "x"}) == f"<{priority}>Nov 21 09:30:00 x"


def test_a_key_serves_only_its_first_role() -> None:
    formatter = SyslogFormat(format="rfc3164", hostname_key="x", appname_key="x", message_key="x")
    assert line(formatter, {"x": "one"}) == HEAD + "one "


def test_structured_data_in_the_order_of_the_record() -> None:
    formatter = SyslogFormat(message_key="m", sd_keys=("b", "a", "c"))
    record = {"a": {"k": 'q"]\\', "n": 5, "no": None, "ok": True}, "m": "x", "b": {}, "c": "no map"}
    assert line(formatter, record) == HEAD_5424 + '- - - - [a k="q\\"\\]\\\\" n="5" ok="true"][b] \ufeffx'
    long = {"a" * 40: {"b c=" + "d" * 40: "v", "\u00e9": "w"}}
    formatter = SyslogFormat(sd_keys=("a" * 40,))
    assert line(formatter, long) == HEAD_5424 + f'- - - - [{"a" * 32} b_c_{"d" * 28}="v" __="w"]'
    formatter = replace(formatter, allow_longer_sd_id=True)
    assert line(formatter, long) == HEAD_5424 + f'- - - - [{"a" * 40} b_c_{"d" * 40}="v" __="w"]'


@pytest.mark.parametrize(
    ("options", "message"),
    [({"format": "rfc1"}, "rfc3164"), ({"severity_preset": 8}, "0 to 7"), ({"facility_preset": -1}, "0 to 23")],
)
def test_options_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SyslogFormat(**options)


value = (
    st.text(st.characters(min_codepoint=32), max_size=5)
    | st.sampled_from(["<1>x", "", "a" * 300, "\udc80", "\ud800"])
    | st.integers(-9, 9)
    | st.none()
    | st.booleans()
    | st.floats(-9, 9)
    | st.binary(max_size=3)
)
uniform = st.dictionaries(st.sampled_from("hapim"), st.just("text"))
mixed = st.dictionaries(st.sampled_from("hapimx"), value)
batches = st.lists(mixed, max_size=6) | st.tuples(uniform, st.integers(1, 8)).map(lambda p: [dict(p[0])] * p[1])


@given(
    batches,
    st.sampled_from([OLD, NEW]),
    st.sampled_from([0, 30, 200, 786_432]),
    st.sampled_from(["", "a" * 50]),
    st.integers(0, SECOND),
)
@example([{"h": "h", "a": "a", "p": "1", "m": "x"}] * (BLOCK + 1), OLD, 0, "", 1)
@example([{"h": "h", "a": "a", "p": "1", "i": "i", "m": "x"}] * (2 * BLOCK), NEW, 786_432, "", SECOND // BLOCK)
def test_the_stream_is_its_lines(
    records: list[dict[str, Any]], formatter: SyslogFormat, maxsize: int, preset: str, step: int
) -> None:
    """Blocks are written column by column, lines one by one: both must give the same bytes."""
    formatter = replace(formatter, maxsize=maxsize, appname_preset=preset or None)
    times = [T + n * step for n in range(len(records))]
    lines = formatter.lines(times, records)
    assert formatter.stream(times, records) == b"".join([one + b"\n" for one in lines])
    assert b"".join(formatter.blocks(times, records)) == formatter.stream(times, records)
    assert all(len(one) <= (maxsize or 2048) for one in lines)
