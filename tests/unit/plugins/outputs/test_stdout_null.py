"""The stdout and null outputs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from outrider.model.errors import LocalError
from outrider.net import console


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, '[0] app: [[1700000000.123456789, {}], {"a"=>"x"}]\n[1] app: [[1700000000.123456790, {}], {"b"=>2}]\n'),
        ({"format": "json_lines"}, '{"date":1700000000.123457,"a":"x"}\n{"date":1700000000.123457,"b":2}\n'),
        ({"format": "json", "json_date_key": "false"}, '[{"a":"x"},{"b":2}]\n'),
        ({"format": "json_stream", "json_date_key": "off"}, '{"a":"x"}{"b":2}\n'),
        (
            {"format": "json_lines", "json_date_key": "@t", "json_date_format": "iso8601"},
            '{"@t":"2023-11-14T22:13:20.123456Z","a":"x"}\n{"@t":"2023-11-14T22:13:20.123456Z","b":2}\n',
        ),
    ],
)
async def test_forms(make: Any, batch: Any, capfd: Any, options: dict[str, Any], expected: str) -> None:
    plugin = make("output", "stdout", **options)
    delivery = await plugin.send(batch({"a": "x"}, {"b": 2}))
    assert delivery.delivered == 2
    assert capfd.readouterr().out == expected


@pytest.mark.parametrize(
    ("form", "date"),
    [
        ("double", 1700000000.123457),
        ("java_sql_timestamp", "2023-11-14 22:13:20.123456"),
        ("epoch", 1_700_000_000),
        ("epoch_ms", 1_700_000_000_123),
        ("epoch_millis", 1_700_000_000_123),
        ("epoch_milliseconds", 1_700_000_000_123),
    ],
)
async def test_dates(make: Any, batch: Any, capfd: Any, form: str, date: Any) -> None:
    await make("output", "stdout", format="json_lines", json_date_format=form).send(batch({}))
    assert json.loads(capfd.readouterr().out) == {"date": date}


async def test_a_reader_that_is_gone_is_no_bug(make: Any, batch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "wb", buffering=0) as full:  # noqa: ASYNC230
        monkeypatch.setattr(console, "STDOUT", full.fileno())
        with pytest.raises(LocalError, match="standard output: No space left"):
            await make("output", "stdout").send(batch({"a": 1}))


async def test_null(make: Any, batch: Any, capfd: Any) -> None:
    plugin = make("output", "null", format="json", json_date_format="x", json_date_key="y")
    assert (await plugin.send(batch({"a": 1}, {}))).delivered == 2
    assert capfd.readouterr().out == ""
