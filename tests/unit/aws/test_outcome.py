"""What became of a batch that went out in several calls."""

from __future__ import annotations

from outrider.aws.faults import Fault
from outrider.aws.outcome import CallError, Outcome
from outrider.pipeline.common.aws_output import delivery


def test_the_longest_wait_that_was_asked_for_counts() -> None:
    outcome = Outcome(delivered=1)
    outcome.keep([1], CallError("first", Fault(200, "", "")))
    outcome.keep([2], CallError("second", Fault(429, "", ""), after=5))
    told = delivery(3, outcome)
    assert (told.delivered, told.after, told.rest) == (1, 5, [1, 2])


def test_what_an_option_leaves_out_is_not_refused() -> None:
    outcome = Outcome(delivered=1)
    outcome.dropped["no key"] += 1
    outcome.refuse([3, 2], "too large")
    told = delivery(4, outcome)
    assert (told.dropped, told.refused, told.reason) == (3, [2, 3], "no key; too large")
