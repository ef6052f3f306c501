"""The way of records through a pipeline, and its books."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from outrider.model.batch import Batch
from outrider.model.errors import LocalError, PeerError
from outrider.pipeline.plugin import Delivery

ONE = """
[INPUT]
  Name steered
[OUTPUT]
  Name steered
  Match *
"""


def numbered(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [{"n": n} for n in range(start, start + count)]


async def test_records_arrive_and_the_books_say_so(pipeline: Any) -> None:
    async with pipeline(ONE) as running:
        running.input().push("app", *numbered(3))
        running.input().push("db", {"q": 1})
        await running.settled()
    assert sorted(running.output().sent) == [("app", numbered(3)), ("db", [{"q": 1}])]
    assert running.taken() == {"accepted": 4, "waiting": 0, "passed": 4, "dropped": {}, "moved": {}, "refused": {}}
    assert running.sent() == {"routed": 4, "buffered": 0, "delivered": 4, "retried": 0, "dropped": {}}
    assert running.input().stopped
    assert running.output().stopped


async def test_records_of_one_tag_travel_together_and_in_order(pipeline: Any) -> None:
    async with pipeline(ONE, flush="0.2") as running:
        for n in range(50):
            running.input().push("app", {"n": n})
        await running.settled()
    assert running.output().sent == [("app", numbered(50))]


async def test_the_way_of_a_chunk_is_told_to_whoever_looks(pipeline: Any) -> None:
    async with pipeline(ONE) as running:
        running.input().push("app", *numbered(3))
        await running.settled()
    told = re.findall(r"\[debug\] \[(.+?)\] chunk (\w+) (.+)", running.log.getvalue())
    (source, chunk, sealed), (output, same, delivered) = told
    assert (source, output, chunk) == ("input:steered.0", "output:steered:steered.0", same)
    assert re.fullmatch(r"of tag app sealed: 3 records, \d+ bytes", sealed)
    assert delivered == "delivered: 3 records"


async def test_what_is_in_open_chunks_at_the_stop_is_delivered(pipeline: Any) -> None:
    async with pipeline(ONE, flush="3600") as running:
        running.input().push("app", *numbered(3))
    assert running.output().records == numbered(3)


async def test_a_chunk_is_sealed_by_its_size(pipeline: Any) -> None:
    async with pipeline(ONE, flush="3600") as running:
        for n in range(5):
            running.input().push("app", {"n": n, "pad": "x" * 1_000_000})
        await running.until(lambda: len(running.output().records) >= 4)
    assert [record["n"] for record in running.output().records] == [0, 1, 2, 3, 4]


async def test_routes_by_match_and_match_regex(pipeline: Any) -> None:
    text = """
    [INPUT]
      Name steered
    [OUTPUT]
      Name steered
      Match app.*
    [OUTPUT]
      Name steered
      Match_Regex ^(app|db)
    [OUTPUT]
      Name steered
      Match db
    """
    async with pipeline(text) as running:
        for tag in ("app.web", "app", "db", "other"):
            running.input().push(tag, {"tag": tag})
        await running.settled()
    routed = [sorted(record["tag"] for record in running.output(n).records) for n in range(3)]
    assert routed == [["app.web"], ["app", "app.web", "db"], ["db"]]
    assert running.taken()["dropped"] == {"no output matches the tag": 1}
    assert running.sent("steered.1")["delivered"] == 3


async def test_filters_that_match_change_and_drop_in_order(pipeline: Any) -> None:
    text = """
    [INPUT]
      Name steered
    [FILTER]
      Name steered
      Match app
    [FILTER]
      Name steered
      Match_Regex a
    [OUTPUT]
      Name steered
      Match *
    """
    async with pipeline(text) as running:

        def drop_odd(batch: Batch) -> None:
            batch.keep([record["n"] % 2 == 0 for record in batch.records])

        def add(batch: Batch) -> None:
            for record in batch.records:
                record["seen"] = record["n"]

        running.filter(0).action = drop_odd
        running.filter(1).action = add
        running.input().push("app", *numbered(5))
        running.input().push("other", {"n": 1})
        await running.settled()
    assert sorted(running.output().sent) == [
        ("app", [{"n": n, "seen": n} for n in (0, 2, 4)]),
        ("other", [{"n": 1}]),
    ]
    assert running.taken()["dropped"] == {"filter steered.0": 2}
    assert running.taken()["passed"] == 4


async def test_a_filter_that_drops_everything(pipeline: Any) -> None:
    text = ONE + "[FILTER]\n  Name steered\n  Match *\n  Alias dropper\n"
    async with pipeline(text) as running:
        running.filter().action = lambda batch: batch.keep([False] * len(batch))
        running.input().push("app", *numbered(5))
        await running.until(lambda: running.taken()["waiting"] == 0)
    assert running.taken()["dropped"] == {"filter dropper": 5}
    assert running.output().sent == []
    assert running.intake().held == 0


async def test_a_bug_in_a_filter_lets_the_records_through_and_is_logged(pipeline: Any) -> None:
    async with pipeline(ONE + "[FILTER]\n  Name steered\n  Match *\n") as running:

        def broken(batch: Batch) -> None:
            raise ZeroDivisionError("in the filter")

        running.filter().action = broken
        running.input().push("app", *numbered(2))
        await running.settled()
    assert running.output().records == numbered(2)
    assert "bug in filter steered.0" in running.log.getvalue()
    assert "ZeroDivisionError: in the filter" in running.log.getvalue()


@pytest.mark.parametrize("record", [{}, {"a": ""}, {"": ""}, {"a": None}, {"a": "\udcff"}, {"a": [{"b": b"\xff"}]}])
async def test_odd_records_survive(pipeline: Any, record: dict[str, Any]) -> None:
    async with pipeline(ONE) as running:
        running.input().push("app", record)
        await running.settled()
    assert running.output().records == [record]


# -- retries


RETRYING = ONE + "  Retry_Limit 3\n"


async def test_a_failed_batch_is_tried_again(pipeline: Any) -> None:
    async with pipeline(RETRYING) as running:
        running.output().answers = [PeerError("refused"), LocalError("no memory"), RuntimeError("bug")]
        running.input().push("app", *numbered(3))
        await running.settled()
    assert running.output().records == numbered(3)
    assert running.sent() == {"routed": 3, "buffered": 0, "delivered": 3, "retried": 9, "dropped": {}}
    assert running.waits == [(1, 5, 2000), (2, 5, 2000), (3, 5, 2000)]
    assert "retry in" in running.log.getvalue()
    assert "RuntimeError: bug" in running.log.getvalue()


async def test_retry_limit_exhausted(pipeline: Any) -> None:
    async with pipeline(RETRYING) as running:
        running.output().answers = [PeerError("refused")] * 4
        running.input().push("app", *numbered(3))
        await running.settled()
        running.input().push("app", {"n": 99})
        await running.settled()
    assert running.output().asked == 5
    assert running.output().records == [{"n": 99}]
    assert running.sent()["dropped"] == {"gave up after 3 retries": 3}
    assert "fix: raise Retry_Limit" in running.log.getvalue()
    assert running.intake().held == 0


@pytest.mark.parametrize(("limit", "tries"), [("no_retries", 1), ("1", 2), ("", 2)])
async def test_retry_limits(pipeline: Any, limit: str, tries: int) -> None:
    async with pipeline(f"{ONE}  Retry_Limit {limit}\n" if limit else ONE) as running:
        running.output().always = PeerError("refused")
        running.input().push("app", *numbered(1))
        await running.settled()
    assert running.output().asked == tries


async def test_retry_without_limit(pipeline: Any) -> None:
    async with pipeline(f"{ONE}  Retry_Limit False\n") as running:
        running.output().answers = [PeerError("refused")] * 20
        running.input().push("app", *numbered(1))
        await running.settled()
    assert running.output().asked == 21
    assert running.sent()["retried"] == 20


async def test_an_error_without_retry_drops_at_once_with_its_reason(pipeline: Any) -> None:
    async with pipeline(RETRYING) as running:
        running.output().answers = [PeerError("too large", retry=False)]
        running.input().push("app", *numbered(3))
        await running.settled()
    assert running.output().asked == 1
    assert running.sent()["dropped"] == {"too large": 3}


async def test_partial_delivery_resends_only_the_rest(pipeline: Any) -> None:
    def first_two(batch: Batch) -> Delivery:
        return Delivery(1, dropped=1, reason="one is bad", rest=range(2, len(batch)))

    async with pipeline(RETRYING) as running:
        running.output().answers = [first_two, first_two, PeerError("refused")]
        running.input().push("app", *numbered(6))
        await running.settled()
    assert running.output().records == numbered(2, 4)
    assert running.sent() == {
        "routed": 6,
        "buffered": 0,
        "delivered": 4,
        "retried": 4 + 2 + 2,
        "dropped": {"one is bad": 2},
    }


async def test_partial_delivery_of_a_chunk_that_was_packed(pipeline: Any) -> None:
    def first(batch: Batch) -> Delivery:
        return Delivery(1, rest=range(1, len(batch)))

    async with pipeline(RETRYING + "[FILTER]\n  Name steered\n  Match *\n") as running:
        running.output().answers = [PeerError("refused"), first]
        running.input().push("app", *numbered(3))
        await running.settled()
    assert running.output().records == numbered(2, 1)
    assert running.sent()["delivered"] == 3


async def test_an_output_that_keeps_what_there_is_not_has_a_bug(pipeline: Any) -> None:
    async with pipeline(RETRYING) as running:
        running.output().answers = [lambda batch: Delivery(2, rest=[3])]
        running.input().push("app", *numbered(3))
        await running.settled()
        assert running.output().records == numbered(3)
        assert "told of a place that the batch of 3 records does not have" in running.log.getvalue()


async def test_an_output_that_forgets_records_has_a_bug(pipeline: Any) -> None:
    async with pipeline(RETRYING) as running:
        running.output().answers = [lambda batch: Delivery(1)]
        running.input().push("app", *numbered(3))
        await running.settled()
    assert running.output().records == numbered(3)
    assert "told of 1 records, the batch has 3" in running.log.getvalue()


# -- several outputs


TWO = """
[INPUT]
  Name steered
