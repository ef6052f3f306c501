"""An output of the router as its rights are concerned: options that are written, defaults, and names that stay open."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct, field

from outrider.formats.values import BOOLEANS
from outrider.pipeline import options, registry
from outrider.taskdef.rights.need import Reason, Where

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_GO_FIELD: Final = re.compile(r"\$\([^)]*\)")
_FIELD: Final = re.compile(r"\$[A-Za-z_][\w-]*(?:\[[^\]]*\])*")
_CHANGING: Final = re.compile(r"[$%].*", re.DOTALL)
ALIASES: Final = {"elasticsearch": "es"}


class Written(Struct, frozen=True):
    """The text of an option and where it stands; None for what only the deployment knows."""

    text: str | None
    where: Where


class Output(Struct, frozen=True):
    """``owner`` says who names it (``container 'app'``), ``written`` has its options by key in lower case.

    ``variables`` are those of the router's environment that are known.
    """

    plugin: str
    owner: str
    where: Where
    written: Mapping[str, Written]
    variables: Mapping[str, str] = field(default_factory=dict)

    def text(self, key: str) -> str:
        """The option with the variables that are known, or its default; ``${NAME}`` for what is not known."""
        found = self.written.get(key)
        if found is None:
            return _default(self.plugin, key)
        return f"${{{key}}}" if found.text is None else _VARIABLE.sub(self._value, found.text)

    def _value(self, found: re.Match[str]) -> str:
        name, has_default, default = found[1].partition(":-")
        return self.variables.get(name) or (default if has_default else found[0])

    def switched_on(self, key: str) -> bool:
        """Whether a boolean option is set."""
        return BOOLEANS.get(self.text(key).lower(), False)

    def has(self, key: str) -> bool:
        """Whether the option is written."""
        return key in self.written

    def reason(self, key: str) -> Reason:
        """That this option asks for a right."""
        found = self.written.get(key)
        if found is None:
            return Reason(f"{self.owner}, output {self.plugin}", self.where)
        return Reason(f"{self.owner}, output {self.plugin}, option {key}", found.where)


def _default(plugin: str, key: str) -> str:
    """What the plugin's own declaration says."""
    if plugin not in registry.PLUGINS["output"]:
        return ""
    entry = options.declared(registry.plugin_class("output", plugin).Options).get(key)
    if entry is None or entry.default is None:
        return ""
    return str(entry.default).lower() if isinstance(entry.default, bool) else str(entry.default)


def is_open(text: str) -> bool:
    """Whether a variable in the text is not known."""
    return _VARIABLE.search(text) is not None


def name(text: str) -> str:
    """A name as a policy has it: ``*`` for variables that are not known, and for fields ``$(…)`` of the Go plugins."""
    return _short(_GO_FIELD.sub("*", _VARIABLE.sub("*", text)))


def template(text: str) -> str:
    """The same for names with fields ``$TAG[1]`` and ``$key['sub']``."""
    return _short(_FIELD.sub("*", _VARIABLE.sub("*", text)))


def beginning(text: str) -> str:
    """The part of a format before its first field or time, then ``*``."""
    return _short(_CHANGING.sub("*", _VARIABLE.sub("*", text)))


def _short(text: str) -> str:
    return re.sub(r"\*+", "*", text)
