"""Tags and the patterns that match them."""

from __future__ import annotations

import re
from collections.abc import Callable


def matcher(pattern: str) -> Callable[[str], bool]:
    """A test for tags, as Fluent Bit's ``Match``.

    ``*`` stands for any run of characters, also none; nothing else is special; case counts; both ends are anchored.
    """
    if pattern == "*":
        return lambda tag: True
    if "*" not in pattern:
        return lambda tag: tag == pattern
    compiled = re.compile(".*".join(re.escape(part) for part in re.sub(r"\*+", "*", pattern).split("*")), re.DOTALL)
    return lambda tag: compiled.fullmatch(tag) is not None
