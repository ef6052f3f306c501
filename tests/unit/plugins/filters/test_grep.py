"""grep: which records stay."""

from __future__ import annotations

from typing import Any

import pytest

from outrider.model.errors import Place, UserError
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration, PluginSection
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.options import Property

RECORDS = [
    {"log": "ERROR one", "level": "error"},
    {"log": "info two", "level": "info"},
    {"log": "info error", "level": "info"},
    {"level": "none"},
    {"log": 5, "level": "number"},
    {"log": b"ERROR bytes", "level": "bytes"},
    {"log": "", "level": "empty"},
]


def kept(batch: Any, *rules: tuple[str, str], records: list[dict[str, Any]] = RECORDS) -> list[str]:
    """The levels of the records that these rules, in this order, keep."""
    place = Place("test.conf", 1)
    properties = [Property(key, value, place) for key, value in [("name", "grep"), ("match", "*"), *rules]]
    configuration = Configuration([PluginSection("filter", properties, place)])
    log = Log(Sink(), "test")
    plugin = build.plan(configuration, build.read_service(configuration, {}, log), {}, log).instances[0].plugin
    found = batch(*[dict(record) for record in records])
    plugin.apply(found)
    assert len(found.times) == len(found.records)
    return [record["level"] for record in found.records]


ALL = [record["level"] for record in RECORDS]
TEXTS = [record for record in RECORDS if isinstance(record.get("log", ""), str)]


ONE_RULE = pytest.mark.parametrize(
    ("rules", "levels"),
    [
        ([], ALL),
        ([("regex", "log ERROR")], ["error", "bytes"]),
        ([("regex", "$log ERROR")], ["error", "bytes"]),
        ([("regex", "log (?i)error")], ["error", "info", "bytes"]),
        ([("regex", "log ^$")], ["empty"]),
        ([("exclude", "log ERROR")], ["info", "info", "none", "number", "empty"]),
        ([("regex", "log 5")], []),
        ([("exclude", "log .")], ["none", "number", "empty"]),
        ([("regex", "log two words")], []),
        ([("regex", "log    ^info  ")], ["info", "info"]),
    ],
)


@ONE_RULE
def test_one_rule_in_batches_of_texts(batch: Any, rules: list[tuple[str, str]], levels: list[str]) -> None:
    wanted = [level for level in levels if level not in ("number", "bytes")]
    assert kept(batch, *rules, records=TEXTS) == wanted


@ONE_RULE
def test_one_rule(batch: Any, rules: list[tuple[str, str]], levels: list[str]) -> None:
    assert kept(batch, *rules) == levels


def test_legacy_first_regex_decides(batch: Any) -> None:
    assert kept(batch, ("regex", "log ERROR"), ("regex", "level info")) == ["error", "bytes"]
    assert kept(batch, ("exclude", "log two"), ("regex", "level info")) == ["info"]
    assert kept(batch, ("exclude", "level er"), ("exclude", "level info")) == ["none", "bytes", "empty"]


@pytest.mark.parametrize(
    ("operation", "kind", "levels"),
    [
        ("AND", "regex", ["info"]),
        ("or", "regex", ["error", "info", "info"]),
        ("and", "exclude", [level for n, level in enumerate(ALL) if n != 2]),
        ("OR", "exclude", ["none", "number", "bytes", "empty"]),
    ],
)
def test_logical_operations(batch: Any, operation: str, kind: str, levels: list[str]) -> None:
    rules = [("logical_op", operation), (kind, "log error|one"), (kind, "level info")]
    assert kept(batch, *rules) == levels


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([("regex", "log")], "regex 'log' must be 'KEY PATTERN'"),
        ([("exclude", "")], "exclude '' must be 'KEY PATTERN'"),
        ([("regex", "log (")], r"regex 'log \(': not a regular expression"),
        ([("regex", "log[ x")], "not a record accessor"),
        ([("logical_op", "and"), ("regex", "a b"), ("exclude", "a b")], "not both"),
        ([("logical_op", "xor"), ("regex", "a b")], "allowed: legacy, and, or"),
    ],
)
def test_what_is_refused(batch: Any, rules: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        kept(batch, *rules)
