"""What a Suricata configuration says that matters here: variables, streams, policies of hosts, what alerts show."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from outrider.formats.yaml_depth import check_depth
from outrider.ids.apps.http.body import LAYERS
from outrider.ids.detect.detector import ALERTS
from outrider.ids.eve.events import Shown
from outrider.ids.flows.tcp import Options
from outrider.ids.rules.variables import DEFAULT_ADDRESSES, DEFAULT_PORTS, Variables
from outrider.model.errors import Place, UserError

_DEPTH_LIMIT = 100
_HTP = "app-layer.protocols.http.libhtp.default-config"
_HEEDED = (
    *("vars.", "stream.midstream", "stream.async-oneside", "stream.reassembly.depth", "host-os-policy", "outputs"),
    *("packet-alert-max", "classification-file", "reference-file", "reference-config-file"),
    *("decoder.recursion-level.use-for-tracking", f"{_HTP}.response-body-decompress-layer-limit"),
)
_VALUES = 100_000
_GROUPS = 16
DEFAULT_POLICY = "linux"
"""Containers are Linux."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """``values`` are those of the file with ``--set`` on top: ``{"vars": {"address-groups": {…}}}``."""

    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str, file: str) -> Configuration:
        """From YAML. Raises UserError with its place."""
        import yaml

        try:
            check_depth(text, file, _DEPTH_LIMIT)
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
        return {str(key): _text(str(key), value) for key, value in group.items()}

    def at(self, path: str) -> Any:
        """The value at ``a.b.c``, None if there is none."""
        level: Any = self.values
        for name in path.split("."):
            level = level.get(name) if isinstance(level, dict) else None
        return level

    def alerts(self) -> int:
        """Most rules that match one packet and count; the default for what is no number above 0."""
        text = str(self.at("packet-alert-max") or "")
        return int(text) if text.isdecimal() and 0 < int(text) <= 65_535 else ALERTS

    def file(self, *paths: str) -> str | None:
        """The file that a setting names, None if it names none."""
        found = next((value for path in paths if (value := self.at(path)) is not None), None)
        return None if found is None else str(found)

    def unused(self, settings: Iterable[str]) -> list[str]:
        """Those of ``KEY=VALUE`` that mean nothing here."""
        names = [setting.partition("=")[0].strip() for setting in settings]
        return [name for name in names if not name.startswith(_HEEDED)]

    def tcp(self) -> Options:
        """How connections are followed. Raises UserError."""
        depth = self.at("stream.reassembly.depth")
        size = Options().depth if depth is None else _size(str(depth), "stream.reassembly.depth")
        return Options(
            midstream=_yes(self.at("stream.midstream")), asynchronous=_yes(self.at("stream.async-oneside")), depth=size
        )

    def policies(self) -> Callable[[int, int], str]:
        """The system that an address is taken for. Raises UserError."""
        told = self.at("host-os-policy")
        if not isinstance(told, dict):
            return lambda version, address: DEFAULT_POLICY
        sets: list[tuple[int, int, int, str]] = []
        for name, nets in told.items():
            policy = str(name).lower()
            for net in nets if isinstance(nets, list) else [nets] if nets else []:
                try:
                    found = ipaddress.ip_network(str(net), strict=False)
                except ValueError as error:
                    raise UserError(f"host-os-policy.{name}: '{net}' is no network") from error
                low, high = int(found.network_address), int(found.broadcast_address)
                sets.append((found.version, low, high, policy))
        sets.sort(key=lambda one: one[2] - one[1])

        def policy_of(version: int, address: int) -> str:
            for known, low, high, policy in sets:
                if known == version and low <= address <= high:
                    return policy
            return DEFAULT_POLICY

        return policy_of

    def shown(self) -> Shown:
        """What alerts show."""
        told = self.output("alert")
        return Shown(
            _yes(told.get("payload")),
            _yes(told.get("payload-printable")),
            _yes(told.get("packet")),
            ethernet=self.ethernet(),
        )

    def layers(self) -> int:
        """How often a body may be compressed."""
        text = str(self.at(f"{_HTP}.response-body-decompress-layer-limit") or "")
        return min(int(text), 8) if text.isdecimal() else LAYERS

    def ethernet(self) -> bool:
        """Whether events have the addresses of frames."""
        return any(_yes(log.get("ethernet")) for log in self._logs())

    def _logs(self) -> Iterator[dict[str, Any]]:
        """The settings of each log of events. Raises UserError."""
        outputs = self.at("outputs") or []
        if not isinstance(outputs, list):
            raise UserError("outputs is no list of outputs")
        for output in outputs:
            log = output.get("eve-log") if isinstance(output, dict) else None
            if isinstance(log, dict):
                yield log

    def output(self, kind: str) -> dict[str, Any]:
        """The settings of a type of events below ``outputs``, empty if there are none."""
        for log in self._logs():
            types = log.get("types") or []
            for one in types if isinstance(types, list) else ():
                if isinstance(one, dict) and isinstance(one.get(kind), dict):
                    return dict(one[kind])
        return {}


def _size(text: str, what: str) -> int:
    """A number with kb, mb or gb, in bytes. Raises UserError."""
    found = re.fullmatch(r"(\d{1,12})\s*(|b|kb|kib|mb|mib|gb|gib)", text.strip().lower(), re.ASCII)
    if not found:
        raise UserError(f"{what}: '{text}' is no size", allowed=("a number", "with kb, mb or gb"))
    return int(found[1]) << {"k": 10, "m": 20, "g": 30}.get(found[2][:1], 0)


def _yes(value: object) -> bool:
    return str(value).lower() in ("true", "yes", "on", "1")


def _text(name: str, value: object) -> str:
    """A value as rules write it; lists as groups. Raises UserError for more than _VALUES, or _GROUPS in one another."""
    left = _VALUES

    def text(one: object, depth: int) -> str:
        nonlocal left
        left -= 1
        if left < 0 or depth > _GROUPS:
            raise UserError(f"vars: {name} has too many values, or groups in one another; aliases count each time")
        return f"[{','.join(text(part, depth + 1) for part in one)}]" if isinstance(one, list) else str(one)

    return text(value, 0)
