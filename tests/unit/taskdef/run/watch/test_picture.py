from __future__ import annotations

import pytest

from outrider.pipeline.ledger import Ledger
from outrider.taskdef.run.watch import ContainerRow, OutputRow, Picture, Station
from outrider.taskdef.run.watch.picture import agent_of, outputs_of, span


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0s"), (0, "0s"), (59.9, "59s"), (61, "1m01s"), (3599, "59m59s"), (7384, "2h03m")]
)
def test_spans(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_lines_for_where_there_is_no_screen() -> None:
    rows = (
        ContainerRow("web", "application", "HEALTHY", seconds=61, lines=7, dropped=0),
        ContainerRow("job", "application", "STOPPED", 3, 5, 1, 2),
        ContainerRow("late", "application", "PENDING"),
    )
    picture = Picture(rows, (OutputRow("s3.0", 5, 1, 2, 3),), Station(9, 8, 1))
    assert picture.lines() == [
        "web (application): HEALTHY for 1m01s, 7 lines",
        "job (application): STOPPED (3), 1 lines, 2 dropped",
        "late (application): PENDING, 0 lines",
        "output s3.0: 5 delivered, 1 buffered, 2 retried, 3 dropped",
        "agent: 9 accepted, 8 delivered, 1 buffered",
    ]
    assert picture.states == ("HEALTHY", "STOPPED (3)", "PENDING")


def test_outputs_are_those_of_a_ledger() -> None:
    assert outputs_of(Ledger().snapshot()) == ()
    ledger = {
        "outputs": {"s3.0": {"routed": 9, "buffered": 1, "delivered": 5, "retried": 2, "dropped": {"a": 1, "b": 2}}}
    }
    assert outputs_of(ledger) == (OutputRow("s3.0", 5, 1, 2, 3),)
    assert outputs_of({}) == ()


def test_the_agent_counts_when_it_says_so() -> None:
    assert agent_of({}) is None
    assert agent_of({"accepted": 3, "delivered": 2, "buffered": 1}) == Station(3, 2, 1)
    assert agent_of({"accepted": 3}) == Station(3, 0, 0)
