from collections.abc import Sequence

import pytest

from outrider.model.errors import UserError
from outrider.taskdef.run.health import Check, passes


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


@pytest.mark.parametrize(
    ("answers", "healthy", "probes"), [([1, 1, 0], True, 3), ([1, 1, 1], False, 3), ([0], True, 1)]
)
async def test_it_passes_with_the_first_success_and_fails_after_the_retries(
    answers: list[int], healthy: bool, probes: int
) -> None:
    seen = []

    async def probe(words: Sequence[str]) -> int:
        seen.append(words)
        return answers[len(seen) - 1]

    assert await passes(Check(("check",), interval=0.001), probe) is healthy
    assert seen == [("check",)] * probes


async def test_failures_in_the_start_period_do_not_count() -> None:
    answers = iter([1] * 10 + [0])

    async def probe(words: Sequence[str]) -> int:
        return next(answers)

    assert await passes(Check(("check",), interval=0.001, retries=1, start_period=60), probe)
