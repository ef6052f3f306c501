"""Which plugins there are. Names are Fluent Bit's; modules are imported when a configuration asks for them."""

from __future__ import annotations

import importlib
import posixpath
from typing import Any, Final

from outrider.model.errors import Place, UserError
from outrider.pipeline import foreign

KINDS: Final = ("input", "filter", "output")

PLUGINS: Final[dict[str, dict[str, str]]] = {
    "input": {
        "dummy": "Dummy",
        "exec": "Exec",
        "forward": "Forward",
        "head": "Head",
        "health": "Health",
        "http": "Http",
        "random": "Random",
        "stdin": "Stdin",
        "syslog": "Syslog",
        "tail": "Tail",
        "tcp": "Tcp",
        "udp": "Udp",
        "unix_socket": "UnixSocket",
    },
    "filter": {
        "aws": "Aws",
        "content_modifier": "ContentModifier",
        "ecs": "Ecs",
        "expect": "Expect",
        "grep": "Grep",
        "log_to_metrics": "LogToMetrics",
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
        "cloudwatch": "Cloudwatch",
        "cloudwatch_logs": "CloudwatchLogs",
        "counter": "Counter",
        "datadog": "Datadog",
        "es": "Es",
        "file": "File",
        "firehose": "Firehose",
        "flowcounter": "Flowcounter",
        "forward": "Forward",
        "http": "Http",
        "kafka": "Kafka",
        "kinesis": "Kinesis",
        "kinesis_firehose": "KinesisFirehose",
        "kinesis_streams": "KinesisStreams",
        "loki": "Loki",
        "nrlogs": "Nrlogs",
        "null": "Null",
        "opensearch": "Opensearch",
        "opentelemetry": "Opentelemetry",
        "prometheus_exporter": "PrometheusExporter",
        "s3": "S3",
        "splunk": "Splunk",
        "stdout": "Stdout",
        "syslog": "Syslog",
        "tcp": "Tcp",
        "uplink": "Uplink",
    },
}
"""Kind to name to the class in ``outrider.plugins.<kind>s.<name>.plugin``."""


CODECS: Final = {
    "forward.entries": "forward",
    "forward.messages": "forward",
    "syslog": "syslog",
    "tail/lines": "tail",
}
"""Raw form of records, up to a colon, to the input plugin that decodes it; a test proves that it lists them all."""


OBJECTS: Final = {"cloudwatch.so": "cloudwatch", "firehose.so": "firehose", "kinesis.so": "kinesis"}
"""Shared objects that other images load, and the plugins that take their place."""


def built_in(path: str, place: Place | None) -> str:
    """The plugin that a shared object, in whatever folder, stands for. Raises UserError where there is none."""
    name = posixpath.basename(path)
    if name not in OBJECTS:
        raise UserError(
            f"'{path}': shared objects cannot be loaded",
            place,
            found=name,
            allowed=OBJECTS,
            fix="remove it, and see outrider route --help for the plugins that are built in",
        )
    return OBJECTS[name]


def plugin_class(kind: str, name: str, place: Place | None = None) -> Any:
    """The plugin's class; a ``processor`` is a filter of one input or output. Raises UserError for an unknown name."""
    what, kind = kind, "filter" if kind == "processor" else kind
    known = PLUGINS[kind]
    if name not in known:
        what = f"{what} plugin" if what == kind else what
        fix = foreign.remedy(what.split()[0], name)
        if fix:
            raise UserError(f"the {what} '{name}' is not built in", place, fix=fix)
        raise UserError(f"unknown {what} '{name}'", place, found=name, allowed=sorted(known))
    module = importlib.import_module(f"outrider.plugins.{kind}s.{name}.plugin")
    return getattr(module, known[name])
