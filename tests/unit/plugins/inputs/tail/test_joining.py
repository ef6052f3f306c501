"""Multiline On with Parser_Firstline."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.parser import Parser, json_fields, regex_fields
from outrider.plugins.inputs.tail.joining import FirstLine

FIRST = Parser("first", regex_fields(r"^(?<n>\d+) (?<log>.*)$"))


@given(st.lists(st.sampled_from(["1 one", "2 ", "  at x", "", "end"]), max_size=12), st.integers(5, 40))
def test_every_line_is_somewhere_and_in_order(lines: list[str], limit: int) -> None:
    joiner = FirstLine(FIRST, "log", 10, limit)
    given_ = [joined for line in lines for joined in joiner.feed_text(1, line)] + joiner.flush_all()
    assert joiner.size == 0
    told = [text for _, record, _ in given_ for text in " ".join(record.values()).split("\n")]
    assert [text.strip() for text in told] == [line.strip() for line in lines]


def test_what_is_held_goes_on_after_a_while() -> None:
    joiner = FirstLine(FIRST, "log", 100, 1000)
    assert joiner.feed_text(1000, "1 one") == []
    assert joiner.size
    assert joiner.feed_text(1050, "two") == []
    assert joiner.flush(1099) == []
    assert [joined.record for joined in joiner.flush(1100)] == [{"n": "1", "log": "one\ntwo"}]
    assert joiner.flush(2000) == []


def test_a_last_field_that_is_no_text_gets_no_lines() -> None:
    joiner = FirstLine(Parser("j", json_fields), "line", 100, 1000)
    assert joiner.feed_text(1, '{"a":1}') == []
    assert [joined.record for joined in joiner.feed_text(1, "two")] == [{"a": 1}, {"line": "two"}]
    assert joiner.flush_all() == []
