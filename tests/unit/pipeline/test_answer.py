"""What is advised about records that were given up."""

from __future__ import annotations

import pytest

from outrider.pipeline.answer import advice


@pytest.mark.parametrize(
    ("reason", "helps"),
    [
        ("127.0.0.1:1: Connection refused", True),
        ("h:443: HTTP 503: busy", True),
        ("h:443: HTTP 429", True),
        ("HTTP 400 ValidationException: no", False),
        ("AWS credentials: Unable to locate", False),
        ("/x/y: No such file or directory", False),
        ("the store is full; fix: raise it", False),
    ],
)
def test_more_retries_are_advised_where_they_can_help(reason: str, helps: bool) -> None:
    assert ("Retry_Limit" in advice(reason)) == helps
