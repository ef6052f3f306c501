"""What outputs to AWS have in common: their options, the connection that these ask for, and how records are put."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

from msgspec import Struct

from outrider.aws.client import USER_AGENT, AwsClient
from outrider.aws.credentials import Credentials, Identity
from outrider.aws.data_records import Form, Item
from outrider.aws.endpoints import Endpoint, endpoint_of, tls_towards_aws
from outrider.aws.log_events import LONGEST, Events, Longest, Texts, events_of, wanted
from outrider.aws.logs import Logs
from outrider.aws.outcome import Outcome
from outrider.aws.partitions import unlikely
from outrider.aws.put_records import PutRecords
from outrider.model.batch import Batch
from outrider.model.errors import UserError
from outrider.net.connect import Target
from outrider.net.http import http_client
from outrider.pipeline.options import OutputCore, option, secret_option
from outrider.pipeline.plugin import Delivery, Encoded, EncodingOutput, Output

O = TypeVar("O", bound="Asked")  # noqa: E741 - the options of a plugin
L = TypeVar("L", bound="AskedOfLogs")


@dataclass(frozen=True, kw_only=True)
class AwsOptions:
    """Options of every output to AWS."""

    region: str = option("", "AWS region, such as us-east-1")
    endpoint: str = option("", "host[:port] to use instead of AWS's; http:// before it: without TLS")
    role_arn: str = option("", "role to assume")
    external_id: str = secret_option("", "external id for role_arn")
    sts_endpoint: str = option("", "host of STS, for role_arn; default: that of the region")
    profile: str = option("", "profile of AWS's configuration files to take credentials from")
    auto_retry_requests: bool = option(True, "send a request that got no answer once more at once")


class Asked(Protocol):
    """See AwsOptions; outputs whose options have other defaults say so themselves."""

    @property
    def region(self) -> str: ...
    @property
    def endpoint(self) -> str: ...
    @property
    def role_arn(self) -> str: ...
    @property
    def external_id(self) -> str: ...
    @property
    def sts_endpoint(self) -> str: ...
    @property
    def profile(self) -> str: ...
    @property
    def auto_retry_requests(self) -> bool: ...


class AskedOfLogs(Asked, Protocol):
    """What outputs to CloudWatch Logs have besides."""

    @property
    def log_retention_days(self) -> int: ...


_RETENTION_DAYS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""What CloudWatch Logs takes today."""


def region_doubts(options: Asked) -> list[UserError]:
    """What is hardly meant of where the service is; a substitute for AWS may call its region as it likes."""
    said = "" if options.endpoint else unlikely(options.region)
    return [UserError(said, key="region", fix="correct the region")] if said else []


def retention_doubts(days: int) -> list[UserError]:
    """What is hardly meant of ``log_retention_days``."""
    if not days or days in _RETENTION_DAYS:
        return []
    said = f"log_retention_days {days} is no number of days that CloudWatch Logs takes: groups would be kept for ever"
    return [UserError(said, key="log_retention_days", fix=f"use one of {', '.join(map(str, _RETENTION_DAYS))}")]


def aws_endpoint(core: OutputCore, options: Asked, service: str) -> Endpoint:
    """Where the service is. Raises UserError."""
    if not options.region:
        raise UserError("region is required", fix="set region, such as us-east-1")
    return endpoint_of(service, options.region, options.endpoint, core.port)


def aws_client(
    core: OutputCore, options: Asked, service: str, *, extra_user_agent: str = "", credentials_endpoint: str = ""
) -> AwsClient:
    """The service as these options say. Opens nothing. Raises UserError."""
    where = aws_endpoint(core, options, service)
    identity = Identity(
        options.region,
        options.profile,
        options.role_arn,
        options.external_id,
        options.sts_endpoint,
        credentials_endpoint,
    )
    credentials = Credentials(identity)
    credentials.check()
    return AwsClient(
        http_client(core, where.host, where.port, tls_towards_aws(core) if where.tls else None),
        where,
        service,
        options.region,
        credentials,
        resend=options.auto_retry_requests,
        user_agent=f"{USER_AGENT}-{extra_user_agent}" if extra_user_agent else USER_AGENT,
    )


