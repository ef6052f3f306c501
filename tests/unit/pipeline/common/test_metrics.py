"""Metrics and their text."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.pipeline.common.metrics import OTHER, SERIES_MAX, Metric, Metrics, name_of

NOW = 1_700_000_000_123_456_789


def test_a_counter() -> None:
    metric = Metric("m", "counter", "a_b", "what it\nis \\", ("level",))
    assert metric.text() == ""
    metric.count([(("info",), 2), (('er"r\\or\n',), 1)], NOW)
    metric.count([(("info",), 3)], NOW)
    assert metric.text() == (
        '# HELP a_b what it\\nis \\\\\n# TYPE a_b counter\na_b{level="info"} 5\na_b{level="er\\"r\\\\or\\n"} 1\n'
    )


def test_a_gauge_with_times_and_fixed_labels() -> None:
    metric = Metric("m", "gauge", "g", "help")
    for value in (2.0, 0.1):
        metric.set((), value, NOW)
    assert metric.text([("app", "web")], stamped=True) == (
        '# HELP g help\n# TYPE g gauge\ng{app="web"} 0.10000000000000001 1700000000123\n'
    )


def test_a_label_stands_once_and_the_metrics_own_wins() -> None:
    metric = Metric("m", "counter", "c", "help", ("app",))
    metric.count([(("own",), 1)], NOW)
    assert 'c{team="t",app="own"} 1\n' in metric.text([("app", "x"), ("team", "t")])
    times = Metric("m", "histogram", "h", "help", (), (1.0,))
    times.observe((), 0.5, NOW)
    assert 'h_bucket{le="1.0",app="x"} 1\n' in times.text([("le", "x"), ("app", "x")])


def test_a_histogram_counts_up_to_each_bound() -> None:
    metric = Metric("m", "histogram", "h", "help", ("c",), (0.5, 1.0, 10.0))
    for value in (0.5, 0.6, 10.0, 11.0):
        metric.observe(("red",), value, NOW)
    assert metric.text() == (
        "# HELP h help\n# TYPE h histogram\n"
        'h_bucket{le="0.5",c="red"} 1\n'
        'h_bucket{le="1.0",c="red"} 2\n'
        'h_bucket{le="10.0",c="red"} 3\n'
        'h_bucket{le="+Inf",c="red"} 4\n'
        'h_sum{c="red"} 22.100000000000001\n'
        'h_count{c="red"} 4\n'
    )


@pytest.mark.parametrize(
    ("value", "text"), [(math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN"), (1e300, "1.0000000000000001e+300")]
)
def test_odd_numbers(value: float, text: str) -> None:
    metric = Metric("m", "gauge", "g", "help")
    metric.set((), value, NOW)
    assert metric.text().endswith(f"g {text}\n")


def test_label_values_without_end_are_counted_as_one() -> None:
    metric = Metric("m", "counter", "c", "help", ("id",))
    metric.count([((str(n),), 1) for n in range(SERIES_MAX)], NOW)
    assert not metric.full
    metric.count([((f"more {n}",), 2) for n in range(500)], NOW)
    metric.count([(("0",), 1)], NOW)
    assert metric.full
    assert len(metric.series) == SERIES_MAX + 1
    assert metric.series[(OTHER,)].value == 1_000
    assert metric.series[("0",)].value == 2


def test_outputs_choose_by_tag_and_a_name_has_one_heading() -> None:
    metrics = Metrics()
    for tag, label in (("one", "a"), ("one", "b"), ("two", "c")):
        metrics.add(Metric(tag, "counter", "c", "help", ("x",))).count([((label,), 1)], NOW)
    metrics.add(Metric("one", "gauge", "c", "help")).set((), 1, NOW)
    metrics.add(Metric("one", "gauge", "d", "help")).set((), 1, NOW)
    assert metrics.text(lambda tag: tag == "one") == (
        '# HELP c help\n# TYPE c counter\nc{x="a"} 1\nc{x="b"} 1\n# HELP d help\n# TYPE d gauge\nd 1\n'
    )
    assert metrics.text(lambda tag: False) == ""


@given(st.text())
def test_any_text_becomes_a_name(text: str) -> None:
    assert re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name_of(text))


LINE = re.compile(r'm\{a="(?:[^"\\\n]|\\["\\n])*"\} \d+')


@given(st.lists(st.text(), max_size=5))
def test_no_label_value_breaks_its_line(values: list[str]) -> None:
    metric = Metric("m", "counter", "m", "help", ("a",))
    metric.count([((value,), 1) for value in values], NOW)
    lines = metric.text().split("\n")[2:-1]
    assert len(lines) == len(set(values))
    assert all(LINE.fullmatch(line) for line in lines)
