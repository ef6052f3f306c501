"""How values look."""

import pytest

from outrider.server.web import show

SECOND = 10**9


def test_times() -> None:
    ns = 1_700_000_000_123_456_789
    assert show.clock_time(ns) == "22:13:20.123"
    assert show.day(ns) == "2023-11-14"
    assert show.full_time(ns) == "2023-11-14 22:13:20.123456789 UTC"
    assert show.iso_time(ns) == "2023-11-14T22:13:20Z"
    assert show.full_time(-1) == "1969-12-31 23:59:59.999999999 UTC"


@pytest.mark.parametrize(
    ("ns", "text"), [(0, "never"), (98 * SECOND, "just now"), (40 * SECOND, "1 minute ago"), (200 * SECOND, "just now")]
)
def test_ago(ns: int, text: str) -> None:
    assert show.ago(ns, 100 * SECOND) == text


def test_links_are_quoted_and_leave_out_what_is_empty() -> None:
    assert show.link("/logs", host="a&b", from_="1 h", q="", to=None) == "/logs?host=a%26b&from=1+h"
    assert show.link("/logs") == "/logs"
