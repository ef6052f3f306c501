"""Groups in brackets, as addresses and ports have them."""

from __future__ import annotations

from collections.abc import Iterator

from outrider.ids.rules.refusal import RuleError

DEPTH_LIMIT = 64


def parts(text: str, depth: int) -> Iterator[tuple[bool, str]]:
    """Each part of a group, and whether it is negated. Raises RuleError."""
    if depth > DEPTH_LIMIT:
        raise RuleError(f"more than {DEPTH_LIMIT} groups in one another")
    if not text.endswith("]"):
        raise RuleError(f"the group '{text[:40]}' has no closing bracket")
    level, start = 0, 1
    for at in range(1, len(text)):
        character = text[at]
        if character == "[":
            level += 1
        elif character == "]" and at < len(text) - 1:
            level -= 1
            if level < 0:
                raise RuleError(f"brackets in '{text[:40]}' do not match")
        elif (character == "," and level == 0) or at == len(text) - 1:
            part = text[start:at].strip()
            negated = part.startswith("!")
            part = part[1:].strip() if negated else part
            if not part:
                raise RuleError(f"a part of '{text[:40]}' is empty")
            yield negated, part
            start = at + 1
    if level:
        raise RuleError(f"brackets in '{text[:40]}' do not match")
