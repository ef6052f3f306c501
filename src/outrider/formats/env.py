"""``${NAME}`` in values, and ``@SET``. Source: Fluent Bit 5.1.1, ``src/flb_env.c`` and ``src/flb_meta.c``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from outrider.formats.classic import Meta, Note
from outrider.model.errors import UserError

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_FILE = "file://"


def expand(text: str, env: Mapping[str, str], warn: Callable[[str], None]) -> str:
    """``text`` with ``${NAME}`` and ``${NAME:-default}`` replaced.

    An empty variable counts as unset. An unset one without a default gives nothing and a warning. Names are
    case-sensitive; there is no nesting and no escape; ``$NAME`` and an unclosed ``${`` stay as they are.
    ``env`` has the ``@SET`` variables laid over those of the process.
    """
    if "${" not in text:
        return text

    def value(match: re.Match[str]) -> str:
        name, has_default, default = match[1].partition(":-")
        found = env.get(name) or default
        if not found and not has_default:
            warn(f"[env] variable ${{{name}}} is used but not set")
        return found

    return _VARIABLE.sub(value, text)


def variables(metas: Iterable[Meta], read: Callable[[str], str], warn: Callable[[Note], None]) -> dict[str, str]:
    """What the ``@SET key=value`` lines set; the last one of a key wins.

    The parameter splits at the first ``=`` and its parts are not trimmed. A value ``file://PATH`` is the text of that
    file without one line end. ``read`` raises OSError. Raises UserError; other commands only give a warning.
    """
    found: dict[str, str] = {}
    for meta in metas:
        if meta.name.upper() != "SET":
            warn(Note(f"unknown command '@{meta.name}' is ignored; allowed: @SET, @INCLUDE", meta.place))
            continue
        key, equals, value = meta.parameter.partition("=")
        if not equals:
            raise UserError(f"'@SET {meta.parameter}' has no '='", meta.place, fix="write '@SET key=value'")
        found[key] = _file(meta, value.removeprefix(_FILE), read) if value.startswith(_FILE) else value
    return found


def _file(meta: Meta, path: str, read: Callable[[str], str]) -> str:
    try:
        text = read(path)
    except OSError as error:
        raise UserError(f"@SET cannot read '{path}': {error.strerror or error}", meta.place) from error
    value = text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
    if not value:
        raise UserError(f"@SET takes its value from '{path}', which is empty", meta.place)
    return value
