"""What a dry run says of routes: where a tag, or its beginning, is known."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.pipeline.config.test_placing import examined

METRICS = (
    "[INPUT]\n    Name dummy\n    Tag x\n"
    "[FILTER]\n    Name log_to_metrics\n    Match x\n    Tag met\n    metric_mode counter\n    metric_name n\n"
    "    metric_description d\n[OUTPUT]\n    Name prometheus_exporter\n    Match met\n"
)
NULL = "[OUTPUT]\n    Name null\n    Match "
TAIL = "[INPUT]\n    Name tail\n    Path /nowhere/*.log\n    Tag java.*\n"
FORWARD = "[INPUT]\n    Name forward\n    Tag app\n"
REWRITE = (
    "[INPUT]\n    Name dummy\n    Tag app\n"
    "[FILTER]\n    Name rewrite_tag\n    Match app\n    Rule $log x err.$TAG false\n"
    "[OUTPUT]\n    Name null\n    Match app\n"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{TAIL}{NULL}java.*\n", None),
        (f"{TAIL}{NULL}*.log\n", None),
        (f"{TAIL}    Tag_Regex (?<x>.)\n{NULL}python.*\n", "null.0 gets nothing"),
        (f"{TAIL}{NULL}python.*\n", "null.0 gets nothing: its Match 'python.*' fits no input's tag; "),
        (f"{TAIL}{NULL}python.*\n", "no output matches the tag 'java.*' of tail.0"),
        (f"{FORWARD}{NULL}app\n", None),
        (f"{FORWARD}{NULL}apps\n", "null.0 gets nothing"),
        (f"{FORWARD}    Tag_Prefix a.\n{NULL}b.*\n", "no output matches the tag 'a.*' of forward.0"),
        (f"{FORWARD}    Tag_Prefix a.\n{NULL}a.b\n", None),
        (f"{REWRITE}{NULL}err.app\n", None),
        (REWRITE, "r.conf:7:10: warning: no output matches the tag 'err.*' of emitter_for_rewrite_tag.0"),
        (f"{REWRITE}{NULL}er.*\n", "null.1 gets nothing: its Match 'er.*' fits no tag of an input or filter"),
        (f"[INPUT]\n    Name forward\n{NULL}anything\n", None),
        ("[INPUT]\n    Name forward\n[OUTPUT]\n    Name null\n    Match_Regex ^a\n", None),
        (
            f"{TAIL}[FILTER]\n    Name multiline\n    Match *\n    multiline.parser java\n{NULL}a\n",
            "no output matches the tag",
        ),
        ("[INPUT]\n    Name forward\n", "no output matches what forward.0 takes in"),
        (METRICS, None),
        (METRICS.replace("Match x", "Match y"), "log_to_metrics.0 filters nothing: its Match 'y' fits no input's tag"),
        (METRICS.replace("Match x", "Match y"), "no output matches the tag 'x' of dummy.0"),
        (METRICS.replace("Match met", "Match mat"), "r.conf:13:11: warning: prometheus_exporter.0 has no metrics to"),
        ("[INPUT]\n    Name forward\n[OUTPUT]\n    Name prometheus_exporter\n    Match *\n", "no filter measures"),
    ],
)
def test_routes_that_lead_nowhere(tmp_path: Path, text: str, said: str | None) -> None:
    lines = examined(tmp_path, text)
    assert (lines == []) if said is None else any(said in line for line in lines), lines


def test_a_processor_measures_too(tmp_path: Path) -> None:
    measured = "{name: log_to_metrics, tag: met, metric_mode: counter, metric_name: n, metric_description: d}"
    text = (
        f"pipeline:\n  inputs:\n    - name: dummy\n      processors:\n        logs:\n          - {measured}\n"
        "  outputs:\n    - {name: prometheus_exporter, match: met}\n"
    )
    assert examined(tmp_path, text, "r.yaml") == []
