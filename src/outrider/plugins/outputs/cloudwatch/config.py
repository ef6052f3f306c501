"""Options of the cloudwatch output."""

from __future__ import annotations

from dataclasses import dataclass

from outrider.pipeline.common.aws_output import AwsOptions
from outrider.pipeline.options import option


@dataclass(frozen=True, kw_only=True)
class Options(AwsOptions):
    """See the help of each field."""

    log_group_name: str = option("", "log group; $(tag), $(tag[0]), $(ecs_task_id), $(key['sub']) … are filled in")
    log_stream_name: str = option("", "log stream, with the same fields; or log_stream_prefix")
    log_stream_prefix: str = option("", "the stream's name is this and the tag")
    default_log_group_name: str = option("fluentbit-default", "log group where a field is missing")
    default_log_stream_name: str = option("/fluentbit-default", "log stream where a field is missing")
    log_key: str = option("", "send the value of this key instead of the whole record")
    log_format: str = option("", "x-amzn-logs-format of the events, such as json/emf")
    auto_create_group: bool = option(False, "make a log group that is missing")
    auto_create_stream: bool = option(True, "make log streams")
    new_log_group_tags: str = option("", "tags of groups that are made: name=value,name=value")
    log_retention_days: int = option(0, "retention of groups that are made, in days; 0: for ever")
    credentials_endpoint: str = option("", "URL to get credentials from instead of AWS's usual places")
    extra_user_agent: str = option("", "text to add to the user agent")
