import asyncio
from collections.abc import Sequence

import pytest

from outrider.model.errors import UserError
from outrider.taskdef.run.health import Check, Health, watch


def test_shell_commands_and_plain_ones() -> None:
    assert Check.of({"name": "a", "healthCheck": {"command": ["CMD-SHELL", "true || exit 1"]}}) == Check(
        ("/bin/sh", "-c", "true || exit 1"), 30, 5, 3, 0
    )
    given = {"command": ["CMD", "curl", "-f"], "interval": 10, "timeout": 2, "retries": 5, "startPeriod": 30}
    assert Check.of({"name": "a", "healthCheck": given}) == Check(("curl", "-f"), 10, 2, 5, 30)


@pytest.mark.parametrize("container", [{"name": "a"}, {"name": "a", "healthCheck": {"command": ["NONE"]}}])
def test_no_check(container: dict[str, object]) -> None:
    assert Check.of(container) is None


def test_a_command_of_no_kind_is_refused() -> None:
    with pytest.raises(UserError, match="CMD-SHELL"):
        Check.of({"name": "a", "healthCheck": {"command": ["curl", "-f"]}})


GOOD, BAD = Health.HEALTHY, Health.UNHEALTHY


async def told(check: Check, answers: list[int]) -> list[Health]:
    """What is told while a probe gives these answers; it goes on without one when they are over."""
    found: list[Health] = []
    left, over = iter(answers), asyncio.Event()

    async def probe(words: Sequence[str]) -> int:
        assert words == check.words
        answer = next(left, None)
        if answer is None:
            over.set()
            await asyncio.Event().wait()
        return answer or 0

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch(check, probe, found.append))
        await over.wait()
        watching.cancel()
    return found


@pytest.mark.parametrize(
    ("answers", "states"),
    [
        ([1, 1, 0], [GOOD]),
        ([1, 1, 1, 1], [BAD]),
        ([0, 0], [GOOD]),
        ([0, 1, 1, 0, 1, 1], [GOOD]),
        ([0, 1, 1, 1, 0], [GOOD, BAD, GOOD]),
        ([1, 1], []),
    ],
)
async def test_health_goes_on_changing(answers: list[int], states: list[Health]) -> None:
    assert await told(Check(("check",), interval=0.001), answers) == states


async def test_failures_in_the_start_period_do_not_count_before_the_first_success() -> None:
    check = Check(("check",), interval=0.001, retries=1, start_period=60)
    assert await told(check, [1] * 10 + [0, 1]) == [GOOD, BAD]


async def test_a_probe_that_takes_too_long_or_is_not_there_has_failed() -> None:
    found: list[Health] = []
    answered = asyncio.Event()
    troubles = iter([FileNotFoundError("curl"), None])

    async def probe(words: Sequence[str]) -> int:
        trouble = next(troubles, None)
        if trouble is not None:
            raise trouble
        return await asyncio.Event().wait()

    def changed(health: Health) -> None:
        found.append(health)
        answered.set()

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch(Check(("check",), 0.001, timeout=0.01, retries=2), probe, changed))
        await answered.wait()
        watching.cancel()
    assert found == [BAD]
