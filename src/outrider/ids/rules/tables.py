"""Classification and reference files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from outrider.ids.rules.refusal import Refusal
from outrider.model.errors import Place

_CLASS: Final = re.compile(r"config\s+classification\s*:\s*([^,]+?)\s*,\s*(.+?)\s*,\s*(\d+)\s*", re.ASCII)
_REFERENCE: Final = re.compile(r"config\s+reference\s*:\s*(\S+?)\s+(\S+)\s*", re.ASCII)
UNKNOWN_PRIORITY: Final = 3


@dataclass(frozen=True, slots=True)
class Classification:
    """``category`` is the description that events show; priority 1 is the gravest."""

    category: str
    priority: int


def _classes() -> dict[str, Classification]:
    told = {
        1: {
            "attempted-user": "Attempted User Privilege Gain",
            "unsuccessful-user": "Unsuccessful User Privilege Gain",
            "successful-user": "Successful User Privilege Gain",
            "attempted-admin": "Attempted Administrator Privilege Gain",
            "successful-admin": "Successful Administrator Privilege Gain",
            "shellcode-detect": "Executable code was detected",
            "trojan-activity": "A Network Trojan was detected",
            "web-application-attack": "Web Application Attack",
            "inappropriate-content": "Inappropriate Content was Detected",
            "policy-violation": "Potential Corporate Privacy Violation",
            "targeted-activity": "Targeted Malicious Activity was Detected",
            "exploit-kit": "Exploit Kit Activity Detected",
            "domain-c2": "Domain Observed Used for C2 Detected",
            "credential-theft": "Successful Credential Theft Detected",
            "command-and-control": "Malware Command and Control Activity Detected",
            "coin-mining": "Crypto Currency Mining Activity Detected",
        },
        2: {
            "bad-unknown": "Potentially Bad Traffic",
            "attempted-recon": "Attempted Information Leak",
            "successful-recon-limited": "Information Leak",
            "successful-recon-largescale": "Large Scale Information Leak",
            "attempted-dos": "Attempted Denial of Service",
            "successful-dos": "Denial of Service",
            "rpc-portmap-decode": "Decode of an RPC Query",
            "suspicious-filename-detect": "A suspicious filename was detected",
            "suspicious-login": "An attempted login using a suspicious username was detected",
            "system-call-detect": "A system call was detected",
            "unusual-client-port-connection": "A client was using an unusual port",
            "denial-of-service": "Detection of a Denial of Service Attack",
            "non-standard-protocol": "Detection of a non-standard protocol or event",
            "web-application-activity": "access to a potentially vulnerable web application",
            "misc-attack": "Misc Attack",
            "default-login-attempt": "Attempt to login by a default username and password",
            "external-ip-check": "Device Retrieving External IP Address Detected",
            "pup-activity": "Possibly Unwanted Program Detected",
            "social-engineering": "Possible Social Engineering Attempted",
        },
        3: {
            "not-suspicious": "Not Suspicious Traffic",
            "unknown": "Unknown Traffic",
            "string-detect": "A suspicious string was detected",
            "network-scan": "Detection of a Network Scan",
            "protocol-command-decode": "Generic Protocol Command Decode",
            "misc-activity": "Misc activity",
            "icmp-event": "Generic ICMP event",
            "tcp-connection": "A TCP connection was detected",
            "kickass-porn": "SCORE! Get the lotion!",
        },
    }
    found = {
        name: Classification(category, priority) for priority, names in told.items() for name, category in names.items()
    }
    found["tcp-connection"] = Classification(found["tcp-connection"].category, 4)
    return found


@dataclass(frozen=True, slots=True)
class Tables:
    """Class of a rule to what events show of it; kind of a reference to the beginning of its address."""

    classifications: Mapping[str, Classification] = field(default_factory=_classes)
    references: Mapping[str, str] = field(
        default_factory=lambda: {
            "url": "http://",
            "cve": "https://cve.mitre.org/cgi-bin/cvename.cgi?name=",
            "bugtraq": "http://www.securityfocus.com/bid/",
            "arachnids": "http://www.whitehats.com/info/IDS",
            "nessus": "http://cgi.nessus.org/plugins/dump.php3?id=",
            "md5": "http://www.virustotal.com/search.html?q=",
            "mcafee": "http://vil.nai.com/vil/content/v_",
            "et": "http://doc.emergingthreats.net/",
            "etpro": "http://doc.emergingthreatspro.com/",
            "exploitdb": "https://www.exploit-db.com/exploits/",
            "telus": "http://",
            "secunia": "http://www.secunia.com/advisories/",
            "osvdb": "http://osvdb.org/show/osvdb/",
        }
    )


def read_classifications(text: str, file: str) -> tuple[dict[str, Classification], list[Refusal]]:
    """The classes of a file, and the lines that are none."""
    found: dict[str, Classification] = {}
    refusals = []
    for place, line in _lines(text, file):
        told = _CLASS.fullmatch(line)
        if told:
            found.setdefault(told[1].lower(), Classification(told[2], int(told[3][:9])))
        else:
            refusals.append(Refusal(place, "this is no line such as config classification: name,words,1", None, True))
    return found, refusals


def read_references(text: str, file: str) -> tuple[dict[str, str], list[Refusal]]:
    """The kinds of references of a file, and the lines that are none."""
    found: dict[str, str] = {}
    refusals = []
    for place, line in _lines(text, file):
        told = _REFERENCE.fullmatch(line)
        if told:
            found[told[1].lower()] = told[2]
        else:
            refusals.append(Refusal(place, "this is no line such as config reference: cve https://host/", None, True))
    return found, refusals


def _lines(text: str, file: str) -> Iterator[tuple[Place, str]]:
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line and not line.startswith("#"):
            yield Place(file, number, 1), line
