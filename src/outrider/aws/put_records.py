"""Firehose and Kinesis streams: data put in batches, of which AWS may take a part."""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from outrider.aws.client import AwsClient, problem
from outrider.aws.data_records import Item, calls
from outrider.aws.faults import Fault
from outrider.aws.outcome import CallError, Outcome
from outrider.model.errors import PeerError
from outrider.net.connect import Target
from outrider.net.http import retry_after


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the two services. ``most`` items a call, ``room`` bytes a body."""

    target: str
    name: str
    failed: str
    answers: str
    most: int
    room: int


FIREHOSE: Final = Kind(
    "Firehose_20150804.PutRecordBatch", "DeliveryStreamName", "FailedPutCount", "RequestResponses", 500, 4_194_304
)
STREAMS: Final = Kind("Kinesis_20131202.PutRecords", "StreamName", "FailedRecordCount", "Records", 500, 10_485_760)

_AROUND: Final = 256


class PutRecords:
    """Puts items into one stream."""

    def __init__(self, client: AwsClient, kind: Kind, stream: str) -> None:
        self._client = client
        self._kind = kind
        self._head = msgspec.json.encode({kind.name: stream})[:-1] + b',"Records":['

    def peers(self) -> list[Target]:
        """See HttpClient."""
        return self._client.peers()

    def warm(self) -> None:
        """See AwsClient."""
        self._client.warm()

    async def put(self, items: list[Item], outcome: Outcome, keys: Sequence[str] | None = None) -> None:
        """Put these and note in ``outcome`` what became of their records; ``keys``: partition keys, for streams.

        When a call fails as a whole the ones after it are not made.
        """
        parts = entries(items, keys)
        sizes = [len(part) + 1 for part in parts]
        kind = self._kind
        for run in calls(sizes, kind.most, kind.room - len(self._head) - _AROUND):
            if outcome.error is not None and not isinstance(outcome.error, PartlyError):
                outcome.keep(_places(items[run]), outcome.error)
                continue
            body = b"%b%b]}" % (self._head, b",".join(parts[run]))
            try:
                failed = await self._call(body, run.stop - run.start)
            except PeerError as error:
                outcome.keep(_places(items[run]), error)
                continue
            if failed:
                what = f"{self._client.endpoint.authority}: {len(failed)} of {run.stop - run.start} not taken"
                refused = PartlyError(what, next(iter(failed.values())))
                outcome.keep(_places([items[run.start + at] for at in failed]), refused)
            outcome.delivered += sum([len(item.places) for at, item in enumerate(items[run]) if at not in failed])

    async def _call(self, body: bytes, count: int) -> dict[int, Fault]:
        """The items that were not taken. Raises PeerError when none was."""
        answer = await self._client.call(self._kind.target, body)
        if answer.status != 200:
            what = f"{self._client.endpoint.authority}: {self._kind.target.partition('.')[2]}"
            raise CallError(what, problem(answer), after=retry_after(answer))
        return refused(answer.body, self._kind, count)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


class PartlyError(CallError):
    """A call that took some of its items: the next one may do better."""


def entries(items: Sequence[Item], keys: Sequence[str] | None) -> list[bytes]:
    """The items as they stand in a body."""
    encode = binascii.b2a_base64
    if keys is None:
        return [b'{"Data":"%b"}' % encode(item.data, newline=False) for item in items]
    return [
        b'{"Data":"%b","PartitionKey":%b}' % (encode(item.data, newline=False), msgspec.json.encode(key))
        for item, key in zip(items, keys, strict=True)
    ]


def refused(body: bytes, kind: Kind, count: int) -> dict[int, Fault]:
    """The items of a call of so many that the answer says were not taken, with the reasons.

    Where it only says how many, all count as not taken. Pure. Raises PeerError for an answer that is none.
    """
    try:
        told: Any = msgspec.json.decode(body)
        number = int(told.get(kind.failed) or 0)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, AttributeError, TypeError, ValueError):
        raise PeerError("the answer is not what the service sends") from None
    if number <= 0:
        return {}
    answers = told.get(kind.answers)
    found: dict[int, Fault] = {}
    if isinstance(answers, list) and len(answers) == count:
        for at, said in enumerate(answers):
            if isinstance(said, dict) and said.get("ErrorCode"):
                found[at] = Fault(200, str(said["ErrorCode"]), str(said.get("ErrorMessage") or ""))
    return found or dict.fromkeys(range(count), Fault(200, "", f"{kind.failed} is {number}"))


def _places(items: Sequence[Item]) -> list[int]:
    return [place for item in items for place in item.places]
