"""Log lines: Fluent Bit's form, levels, repeats held back, and nothing of a peer's that could forge a line."""

from __future__ import annotations

import io
import re

from hypothesis import given
from hypothesis import strategies as st

from outrider.pipeline.log import LEVELS, Log, Sink

LINE = re.compile(r"\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{9}\] \[(error| warn| info|debug)\] \[part\] (.*)\n")


def written(sink: Sink) -> str:
    assert isinstance(sink.stream, io.StringIO)
    return sink.stream.getvalue()


def test_a_line_has_time_level_component_and_text() -> None:
    sink = Sink(io.StringIO())
    Log(sink, "part").warn("something")
    match = LINE.fullmatch(written(sink))
    assert match is not None
    assert match.groups() == (" warn", "something")


@given(st.text())
def test_whatever_the_text_it_stays_one_line_of_printable_characters(text: str) -> None:
    sink = Sink(io.StringIO())
    Log(sink, "part").info(text)
    line = written(sink)
    assert line.endswith("\n")
    assert not re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", line[:-1])


def test_levels_hold_back_what_is_more_talkative() -> None:
    sink = Sink(io.StringIO(), level=LEVELS["warn"])
    Log(sink, "part").info("no")
    Log(sink, "part", LEVELS["error"]).warn("no")
    Log(sink, "part").warn("yes")
    assert [match[2] for match in LINE.finditer(written(sink))] == ["yes"]


def test_a_repeated_trouble_is_held_back_and_counted() -> None:
    sink = Sink(io.StringIO())
    second = 1_000_000_000
    for n in range(5):
        sink.write("warn", "part", "again", now_ns=n * second, repeat=False)
    sink.write("warn", "part", "again", now_ns=11 * second, repeat=False)
    texts = [match[2] for match in LINE.finditer(written(sink))]
    assert texts == ["again", "again (4 more like this were held back)"]


def test_a_stream_that_breaks_stops_the_log_and_nothing_else() -> None:
    stream = io.StringIO()
    sink = Sink(stream)
    stream.close()
    Log(sink, "part").error("one")
    Log(sink, "part").error("two")
    assert sink.level == LEVELS["off"]
