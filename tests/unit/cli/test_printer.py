"""Printing where nobody reads, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import sys
from outrider.cli.printer import Printer

printer, told = Printer(), []
printer.when_closed(told.append)
for n in range(3):
    printer.print("x", error={error})
late = []
printer.when_closed(late.append)
print("told", told, "late", late, file={other})
"""


@pytest.mark.parametrize(
    ("error", "name", "other"),
    [(False, "standard output", "stderr"), (True, "standard error", "stdout")],
)
def test_a_reader_that_has_left_is_told_of_once_and_in_silence(error: bool, name: str, other: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(error=error, other=f"sys.{other}")],
        stdout=subprocess.PIPE if error else writer,
        stderr=writer if error else subprocess.PIPE,
        text=True,
        check=True,
    )
    os.close(writer)
    reason = f"{name} cannot be written: Broken pipe"
    assert (done.stdout if error else done.stderr) == f"told ['{reason}'] late ['{reason}']\n"


def test_a_full_disk_is_said_on_standard_error() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT.format(error=False, other="sys.stderr")],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
    first, second = done.stderr.splitlines()
    assert first == "outrider: standard output cannot be written: No space left on device"
    assert second.startswith("told ['standard output")
