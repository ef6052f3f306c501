"""Configuration files that the image aws-for-fluent-bit has, for where the disk has none: what each sets, in our words.

A file of the user's in the same place is read instead. The metrics files ask the router itself over HTTP with
``python3``, which is where the router is, in place of curl.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SERVICE: Final = "[SERVICE]\n    Flush 1\n    Grace 30\n"
_PARSE_JSON: Final = "[FILTER]\n    Name parser\n    Match *\n    Key_Name log\n    Parser json\n    Reserve_Data On\n"
_JOIN: Final = "[FILTER]\n    Name multiline\n    Match *\n    Multiline.Key_Content log\n    Mode partial_message\n"
_MONITOR: Final = """[SERVICE]
    HTTP_Server On
    HTTP_Listen 0.0.0.0
    HTTP_Port 2020
"""
_HEALTH: Final = """    Health_Check On
    HC_Errors_Count 5
    HC_Retry_Failure_Count 5
    HC_Period 5
    Flush 1
    Grace 30
"""
_ASK: Final = (
    "python3 -c 'from http.client import HTTPConnection;"
    ' asked = HTTPConnection("127.0.0.1", 2020, timeout=5);'
    ' asked.request("GET", "{path}");'
    " print(asked.getresponse().read().decode())'"
)
_METRICS_PARSER: Final = "/fluent-bit/configs/plugin-metrics-parser.conf"
_METRICS_SERVICE: Final = f"{_MONITOR}    storage.metrics On\n    Parsers_File {_METRICS_PARSER}\n"


def _asking(path: str, tag: str) -> str:
    """An input that asks the router's own endpoint every 30 seconds."""
    return f"""
[INPUT]
    Name exec
    Tag {tag}
    Interval_Sec 30
    Buf_Size 64K
    Command {_ASK.format(path=path)}
"""


_PLUGIN_METRICS: Final = f"""{_asking("/api/v1/metrics/prometheus", "fb_metrics")}
[FILTER]
    Name grep
    Match fb_metrics
    Regex exec ^[^#]

[FILTER]
    Name parser
    Match fb_metrics
    Key_Name exec
    Parser fluentbit_prom_metrics_to_json
    Reserve_Data On
"""
_STORAGE_METRICS: Final = f"""{_asking("/api/v1/storage", "fb_metrics-storage")}
[FILTER]
    Name parser
    Match fb_metrics-storage
    Key_Name exec
    Parser json
"""
_TO_CLOUDWATCH: Final = """
[FILTER]
    Name record_modifier
    Match *
    Record hostname ${HOSTNAME}

[OUTPUT]
    Name cloudwatch_logs
    Match fb_metrics*
    region ${FLUENT_BIT_METRICS_LOG_REGION}
    log_group_name ${FLUENT_BIT_METRICS_LOG_GROUP}
    log_stream_name ${HOSTNAME}-fb-internal-metrics
    auto_create_group On
    Retry_Limit 2
    Workers 1
"""
_TASK: Final = "@INCLUDE /ecs/service.conf\n@INCLUDE /ecs/input-forward.conf\n@INCLUDE /ecs/ecs-metadata.conf\n"


def _output(name: str, *lines: str) -> str:
    """A whole configuration of a task that sends everything to one output."""
    return "\n    ".join([f"{_TASK}\n[OUTPUT]", f"Name {name}", "Match *", *lines]) + "\n"


TEXTS: Final[Mapping[str, str]] = {
    "/fluent-bit/configs/minimize-log-loss.conf": _SERVICE,
    "/fluent-bit/configs/parse-json.conf": f"{_SERVICE}\n{_PARSE_JSON}",
    "/fluent-bit/configs/multiline-parse-json.conf": f"{_SERVICE}\n{_JOIN}\n{_PARSE_JSON}",
    "/fluent-bit/configs/parse-multiline-json.conf": f"{_SERVICE}\n{_PARSE_JSON}\n{_JOIN}",
    "/fluent-bit/configs/output-metrics-healthcheck.conf": f"{_MONITOR}{_HEALTH}",
    "/fluent-bit/configs/plugin-metrics-to-cloudwatch.conf": _METRICS_SERVICE + _PLUGIN_METRICS + _TO_CLOUDWATCH,
    "/fluent-bit/configs/plugin-and-storage-metrics-to-cloudwatch.conf": (
        _METRICS_SERVICE + _PLUGIN_METRICS + _STORAGE_METRICS + _TO_CLOUDWATCH
    ),
    _METRICS_PARSER: (
        "[PARSER]\n    Name fluentbit_prom_metrics_to_json\n    Format regex\n"
        r'    Regex ^(?<metric>[^ {}]*)\{name="(?<plugin>[^ {}"]*)"\} (?<value>[^ ]*) (?<time>[^ ]*)' + "\n"
    ),
    "/ecs/service.conf": _SERVICE,
    "/ecs/input-forward.conf": "[INPUT]\n    Name forward\n    unix_path /var/run/fluent.sock\n",
    "/ecs/ecs-metadata.conf": """[FILTER]
    Name record_modifier
    Match *
    Record ecs_cluster ${ECS_CLUSTER}
    Record ecs_task_arn ${ECS_TASK_ARN}
    Record ecs_task_definition ${ECS_TASK_DEFINITION}
""",
    "/ecs/filter-parser.conf": "[FILTER]\n    Name parser\n    Match *\n    Key_Name log\n    Parser ${PARSER_NAME}\n",
    "/ecs/cloudwatch.conf": _output(
        "cloudwatch_logs",
        "region ${AWS_REGION}",
        "log_group_name /aws/ecs/containerinsights/${ECS_CLUSTER}/application",
        "log_stream_prefix ecs-",
        "auto_create_group On",
    ),
    "/ecs/firehose.conf": _output(
        "kinesis_firehose", "region ${FIREHOSE_REGION}", "delivery_stream ${DELIVERY_STREAM}"
    ),
    "/ecs/kinesis.conf": _output("kinesis_streams", "region ${KINESIS_REGION}", "stream ${STREAM}"),
    "/ecs/s3.conf": _output(
        "s3",
        "bucket ${BUCKET}",
        "region ${S3_REGION}",
        "total_file_size 1M",
        "upload_timeout 1m",
        "use_put_object On",
        "s3_key_format /${ECS_CLUSTER}/${TASK_ID}/$TAG[0]/%Y/%m/%d/%H/%M/%S",
        "s3_key_format_tag_delimiters .-",
    ),
    "/ecs/amazon-es.conf": _output(
        "es",
        "Host ${ES_ENDPOINT}",
        "Port 443",
        "tls On",
        "Index ${INDEX}",
        "Type ${TYPE}",
        "AWS_Auth On",
        "AWS_Region ${ES_REGION}",
    ),
}
"""Path to text."""
