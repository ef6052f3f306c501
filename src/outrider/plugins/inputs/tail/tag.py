"""The tag of a file. Pure."""

from __future__ import annotations

import re

from outrider.formats.regex import Regex
from outrider.model.errors import UserError

_PLACE = re.compile(r"<([^<>]*)>")
_NAMED = re.compile(r"\(\?<([A-Za-z_]\w*)>")
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_DOTS = re.compile(r"\.{2,}")
_SEPARATORS = str.maketrans("/\\:", "...")


def tag_of(tag: str, regex: Regex | None, path: str) -> str | None:
    """The tag of the records of a file; None where ``regex`` does not fit its name.

    ``*`` becomes the name with dots for slashes; with a regex, ``<name>`` becomes what the group ``name`` has found,
    ``_`` where there is no such group.
    """
    if regex is not None:
        found = regex.search(path)
        if found is None:
            return None
        groups: dict[str, str] = {}
        for number, name in enumerate(_NAMED.findall(_ESCAPED.sub("", regex.pattern)), 1):
            groups[name] = groups.get(name) or found.group(number) or ""
        return _PLACE.sub(lambda place: groups.get(place[1], "_"), tag)
    if "*" not in tag:
        return tag
    made = tag.replace("*", path, 1)
    made = made.lstrip("/\\:").translate(_SEPARATORS).replace("*", "")
    return _DOTS.sub(".", made).removesuffix(".")


def check_tag(tag: str, *, has_regex: bool) -> None:
    """Raises UserError for a tag with an angle bracket that is not closed."""
    if has_regex and "<" in _PLACE.sub("", tag):
        raise UserError(f"Tag '{tag}': an angle bracket is not closed", fix="write <name>")
