"""The cloudwatch_logs output: as few calls as AWS's limits allow; what one call took is not sent again."""

from __future__ import annotations

from outrider.aws.log_events import one_key, whole_records
from outrider.aws.logs import Logs, LogsOptions
from outrider.model.errors import UserError
from outrider.pipeline.common.aws_output import LogsOutput, aws_client
from outrider.pipeline.config.findings import Findings
from outrider.plugins.outputs.cloudwatch_logs.config import Options
from outrider.plugins.outputs.cloudwatch_logs.format import naming_of

_CLASSES = ("STANDARD", "INFREQUENT_ACCESS")


class CloudwatchLogs(LogsOutput[Options]):
    """Sends records as events of CloudWatch Logs."""

    Options = Options
    concurrency = 3

    def check(self) -> None:
        """See Output."""
        options, found = self.options, Findings()
        if not options.log_group_name:
            found.error(UserError("log_group_name is required", fix="set log_group_name"))
        if bool(options.log_stream_name) == bool(options.log_stream_prefix):
            found.error(UserError("exactly one of log_stream_name and log_stream_prefix is required"))
        if options.log_group_class and options.log_group_class not in _CLASSES:
            found.error(UserError(f"unknown log_group_class '{options.log_group_class}'", allowed=_CLASSES))
        try:
            self._naming = naming_of(options)
        except ValueError as error:
            found.error(UserError(str(error), fix="fields are $TAG, $TAG[n], $key and $key['sub']"))
        found.raise_errors()
        self._logs = Logs(
            aws_client(self.core, options, "logs", extra_user_agent=options.extra_user_agent),
            LogsOptions(
                create_group=options.auto_create_group,
                retention_days=options.log_retention_days,
                group_class=options.log_group_class,
                log_format=options.log_format,
            ),
        )
        self._log_key = options.log_key
        whole = whole_records(escape_unicode=self.context.escape_unicode)
        self._texts = one_key(options.log_key) if options.log_key else whole
