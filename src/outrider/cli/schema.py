"""``-J``: every plugin and option as one JSON document, in the form of Fluent Bit's own."""

from __future__ import annotations

import json
import platform
from typing import Any, Final, get_args, get_origin

from outrider.pipeline import options, registry

CORES: Final = {"input": options.InputCore, "filter": options.FilterCore, "output": options.OutputCore}
_KINDS: Final = {
    options.Size: "size",
    options.Duration: "time",
    options.Secret: "string",
    options.Host: "string",
    options.CommaList: "multiple comma delimited strings",
    options.Repeated: "string",
    bool: "boolean",
    int: "integer",
    float: "double",
    options.Count: "integer",
    options.Port: "integer",
}


def schema(version: str) -> str:
    """The document. Plugins are imported, none is made."""
    document: dict[str, Any] = {
        "fluent-bit": {"version": version, "schema_version": "1", "os": platform.system().lower()},
        "customs": [],
    }
    for kind in registry.KINDS:
        document[f"{kind}s"] = [_plugin(kind, name) for name in sorted(registry.PLUGINS[kind])]
    return json.dumps(document)


def _plugin(kind: str, name: str) -> dict[str, Any]:
    plugin = registry.plugin_class(kind, name)
    common = _options(CORES[kind])
    groups = {"networking": "net.", "network_tls": "tls"}
    properties: dict[str, Any] = {"options": _options(plugin.Options)}
    properties["global_options"] = [item for item in common if not item["name"].startswith(tuple(groups.values()))]
    for group, prefix in groups.items():
        properties[group] = [item for item in common if item["name"].startswith(prefix)]
    description = (plugin.__doc__ or "").strip().partition("\n")[0]
    return {"type": kind, "name": name, "description": description, "properties": properties}


def _options(declared: type[Any]) -> list[dict[str, Any]]:
    return [_option(entry) for key, entry in options.declared(declared).items() if key == entry.key]


def _option(entry: options.Declared) -> dict[str, Any]:
    found: dict[str, Any] = {"name": entry.key, "description": entry.help}
    if entry.default not in ("", None, ()):
        default = entry.default
        found["default"] = str(default).lower() if isinstance(default, bool) else _text(default)
    kinds = [kind for kind in get_args(entry.kind) if kind is not type(None)]
    is_optional = len(kinds) < len(get_args(entry.kind)) and len(kinds) == 1
    kind = kinds[0] if is_optional else entry.kind
    found["type"] = _KINDS.get(kind, "string")
    if get_origin(kind) is not None and kind not in _KINDS:
        found["allowed"] = [str(choice) for choice in get_args(kind)]
    return found


def _text(default: Any) -> str:
    return ", ".join(default) if isinstance(default, tuple) else str(default)
