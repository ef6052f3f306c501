"""The recorded cases beside the checkout, and the command that runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT.parent / "shared" / "vectors"


def conformance(*files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.conformance", *map(str, files)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.golden
@pytest.mark.parametrize("file", ["fluentbit.json", "firelens.json"])
def test_recorded_cases_hold(file: str) -> None:
    done = conformance(VECTORS / file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split(" passed, 0 failed")[0].split()[-1]) > 30


def test_report_counts_failed_passed_and_not_covered(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    cases = {
        "meta": {"subject": "made up"},
        "bool": [{"in": "on", "out": True}, {"in": "on", "out": False}],
        "size_to_bytes_decimal": [{"in": "M", "out": 0}, {"in": None, "out": 1}],
        "weather": [{"in": "rain"}, {"in": "sun"}],
    }
    file.write_text(json.dumps(cases))
    done = conformance(file)
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert [line.split()[0] for line in lines[:2]] == ["FAIL", "FAIL"]
    assert lines[2] == "1 passed, 2 failed, 3 not covered"
    assert lines[3] == "  not covered: weather (2)"
    assert lines[4].startswith("  differs on purpose: cases.json size_to_bytes_decimal")


def test_no_file_is_a_usage_error() -> None:
    done = conformance()
    assert done.returncode == 2
    assert "usage" in done.stderr
