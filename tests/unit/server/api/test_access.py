"""The login's rate limit, and where a form comes from."""

import pytest

from outrider.server.api.access import Caller, RateLimit, forgery, same_origin

SECOND = 10**9


def test_five_failures_in_five_minutes() -> None:
    limit = RateLimit()
    for n in range(5):
        assert limit.wait_seconds("a", n * SECOND) == 0
        limit.failed("a", n * SECOND)
    assert limit.wait_seconds("a", 5 * SECOND) == 296
    assert limit.wait_seconds("b", 5 * SECOND) == 0
    assert limit.wait_seconds("a", 300 * SECOND) == 0
    limit.failed("a", 300 * SECOND)
    assert limit.wait_seconds("a", 300 * SECOND) == 2


def test_the_number_of_failures_can_be_another() -> None:
    limit = RateLimit(2)
    limit.failed("a", 0)
    assert limit.wait_seconds("a", 1) == 0
    limit.failed("a", 0)
    limit.failed("a", SECOND)
    assert limit.wait_seconds("a", 2 * SECOND) == 299


def test_a_success_clears_the_count() -> None:
    limit = RateLimit()
    for _ in range(5):
        limit.failed("a", 0)
    limit.succeeded("a")
    assert limit.wait_seconds("a", 1) == 0


def test_memory_is_bounded() -> None:
    limit = RateLimit()
    for n in range(10_050):
        limit.failed(str(n), 0)
    for _ in range(5):
        limit.failed("10049", 0)
    assert len(limit._failures) == 10_000
    assert limit.wait_seconds("10049", 1) > 0


@pytest.mark.parametrize(
    ("origin", "same"),
    [(None, True), ("https://h:1", True), ("https://h:2", False), ("null", False), ("https://evil", False)],
)
def test_forms_of_other_sites_are_known_by_their_origin(origin: str | None, same: bool) -> None:
    headers = {"host": "h:1"} | ({"origin": origin} if origin else {})
    assert same_origin(headers) is same


def test_programs_have_no_form_token() -> None:
    assert not forgery(Caller("robot"), "")
    assert forgery(Caller("admin", "x"), "")
    assert forgery(Caller("admin", "x"), "ü")
    assert not forgery(Caller("admin", "x"), "x")
