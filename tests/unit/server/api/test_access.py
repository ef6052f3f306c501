"""The login's rate limit, and where a form comes from."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from outrider.server.api import access
from outrider.server.api.access import Access, Caller, RateLimit, forgery, same_origin

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


class Users:
    def hash_of(self, user: str) -> str:
        return user

    def start_session(self, *_: object) -> None: ...


def portal(monkeypatch: pytest.MonkeyPatch) -> tuple[Access, list[str]]:
    checked: list[str] = []

    def verify(stored: str, password: str) -> bool:
        checked.append(stored)
        return password == "right"

    monkeypatch.setattr(access, "verify", verify)
    control: Any = SimpleNamespace(clock=lambda: 0, users=Users(), note=lambda *_: None)
    return Access(control), checked


async def test_tries_at_the_same_time_are_limited_too(monkeypatch: pytest.MonkeyPatch) -> None:
    door, checked = portal(monkeypatch)
    async with asyncio.TaskGroup() as tries:
        for _ in range(40):
            tries.create_task(door.log_in("admin", "wrong", "1.1.1.1"))
    assert len(checked) == 5


async def test_failures_bar_neither_other_addresses_nor_other_users(monkeypatch: pytest.MonkeyPatch) -> None:
    door, _ = portal(monkeypatch)
    for _ in range(6):
        await door.log_in("admin", "wrong", "1.1.1.1")
    assert (await door.log_in("admin", "right", "1.1.1.1"))[1] > 0
    assert (await door.log_in("admin", "right", "1.1.1.2"))[0]
    assert (await door.log_in("eve", "right", "1.1.1.1"))[0]


async def test_successes_are_not_counted_for_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    door, _ = portal(monkeypatch)
    for _ in range(60):
        assert (await door.log_in("admin", "right", "1.1.1.1"))[0]
