"""Checks of tags, retries and the command line."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.compare import Case, differs

from outrider.model.tag import matcher
from outrider.pipeline.schedule import wait_bounds


def check_match(case: Case) -> str | None:
    return differs(case["out"], matcher(case["match"])(case["tag"]))


def check_backoff(case: Case) -> str | None:
    got = wait_bounds(case["retry_attempt"], case["scheduler_base"], case["scheduler_cap"])
    return differs((case["min_wait_seconds"], case["max_wait_seconds"]), got)


CHECKS: dict[str, Callable[[Case], str | None]] = {"match": check_match, "backoff": check_backoff}
