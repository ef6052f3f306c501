"""rewrite_tag: records under new tags, through every filter once more, and never for ever."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.batch import Batch, Record
from outrider.model.errors import UserError
from outrider.plugins.filters.rewrite_tag.rules import rule


def rewrite(*rules: str, match: str = "*", name: str = "") -> tuple[str, list[tuple[str, str]]]:
    more = [("emitter_name", name)] if name else []
    return ("rewrite_tag", [("match", match), *(("rule", rule) for rule in rules), *more])


ERROR = {"level": "error", "n": 1}
INFO = {"level": "info", "n": 2}


async def test_a_match_goes_on_under_the_new_tag_alone(route: Any) -> None:
    went = await route([rewrite("$level ^(err).* bad.$TAG[1].$1 false", match="app.*")], ("app.web", [ERROR, INFO]))
    assert sorted(went.tagged, key=str) == [("app.web", INFO), ("bad.web.err", ERROR)]
    assert went.sheet["inputs"]["given.0"]["moved"] == {"emitter_for_rewrite_tag.0": 1}
    assert went.sheet["inputs"]["emitter_for_rewrite_tag.0"]["accepted"] == 1


async def test_keep_lets_the_record_go_on_too(route: Any) -> None:
    went = await route([rewrite("$level error bad true", match="app")], ("app", [ERROR, INFO]))
    assert sorted(went.tagged, key=str) == [("app", ERROR), ("app", INFO), ("bad", ERROR)]


async def test_the_first_rule_that_matches_decides(route: Any) -> None:
    rules = ["$level error first false", "$n . none false", "$level . second.$level false"]
    went = await route([rewrite(*rules, match="app")], ("app", [ERROR, INFO]))
    assert sorted(went.tagged, key=str) == [("first", ERROR), ("second.info", INFO)]


async def test_records_of_one_new_tag_keep_their_order_and_times(route: Any) -> None:
    records = [{"k": "b", "n": 0}, {"k": "a", "n": 1}, {"k": "b", "n": 2}]
    went = await route([rewrite("$k a new false", "$k b new false", match="app")], ("app", records))
    assert went.kept == [("new", n, record) for n, record in enumerate(records)]


async def test_filters_before_and_after_see_the_new_tag(route: Any) -> None:
    went = await route(
        [
            ("record_modifier", [("match", "bad"), ("record", "before yes")]),
            rewrite("$level error bad false", match="app"),
            ("record_modifier", [("match", "*"), ("record", "after yes")]),
        ],
        ("app", [ERROR]),
    )
    assert went.tagged == [("bad", {**ERROR, "before": "yes", "after": "yes"})]


@pytest.mark.parametrize("record", [{}, {"level": 5}, {"level": b"error"}, {"level": None}, {"level": ["error"]}])
async def test_only_text_can_match(route: Any, record: Record) -> None:
    went = await route([rewrite("$level . new false", match="app")], ("app", [record]))
    assert went.tagged == [("app", record)]


@pytest.mark.parametrize("rule", ["$level error $missing false", "$level error $long false"])
async def test_a_tag_that_is_none_is_not_given(route: Any, rule: str) -> None:
    record = {**ERROR, "long": "x" * 2_000}
    went = await route([rewrite(rule)], ("app", [record]))
    assert went.tagged == [("app", record)]


async def test_a_record_that_has_its_new_tag_already_stays(route: Any) -> None:
    went = await route([rewrite("$level error same false")], ("app", [ERROR]))
    assert went.tagged == [("same", ERROR)]


@pytest.mark.parametrize("keep", ["true", "false"])
async def test_a_record_that_goes_round_and_round_comes_out(route: Any, keep: str) -> None:
    went = await route([rewrite(f"$level error $TAG.x {keep}")], ("app", [ERROR]))
    assert went.tagged[-1] == ("app" + ".x" * 16, ERROR)
    assert len(went.kept) == (17 if keep == "true" else 1)
    assert "have gone round 16 times and keep their tag" in went.log


async def test_filters_that_send_records_to_each_other_do_so_some_times(route: Any) -> None:
    went = await route(
        [rewrite("$level error two false", match="one"), rewrite("$level error one false", match="two")],
        ("one", [ERROR]),
        ("two", [INFO]),
    )
    assert sorted(went.tagged, key=str) == [("one", ERROR), ("two", INFO)]
    assert "have gone round 16 times and keep their tag" in went.log


async def test_records_of_the_input_are_sent_on_though_others_have_gone_round(route: Any) -> None:
    loop = rewrite("$level error one false", match="two")
    last = {"level": "warn"}
    went = await route(
        [rewrite("$level . two false", match="one"), loop],
        *[("one", [ERROR]) for _ in range(3)],
        ("one", [last]),
    )
    assert ("two", last) in went.tagged


async def test_metadata_goes_with_its_record(filter_of: Any) -> None:
    plugin = filter_of(*rewrite("$level error bad false"))
    emitted: list[Any] = []

    class Emitter:
        name = "emitter"

        def emit(self, *columns: Any) -> None:
            emitted.append(columns)

    plugin.emitter = Emitter()
    batch = Batch("app", [1, 2], [INFO, ERROR], [{"m": 1}, {"m": 2}], source="given.0")
    plugin.apply(batch)
    assert emitted == [("bad", [2], [ERROR], [{"m": 2}])]
    assert (batch.times, batch.records, batch.metadata) == ([1], [INFO], [{"m": 1}])


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([], "there is no Rule"),
        ([("rule", "")], "four words are expected"),
        ([("rule", "$a b c")], "four words are expected"),
        ([("rule", "$a b c true d")], "four words are expected"),
        ([("rule", "$a b c maybe")], "neither true nor false"),
        ([("rule", "$a ( c true")], "not a regular expression"),
        ([("rule", "$a[ b c true")], "not a record accessor"),
        ([("rule", "$a b $. true")], "names nothing"),
        ([("rule", '$a "b c true')], "not closed"),
    ],
)
def test_what_is_refused(filter_of: Any, rules: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        filter_of("rewrite_tag", rules)


@given(st.one_of(st.text(), st.lists(st.text(st.sampled_from("$a.*[]()'\"\\ 01")), min_size=3).map(" ".join)))
def test_any_text_is_a_rule_or_a_value_error(text: str) -> None:
    for whole in (text, f"{text} true", f"$a {text} true"):
        try:
            found = rule(whole)
        except ValueError:
            continue
        found.tag.bind("a.b")({"a": text}, found.search(text))
