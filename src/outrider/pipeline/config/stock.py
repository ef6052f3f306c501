"""Parsers that are there without a parsers file: names of Fluent Bit's own parsers files, and its multiline parsers.

A definition of the user's with the same name takes their place. Fields are named as in Fluent Bit 5.1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ISO: Final = "%Y-%m-%dT%H:%M:%S.%L"
_APACHE_TIME: Final = "%d/%b/%Y:%H:%M:%S %z"
_WORD: Final = "[^ ]*"
_BRACKETED: Final = r"\[(?<time>[^\]]*)\]"
# What is looked for around spaces and digits says that none of them is left for the next part: whoever writes a line
# of nothing else would make the expression try all ways to share them out.
_LOOSE_REQUEST: Final = r'"(?<method>\S+)(?: +(?= ?[^ ])(?<path>[^"]*?)(?:(?: |(?<! ) +)(?! )\S*)?)?"'
_STATUS: Final = f"(?<code>{_WORD}) (?<size>{_WORD})"
_REFERER: Final = '"(?<referer>[^"]*)"'
_AGENT: Final = '"(?<agent>[^"]*)"'
_MAC: Final = r"(?:\h\h:){5}\h\h"
_ENVOY_REQUEST: Final = r'^\[(?<start_time>[^\]]*)\] "(?<method>\S+)(?: +(?= ?[^ ])(?<path>[^"]*?))? (?<protocol>\S+)"'
_BSD_HEAD: Final = rf"^<(?<pri>\d+)>(?<time>{_WORD} {{1,2}}{_WORD} {_WORD}) "
_BSD_TAIL: Final = r"(?<ident>[\w/.-]*)(?:\[(?<pid>\d+)\])?(?:[^:]*:)? *(?<message>.*)$"


def _words(*names: str) -> str:
    """Fields with a space before each."""
    return "".join(f" (?<{name}>{_WORD})" for name in names)


def _assigned(separator: str, **names: str) -> str:
    """``KEY=value`` in the order given."""
    return separator.join(f"{key}=(?<{name}>{_WORD})" for key, name in names.items())


def _maybe_assigned(**names: str) -> str:
    """The same, of which each, or its key, may be missing."""
    return "".join(rf"\s?(?:{key}=)?(?<{name}>(?:0x)?\d*)" for key, name in names.items())


def _regex(pattern: str, form: str = "", key: str = "time", *, keep: bool = False) -> dict[str, str]:
    found = {"format": "regex", "regex": pattern}
    if form:
        found |= {"time_key": key, "time_format": form, "time_keep": "on" if keep else "off"}
    return found


PARSERS: Final[Mapping[str, Mapping[str, str]]] = {
    "apache": _regex(
        rf"^(?<host>{_WORD}) {_WORD} (?<user>{_WORD}) {_BRACKETED} {_LOOSE_REQUEST} {_STATUS}"
        rf"(?: {_REFERER} {_AGENT})?$",
        _APACHE_TIME,
    ),
    "apache2": _regex(
        rf'^(?<host>{_WORD}) {_WORD} (?<user>{_WORD}) {_BRACKETED} "(?<method>\S+)(?: +(?<path>{_WORD}) +\S*)?"'
        rf' {_STATUS}(?: {_REFERER} "(?<agent>.*)")?$',
        _APACHE_TIME,
    ),
    "apache_error": _regex(
        rf"^\[{_WORD} (?<time>[^\]]*)\] \[(?<level>[^\]]*)\](?: \[pid (?<pid>[^\]]*)\])?"
        r"(?: \[client (?<client>[^\]]*)\])? (?<message>.*)$"
    ),
    "nginx": _regex(
        rf"^(?<remote>{_WORD}) (?<host>{_WORD}) (?<user>{_WORD}) {_BRACKETED} {_LOOSE_REQUEST} {_STATUS}"
        rf"(?: {_REFERER} {_AGENT})?",
        _APACHE_TIME,
    ),
    "k8s-nginx-ingress": _regex(
        rf"^(?<host>{_WORD}) - (?<user>{_WORD}) {_BRACKETED} {_LOOSE_REQUEST} {_STATUS} {_REFERER} {_AGENT}"
        rf" (?<request_length>{_WORD}) (?<request_time>{_WORD}) \[(?<proxy_upstream_name>{_WORD})\]"
        rf" (?:\[(?<proxy_alternative_upstream_name>{_WORD})\] )?(?<upstream_addr>{_WORD})"
        rf" (?<upstream_response_length>{_WORD}) (?<upstream_response_time>{_WORD}) (?<upstream_status>{_WORD})"
        rf" (?<reg_id>{_WORD}).*$",
        _APACHE_TIME,
    ),
    "json": {"format": "json", "time_key": "time", "time_format": _APACHE_TIME},
    "logfmt": {"format": "logfmt"},
    "docker": {"format": "json", "time_key": "time", "time_format": _ISO, "time_keep": "on"},
    "docker-daemon": _regex(rf'time="(?<time>{_WORD})" level=(?<level>{_WORD}) msg="(?<msg>[^ ].*)"', _ISO, keep=True),
    "cri": _regex(
        rf"^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>{_WORD}) (?<message>.*)$", f"{_ISO}%z", keep=True
    ),
    "syslog-rfc5424": _regex(
        r"^<(?<pri>\d{1,5})>1 (?<time>[^ ]+) (?<host>[^ ]+) (?<ident>[^ ]+) (?<pid>[-0-9]+) (?<msgid>[^ ]+)"
        r" (?<extradata>\[.*?\]|-) (?<message>.+)$",
        f"{_ISO}%z",
        keep=True,
    ),
    "syslog-rfc3164": _regex(rf"{_BSD_HEAD}(?<host>{_WORD}) {_BSD_TAIL}", "%b %d %H:%M:%S", keep=True),
    "syslog-rfc3164-local": _regex(f"{_BSD_HEAD}{_BSD_TAIL}", "%b %d %H:%M:%S", keep=True),
    "mongodb": _regex(
        r"^(?<time>\S*)\s+(?<severity>\w)\s+(?<component>\S+)\s+\[(?<context>[^\]]+)\]\s+(?!\s)(?<message>.*?)"
        r"(?:(?<! ) +)?(?:(?<!\d)(?<ms>\d+))?:?(?:ms)?$",
        _ISO,
        keep=True,
    ),
    "envoy": _regex(
        rf"{_ENVOY_REQUEST} (?<code>{_WORD})"
        rf" (?<response_flags>{_WORD}) (?<bytes_received>{_WORD}) (?<bytes_sent>{_WORD}) (?<duration>{_WORD})"
        rf' (?<x_envoy_upstream_service_time>{_WORD}) "(?<x_forwarded_for>{_WORD})" "(?<user_agent>[^"]*)"'
        rf' "(?<request_id>[^"]*)" "(?<authority>{_WORD})" "(?<upstream_host>{_WORD})"',
        f"{_ISO}%z",
        "start_time",
        keep=True,
    ),
    "istio-envoy-proxy": _regex(
        _ENVOY_REQUEST
        + _words("response_code", "response_flags", "response_code_details", "connection_termination_details")
        + _words("upstream_transport_failure_reason", "bytes_received", "bytes_sent", "duration")
        + _words("x_envoy_upstream_service_time")
        + rf' "(?<x_forwarded_for>{_WORD})" "(?<user_agent>[^"]*)" "(?<x_request_id>[^"]*)" "?(?<authority>[^ "]*)"'
        + rf' "(?<upstream_host>{_WORD})"'
        + _words("upstream_cluster", "upstream_local_address", "downstream_local_address")
        + _words("downstream_remote_address", "requested_server_name", "route_name"),
        f"{_ISO}%z",
        "start_time",
        keep=True,
    ),
    "kmsg-netfilter-log": _regex(
        rf"^<(?<pri>\d{{1,5}})>1 (?<time>[^ ]+) (?<host>[^ ]+) kernel - - - \[[\d.]*\] (?<logprefix>{_WORD})\s?"
        rf"IN=(?<in>{_WORD}) OUT=(?<out>{_WORD}) MAC=(?<macsrc>{_MAC}):(?<macdst>{_MAC}):(?<ethtype>\h\h:\h\h) "
        + _assigned(" ", SRC="saddr", DST="daddr", LEN="len", TOS="tos", PREC="prec", TTL="ttl", ID="id")
        + rf" (?:D*F*)\s*PROTO=(?<proto>{_WORD})"
        + _maybe_assigned(SPT="sport", DPT="dport", LEN="protolen", WINDOW="window", RES="res")
        + rf"\s?(?<flag>{_WORD})"
        + _maybe_assigned(URGP="urgp"),
        f"{_ISO}%z",
    ),
}
"""Name to the keys of a ``[PARSER]`` section."""

_INNER_CRI: Final = {
    **_regex(r"^(?<time>.+?) (?<stream>stdout|stderr) (?<_p>F|P) (?<log>.*)$", f"{_ISO}%z", keep=True),
    "skip_empty_values": "off",
    "time_strict": "off",
}
_INNER_DOCKER: Final = {
    "format": "json",
    "time_key": "time",
    "time_format": _ISO,
    "time_keep": "on",
    "time_strict": "off",
}
INNER_PARSERS: Final[Mapping[str, Mapping[str, str]]] = {"docker": _INNER_DOCKER, "cri": _INNER_CRI}
"""What the multiline parsers of these names make fields with."""

MULTILINE: Final[Mapping[str, Mapping[str, str]]] = {
    "docker": {"type": "endswith", "match_string": "\n", "key_content": "log", "key_group": "stream"},
    "cri": {
        "type": "equal",
        "match_string": "F",
        "key_content": "log",
        "key_group": "stream",
        "key_pattern": "_p",
    },
    "go": {"type": "regex"},
    "java": {"type": "regex"},
    "python": {"type": "regex"},
    "ruby": {"type": "regex"},
}
"""Name to the keys of a ``[MULTILINE_PARSER]`` section, without its rules."""

_IN_TRACE: Final = "java_after_exception,java"
RULES: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "go": (
        ("start_state", r"\bpanic: ", "go_after_panic"),
        ("start_state", r"http: panic serving", "go_goroutine"),
        ("go_after_panic,go_after_signal,go_frame_1", r"^$", "go_goroutine"),
        ("go_after_panic", r"^\[signal ", "go_after_signal"),
        ("go_goroutine", r"^goroutine \d+ \[[^\]]+\]:$", "go_frame_1"),
        ("go_frame_1", r"^(?:[^\s.:]+\.)*[^\s.():]+\(|^created by ", "go_frame_2"),
        ("go_frame_2", r"^\s", "go_frame_1"),
    ),
    "java": (
        (
            "start_state,java_start_exception",
            r".(?:Exception|Error|Throwable|V8 errors stack trace)[:\r\n]",
            "java_after_exception",
        ),
        ("java_after_exception", r"^[\t ]*nested exception is:[\t ]*", "java_start_exception"),
        ("java_after_exception", r"^[\r\n]*$", "java_after_exception"),
        (_IN_TRACE, r"^[\t ]+(?:eval )?at ", "java"),
        (_IN_TRACE, r"^[\t ]+--- End of inner exception stack trace ---$", "java"),
        (_IN_TRACE, r"^--- End of stack trace from previous location where exception was thrown ---$", "java"),
        (_IN_TRACE, r"^[\t ]*(?:Caused by|Suppressed):", "java_after_exception"),
        (_IN_TRACE, r"^[\t ]*... \d+ (?:more|common frames omitted)", "java"),
    ),
    "python": (
        ("start_state", r"^Traceback \(most recent call last\):$", "python"),
        ("python", r"^[\t ]+File ", "python_code"),
        ("python_code", r"[^\t ]", "python"),
        ("python", r"^(?:[^\s.():]+\.)*[^\s.():]+:", "start_state"),
    ),
    "ruby": (
        ("start_state,ruby_start_exception", r"^.+:\d+:in\s+.*", "ruby_after_exception"),
        ("ruby_after_exception,ruby", r"^\s+from\s+.*:\d+:in\s+.*", "ruby"),
    ),
}
"""Name to (states, pattern, next state)."""
