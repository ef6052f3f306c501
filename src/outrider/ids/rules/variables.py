"""Names for addresses and ports, as a Suricata configuration has them below ``vars``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from outrider.ids.rules.addresses import Addresses, addresses
from outrider.ids.rules.ports import Ports, ports
from outrider.ids.rules.refusal import RuleError

_PRIVATE = "[10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7]"
DEFAULT_ADDRESSES: Mapping[str, str] = {
    "HOME_NET": _PRIVATE,
    "EXTERNAL_NET": "!$HOME_NET",
    **dict.fromkeys(
        ("HTTP_SERVERS", "SMTP_SERVERS", "SQL_SERVERS", "DNS_SERVERS", "TELNET_SERVERS", "AIM_SERVERS", "DC_SERVERS"),
        "$HOME_NET",
    ),
    **dict.fromkeys(
        ("DNP3_SERVER", "DNP3_CLIENT", "MODBUS_CLIENT", "MODBUS_SERVER", "ENIP_CLIENT", "ENIP_SERVER"), "$HOME_NET"
    ),
}
DEFAULT_PORTS: Mapping[str, str] = {
    "HTTP_PORTS": "80",
    "SHELLCODE_PORTS": "!80",
    "ORACLE_PORTS": "1521",
    "SSH_PORTS": "22",
    "DNP3_PORTS": "20000",
    "MODBUS_PORTS": "502",
    "FILE_DATA_PORTS": "[$HTTP_PORTS,110,143]",
    "FTP_PORTS": "21",
    "GENEVE_PORTS": "6081",
    "VXLAN_PORTS": "4789",
    "TEREDO_PORTS": "3544",
}
_NAME = re.compile(r"\$([\w.-]+)", re.ASCII)
_DEPTH = 16


@dataclass(slots=True)
class Variables:
    """``used`` collects the names that rules ask for. Sets that were asked for once are kept."""

    addresses: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_ADDRESSES))
    ports: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_PORTS))
    used: set[str] = field(default_factory=set)
    _address_sets: dict[str, Addresses] = field(default_factory=dict)
    _port_sets: dict[str, Ports] = field(default_factory=dict)

    def address_set(self, text: str) -> Addresses:
        """The addresses that a header's word means. Raises RuleError."""
        found = self._address_sets.get(text)
        if found is None:
            found = self._address_sets[text] = addresses(self._expand(text, self.addresses))
        else:
            self.used |= set(_NAME.findall(text))
        return found

    def port_set(self, text: str) -> Ports:
        """The ports that a header's word means. Raises RuleError."""
        found = self._port_sets.get(text)
        if found is None:
            found = self._port_sets[text] = ports(self._expand(text, self.ports))
        else:
            self.used |= set(_NAME.findall(text))
        return found

    def _expand(self, text: str, known: Mapping[str, str], depth: int = 0) -> str:
        if depth > _DEPTH:
            raise RuleError(f"the variables in {text} go round in a circle")

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name not in known:
                raise RuleError(f"${name} is no variable that is set here; set vars in the configuration, or --set")
            self.used.add(name)
            return self._expand(known[name].strip(), known, depth + 1)

        return _NAME.sub(value, text) if "$" in text else text
