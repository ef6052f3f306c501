"""log_to_metrics: records become numbers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.plugins.filters.log_to_metrics.measure import label, number

BASE = [("tag", "metrics"), ("metric_description", "what it is"), ("metric_name", "n")]


def text_of(plugin: Any) -> list[str]:
    text: str = plugin.context.metrics.text(lambda tag: tag == "metrics")
    return text.splitlines()


def measured(filter_of: Any, batch: Any, rules: list[tuple[str, str]], *records: Any) -> list[str]:
    plugin = filter_of("log_to_metrics", BASE + rules)
    found = batch(*records)
    plugin.apply(found)
    assert found.records == list(records)
    return text_of(plugin)


def test_a_counter_of_all_records(filter_of: Any, batch: Any) -> None:
    assert measured(filter_of, batch, [], {}, {"a": 1}) == [
        "# HELP log_metric_counter_n what it is",
        "# TYPE log_metric_counter_n counter",
        "log_metric_counter_n 2",
    ]


def test_nothing_counted_is_nothing_said(filter_of: Any, batch: Any) -> None:
    assert measured(filter_of, batch, [("regex", "a ^x")], {"a": "y"}) == []


def test_labels_rules_and_names(filter_of: Any, batch: Any) -> None:
    rules = [
        ("metric_namespace", "my"),
        ("metric_subsystem", "sub-system"),
        ("label_field", "level"),
        ("add_label", "where $m['x']"),
        ("exclude", "level debug"),
    ]
    records = [
        {"level": "info", "m": {"x": 1.5}},
        {"level": "info", "m": {"x": 1.5}},
        {"level": 5, "m": {"x": True}},
        {"level": "debug"},
        {},
    ]
    assert measured(filter_of, batch, rules, *records)[2:] == [
        'my_sub_system_n{level="info",where="1.500000"} 2',
        'my_sub_system_n{level="5",where=""} 1',
        'my_sub_system_n{level="",where=""} 1',
    ]


def test_a_gauge_keeps_the_last_number(filter_of: Any, batch: Any) -> None:
    rules = [("metric_mode", "gauge"), ("value_field", "v"), ("label_field", "k")]
    records = [{"v": 1, "k": "a"}, {"v": "2.5 ms", "k": "a"}, {"v": 7.0, "k": "b"}, {"v": "none", "k": "b"}, {"k": "c"}]
    assert measured(filter_of, batch, rules, *records)[1:] == [
        "# TYPE log_metric_gauge_n gauge",
        'log_metric_gauge_n{k="a"} 2.5',
        'log_metric_gauge_n{k="b"} 7',
    ]


def test_a_histogram(filter_of: Any, batch: Any) -> None:
    rules = [("metric_mode", "histogram"), ("value_field", "$t['ms']"), ("bucket", "10"), ("bucket", "2.5")]
    plugin = filter_of("log_to_metrics", BASE + rules)
    plugin.apply(batch({"t": {"ms": 2}}, {"t": {"ms": "3"}}, {"t": {"ms": "inf"}}, {"t": {"ms": float("nan")}}, {}))
    assert text_of(plugin)[2:] == [
        'log_metric_histogram_n_bucket{le="2.5"} 1',
        'log_metric_histogram_n_bucket{le="10.0"} 2',
        'log_metric_histogram_n_bucket{le="+Inf"} 2',
        "log_metric_histogram_n_sum 5",
        "log_metric_histogram_n_count 2",
    ]
    assert "3 records without a number in '$t['ms']' are not measured" in plugin.logged()


def test_kubernetes_labels(filter_of: Any, batch: Any) -> None:
    found = measured(filter_of, batch, [("kubernetes_mode", "on")], {"kubernetes": {"pod_name": "p"}})
    assert found[2] == (
        'log_metric_counter_n{namespace_name="",pod_name="p",container_name="",docker_id="",pod_id=""} 1'
    )


def test_too_many_label_values_are_said_once(filter_of: Any, batch: Any) -> None:
    plugin = filter_of("log_to_metrics", [*BASE, ("label_field", "id")])
    for _ in range(2):
        plugin.apply(batch(*({"id": n} for n in range(3_000))))
    assert plugin.logged().count("more than 2000 different label values") == 1
    assert 'log_metric_counter_n{id="(other)"} 2000' in text_of(plugin)


async def test_discard_logs_drops_and_counts(route: Any) -> None:
    went = await route([("log_to_metrics", [*BASE, ("discard_logs", "on")])], ("app", [{}, {}]))
    assert went.records == []
    assert went.sheet["inputs"]["given.0"]["dropped"] == {"filter log_to_metrics.0": 2}


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([], "tag is missing"),
        ([("tag", "t")], "metric_description is missing"),
        ([*BASE, ("metric_mode", "gauge")], "a gauge needs value_field"),
        ([*BASE, ("metric_mode", "summary")], "allowed: counter, gauge, histogram"),
        ([*BASE, ("metric_mode", "gauge"), ("value_field", "$a[")], "value_field: .* not a record accessor"),
        ([*BASE, ("metric_mode", "histogram"), ("value_field", "v"), ("bucket", "x")], "bucket must be a number"),
        ([*BASE, ("add_label", "name")], "must be 'NAME"),
        ([*BASE, ("add_label", "name $a[")], "label 'name': "),
        ([*BASE, ("label_field", "a.b"), ("label_field", "a-b")], "two labels are named 'a_b'"),
        ([*BASE, ("label_field", "le")], "reserved"),
        ([*BASE, ("regex", "a")], "must be 'KEY PATTERN'"),
    ],
)
def test_what_is_refused(filter_of: Any, rules: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        filter_of("log_to_metrics", rules)


ANYTHING = st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.binary(), st.lists(st.none()))


@given(ANYTHING)
def test_any_value_is_a_label_and_a_number_or_none(value: Any) -> None:
    label(value).encode()
    assert isinstance(number(value), float | None)
    assert number(-(10**400)) == float("-inf")
