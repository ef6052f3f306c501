"""Values of options: text in, a number or word out. Every function raises ValueError that says what is allowed.

Source: Fluent Bit 5.1.1, ``src/flb_utils.c``, ``src/flb_config_map.c``, ``src/flb_output.c``. Where Fluent Bit takes
garbage for some number without a word, this is refused; such places say "Fluent Bit:".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final, Literal, TypeAlias

LogLevel: TypeAlias = Literal["off", "error", "warn", "info", "debug", "trace"]

LOG_LEVELS: Final[dict[str, LogLevel]] = {
    "off": "off",
    "error": "error",
    "warn": "warn",
    "info": "info",
    "debug": "debug",
    "trace": "trace",
}
BOOLEANS: Final = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
TIME_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}

_INT64_MAX = 2**63 - 1
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3}
_SIZE = re.compile(r"(\d+\.?\d*|\.\d+)([kmg]?)(b?)", re.ASCII | re.IGNORECASE)
_BINARY_SIZE = re.compile(r"(\d+\.?\d*|\.\d+)([kmg]?)((?:(?<=[kmg])i)?b)?", re.ASCII | re.IGNORECASE)
_TIME = re.compile(r"(\d+)([smhd]?)", re.ASCII | re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_LABEL = re.compile(r"[^\s\x00-\x1f\x7f/:@?#\[\]\\%.]{1,63}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_HOST = "a host is a name or an address only; write Port 9200, tls on, URI /bar for the rest"


def size(text: str) -> int:
    """Bytes; K, M, G (or KB, MB, GB, in any case) are powers of 1000; ``false`` is 0. Fluent Bit: ``M`` alone is 0."""
    if text.lower() == "false":
        return 0
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a size; allowed: a number with K, M or G (powers of 1000), such as 50M")
    return _bytes(text, match[1], 1000 ** _POWERS[match[2].lower()])


def binary_size(text: str) -> int:
    """Bytes; K, KB and KiB are all 1024, and so on. Only ``multiline_buffer_limit`` is written in these."""
    if text.lower() == "false":
        return 0
    match = _BINARY_SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a size; allowed: a number with K, M or G (powers of 1024), such as 2M")
    return _bytes(text, match[1], 1024 ** _POWERS[match[2].lower()])


def _bytes(text: str, number: str, unit: int) -> int:
    value = Decimal(number)
    if int(value) >= _INT64_MAX // unit:
        raise ValueError(f"the size '{text}' is too large")
    return int(value * unit)


def seconds(text: str) -> int:
    """Whole seconds; a last letter s, m, h or d is the unit. Fluent Bit: ``10ms`` is 10 s, ``1.5m`` 60, ``5x`` 5."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a time; allowed: a whole number with s, m, h or d, such as 10s")
    return int(match[1]) * TIME_UNITS[match[2].lower()]


def boolean(text: str) -> bool:
    """``true``, ``on``, ``yes``, ``false``, ``off`` or ``no`` in any case; ``1`` and ``0`` are neither."""
    value = BOOLEANS.get(text.lower())
    if value is None:
        raise ValueError(f"'{text}' is neither true nor false; allowed: {', '.join(BOOLEANS)}")
    return value


def integer(text: str) -> int:
    """A decimal whole number. Fluent Bit: anything else is the number that it begins with, or 0."""
    if not _INTEGER.fullmatch(text):
        raise ValueError(f"'{text}' is not a whole number")
    return int(text)


def number(text: str) -> float:
    """A decimal number, with a fraction or not. Fluent Bit: anything else is the number that it begins with, or 0."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"'{text}' is not a number")
    return float(text)


def log_level(text: str) -> LogLevel:
    """One of ``LOG_LEVELS``, in any case."""
    level = LOG_LEVELS.get(text.lower())
    if level is None:
        raise ValueError(f"'{text}' is not a log level; allowed: {', '.join(LOG_LEVELS)}")
    return level


def retry_limit(text: str, warn: Callable[[str], None]) -> int | None:
    """Retries after the first attempt; None is without limit.

    ``no_limits``, ``false`` and ``off`` have no limit, ``no_retries`` is 0. As in Fluent Bit, zero, negative numbers
    and other words (``no`` and ``true`` too) are 1, and ``warn`` is told so.
    """
    lowered = text.lower()
    if lowered in ("no_limits", "false", "off"):
        return None
    if lowered == "no_retries":
        return 0
    if _INTEGER.fullmatch(text) and int(text) > 0:
        return int(text)
    warn(f"retry_limit '{text}' counts as 1; allowed: a number from 1, no_retries, no_limits, false, off")
    return 1


def permission(text: str) -> int:
    """Permissions of a file as octal digits, such as ``0660``."""
    if not re.fullmatch(r"0?[0-7]{1,3}", text, re.ASCII):
        raise ValueError(f"'{text}' is not a permission; allowed: octal digits up to 0777, such as 0660")
    return int(text, 8)


def host(text: str) -> str:
    """A name or an address of a host; the brackets of an IPv6 address are left out."""
    if ":" in text:
        import ipaddress  # for those who have such an address

        inner = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        try:
            ipaddress.IPv6Address(inner)
        except ValueError as error:
            raise ValueError(_HOST) from error
        return inner
    if not all(_LABEL.fullmatch(label) for label in text.removesuffix(".").split(".")):
        raise ValueError(_HOST)
    return text
