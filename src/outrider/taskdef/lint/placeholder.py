"""What somebody or something fills in before ECS gets it."""

from __future__ import annotations

import re
from typing import Final

_PLACE: Final = re.compile(r"\$\{|\{\{|\$[A-Za-z_(]|[<%{]")


def is_placeholder(text: str) -> bool:
    """Whether there is something to fill in: ``${NAME}``, ``{{NAME}}``, ``<NAME>``."""
    return _PLACE.search(text) is not None
