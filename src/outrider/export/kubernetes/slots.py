"""Texts with slots: ``@name@`` inside a line is replaced; alone in its line it stands for any number of lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_ALONE: Final = re.compile(r"^( *)@(\w+)@\n", re.MULTILINE)
_INSIDE: Final = re.compile(r"@(\w+)@")


def fill(text: str, values: Mapping[str, str]) -> str:
    """``text`` with each slot's value; the lines of a block are indented as its slot is, and an empty one is no line.

    What a value holds is no slot. Raises KeyError for a slot without a value.
    """

    def block(found: re.Match[str]) -> str:
        lines = values[found[2]].splitlines()
        return "".join(f"{found[1]}{line}\n" if line else "\n" for line in lines)

    filled, end = [], 0
    for found in _ALONE.finditer(text):
        filled += [_INSIDE.sub(lambda inside: values[inside[1]], text[end : found.start()]), block(found)]
        end = found.end()
    filled.append(_INSIDE.sub(lambda inside: values[inside[1]], text[end:]))
    return "".join(filled)
