"""Where the faults stand that a plugin finds in its options. Pure.

A plugin knows its options, not the file. It says which one is wrong with ``UserError(key=…)``; where it does not, the
key, or the value, that its message names is taken; else the section.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from outrider.model.errors import Place, UserError, UserErrors
from outrider.pipeline.options import Declared, Property

_WORD: Final = re.compile(r"[\w.]*\w")
_ROUTES: Final = ("match", "match_regex", "tag")
"""What plugins do not look at: their values, such as ``*``, are quoted by chance."""
_QUOTED: Final = re.compile(r"'([^']+)'")


def placed(
    error: UserError,
    what: str,
    properties: Sequence[Property],
    written: Sequence[Property],
    known: Mapping[str, Declared],
    section: Place,
) -> list[UserError]:
    """The error, or each of several, with its place and with ``what`` plugin found it.

    ``properties`` have their variables expanded, ``written`` are the same as they stand in the file. ``known`` are all
    keys that the section may have.
    """
    if isinstance(error, UserErrors):
        return [each for part in error.errors for each in placed(part, what, properties, written, known, section)]
    if error.place is not None:
        return [error]
    about = _about(error, properties, known)
    place = about.place if about is not None else section
    message = f"{what}: {error.message}"
    for item in written:
        if about is not None and item.place == about.place and item.key == about.key and not about.value:
            message += f" ('{item.value}' is empty)"
    return [UserError(message, place, key=error.key, found=error.found, allowed=error.allowed, fix=error.fix)]


def _about(error: UserError, properties: Sequence[Property], known: Mapping[str, Declared]) -> Property | None:
    if error.key:
        return _of_key(error.key, error, properties, known)
    said = error.message.lower()
    for word in _WORD.findall(said):
        found = _of_key(word, error, properties, known)
        if found is not None:
            return found
    parts = [error.found] if error.found else []
    parts += [part.removeprefix("$") or part for part in _QUOTED.findall(error.message)]
    own = [item for item in properties if item.key not in _ROUTES]
    inside = (item for part in parts for item in own if part in item.value)
    around = (item for part in parts for item in own if len(item.value) > 1 and item.value in part)
    return next(inside, None) or next(around, None)


def _of_key(
    key: str, error: UserError, properties: Sequence[Property], known: Mapping[str, Declared]
) -> Property | None:
    """The property of that key; of several the one whose value the error names, else the last one."""
    declared = known.get(key)
    same = [item for item in properties if item.key == key or (declared and known.get(item.key) is declared)]
    named = [item for item in same if item.value == error.found or f"'{item.value}'" in error.message]
    return next(iter(named or same[-1:]), None)
