"""What became of a batch that went out in several calls."""

from __future__ import annotations

from outrider.aws.faults import Fault
from outrider.aws.outcome import CallError, Outcome
from outrider.model.batch import Batch
from outrider.pipeline.common.aws_output import delivery


def test_the_longest_wait_that_was_asked_for_counts() -> None:
    outcome = Outcome(delivered=1)
    outcome.keep([1], CallError("first", Fault(200, "", "")))
    outcome.keep([2], CallError("second", Fault(429, "", ""), after=5))
    told = delivery(Batch("t", [1, 2, 3], [{"n": 1}, {"n": 2}, {"n": 3}]), outcome)
    assert (told.delivered, told.after, told.rest) == (1, 5, [1, 2])
