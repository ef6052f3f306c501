"""Checks of single values: sizes, times, booleans, lists, variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.compare import Case, differs

from outrider.formats import env, values, words


def _or(refused: object, read: Callable[[str], Any]) -> Callable[[Case], str | None]:
    """A check that reads ``in``; ``refused`` is what the case expects where we raise ValueError."""

    def check(case: Case) -> str | None:
        try:
            got = read(case["in"])
        except ValueError:
            got = refused
        return differs(case["out"], got)

    return check


def _retry_limit(text: str) -> object:
    limit = values.retry_limit(text, lambda message: None)
    return "unlimited" if limit is None else limit


def check_record(case: Case) -> str | None:
    try:
        got: object = words.pair(case["record"])
    except ValueError as error:
        return None if case.get("ignored", "?") in str(error) else f"raised {error}"
    return differs((case.get("key"), case.get("value")), got)


def check_environment(case: Case) -> str | None:
    warnings: list[str] = []
    got = env.expand(case["in"], case["env"], warnings.append)
    if got != case["out"]:
        return differs(case["out"], got)
    if "warn" in case:
        return None if any(case["warn"] in warning for warning in warnings) else f"no warning: {warnings}"
    return differs([], warnings, "warnings")


CHECKS: dict[str, Callable[[Case], str | None]] = {
    "size_to_bytes_decimal": _or(-1, values.size),
    "size_to_bytes_binary": _or(-1, values.binary_size),
    "time_to_seconds": _or(None, values.seconds),
    "bool": _or(None, values.boolean),
    "log_level": _or(None, values.log_level),
    "retry_limit": _or(None, _retry_limit),
    "split_quoted": _or(None, words.split_quoted),
    "comma_list": _or(None, words.comma_list),
    "space_list_tokens": lambda case: differs(case["out"], words.tokens(case["in"], case["max_tokens"])),
    "record_modifier_record": check_record,
    "env_substitution": check_environment,
}
