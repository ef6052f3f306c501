"""Recorded router cases: the same configuration and bytes in, the same bytes out."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "golden"
WANTED = {
    "syslog.json": ("*",),
    "forward.json": ("*",),
    "outputs.json": ("*",),
    "filters.json": (
        "filter.record_modifier*",
        "filter.grep*",
        "filter.match-scopes",
        "filter.modify*",
        "filter.nest",
        "filter.lift",
        "filter.rewrite_tag",
        "filter.parser*",
        "filter.multiline*",
    ),
    "inputs.json": ("*",),
    "config.json": ("config.*", "cli.*"),
    "aws.json": ("*",),
}
LEFT_OUT = {"filter.multiline-python"}
ROUTER = [str(Path(sys.executable).parent / "outrider"), "route"]

pytestmark = pytest.mark.golden


def _cases() -> list[Any]:
    if not CASES.is_dir():
        return [pytest.param({}, id="none")]  # the marker says what is missing
    return [
        pytest.param(case, id=case["name"])
        for file, patterns in WANTED.items()
        for case in json.loads((CASES / file).read_text("utf-8"))
        if case["name"] not in LEFT_OUT and any(fnmatch(case["name"], pattern) for pattern in patterns)
    ]


@pytest.fixture(scope="session")
def run_case() -> Callable[[list[str], dict[str, Any]], dict[str, Any]]:
    spec = importlib.util.spec_from_file_location("golden_replay", CASES / "replay.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    run: Callable[[list[str], dict[str, Any]], dict[str, Any]] = module.run_case
    return run


@pytest.mark.parametrize("case", _cases())
def test_router_does_as_recorded(
    case: dict[str, Any], run_case: Callable[[list[str], dict[str, Any]], dict[str, Any]]
) -> None:
    got = run_case(ROUTER, case)
    stderr = got.pop("_stderr")
    assert got == case["expect"], stderr
