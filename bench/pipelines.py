"""The pipelines that are measured, in Fluent Bit's classic language, so that Fluent Bit can run them too.

``{SOCK}`` is a unix socket, ``{IN}`` and ``{OUT}`` are ports, ``{DIR}`` is a folder, ``{LIMIT}`` the Mem_Buf_Limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SERVICE: Final = """\
[SERVICE]
    Flush 1
    Grace 5
    Log_Level error
    Scheduler.Cap 60
    Parsers_File {DIR}/parsers.conf
"""
PARSERS: Final = r"""[PARSER]
    Name syslog-rfc3164
    Format regex
    Regex /^\<(?<pri>[0-9]+)\>(?<time>[^ ]* {1,2}[^ ]* [^ ]*) (?<host>[^ ]*) (?<ident>[^ \[:]*)(?:\[(?<pid>[0-9]+)\])?: *(?<message>.*)$/
    Time_Key time
    Time_Format %b %d %H:%M:%S
"""  # noqa: E501 - a parser's expression is one line
FORWARD_IN: Final = """\
[INPUT]
    Name forward
    unix_path {SOCK}
    Mem_Buf_Limit {LIMIT}
"""
SYSLOG_IN: Final = """\
[INPUT]
    Name syslog
    Mode tcp
    Listen 127.0.0.1
    Port {IN}
    Parser syslog-rfc3164
    Mem_Buf_Limit {LIMIT}
"""
ECS_METADATA: Final = """\
[FILTER]
    Name record_modifier
    Match *
    Record ecs_cluster prod
    Record ecs_task_arn arn:aws:ecs:us-east-1:111122223333:task/prod/0123456789abcdef0123456789abcdef
    Record ecs_task_definition web:42
"""
PROCESS_ID: Final = """\
[FILTER]
    Name record_modifier
    Match *
    Record pid 1
"""
NO_HEALTH_CHECKS: Final = """\
[FILTER]
    Name grep
    Match *
    Exclude log GET /healthz
"""
SYSLOG_OUT: Final = """\
[OUTPUT]
    Name syslog
    Match *
    Mode tcp
    Host 127.0.0.1
    Port {OUT}
    Retry_Limit False
    Syslog_Format rfc3164
    Syslog_Maxsize 786432
    Syslog_Hostname_Key container_id
    Syslog_Appname_Key container_name
    Syslog_Procid_Key pid
    Syslog_Message_Key log
"""
FORWARD_OUT: Final = """\
[OUTPUT]
    Name forward
    Match *
    Host 127.0.0.1
    Port {OUT}
"""
FILE_OUT: Final = """\
[OUTPUT]
    Name file
    Match *
    Path {DIR}
    File out.log
    Format plain
"""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """``form`` is how records are sent (see ``records.payload``), ``limit`` the input's Mem_Buf_Limit."""

    form: str
    sections: str
    limit: str = "2000M"

    @property
    def writes_a_file(self) -> bool:
        """Whether records arrive in ``out.log`` rather than at the sink."""
        return "File out.log" in self.sections


ECS_TO_SYSLOG: Final = FORWARD_IN + ECS_METADATA + PROCESS_ID + SYSLOG_OUT

PIPELINES: Final[dict[str, Pipeline]] = {
    "task, one by one": Pipeline("message", ECS_TO_SYSLOG),
    "task, packed": Pipeline("packed", ECS_TO_SYSLOG),
    "task, limit 50M": Pipeline("message", ECS_TO_SYSLOG, "50M"),
    "forward to forward": Pipeline("packed", FORWARD_IN + ECS_METADATA + FORWARD_OUT),
    "grep to file": Pipeline("packed", FORWARD_IN + NO_HEALTH_CHECKS + FILE_OUT),
    "syslog to file": Pipeline("syslog", SYSLOG_IN + FILE_OUT),
}
"""``task`` is what ECS makes of a protected task: Docker's driver sends one by one, other senders packed."""
