"""The log_to_metrics filter: counts records, or takes numbers from them; outputs serve the metrics."""

from __future__ import annotations

import math
import time
from collections import Counter

from outrider.formats.accessor import field
from outrider.model.batch import Batch, Record
from outrider.model.errors import UserError
from outrider.pipeline.common.metrics import BUCKETS, SERIES_MAX, Metric, name_of
from outrider.pipeline.common.selection import in_order, rule
from outrider.pipeline.plugin import Filter
from outrider.plugins.filters.log_to_metrics.config import Options
from outrider.plugins.filters.log_to_metrics.measure import KUBERNETES, labels_of, number


class LogToMetrics(Filter[Options]):
    """Makes a metric of records."""

    Options = Options

    def check(self) -> None:
        """See Filter."""
        options = self.options
        for key in ("tag", "metric_description"):
            if not getattr(options, key):
                raise UserError(f"{key} is missing", fix=f"add '{key} TEXT'")
        if options.metric_mode != "counter" and not options.value_field:
            raise UserError(f"a {options.metric_mode} needs value_field", fix="add 'value_field KEY'")
        labels = _labels(options)
        selecting = [(key == "regex", rule(key, text)) for key, text in options.rules if key in ("regex", "exclude")]
        self._selects = in_order(selecting) if selecting else None
        self._labels = labels_of([key for _, key in labels]) if labels else None
        try:
            self._value = field(options.value_field)
        except ValueError as error:
            raise UserError(f"value_field: {error}") from error
        parts = (options.metric_namespace, options.metric_subsystem or options.metric_mode, options.metric_name)
        self._metric = self.context.metrics.add(
            Metric(
                options.tag,
                options.metric_mode,
                "_".join(name_of(part) for part in parts if part),
                options.metric_description,
                tuple(name_of(name) for name, _ in labels),
                _buckets(options) if options.metric_mode == "histogram" else (),
            ),
            self.context.name,
        )
        self._told = False

    def metrics_tag(self) -> str:
        """See Filter."""
        return self.options.tag

    def apply(self, batch: Batch) -> None:
        """See Filter."""
        records, selects = batch.records, self._selects
        chosen = records if selects is None else [record for record in records if selects(record)]
        now = time.time_ns()
        if self.options.metric_mode == "counter":
            self._count(chosen, now)
        else:
            self._measure(chosen, now)
        if self._metric.full and not self._told:
            self._told = True
            self.log.warn(f"more than {SERIES_MAX} different label values: all others are counted as one")
        if self.options.discard_logs:
            batch.keep([False] * len(batch))

    def _count(self, records: list[Record], now: int) -> None:
        if self._labels is None:
            counts = [((), len(records))] if records else []
            self._metric.count(counts, now)
        else:
            self._metric.count(Counter(map(self._labels, records)).items(), now)

    def _measure(self, records: list[Record], now: int) -> None:
        labels, get = self._labels, self._value
        change = self._metric.set if self.options.metric_mode == "gauge" else self._metric.observe
        finite = self.options.metric_mode == "histogram"
        unusable = 0
        for record in records:
            value = number(get(record))
            if value is None or (finite and not math.isfinite(value)):
                unusable += 1
                continue
            change(labels(record) if labels is not None else (), value, now)
        if unusable:
            self.log.warn(
                f"{unusable} records without a number in '{self.options.value_field}' are not measured",
                about="without a number",
            )


def _labels(options: Options) -> list[tuple[str, str]]:
    """Names and accessors of the labels, in order. Raises UserError."""
    found = [(key, f"$kubernetes['{key}']") for key in KUBERNETES] if options.kubernetes_mode else []
    for key, text in options.rules:
        if key == "label_field":
            found.append((text, text))
        elif key == "add_label":
            name, _, source = text.strip().partition(" ")
            if not source.strip():
                raise UserError(f"add_label '{text}' must be 'NAME $KEY'")
            found.append((name, source.strip()))
    seen: set[str] = set()
    for name, source in found:
        if name_of(name) in seen or name_of(name) == "le":
            raise UserError(f"two labels are named '{name_of(name)}', or it is reserved", fix="use add_label NAME $KEY")
        seen.add(name_of(name))
        try:
            field(source)
        except ValueError as error:
            raise UserError(f"label '{name}': {error}") from error
    return found


def _buckets(options: Options) -> tuple[float, ...]:
    bounds = [number(text) for text in options.bucket]
    if not all(bound is not None and math.isfinite(bound) for bound in bounds):
        raise UserError("bucket must be a number, such as 0.5")
    return tuple(sorted({bound for bound in bounds if bound is not None})) or BUCKETS
