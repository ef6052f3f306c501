from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from outrider.taskdef.run.metadata.usage import Process, usage

REST = "S 1 2 77 0 -1 4194560 9 9 9 9 12 34 0 0 20 0 1 0 100 5000 250 18446744073709551615 1"


@pytest.mark.parametrize("name", ["sh", "a b", ") R 9 9 9", "((", ""])
def test_a_program_may_be_called_anything(name: str) -> None:
    assert Process.parse(f"5 ({name}) {REST}") == Process(77, 12, 34, 250)


@given(st.text())
@example("5 (sh) " + "x " * 40)
@example("5 (sh) " + "² " * 40)
def test_anything_else_is_no_process(line: str) -> None:
    Process.parse(line)


def test_a_session_is_counted_whole() -> None:
    script = "sleep 60 & echo; wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as leader:
        assert leader.stdout is not None
        leader.stdout.readline()
        found = usage(leader.pid, "id", "web", "2026-01-01T00:00:00Z")
        os.killpg(leader.pid, 9)
    assert found is not None
    assert (found["pids_stats"], found["name"], found["id"]) == ({"current": 2}, "/web", "id")
    assert found["memory_stats"]["usage"] > 0
    assert set(found["cpu_stats"]["cpu_usage"]) == {"total_usage", "usage_in_kernelmode", "usage_in_usermode"}


def test_nobody_is_left() -> None:
    with subprocess.Popen(["true"], start_new_session=True) as leader:
        leader.wait()
    assert usage(leader.pid, "id", "web", "") is None
