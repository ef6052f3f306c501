"""Options of the log_to_metrics filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from outrider.pipeline.options import InOrder, Repeated, Size, in_order, option


@dataclass(frozen=True, kw_only=True)
class Options:
    """See the help of each field."""

    regex: Repeated = option((), "'KEY PATTERN': only records whose field matches; the first Regex decides")
    exclude: Repeated = option((), "'KEY PATTERN': not records whose field matches")
    metric_mode: Literal["counter", "gauge", "histogram"] = option("counter", "kind of the metric")
    value_field: str = option("", "field of the number, of a gauge or histogram")
    metric_name: str = option("a", "last part of the metric's name")
    metric_namespace: str = option("log_metric", "first part of the metric's name")
    metric_subsystem: str = option("", "middle part of the metric's name; default: its kind")
    metric_description: str = option("", "help text of the metric")
    kubernetes_mode: bool = option(False, "labels from $kubernetes: namespace, pod, container and their ids")
    add_label: Repeated = option((), "'NAME $KEY': a label with the field's value")
    label_field: Repeated = option((), "a label with the name and value of this field")
    bucket: Repeated = option((), "upper bound of a histogram's bucket")
    tag: str = option("", "tag of the metric, by which outputs choose")
    emitter_name: str = option("", "accepted; metrics are read where they are counted")
    emitter_mem_buf_limit: Size = option(10_000_000, "accepted; label values are bounded instead")
    flush_interval_sec: int = option(0, "accepted; numbers are those of the moment when they are asked for")
    flush_interval_nsec: int = option(0, "accepted; as flush_interval_sec")
    discard_logs: bool = option(False, "drop the records, all of them")
    rules: InOrder = in_order()
