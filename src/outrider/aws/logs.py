"""CloudWatch Logs: streams made when they are first needed, events put, refusals understood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

import msgspec

from outrider.aws.client import AwsClient, problem
from outrider.aws.faults import Fault
from outrider.aws.log_events import Body, Events, bodies
from outrider.aws.outcome import CallError, Outcome
from outrider.model.errors import PeerError
from outrider.net.connect import Target
from outrider.net.http import Answer, retry_after

TARGET: Final = "Logs_20140328."
_KNOWN_SECONDS: Final = 4 * 3600.0
_KNOWN_MAX: Final = 10_000
_THERE: Final = "ResourceAlreadyExistsException"
_MISSING: Final = "ResourceNotFoundException"
_REQUEST_ID: Final = "x-amzn-RequestId"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsOptions:
    """How groups and streams are made and events are put."""

    create_group: bool = False
    create_stream: bool = True
    retention_days: int = 0
    group_class: str = ""
    group_tags: Mapping[str, str] = field(default_factory=dict)
    log_format: str = ""
    """``json/emf`` and the like: metrics are read out of the events."""


class Logs:
    """Puts events into streams."""

    def __init__(self, client: AwsClient, options: LogsOptions) -> None:
        self._client = client
        self._options = options
        self._known: dict[tuple[str, str], float] = {}

    def peers(self) -> list[Target]:
        """See HttpClient."""
        return self._client.peers()

    def warm(self) -> None:
        """See AwsClient."""
        self._client.warm()

    async def put(self, streams: Iterable[tuple[str, str, Events]], outcome: Outcome) -> None:
        """Put the events of each (group, stream, events) and note in ``outcome`` what became of them.

        When nobody answers, or asks for less, the other streams are not tried.
        """
        stopped: PeerError | None = None
        for named_group, named_stream, events in streams:
            group, stream = _name(named_group), _name(named_stream)
            if stopped is not None:
                outcome.keep(events.places, stopped)
                continue
            done = 0
            try:
                await self._ready(group, stream)
                for body in bodies(group, stream, events):
                    await self._put(group, stream, body, events.places[body.start : body.end], outcome)
                    done = body.end
            except PeerError as failed:
                outcome.keep(events.places[done:], failed)
                stopped = None if isinstance(failed, CallError) and not failed.fault.throttled else failed

    async def _put(self, group: str, stream: str, body: Body, places: Sequence[int], outcome: Outcome) -> None:
        """One call for the records at these places, made once more where the stream is gone or AWS gives no answer."""
        answer = await self._call_put(body)
        if answer.status != 200 and problem(answer).code == _MISSING:
            self._known.pop((group, stream), None)
            await self._ready(group, stream)
            answer = await self._call_put(body)
        if answer.status == 200 and _REQUEST_ID not in answer.headers:
            answer = await self._call_put(body)
        if answer.status != 200:
            fault = problem(answer)
            if fault.code != "DataAlreadyAcceptedException":
                raise self._error("PutLogEvents", fault, answer)
        elif _REQUEST_ID not in answer.headers:
            raise PeerError(f"{self._client.endpoint.authority}: PutLogEvents: the answer has no {_REQUEST_ID}")
        outcome.delivered += len(places)
        for reason, events in refused(answer.body, len(places)).items():
            outcome.refuse(places[events], reason)
            outcome.delivered -= events.stop - events.start

    async def _call_put(self, body: Body) -> Answer:
        named = [("x-amzn-logs-format", self._options.log_format)] if self._options.log_format else []
        return await self._client.call(f"{TARGET}PutLogEvents", body.data, named)

    async def _ready(self, group: str, stream: str) -> None:
        """Make the stream, and the group where that is wanted, unless they are known. Raises PeerError."""
        if not self._options.create_stream or self._known.get((group, stream), 0.0) > monotonic():
            return
        names = {"logGroupName": group, "logStreamName": stream}
        fault = await self._make("CreateLogStream", names)
        if fault is not None and fault[0].code == _MISSING and self._options.create_group:
            await self._make_group(group)
            fault = await self._make("CreateLogStream", names)
        if fault is not None:
            raise self._error("CreateLogStream", *fault)
        while len(self._known) >= _KNOWN_MAX:
            del self._known[next(iter(self._known))]
        self._known[group, stream] = monotonic() + _KNOWN_SECONDS

    async def _make_group(self, group: str) -> None:
        options = self._options
        wanted: dict[str, Any] = {"logGroupName": group}
        if options.group_class:
            wanted["logGroupClass"] = options.group_class
        if options.group_tags:
            wanted["tags"] = dict(options.group_tags)
        fault = await self._make("CreateLogGroup", wanted)
        if fault is None and options.retention_days:
            wanted = {"logGroupName": group, "retentionInDays": options.retention_days}
            fault = await self._make("PutRetentionPolicy", wanted)
            if fault is not None:
                raise self._error("PutRetentionPolicy", *fault)
        if fault is not None:
            raise self._error("CreateLogGroup", *fault)

    async def _make(self, action: str, wanted: dict[str, Any]) -> tuple[Fault, Answer] | None:
        """None: it is there now."""
        answer = await self._client.call(TARGET + action, msgspec.json.encode(wanted))
        if answer.status == 200:
            return None
        fault = problem(answer)
        return None if fault.code == _THERE else (fault, answer)

    def _error(self, action: str, fault: Fault, answer: Answer) -> CallError:
        return CallError(f"{self._client.endpoint.authority}: {action}", fault, after=retry_after(answer))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _name(text: str) -> str:
    """Tags and records make names: a byte in them that is not UTF-8 is ``?``."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def refused(body: bytes, count: int) -> dict[str, slice]:
    """Which events CloudWatch did not take from a call of so many, by reason; pure, never raises."""
    if b"rejectedLogEventsInfo" not in body:
        return {}
    try:
        told = msgspec.json.decode(body)["rejectedLogEventsInfo"]
        bounds = [
            int(told.get(key, default))
            for key, default in (
                ("tooOldLogEventEndIndex", 0),
                ("expiredLogEventEndIndex", 0),
                ("tooNewLogEventStartIndex", count),
            )
        ]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AttributeError, TypeError, KeyError, ValueError):
        return {}
    old, expired, new = (min(max(bound, 0), count) for bound in bounds)
    found = {
        "CloudWatch refused: older than the group keeps": slice(0, expired),
        "CloudWatch refused: too old": slice(expired, old),
        "CloudWatch refused: too far in the future": slice(max(new, old, expired), count),
    }
    return {reason: events for reason, events in found.items() if events.start < events.stop}
