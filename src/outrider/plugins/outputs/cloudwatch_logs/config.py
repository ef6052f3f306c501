"""Options of the cloudwatch_logs output."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.common.aws_output import AwsOptions
from outrider.pipeline.options import option


@dataclass(frozen=True, kw_only=True)
class Options(AwsOptions):
    """See the help of each field."""

    log_group_name: str = option("", "log group")
    log_stream_name: str = option("", "log stream; or log_stream_prefix")
    log_stream_prefix: str = option("", "the stream's name is this and the tag")
    log_group_template: str = option("", "log group by record, such as app-$TAG[1]-$env; else log_group_name")
    log_stream_template: str = option("", "log stream by record; else log_stream_name or log_stream_prefix")
    log_key: str = option("", "send the value of this key instead of the whole record")
    log_format: str = option("", "x-amzn-logs-format of the events, such as json/emf")
    auto_create_group: bool = option(False, "make a log group that is missing")
    log_retention_days: int = option(0, "retention of groups that are made, in days; 0: for ever")
    log_group_class: str = option("", "class of groups that are made: STANDARD or INFREQUENT_ACCESS")
    extra_user_agent: str = option("", "text to add to the user agent")
    metric_namespace: str = option("", "accepted; for records of metrics, which there are none of here")
    metric_dimensions: str = option("", "accepted; for records of metrics, which there are none of here")
    add_entity: bool = option(False, "accepted; no entity is sent")
