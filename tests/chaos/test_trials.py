"""The trials of the benchmark suite, shorter: nothing acknowledged is lost, whoever dies and whatever the line does.

``OUTRIDER_TRIAL_RECORDS``, ``OUTRIDER_TRIAL_KILLS`` and ``OUTRIDER_TRIAL_SECONDS`` make them as long as one likes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECORDS = os.environ.get("OUTRIDER_TRIAL_RECORDS", "60000")
KILLS = os.environ.get("OUTRIDER_TRIAL_KILLS", "5")
SECONDS = os.environ.get("OUTRIDER_TRIAL_SECONDS", "3")
NAMES_ARE_REMEMBERED = 10
"""Seconds that the HTTP client goes without asking again."""

FAULTS = [
    "refused",
    "reset",
    pytest.param("black hole", marks=pytest.mark.root),
    pytest.param("30 % loss", marks=pytest.mark.root),
    "500 ms delay",
    "10 KB/s",
    "certificate expired",
    pytest.param("name gone", marks=pytest.mark.root),
    "HTTP 400",
    "HTTP 413",
    "HTTP 429, Retry-After 5",
    "HTTP 500",
    "HTTP 503, Retry-After 5",
]


def trial(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--json", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_router_killed_again_and_again_loses_alters_and_doubles_nothing() -> None:
    found = trial("--conservation", "--records", RECORDS, "--kills", KILLS)
    assert (found["lost"], found["altered"]) == (0, 0)
    assert found["duplicates"] <= found["records"] / 100
    assert found["records"] == int(RECORDS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_destination_that_misbehaves(fault: str) -> None:
    seconds = str(max(float(SECONDS), NAMES_ARE_REMEMBERED + 2)) if fault == "name gone" else SECONDS
    found = trial("--faults", "--only", fault, "--seconds", seconds, "--rate", "2000")
    assert found["lost"] == 0
    assert found["balance"]
    assert (found["rejected"] > 0) == (fault in ("HTTP 400", "HTTP 413"))
    assert found["peak_mib"] <= 128
    assert found["resumed"] < 60, "delivery goes on; how soon is measured where the machine is idle"