[FILTER]
  Name steered
  Match *
[OUTPUT]
  Name steered
  Match *
  Alias fast
[OUTPUT]
  Name steered
  Match *
  Alias slow
  Retry_Limit no_limits
"""


async def test_a_slow_output_does_not_delay_a_fast_one(pipeline: Any) -> None:
    async with pipeline(TWO) as running:
        slow = running.output(1)
        slow.gate.clear()
        for n in range(20):
            running.input().push("app", {"n": n})
            await running.until(lambda n=n: len(running.output(0).records) == n + 1)
        assert slow.sent == []
        assert slow.under_way == 1
        slow.gate.set()
        await running.settled()
    assert slow.records == running.output(0).records == numbered(20)


async def test_a_dead_output_does_not_stop_the_other(pipeline: Any) -> None:
    async with pipeline(TWO) as running:
        running.output(1).always = PeerError("dead")
        for n in range(20):
            running.input().push("app", {"n": n})
            await running.until(lambda n=n: len(running.output(0).records) == n + 1)
        assert running.sent("slow")["buffered"] == 20
        running.output(1).always = None
        await running.settled()
    assert sorted(record["n"] for record in running.output(1).records) == list(range(20))


async def test_workers_send_side_by_side(pipeline: Any) -> None:
    async with pipeline(ONE + "  Workers 3\n") as running:
        running.output().gate.clear()
        for n in range(5):
            running.input().push(f"tag{n}", {"n": n})
        await running.until(lambda: running.output().under_way == 3)
        await asyncio.sleep(0.02)
        assert running.output().under_way == 3
        running.output().gate.set()
        await running.settled()
    assert running.sent()["delivered"] == 5


# -- the stop


async def test_the_stop_waits_for_what_is_under_way(pipeline: Any) -> None:
    async with pipeline(ONE) as running:
        running.output().gate.clear()
        running.input().push("app", *numbered(3))
        await running.until(lambda: running.output().under_way)
        running.engine.stop()
        await running.until(lambda: running.input().stopped)
        assert running.sent()["buffered"] == 3
        running.output().gate.set()
    assert running.sent()["delivered"] == 3


async def test_the_stop_tries_waiting_records_at_once(pipeline: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pipeline(RETRYING) as running:
        monkeypatch.setattr("outrider.pipeline.delivery.wait_seconds", lambda *_: 3600)
        running.output().answers = [PeerError("refused")]
        running.input().push("app", *numbered(3))
        await running.until(lambda: running.sent()["retried"])
    assert running.output().records == numbered(3)


@pytest.mark.parametrize("where", ["under way", "queued", "waiting for a retry"])
async def test_what_is_not_delivered_within_grace_is_accounted_and_told(
    pipeline: Any, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    async with pipeline(f"{ONE}  Retry_Limit False\n", grace=0) as running:
        if where == "waiting for a retry":
            monkeypatch.setattr("outrider.pipeline.delivery.wait_seconds", lambda *_: 3600)
            running.output().always = PeerError("dead")
            running.input().push("app", *numbered(3))
            await running.until(lambda: running.sent()["retried"])
        else:
            running.output().gate.clear()
            for n in range(3 if where == "queued" else 1):
                running.input().push(f"tag{n}", {"n": n})
            await running.until(lambda: running.output().under_way)
    taken, sent = running.taken(), running.sent()
    lost = taken["accepted"]
    assert taken["waiting"] == sent["buffered"] == 0
    reason = "not delivered before the stop"
    assert taken["dropped"].get(reason, 0) + sent["dropped"].get(reason, 0) == lost
    assert f"{lost} records were not delivered and are lost" in running.log.getvalue()


async def test_an_input_that_cannot_start_ends_the_pipeline_and_stops_the_rest(built: Any) -> None:
    running = built(ONE + "[INPUT]\n  Name forward\n  unix_path /nowhere/at/all\n")
    with pytest.raises(LocalError, match="make the directory first"):
        await running.engine.run()
    assert running.input().stopped
    assert running.output().stopped


# -- unreadable chunks


async def test_a_chunk_that_cannot_be_decoded_is_dropped_with_a_reason(pipeline: Any) -> None:
    async with pipeline(ONE) as running:
        running.input().intake.append("app", "records", b"\xc1 no msgpack", 7)
        running.input().intake.append("db", "no such codec", b"", 2)
        running.input().push("ok", *numbered(1))
        await running.settled()
    assert running.taken()["dropped"] == {"unreadable chunk": 9}
    assert running.output().records == numbered(1)
    assert running.intake().held == 0
