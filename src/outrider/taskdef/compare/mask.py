"""Values that are nobody's business: what of a task definition is never printed.

References (``valueFrom``) are shown: they say where a secret is and not what it is.
"""

from __future__ import annotations

import re
from typing import Any, Final

from outrider.model.errors import UserError
from outrider.pipeline import options, registry
from outrider.taskdef.lint.sensitive import form_of

HIDDEN: Final = "***"

_WORDS = "passw|passphrase|secret|token|credential|api_?key|access_?key|private_?key|license_?key|shared_?key"
_NAME = re.compile(rf"{_WORDS}|(^|[_.-])(key|pass|pwd|auth)$", re.IGNORECASE)
_PLUGIN_KEY = re.compile(_WORDS, re.IGNORECASE)
_PAIR = re.compile(rf"((?:{_WORDS})[\w.-]*(?:\s*=\s*|:\s+|[\"']\s*:\s*))\S+", re.IGNORECASE)
"""``password=x``, ``password: x``, ``"password":"x"``, and not the tag of an image or an ARN."""
_HEADER = re.compile(r"(authorization\W+)\S.*", re.IGNORECASE)
_WORD_FLAG = re.compile(rf"--?[\w.-]*(?:{_WORDS}|key|pwd)[\w.-]*", re.IGNORECASE)
_IN_URL = re.compile(r"(://)[^/\s@]+@")

Steps = tuple[str, ...]
"""Where a value stands, from the task definition down: members' names, and items' names in brackets."""


def masked(steps: Steps, value: Any, plugins: frozenset[str]) -> Any:
    """The value as it may be printed. ``plugins`` are those that an option at this place is for."""
    if _is_secret(steps, plugins):
        return HIDDEN
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return _words(value)
    return value


def _is_secret(steps: Steps, plugins: frozenset[str]) -> bool:
    if len(steps) < 2:
        return False
    if steps[-1] == "value":
        return bool(_NAME.search(steps[-2].strip("[]").partition("#")[0]))
    if steps[-2] in ("options", "dockerLabels", "driverOpts"):
        return bool(_PLUGIN_KEY.search(steps[-1])) or any(_declared(name, steps[-1]) for name in plugins)
    return False


def _declared(plugin: str, key: str) -> bool:
    """Whether an output declares this option as one that is not to be shown."""
    try:
        known = options.declared(registry.plugin_class("output", plugin).Options)
    except (UserError, ImportError):  # no output of ours, or its extra is not installed
        return False
    found = known.get(key.lower())
    return found is not None and not found.shown


def _text(text: str) -> str:
    shown = _HEADER.sub(rf"\1{HIDDEN}", text)
    shown = _IN_URL.sub(rf"\1{HIDDEN}@", _PAIR.sub(rf"\1{HIDDEN}", shown))
    return HIDDEN if form_of(shown) else shown


def _words(items: list[Any]) -> list[Any]:
    """The words of a command line: what follows a flag such as ``--password`` is hidden too."""
    shown: list[Any] = []
    for item in items:
        follows = bool(shown) and isinstance(shown[-1], str) and bool(_WORD_FLAG.fullmatch(shown[-1]))
        shown.append(HIDDEN if follows and isinstance(item, str) else _text(item) if isinstance(item, str) else item)
    return shown
