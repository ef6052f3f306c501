"""Numbers of pipelines, and sums of several processes'."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from outrider.pipeline import ledger
from outrider.pipeline.ledger import Ledger
from outrider.pipeline.operate.status import FilterStatus, InputStatus, OutputStatus, Status, add_up, failures


@pytest.mark.parametrize(
    ("errors", "given_up", "found"),
    [([], [], (0, 0)), ([100, 100], [], (2, 0)), ([1, 2, 100], [3, 100], (1, 1))],
)
def test_only_failures_of_the_last_period_count(
    errors: list[float], given_up: list[float], found: tuple[int, int]
) -> None:
    engine: Any = SimpleNamespace(outputs=[SimpleNamespace(errors=errors, given_up=given_up)])
    assert failures(engine, since=50) == found


def test_failures_of_all_outputs_are_added() -> None:
    engine: Any = SimpleNamespace(outputs=[SimpleNamespace(errors=[1, 1], given_up=[])] * 2)
    assert failures(engine, since=1) == (4, 0)


def test_the_sum_of_processes() -> None:
    first = Status(
        [InputStatus("a", 1, 10), InputStatus("tail", 5)], [FilterStatus("f", 1)], [OutputStatus("o", 1)], 9.0
    )
    second = Status([InputStatus("a", 2, 20, True)], [FilterStatus("f", 2, 3, 4)], [OutputStatus("o", 2, 3, 4)], 1.0)
    total = add_up([first, second])
    assert total.inputs == [InputStatus("a", 3, 30, True), InputStatus("tail", 5)]
    assert total.filters == [FilterStatus("f", 3, 3, 4)]
    assert total.outputs == [OutputStatus("o", 3, 3, 4)]
    assert total.uptime == 9.0


def test_the_sum_of_ledgers() -> None:
    books = [Ledger(), Ledger()]
    for number, book in enumerate(books, 1):
        row = book.of_input("in", "app")
        row.accepted, row.passed, row.dropped["bad"] = 3 * number, 2 * number, number
        sent = book.of_output("in", "app", "out")
        sent.routed = sent.delivered = 2 * number
    total = ledger.add_up([book.snapshot() for book in books])
    assert total["balance"] is True
    assert total["inputs"]["in"]["accepted"] == 9
    assert total["inputs"]["in"]["dropped"] == {"bad": 3}
    assert total["outputs"]["out"]["delivered"] == 6
    assert total["tags"] == [{"input": "in", "tag": "app", "accepted": 9, "waiting": 0, "passed": 6}]
    books[0].of_input("in", "app").accepted += 1
    assert ledger.add_up([book.snapshot() for book in books])["balance"] is False
