"""Which content of a rule is looked for first: the one that rules out most traffic."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.ids.rules.signature import Signature
from outrider.ids.rules.steps import Content


@dataclass(frozen=True, slots=True)
class Choice:
    """``inspection`` and ``step`` are indexes; ``pattern`` is the part that is looked for."""

    inspection: int
    step: int
    content: Content
    pattern: bytes


def choose(signature: Signature) -> Choice | None:
    """What the rule marks with fast_pattern, else the best of its contents that are not negated.

    An application's buffer is better than the payload, http.method, stat_code and stat_msg worse than both; then the
    longer pattern counts, then that with more different bytes, then the first. Source: Suricata's documentation of
    fast_pattern.
    """
    best: tuple[tuple[int, int, int], Choice] | None = None
    for index, inspection in enumerate(signature.inspections):
        for at, step in enumerate(inspection.steps):
            if not isinstance(step, Content):
                continue
            if step.fast and not step.negated:
                start, length = step.fast_part or (0, len(step.pattern))
                return Choice(index, at, step, step.pattern[start : start + length])
            if step.negated:
                continue
            worth = (_worth(inspection.buffer.name), len(step.pattern), _diversity(step.pattern))
            if best is None or worth > best[0]:
                best = (worth, Choice(index, at, step, step.pattern))
    return best[1] if best else None


def _worth(buffer: str) -> int:
    if buffer in ("http.method", "http.stat_code", "http.stat_msg", "base64_data"):
        return 0
    return 1 if buffer == "payload" else 2


def _diversity(pattern: bytes) -> int:
    """Letters are worth more than zeros and blanks."""
    total = 0
    for byte in set(pattern):
        total += 3 if byte not in (0x00, 0x20, 0xFF) and not chr(byte).isalnum() else 2
    return total
