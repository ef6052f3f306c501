"""Which plugins there are. Names are Fluent Bit's; modules are imported when a configuration asks for them."""

from __future__ import annotations

import importlib
from typing import Any, Final

from outrider.model.errors import Place, UserError

KINDS: Final = ("input", "filter", "output")

PLUGINS: Final[dict[str, dict[str, str]]] = {
    "input": {"dummy": "Dummy", "forward": "Forward", "syslog": "Syslog", "tail": "Tail", "tcp": "Tcp"},
    "filter": {
        "expect": "Expect",
        "grep": "Grep",
        "modify": "Modify",
        "multiline": "Multiline",
        "nest": "Nest",
        "parser": "Parser",
        "record_modifier": "RecordModifier",
        "rewrite_tag": "RewriteTag",
        "stdout": "Stdout",
        "throttle": "Throttle",
        "type_converter": "TypeConverter",
    },
    "output": {
        "es": "Es",
        "file": "File",
        "forward": "Forward",
        "http": "Http",
        "null": "Null",
        "opensearch": "Opensearch",
        "s3": "S3",
        "stdout": "Stdout",
        "syslog": "Syslog",
        "tcp": "Tcp",
        "uplink": "Uplink",
    },
}
"""Kind to name to the class in ``outrider.plugins.<kind>s.<name>.plugin``."""


def plugin_class(kind: str, name: str, place: Place | None = None) -> Any:
    """The plugin's class. Raises UserError for a name that is not there."""
    known = PLUGINS[kind]
    if name not in known:
        raise UserError(f"unknown {kind} plugin '{name}'", place, found=name, allowed=sorted(known))
    module = importlib.import_module(f"outrider.plugins.{kind}s.{name}.plugin")
    return getattr(module, known[name])
