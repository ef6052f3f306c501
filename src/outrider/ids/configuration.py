"""What a Suricata configuration says that matters here: variables, and where tables are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from outrider.ids.rules.variables import DEFAULT_ADDRESSES, DEFAULT_PORTS, Variables
from outrider.model.errors import Place, UserError


@dataclass(frozen=True, slots=True)
class Configuration:
    """``values`` are those of the file with ``--set`` on top: ``{"vars": {"address-groups": {…}}}``."""

    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str, file: str) -> Configuration:
        """From YAML. Raises UserError with its place."""
        import yaml

        try:
            values = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
            raise UserError(f"not YAML: {error.problem}", place) from error
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise UserError(f"not YAML: {error}", Place(file)) from error
        if not isinstance(values, dict):
            raise UserError("a configuration is a map of keys and values", Place(file, 1))
        return cls(values)

    def changed(self, settings: Iterable[str]) -> Configuration:
        """With ``a.b.c=value`` on top. Raises UserError."""
        values = dict(self.values)
        for setting in settings:
            path, equals, text = setting.partition("=")
            if not equals or not path.strip():
                raise UserError(f"--set {setting}: not KEY=VALUE", fix="write --set vars.address-groups.HOME_NET=any")
            level = values
            *above, last = path.strip().split(".")
            for name in above:
                inner = level.get(name)
                level[name] = dict(inner) if isinstance(inner, dict) else {}
                level = level[name]
            level[last] = text
        return Configuration(values)

    def variables(self) -> Variables:
        """The variables for addresses and ports; defaults for those that are not set. Raises UserError."""
        return Variables(
            dict(DEFAULT_ADDRESSES) | self._group("address-groups"), dict(DEFAULT_PORTS) | self._group("port-groups")
        )

    def _group(self, name: str) -> dict[str, str]:
        found = self.values.get("vars") or {}
        group = (found.get(name) or {}) if isinstance(found, dict) else None
        if not isinstance(group, dict):
            raise UserError(f"vars.{name} is no map of names and values")
        return {str(key): _text(value) for key, value in group.items()}


def _text(value: object) -> str:
    return f"[{','.join(map(_text, value))}]" if isinstance(value, list) else str(value)
