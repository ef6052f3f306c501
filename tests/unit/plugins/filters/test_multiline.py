"""multiline: lines and pieces to records; nothing is lost, what is held is bounded and leaves in the end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrider.model.batch import Batch, Record
from outrider.model.errors import UserError

SECOND = 1_000_000_000
TRACE = ["Traceback (most recent call last):", '  File "a.py", line 1', "    boom()", "ValueError: no"]


def lines(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("multiline.parser", "go, python"), ("multiline.key_content", "log"), *more]


def pieces(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("mode", "partial_message"), ("multiline.key_content", "log"), *more]


def piece(text: str, name: str = "X", *, last: bool = False, **more: Any) -> Record:
    own = {"partial_message": "true", "partial_id": name, "partial_ordinal": "1", "partial_last": str(last).lower()}
    return {"log": text, "source": "stdout", **own, **more}


class Emitted:
    """An emitter that keeps what it gets."""

    name = "emitter_for_multiline.0"

    def __init__(self) -> None:
        self.batches: list[tuple[str, list[int], list[Record], list[Record] | None]] = []

    def emit(self, tag: str, times: list[int], records: list[Record], metadata: list[Record] | None = None) -> None:
        self.batches.append((tag, times, records, metadata))

    @property
    def logs(self) -> list[str]:
        return [record["log"] for _, _, records, _ in self.batches for record in records]


@pytest.fixture
def made(filter_of: Any) -> Any:
    def make(rules: list[tuple[str, str]]) -> Any:
        plugin = filter_of("multiline", rules)
        plugin.emitter = Emitted()
        return plugin

    return make


def batch_of(*records: Record, tag: str = "app", source: str = "in.0") -> Batch:
    return Batch(tag, list(range(len(records))), list(records), source=source)


# ---- lines ----------------------------------------------------------------------------------------------------------


async def test_lines_are_joined_and_leave_through_the_emitter(route: Any) -> None:
    records = [{"n": n, "log": text} for n, text in enumerate(["before", *TRACE, "after", *TRACE[:2]])]
    went = await route([("multiline", lines())], ("app", records))
    assert went.records == [
        {"n": 0, "log": "before"},
        {"n": 1, "log": "\n".join(TRACE)},
        {"n": 5, "log": "after"},
        {"n": 6, "log": "\n".join(TRACE[:2])},
    ]
    assert [time for _, time, _ in went.kept] == [0, 1, 5, 6]
    assert went.sheet["inputs"]["given.0"]["moved"] == {"emitter_for_multiline.0": 8}
    assert went.sheet["inputs"]["emitter_for_multiline.0"]["accepted"] == 4


async def test_tags_are_told_apart(route: Any) -> None:
    went = await route([("multiline", lines())], ("a", [{"log": TRACE[0]}]), ("b", [{"log": TRACE[1]}]))
    assert sorted(went.tagged, key=str) == [("a", {"log": TRACE[0]}), ("b", {"log": TRACE[1]})]


async def test_other_filters_see_what_is_joined_once_after_it(route: Any) -> None:
    after = ("record_modifier", [("record", "after yes")])
    went = await route([("multiline", lines()), after], ("app", [{"log": text} for text in TRACE]))
    assert went.records == [{"log": "\n".join(TRACE), "after": "yes"}]


def test_lines_over_several_chunks_and_the_time_out(made: Any) -> None:
    plugin = made(lines(("flush_ms", "1000")))
    for text in TRACE[:3]:
        batch = batch_of({"log": text})
        plugin.apply(batch)
        assert (batch.times, batch.records) == ([], [])
    plugin.flush(10 * SECOND, last=False)
    assert plugin.emitter.logs == []
    plugin.flush(11 * SECOND, last=False)
    assert plugin.emitter.logs == ["\n".join(TRACE[:3])]
    plugin.flush(12 * SECOND, last=True)
    assert len(plugin.emitter.logs) == 1


def test_records_of_its_own_emitter_pass(made: Any) -> None:
    plugin = made(lines())
    batch = batch_of({"log": TRACE[0]}, source=Emitted.name)
    plugin.apply(batch)
    assert batch.records == [{"log": TRACE[0]}]


def test_metadata_stays(made: Any) -> None:
    plugin = made(lines())
    batch = batch_of({"log": "a"}, {"log": "b"})
    batch.metadata = [{"m": 1}, {}]
    plugin.apply(batch)
    assert plugin.emitter.batches == [("app", [0, 1], [{"log": "a"}, {"log": "b"}], [{"m": 1}, {}])]


def test_without_buffer_a_chunk_is_joined_in_place(made: Any) -> None:
    plugin = made(lines(("buffer", "off")))
    batch = batch_of({"log": "a"}, *({"log": text} for text in TRACE[:2]))
    plugin.apply(batch)
    assert batch.records == [{"log": "a"}, {"log": "\n".join(TRACE[:2])}]
    assert (batch.times, batch.metadata) == ([0, 1], None)
    assert plugin.emitter.batches == []


def test_held_lines_are_bounded(made: Any) -> None:
    plugin = made(lines(("emitter_mem_buf_limit", "100")))
    for n in range(20):
        plugin.apply(batch_of({"log": TRACE[0]}, tag=f"t{n}"))
    assert len(plugin.emitter.logs) == 18
    many = made(lines(("emitter_mem_buf_limit", "0")))
    for n in range(1_001):
        many.apply(batch_of({"log": TRACE[0]}, tag=f"t{n}"))
    assert [tag for tag, *_ in many.emitter.batches] == ["t0"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # which makes a new filter each time
@given(st.lists(st.lists(st.sampled_from([*TRACE, "x", "panic: y", ""]), max_size=4), max_size=6), st.booleans())
def test_no_line_is_lost(made: Any, chunks: list[list[str]], small: bool) -> None:
    plugin = made(lines(("emitter_mem_buf_limit", "50" if small else "0")))
    for chunk in chunks:
        plugin.apply(batch_of(*({"log": text} for text in chunk)))
    plugin.flush(0, last=True)
    assert "".join(plugin.emitter.logs).replace("\n", "") == "".join(text for chunk in chunks for text in chunk)


# ---- pieces ---------------------------------------------------------------------------------------------------------


async def test_pieces_are_one_record_where_the_last_one_stood(route: Any) -> None:
    records = [
        {"log": "whole"},
        piece("a ", n=1),
        {"log": "between"},
        piece("b ", n=2),
        piece("c", last=True),
        {"x": 1},
    ]
    went = await route([("multiline", pieces())], ("app", records))
    joined = {"source": "stdout", "n": 1, "log": "a b c"}
    assert [list(record.items()) for record in went.records] == [
        list(record.items()) for record in ({"log": "whole"}, {"log": "between"}, joined, {"x": 1})
    ]
    assert [time for _, time, _ in went.kept] == [0, 2, 1, 5]


async def test_what_is_not_whole_at_the_stop_is_emitted(route: Any) -> None:
    went = await route([("multiline", pieces())], ("app", [piece("a "), piece("b "), piece("other", "Y")]))
    assert went.records == [{"source": "stdout", "log": "a b "}, {"source": "stdout", "log": "other"}]


def test_pieces_over_several_chunks_of_several_tags(made: Any) -> None:
    plugin = made(pieces())
    assert [record["log"] for record in kept(plugin, piece("a"), tag="one")] == []
    assert [record["log"] for record in kept(plugin, piece("b"), tag="two")] == []
    assert [record["log"] for record in kept(plugin, piece("A", last=True), tag="one")] == ["aA"]
    assert [record["log"] for record in kept(plugin, piece("B", last=True), tag="two")] == ["bB"]
    assert plugin.emitter.batches == []


def kept(plugin: Any, *records: Record, tag: str = "app") -> list[Record]:
    batch = batch_of(*records, tag=tag)
    plugin.apply(batch)
    assert len(batch.times) == len(batch.records)
    return batch.records


def test_pieces_that_wait_too_long_are_emitted(made: Any) -> None:
    plugin = made(pieces(("flush_ms", "1000")))
    kept(plugin, piece("a"))
    plugin.flush(SECOND, last=False)
    kept(plugin, piece("b"))
    plugin.flush(2 * SECOND, last=False)
    plugin.flush(2 * SECOND + 1, last=False)
    assert plugin.emitter.logs == []
    plugin.flush(3 * SECOND, last=False)
    assert plugin.emitter.batches == [("app", [0], [{"source": "stdout", "log": "ab"}], None)]


@pytest.mark.parametrize(
    "record",
    [
        {"log": "x", "partial_message": "false", "partial_id": "1"},
        {"log": "x", "partial_message": "true"},
        {"log": 5, "partial_message": "true", "partial_id": "1"},
        {"partial_message": "true", "partial_id": "1"},
        {"log": "x"},
    ],
)
def test_what_is_no_piece_passes(made: Any, record: Record) -> None:
    assert kept(made(pieces()), dict(record), piece("end", last=True)) == [record, {"source": "stdout", "log": "end"}]


def test_metadata_of_the_first_piece(made: Any) -> None:
    batch = batch_of(piece("a"), piece("b", last=True), {"log": "c"})
    batch.metadata = [{"m": 1}, {"m": 2}, {"m": 3}]
    made(pieces()).apply(batch)
    assert batch.metadata == [{"m": 1}, {"m": 3}]


def test_held_pieces_are_bounded(made: Any) -> None:
    plugin = made(pieces(("emitter_mem_buf_limit", "10")))
    assert kept(plugin, piece("12345678", "X"), piece("12345678", "Y"), piece("9"), piece("0123", "Y")) == []
    assert plugin.emitter.logs == ["12345678", "12345678"]
    many = made(pieces(("emitter_mem_buf_limit", "0")))
    kept(many, *(piece("x", str(n)) for n in range(1_001)))
    assert many.emitter.logs == ["x"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # which makes a new filter each time
@given(
    st.lists(st.lists(st.tuples(st.sampled_from("XYZ"), st.text(), st.booleans()), max_size=5), max_size=5),
    st.integers(0, 20),
)
def test_no_piece_is_lost(made: Any, chunks: list[list[tuple[str, str, bool]]], limit: int) -> None:
    plugin = made(pieces(("emitter_mem_buf_limit", str(limit))))
    passed: list[Record] = []
    for chunk in chunks:
        passed += kept(plugin, *(piece(text, name, last=last, own=name) for name, text, last in chunk))
    plugin.flush(0, last=True)
    found = passed + [record for _, _, records, _ in plugin.emitter.batches for record in records]
    for name in "XYZ":
        sent = "".join(text for chunk in chunks for own, text, _ in chunk if own == name)
        assert sorted("".join(record["log"] for record in found if record["own"] == name)) == sorted(sent)
    assert all(not key.startswith("partial_") for record in found for key in record)


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([], "mode parser needs multiline.parser"),
        ([("mode", "partial_message")], "needs multiline.key_content"),
        (pieces(("buffer", "off")), "mode partial_message needs buffer"),
        ([("multiline.parser", "jav")], "multiline parser 'jav' is not known; did you mean 'java'"),
        ([("mode", "lines")], "invalid value 'lines'"),
    ],
)
def test_options_that_cannot_work(made: Any, rules: list[tuple[str, str]], says: str) -> None:
    with pytest.raises(UserError, match=says):
        made(rules)
