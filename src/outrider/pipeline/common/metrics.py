"""Numbers that filters make of records, and their text in Prometheus's exposition format. Pure: times are arguments.

A metric belongs to a tag, by which outputs choose. Label values come from records, so the number of different ones is
bounded: beyond SERIES_MAX all others are counted in one series, whose labels say so.
Source: https://prometheus.io/docs/instrumenting/exposition_formats/, and cmetrics for the form of numbers.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, TypeAlias

from msgspec import Struct, field

Labels: TypeAlias = tuple[str, ...]
Kind: TypeAlias = Literal["counter", "gauge", "histogram"]

SERIES_MAX: Final = 2_000
OTHER: Final = "(other)"
VALUE_MAX: Final = 252
"""Characters of a label's value that are kept."""
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_INVALID: Final = re.compile(r"[^a-zA-Z0-9_]")


def name_of(text: str) -> str:
    """A text as the name of a metric or label: what cannot stand in one is ``_``."""
    name = _INVALID.sub("_", text.removeprefix("$"))
    return f"_{name}" if name[:1].isdigit() or not name else name


class Series(Struct):
    """The numbers of one set of label values. ``value`` is a histogram's sum; ``counts`` are per bucket."""

    value: float = 0.0
    counts: list[int] = field(default_factory=list)
    time: int = 0
    """When it was changed last, in nanoseconds."""


class Metric(Struct):
    """One metric of one filter."""

    tag: str
    kind: Kind
    name: str
    help: str
    labels: Sequence[str] = ()
    buckets: Sequence[float] = ()
    series: dict[Labels, Series] = field(default_factory=dict)

    def at(self, values: Labels, now: int) -> Series:
        """The series of these label values, about to be changed."""
        found = self.series.get(values)
        if found is None:
            if len(self.series) >= SERIES_MAX:
                values = (OTHER,) * len(self.labels)
            found = self.series.setdefault(values, Series(counts=[0] * (len(self.buckets) + 1)))
        found.time = now
        return found

    @property
    def full(self) -> bool:
        """Whether some label values are counted as others."""
        return len(self.series) > SERIES_MAX

    def count(self, numbers: Iterable[tuple[Labels, int]], now: int) -> None:
        """Add to a counter, for each set of label values."""
        for values, number in numbers:
            self.at(values, now).value += number

    def set(self, values: Labels, number: float, now: int) -> None:
        """Set a gauge."""
        self.at(values, now).value = number

    def observe(self, values: Labels, number: float, now: int) -> None:
        """Add a number to a histogram."""
        found = self.at(values, now)
        found.value += number
        found.counts[bisect_left(self.buckets, number)] += 1

    def text(self, fixed: Sequence[tuple[str, str]] = (), *, stamped: bool = False) -> str:
        """The metric, nothing while nothing has been counted. ``fixed`` labels come first; its own of that name win."""
        if not self.series:
            return ""
        own = {*self.labels, "le"} if self.kind == "histogram" else set(self.labels)
        fixed = [label for label in fixed if label[0] not in own]
        lines = [f"# HELP {self.name} {_escape(self.help)}\n# TYPE {self.name} {self.kind}\n"]
        for values, series in self.series.items():
            labels = [*fixed, *zip(self.labels, values, strict=True)]
            stamp = f" {series.time // 1_000_000}" if stamped else ""
            if self.kind != "histogram":
                lines.append(f"{self.name}{_braces(labels)} {_number(series.value)}{stamp}\n")
                continue
            below = 0
            for bound, number in zip([*self.buckets, math.inf], series.counts, strict=True):
                below += number
                lines.append(f"{self.name}_bucket{_braces([('le', _bound(bound)), *labels])} {below}{stamp}\n")
            lines.append(f"{self.name}_sum{_braces(labels)} {_number(series.value)}{stamp}\n")
            lines.append(f"{self.name}_count{_braces(labels)} {below}{stamp}\n")
        return "".join(lines)


class Metrics:
    """All metrics of a pipeline."""

    def __init__(self) -> None:
        self._all: list[Metric] = []
        self._owned: dict[str, Metric] = {}

    def add(self, metric: Metric, owner: str = "") -> Metric:
        """Register the metric of the filter of this name; without one its numbers begin at 0 after each reload."""
        self._all.append(metric)
        if owner:
            self._owned[owner] = metric
        return metric

    def inherit(self, older: Metrics) -> None:
        """Go on with the numbers of another pipeline's metrics, where a filter of the same name has the same one."""
        for owner, metric in self._owned.items():
            old = older._owned.get(owner)
            if old is not None and _shape(old) == _shape(metric):
                metric.series = old.series

    def text(
        self, matches: Callable[[str], bool], fixed: Sequence[tuple[str, str]] = (), *, stamped: bool = False
    ) -> str:
        """The metrics whose tags match; of several with one name and different kinds or labels the first."""
        shapes: dict[str, tuple[Kind, Sequence[str]]] = {}
        found: dict[str, str] = {}
        for metric in self._all:
            shape = (metric.kind, metric.labels)
            text = metric.text(fixed, stamped=stamped) if matches(metric.tag) else ""
            if not text or shapes.setdefault(metric.name, shape) != shape:
                continue
            # A name may have one HELP and one TYPE line only; its series stand together.
            found[metric.name] = found.get(metric.name, "") + (
                text if metric.name not in found else text.split("\n", 2)[2]
            )
        return "".join(found.values())


def _shape(metric: Metric) -> tuple[object, ...]:
    return metric.tag, metric.kind, metric.name, tuple(metric.labels), tuple(metric.buckets)


def _braces(labels: Sequence[tuple[str, str]]) -> str:
    inner = ",".join([f'{name}="{_escape(value, quote=True)}"' for name, value in labels])
    return f"{{{inner}}}" if inner else ""


def _escape(text: str, *, quote: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quote else text


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else f"{value:.17g}"


def _bound(value: float) -> str:
    text = "+Inf" if math.isinf(value) else f"{value:g}"
    return text if not text.lstrip("-").isdigit() else f"{text}.0"
