"""Chunks that are decoded, filtered and encoded part by part: the same records, the same books, as in one piece."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest
from tests.unit.pipeline.conftest import NoOptions

from outrider.model.batch import Batch
from outrider.model.errors import LocalError, PeerError
from outrider.pipeline import delivery, passage, registry
from outrider.pipeline.plugin import Delivery, Encoded, EncodingOutput

FILTERS = """
[FILTER]
  Name record_modifier
  Match *
  Record from filter
[FILTER]
  Name grep
  Match *
  Exclude kind ^noise
"""
TEXT = "[INPUT]\n  Name steered\n" + FILTERS + "[OUTPUT]\n  Name encoding\n  Match *\n  Retry_Limit False\n"


class Encoding(EncodingOutput[NoOptions]):
    """Encodes records as a list; answers as the test says."""

    Options = NoOptions
    made: ClassVar[list[Encoding]] = []

    def check(self) -> None:
        self.sent: list[Any] = []
        self.encoded_at_once: list[int] = []
        self.answers: list[Any] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.under_way = 0
        self.asked = 0

    def encode(self, batch: Batch) -> list[Any]:
        self.encoded_at_once.append(len(batch))
        return [dict(record) for record in batch.records]

    async def send_encoded(self, encoded: Encoded) -> Delivery:
        self.under_way += 1
        self.asked += 1
        try:
            await self.gate.wait()
        finally:
            self.under_way -= 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            return answer(encoded)
        self.sent += [record for part in encoded.parts for record in part]
        return Delivery(encoded.count)


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch, built: Any) -> None:
    monkeypatch.setattr(passage, "SLICE", 10)
    steered = registry.plugin_class

    def plugin_class(kind: str, name: str, place: Any = None) -> Any:
        return Encoding if name == "encoding" else steered(kind, name, place)

    monkeypatch.setattr(registry, "plugin_class", plugin_class)


def push(running: Any, first: int, last: int) -> None:
    """Each piece has three records, one of which is noise."""
    for n in range(first, last):
        running.input().push("app", {"n": n, "kind": "a"}, {"n": n, "kind": "noise"}, {"n": n, "kind": "b"})


def expected(first: int, last: int) -> list[Any]:
    return [{"n": n, "kind": kind, "from": "filter"} for n in range(first, last) for kind in "ab"]


async def test_parts_arrive_whole_and_in_order(pipeline: Any) -> None:
    async with pipeline(TEXT, flush="0.2") as running:
        push(running, 0, 50)
        await running.settled()
        output = running.output()
        assert output.sent == expected(0, 50)
        assert max(output.encoded_at_once) == 8  # of twelve records four are noise
        taken = running.taken()
        assert (taken["accepted"], taken["passed"], taken["dropped"]) == (150, 100, {"filter grep.1": 50})
        assert running.engine.filters[1].seen == 150


@pytest.mark.parametrize("error", [PeerError("away"), LocalError("full"), ValueError("bug")])
async def test_what_fails_is_made_again_and_counted_once(pipeline: Any, error: Exception) -> None:
    async with pipeline(TEXT) as running:
        running.output().answers = [error, PeerError("still away")]
        push(running, 0, 20)
        await running.settled()
        assert running.output().sent == expected(0, 20)
        assert running.sent("encoding.0")["delivered"] == 40
        assert running.taken()["dropped"] == {"filter grep.1": 20}
        assert running.engine.filters[1].seen == 60


async def test_what_is_refused_is_dropped_with_the_reason_and_made_again_to_be_kept(pipeline: Any) -> None:
    async with pipeline(TEXT) as running:
        running.output().answers = [
            PeerError("no", retry=False),
            lambda sent: Delivery(sent.count - 2, 2, "partly", refused=[0, 29]),
            lambda sent: Delivery(1, sent.count - 1, "an option says so"),
        ]
        rejected: list[Any] = []
        running.engine.outputs[0].rejected = lambda chunk, name, batch: rejected.append(batch.records)
        for first, last in ((0, 5), (5, 20), (20, 22)):
            push(running, first, last)
            await running.settled()
        assert running.sent("encoding.0")["dropped"] == {"no": 10, "partly": 2, "an option says so": 3}
        several = expected(5, 20)
        assert rejected == [expected(0, 5), [several[0], several[29]]]


async def test_what_is_refused_is_not_made_again_where_nothing_is_kept(pipeline: Any) -> None:
    async with pipeline(TEXT) as running:
        running.output().answers = [PeerError("no", retry=False)]
        made: list[Any] = []
        running.engine.outputs[0].remake = made.append
        push(running, 0, 5)
        await running.settled()
        assert made == []


@pytest.mark.parametrize("error", [LocalError("full"), ValueError("odd")])
async def test_what_cannot_be_made_again_to_be_kept_is_told_and_nothing_sent_twice(
    pipeline: Any, error: Exception
) -> None:
    async with pipeline(TEXT) as running:
        running.output().answers = [lambda sent: Delivery(sent.count - 1, 1, "bad", refused=[3])]

        def gone(chunk: Any) -> Batch:
            raise error

        running.engine.outputs[0].remake = gone
        running.engine.outputs[0].rejected = lambda chunk, name, batch: None
        push(running, 0, 5)
        await running.settled()
        assert "1 rejected records of chunk" in running.log.getvalue()
        assert running.sent("encoding.0")["dropped"] == {"bad": 1}
        assert running.sent("encoding.0")["delivered"] == 9
        assert running.output().sent == []


@pytest.mark.parametrize("partly", [True, False])
async def test_what_the_output_has_said_is_kept_until_the_disk_gives_the_records(
    pipeline: Any, monkeypatch: pytest.MonkeyPatch, partly: bool
) -> None:
    monkeypatch.setattr(delivery, "READ_AGAIN", 0.001)
    async with pipeline(TEXT) as running:
        output, runner = running.output(), running.engine.outputs[0]
        remake, failures = runner.remake, [LocalError("no disk"), LocalError("no disk")]

        def failing(chunk: Any) -> Batch:
            if failures:
                raise failures.pop()
            return remake(chunk)

        def answer(encoded: Encoded) -> Delivery:
            output.sent += encoded.parts[0][:1]
            return Delivery(1, rest=[1])

        runner.remake = failing
        output.answers = [answer if partly else PeerError("away")]
        push(running, 0, 1)
        await running.settled()
        assert output.sent == expected(0, 1)
        assert not failures
        assert output.asked == 2
        assert running.sent("encoding.0")["retried"] == (1 if partly else 2)


async def test_a_filter_that_does_something_else_the_second_time_ends_one_chunk_only(pipeline: Any) -> None:
    async with pipeline(TEXT) as running:

        def answer(encoded: Encoded) -> Delivery:
            running.engine.filters[1].plugin.apply = lambda batch: batch.keep([False] * len(batch))
            return Delivery(encoded.count - 1, rest=[encoded.count - 1])

        running.output().answers = [answer]
        push(running, 0, 1)
        await running.settled()
        assert running.sent("encoding.0")["delivered"] == 1
        assert running.sent("encoding.0")["dropped"] == {"unreadable chunk": 1}
        assert "2 records were sent, and 0 are made the second time" in running.log.getvalue()


async def test_of_what_was_taken_in_part_the_rest_is_made_again(pipeline: Any) -> None:
    async with pipeline(TEXT) as running:
        output = running.output()

        def throttled(encoded: Encoded) -> Delivery:
            records = [record for part in encoded.parts for record in part]
            output.sent += records[3:]
            return Delivery(len(records) - 3, 1, "one is bad", rest=[0, 2], refused=[1])

        output.answers = [throttled]
        rejected: list[Any] = []
        running.engine.outputs[0].rejected = lambda chunk, name, batch: rejected.extend(batch.records)
        push(running, 0, 20)
        await running.settled()
        assert output.sent == [*expected(0, 20)[3:], expected(0, 20)[0], expected(0, 20)[2]]
        assert running.sent("encoding.0")["dropped"] == {"one is bad": 1}
        assert rejected == expected(0, 20)[1:2]
        assert running.sent("encoding.0")["delivered"] == 39
        assert output.encoded_at_once[-1] == 2


async def test_two_outputs_each_get_their_own(pipeline: Any) -> None:
    text = TEXT + "[OUTPUT]\n  Name encoding\n  Match *\n  Retry_Limit False\n"
    async with pipeline(text) as running:
        running.output(0).answers = [PeerError("away")]
        running.output(1).answers = [PeerError("away"), PeerError("away")]
        push(running, 0, 20)
        await running.settled()
        assert running.output(0).sent == running.output(1).sent == expected(0, 20)


@pytest.mark.parametrize(
    "spoiler",
    [
        "[FILTER]\n  Name record_modifier\n  Match *\n  uuid_key id\n",
        "[OUTPUT]\n  Name steered\n  Match *\n",
    ],
)
async def test_who_needs_whole_chunks_gets_them(pipeline: Any, spoiler: str) -> None:
    async with pipeline(TEXT + spoiler, flush="0.2") as running:
        push(running, 0, 20)
        await running.settled()
        assert [record["n"] for record in running.output().sent] == [n for n in range(20) for _ in "ab"]
        assert running.output().encoded_at_once == [40]


async def test_a_spool_keeps_what_was_encoded(pipeline: Any, tmp_path: Any) -> None:
    text = f"[SERVICE]\n  storage.path {tmp_path}/spool\n" + TEXT.replace(
        "Name steered\n", "Name steered\n  storage.type filesystem\n", 1
    )
    async with pipeline(text, grace=0) as running:
        running.output().gate.clear()
        push(running, 0, 20)
        await running.until(lambda: running.output().under_way)
    assert list((tmp_path / "spool" / "steered.0").iterdir())
    async with pipeline(text) as running:
        await running.until(lambda: running.output().sent == expected(0, 20))


async def test_what_cannot_be_encoded_in_parts_is_told_as_ever(pipeline: Any) -> None:
    async with pipeline(TEXT) as running:

        def breaks(batch: Batch) -> Any:
            raise RuntimeError("cannot encode")

        encode, running.output().encode = running.output().encode, breaks
        push(running, 0, 5)
        await running.until(lambda: "cannot encode" in running.log.getvalue())
        running.output().encode = encode
        await running.settled()
        assert running.output().sent == expected(0, 5)


async def test_a_slice_of_which_nothing_is_left(pipeline: Any) -> None:
    async with pipeline(TEXT, flush="0.2") as running:
        push(running, 0, 4)
        running.input().push("app", *[{"n": n, "kind": "noise"} for n in range(30)])
        push(running, 4, 8)
        await running.settled()
        assert running.output().sent == expected(0, 8)
        assert 0 not in running.output().encoded_at_once
        assert running.engine.filters[1].gone == 38


async def test_chunks_that_come_to_be_encoded_whole_are_counted_once(pipeline: Any) -> None:
    async with pipeline(TEXT) as running:

        def breaks(batch: Batch) -> Any:
            raise RuntimeError("cannot encode")

        encode, running.output().encode = running.output().encode, breaks
        push(running, 0, 5)
        await running.until(lambda: "cannot encode" in running.log.getvalue())
        assert (running.engine.filters[1].seen, running.engine.filters[1].gone) == (15, 5)
        running.output().encode = encode
        await running.settled()
