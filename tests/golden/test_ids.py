"""Recorded cases: captures, rules, and the events that Suricata 8 writes, checked as its own test suite does."""

from __future__ import annotations

import importlib.util
import io
import json
from collections import Counter
from typing import Any

import pytest
from tests.conftest import RECORDED

from outrider.cli.ids import setup_of, tables_of
from outrider.cli.rules import read_configuration
from outrider.ids.capture.reader import frames
from outrider.ids.engine import Engine
from outrider.ids.expressions import probe
from outrider.ids.rules.load import load

CASES = RECORDED / "ids-verify" / "cases"
AT_LEAST = {"http-evader": 101, "tier1": 43, "tier1_partial": 14, "tier2": 67, "tier2_partial": 10}
"""Cases that hold today; a number may only rise."""


def events(case: dict[str, Any]) -> list[dict[str, Any]]:
    settings = [f"{key}={value}" for key, value in case["set"].items()]
    tables = [name for name in ("classification", "reference") if f"{name}.config" in case]
    settings += [f"{name}-file={CASES / case[f'{name}.config']}" for name in tables]
    configuration = read_configuration(str(CASES / case["config"]) if "config" in case else None, settings)
    rules = [((CASES / name).read_text("utf-8", "surrogateescape"), name) for name in case["rules"]]
    loaded = load(rules, configuration.variables(), tables_of(configuration), probe)
    engine = Engine(loaded.signatures, setup_of(configuration, verify=case["verify_checksums"]))
    found = []
    for frame in frames(io.BytesIO((CASES / case["pcap"]).read_bytes()).read):
        found += engine.frame(frame)
    return [json.loads(json.dumps(event, default=str)) for event in [*found, *engine.finish()]]


@pytest.mark.golden
def test_recorded_cases_hold() -> None:
    spec = importlib.util.spec_from_file_location("verify", RECORDED / "ids-verify" / "verify.py")
    assert spec is not None
    assert spec.loader is not None
    verify = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(verify)
    passed = Counter[str]()
    for case in json.loads((CASES / "cases.json").read_text("utf-8")):
        found = events(case)
        passed[case["group"]] += all(
            sum(verify.matches(event, check["match"]) for event in found) == check["count"] for check in case["checks"]
        )
    assert {group: passed[group] for group, count in AT_LEAST.items() if passed[group] < count} == {}
