"""What a rule says of itself."""

from __future__ import annotations

import re
from typing import Final

from outrider.ids.rules.draft import Draft
from outrider.ids.rules.keywords.reading import Flag, Reader, unescaped, unquoted, words
from outrider.ids.rules.numbers import integer
from outrider.ids.rules.refusal import RuleError, UnsupportedError

_ID: Final = (1 << 32) - 1
_VERSION: Final = (8, 0, 0)
"""Of the language that is read."""
_TARGETS: Final = ("src_ip", "dest_ip")
_COMPARED: Final = re.compile(r"(<=|>=|<|>)\s*(\d+(?:\.\d+){0,2})", re.ASCII)
_FEATURES: Final = frozenset({"HAVE_PCRE_JIT", "HAVE_JA3", "HAVE_JA4", "HAVE_LIBJANSSON"})


def _message(draft: Draft, value: str) -> None:
    draft.message = unescaped(unquoted(value, "msg"))


def _sid(draft: Draft, value: str) -> None:
    if draft.sid is not None:
        raise RuleError("sid stands there twice")
    draft.sid = integer(unquoted(value, "sid", needed=False), "sid", 1, _ID)


def _gid(draft: Draft, value: str) -> None:
    draft.gid = integer(unquoted(value, "gid", needed=False), "gid", 1, _ID)


def _rev(draft: Draft, value: str) -> None:
    draft.rev = integer(unquoted(value, "rev", needed=False), "rev", 0, _ID)


def _priority(draft: Draft, value: str) -> None:
    draft.priority = integer(unquoted(value, "priority", needed=False), "priority", 1, 255)


def _classtype(draft: Draft, value: str) -> None:
    draft.classification = value


def _reference(draft: Draft, value: str) -> None:
    kind, comma, target = value.partition(",")
    if not comma or not kind.strip() or not target.strip():
        raise RuleError("reference takes a kind and a value: reference:cve,2021-44228")
    draft.references.append((kind.strip().lower(), unescaped(unquoted(target.strip(), "reference", needed=False))))


def _metadata(draft: Draft, value: str) -> None:
    for word in words(value):
        name, _, rest = word.partition(" ")
        if name:
            draft.metadata.append((name, rest.strip()))


def _target(draft: Draft, value: str) -> None:
    if value not in _TARGETS:
        raise RuleError(f"target is src_ip or dest_ip, not '{value}'")
    draft.target = value


def _requires(draft: Draft, value: str) -> None:
    """A rule whose wishes are not met is left out, and that is no fault of it."""
    for word in words(value):
        kind, _, rest = word.partition(" ")
        if kind == "version" and not all(_holds(part, rest) for part in rest.split("|")):
            raise UnsupportedError(f"requires {word}, and this is version 8.0.0 of the language")
        if kind == "feature" and rest.strip() not in _FEATURES:
            raise UnsupportedError(f"requires {word}, which this engine does not have")
        if kind not in ("version", "feature", "keyword"):
            raise UnsupportedError(f"requires '{kind}', which is not known here")


def _holds(text: str, whole: str) -> bool:
    for part in text.split():
        found = _COMPARED.fullmatch(part) or _COMPARED.fullmatch(text.strip())
        if not found:
            raise RuleError(f"requires: '{whole}' compares no version")
        parts = [int(word) for word in found[2].split(".")]
        version = tuple(parts + [0] * (3 - len(parts)))
        if not {
            "<": version > _VERSION,
            ">": version < _VERSION,
            "<=": version >= _VERSION,
            ">=": version <= _VERSION,
        }[found[1]]:
            return False
    return True


def _tag(draft: Draft, value: str) -> None:
    """Packets after an alert are not logged; the alert is."""
    if words(value)[0] not in ("session", "host"):
        raise RuleError("tag begins with session or host")


def _noalert(draft: Draft) -> None:
    draft.noalert = True


def _prefilter(draft: Draft) -> None:
    draft.prefilter = True


READERS: Final[dict[str, Reader]] = {
    "msg": _message,
    "sid": _sid,
    "gid": _gid,
    "rev": _rev,
    "priority": _priority,
    "classtype": _classtype,
    "reference": _reference,
    "metadata": _metadata,
    "target": _target,
    "requires": _requires,
    "tag": _tag,
}
FLAGS: Final[dict[str, Flag]] = {"noalert": _noalert, "prefilter": _prefilter}
