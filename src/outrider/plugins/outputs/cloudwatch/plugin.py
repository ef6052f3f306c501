"""The cloudwatch output: events of CloudWatch Logs, with the templates of AWS's Go plugin."""

from __future__ import annotations

import uuid

from outrider.aws import metadata
from outrider.aws.local import task_endpoint
from outrider.aws.log_events import Longest, one_key, whole_records
from outrider.aws.logs import Logs, LogsOptions
from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.pipeline.common.aws_output import LogsOutput, aws_client
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.plugin import Delivery
from outrider.plugins.outputs.cloudwatch.config import Options
from outrider.plugins.outputs.cloudwatch.format import ECS_FIELDS, EVENT_MAX, Naming, cut, tags


class Cloudwatch(LogsOutput[Options]):
    """Sends records as events of CloudWatch Logs."""

    Options = Options
    concurrency = 2

    def check(self) -> None:
        """See Output."""
        options, found = self.options, Findings()
        if not options.log_group_name:
            found.error(UserError("log_group_name is required", fix="set log_group_name"))
        if bool(options.log_stream_name) == bool(options.log_stream_prefix):
            found.error(UserError("exactly one of log_stream_name and log_stream_prefix is required"))
        self._fields = {"uuid": uuid.uuid4().hex}
        names = options.log_group_name + options.log_stream_name
        self.encodes = not any(f"$({field})" in names for field in ECS_FIELDS)  # else once they are known
        group_tags: dict[str, str] = {}
        try:
            self._naming = Naming(options, self._fields)
        except ValueError as error:
            found.error(UserError(str(error), fix="fields are $(tag), $(tag[n]), $(uuid), $(key) and $(key['sub'])"))
        try:
            group_tags = tags(options.new_log_group_tags)
        except ValueError as error:
            found.error(UserError(str(error), key="new_log_group_tags"))
        found.raise_errors()
        client = aws_client(
            self.core,
            options,
            "logs",
            extra_user_agent=options.extra_user_agent,
            credentials_endpoint=options.credentials_endpoint,
        )
        self._logs = Logs(
            client,
            LogsOptions(
                create_group=options.auto_create_group,
                create_stream=options.auto_create_stream,
                retention_days=options.log_retention_days,
                group_tags=group_tags,
                log_format=options.log_format,
            ),
        )
        self._log_key = options.log_key
        self._texts = one_key(options.log_key) if options.log_key else whole_records(escape_unicode=False)
        self._longest = Longest(EVENT_MAX, cut)

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        if not self.encodes:
            self._naming = Naming(self.options, {**self._fields, **await self._task()})
            self.encodes = True
        return await super().send(batch)

    async def _task(self) -> dict[str, str]:
        """What the names want to know of the ECS task; nothing where this is none. Raises PeerError."""
        endpoint = task_endpoint()
        if endpoint is None:
            self.log.warn(
                "names hold fields of an ECS task, but this is none: fields of the records that are called so are used,"
                " and the default names where there are none"
            )
            return {}
        try:
            known = metadata.own_task(await endpoint.get("/task")).common
        except ValueError as error:
            raise PeerError(f"the task's metadata: {error}") from error
        finally:
            await endpoint.close()
        return {field: known[name] for field, name in ECS_FIELDS.items() if known.get(name)}