class Naming(Protocol):
    """Group and stream of each record."""

    lacked: str
    """What some record of the last batch did not have that a name should hold."""

    def streams(self, batch: Batch, places: Sequence[int]) -> list[tuple[str, str, Sequence[int]]]:
        """Group, stream, and the places of its records, of those at ``places``."""


class EventsPart(Struct):
    """What a part of a chunk is as events: by group and stream, and the records that give none, by reason."""

    count: int
    streams: list[tuple[str, str, Events]]
    dropped: Counter[str]


class LogsOutput(EncodingOutput[L]):
    """Puts records as events to CloudWatch Logs; its ``check`` makes these."""

    _log_key: str
    _texts: Texts
    _longest: Longest = LONGEST
    _logs: Logs
    _naming: Naming

    def peers(self) -> list[Target]:
        """See Output."""
        return self._logs.peers()

    def doubts(self) -> list[UserError]:
        """See Output."""
        return [*region_doubts(self.options), *retention_doubts(self.options.log_retention_days)]

    async def start(self) -> None:
        """See Output."""
        self._logs.warm()

    def encode(self, batch: Batch) -> EventsPart:
        """See EncodingOutput."""
        dropped: Counter[str] = Counter()
        places = wanted(batch.records, self._log_key, dropped)
        named = self._naming.streams(batch, places)
        if lacked := self._naming.lacked:
            self.log.warn(f"records with tag {batch.tag} lack {lacked} of a name: the default name is used", lacked)
        streams = [
            (group, stream, events_of(own, batch.times, batch.records, self._texts, self._longest))
            for group, stream, own in named
        ]
        return EventsPart(len(batch), streams, dropped)

    async def send_encoded(self, encoded: Encoded) -> Delivery:
        """See EncodingOutput."""
        outcome = Outcome()
        streams: dict[tuple[str, str], Events] = {}
        start = 0
        for part in encoded.parts:
            outcome.dropped.update(part.dropped)
            for group, stream, events in part.streams:
                streams.setdefault((group, stream), Events([], [], [])).add(events, start)
            start += part.count
        await self._logs.put([(*names, events) for names, events in streams.items()], outcome)
        return delivery(encoded.count, outcome)

    async def stop(self) -> None:
        """See Output."""
        await self._logs.close()


class RecordsOutput(Output[O]):
    """Puts records to Firehose or to a Kinesis stream; its ``check`` makes ``_form`` and ``_put``."""

    concurrency = 2
    _form: Form
    _put: PutRecords

    def keyed(self, batch: Batch, items: list[Item]) -> tuple[list[Item], list[str] | None]:
        """What is put in the end, and the partition key of each item where the service wants one."""
        return items, None

    def peers(self) -> list[Target]:
        """See Output."""
        return self._put.peers()

    def doubts(self) -> list[UserError]:
        """See Output."""
        return region_doubts(self.options)

    async def start(self) -> None:
        """See Output."""
        self._put.warm()

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        outcome = Outcome()
        items, keys = self.keyed(batch, self._form.items(batch.times, batch.records, outcome))
        await self._put.put(items, outcome, keys)
        return delivery(len(batch), outcome)

    async def stop(self) -> None:
        """See Output."""
        await self._put.close()


def delivery(count: int, outcome: Outcome) -> Delivery:
    """The outcome of so many records as the pipeline wants it told. Raises the PeerError where nothing came of any."""
    if outcome.error is not None and len(outcome.rest) == count:
        raise outcome.error
    return Delivery(
        outcome.delivered,
        outcome.dropped.total(),
        outcome.reason,
        sorted(outcome.rest),
        outcome.after,
        sorted(outcome.refused),
    )
