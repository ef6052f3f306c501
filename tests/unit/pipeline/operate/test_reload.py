"""One configuration takes the place of another: nothing is lost, the books balance throughout."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import LocalError, PeerError
from outrider.pipeline.operate.reload import BUSY

SERVICE = "[SERVICE]\n  Flush 0.01\n  Grace 2\n"
ONE = "[INPUT]\n  Name steered\n  Alias in\n[OUTPUT]\n  Name steered\n  Alias out\n  Match *\n  Retry_Limit False\n"
TAGGED = ONE.replace("[OUTPUT]", "[FILTER]\n  Name record_modifier\n  Match *\n  Record from new\n[OUTPUT]")


async def test_what_waits_goes_through_the_new_pipeline(running: Any) -> None:
    async with running(ONE) as it:
        it.output().always = PeerError("dead")
        it.input.push("app", {"n": 1})
        await it.until(lambda: it.output().asked)
        it.output().gate.clear()
        it.input.push("app", {"n": 2})
        it.output().always = PeerError("dead")
        it.output().gate.set()
        old = it.input
        await it.exchange(TAGGED)
        assert it.input is old
        assert not old.stopped
        it.input.push("app", {"n": 3})
        await it.until(lambda: it.delivered == 3)
        got = sorted(it.output().records, key=lambda record: record["n"])
        assert [record["n"] for record in got] == [1, 2, 3]
        assert got[2] == {"n": 3, "from": "new"}
        assert it.pipeline.count == 1
        assert await it.pipeline.outcome() == ""


async def test_twenty_reloads_lose_nothing(running: Any) -> None:
    async with running(ONE) as it:
        made, arrived = 0, []
        for number in range(20):
            it.output().answers = [PeerError("dead"), PeerError("dead")] if number % 3 else []
            for _ in range(5):
                it.input.push("app", {"n": made})
                made += 1
                await asyncio.sleep(0.003)
            output = it.output()
            await it.exchange(TAGGED if number % 2 else ONE)
            arrived += output.records
        await it.until(lambda: it.delivered == made)
        arrived += it.output().records
        assert sorted(record["n"] for record in arrived) == list(range(made))
        assert it.pipeline.count == 20


async def test_a_wrong_configuration_changes_nothing(running: Any) -> None:
    async with running(ONE) as it:
        before = it.engine
        it.path.write_text(SERVICE + ONE.replace("Alias out", "Aliaz out"))
        assert "aliaz" in it.pipeline.reload()
        it.path.unlink()
        assert "router.conf" in it.pipeline.reload()
        it.input.push("app", {"n": 1})
        await it.until(lambda: it.delivered == 1)
        assert it.engine is before
        assert "the old configuration goes on" in it.stream.getvalue()


async def test_one_that_does_not_start_gives_way_to_the_old_one(running: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(ONE) as it:
        it.output().always = PeerError("dead")
        it.input.push("app", {"n": 1})
        await it.until(lambda: it.output().asked)
        kind, start = type(it.input), type(it.input).start

        async def refuses(self: Any, intake: Any) -> None:
            if self.options.note == "refuses":
                raise LocalError("port 24224: address already in use")
            await start(self, intake)

        monkeypatch.setattr(kind, "start", refuses)
        await it.exchange(ONE.replace("Alias in", "Alias in\n  Note refuses"))
        assert "router.conf:4:1: port 24224: address already in use" in await it.pipeline.outcome()
        assert "address already in use; the old one is started again" in it.stream.getvalue()
        it.input.push("app", {"n": 2})
        await it.until(lambda: it.delivered == 2)
        assert it.pipeline.count == 0


async def test_records_for_an_output_that_is_gone_are_accounted_for(running: Any) -> None:
    both = ONE + "[OUTPUT]\n  Name steered\n  Alias other\n  Match *\n  Retry_Limit False\n"
    async with running(both) as it:
        it.output().always = PeerError("dead")
        it.input.push("app", {"n": 1})
        await it.until(lambda: it.output().asked and it.output("other").records)
        await it.exchange(both.replace("Alias out", "Alias another"))
        sheet = it.engine.ledger.snapshot()["outputs"]
        assert sheet["out"]["dropped"] == {"output removed by a reload": 1}
        assert sheet["other"]["delivered"] == 1
        it.input.push("app", {"n": 2})
        await it.until(lambda: it.output("another").records == [{"n": 2}])


async def test_an_input_with_other_options_is_opened_anew(running: Any) -> None:
    async with running(ONE) as it:
        old = it.input
        it.output().always = PeerError("dead")
        it.input.push("app", {"n": 1})
        await it.until(lambda: it.output().asked)
        await it.exchange(ONE.replace("Alias in", "Alias in\n  Note other"))
        assert it.input is not old
        assert old.stopped
        it.input.push("app", {"n": 2})
        await it.until(lambda: it.delivered == 2)


async def test_an_input_that_runs_on_may_hand_in_at_any_moment(running: Any) -> None:
    async with running(ONE) as it:
        kept, made = it.input, 0
        for _ in range(5):
            before = it.engine
            it.path.write_text(SERVICE + ONE)
            assert it.pipeline.reload() == ""
            while it.engine is before or not it.engine.up:
                kept.push("app", {"n": made, "much": "x" * 300_000})
                made += 1
                await asyncio.sleep(0)
        await it.until(lambda: it.delivered == made)
        assert kept is it.input


async def test_an_input_that_is_gone_still_has_its_records_delivered(running: Any) -> None:
    async with running(ONE) as it:
        it.output().always = PeerError("dead")
        it.input.push("app", {"n": 1})
        await it.until(lambda: it.output().asked)
        await it.exchange(ONE.replace("Alias in", "Alias new"))
        await it.until(lambda: it.output().records == [{"n": 1}])
        it.input.push("app", {"n": 2})
        await it.until(lambda: it.delivered == 2)


async def test_spooled_chunks_are_delivered_once(running: Any, tmp_path: Path) -> None:
    text = ONE.replace("Alias in", "Alias in\n  storage.type filesystem")
    service = f"  storage.path {tmp_path}/spool\n"
    async with running(service + text) as it:
        it.output().always = PeerError("dead")
        for number in range(5):
            it.input.push("app", {"n": number})
            await it.until(lambda: it.engine.ledger.sent)
        await it.exchange(service + text)
        await it.until(lambda: it.delivered == 5)
        assert sorted(record["n"] for record in it.output().records) == [0, 1, 2, 3, 4]
        await it.until(lambda: not list((tmp_path / "spool" / "in").iterdir()))


async def test_one_reload_at_a_time_and_none_after_the_stop(running: Any) -> None:
    async with running(ONE) as it:
        it.output().gate.clear()
        it.input.push("app", {"n": 1})
        await it.until(lambda: it.output().under_way)
        assert it.pipeline.reload() == ""
        assert it.pipeline.reload() == BUSY
        it.pipeline.stop()
        it.output().gate.set()
    assert it.delivered == 1
    assert it.pipeline.reload() == BUSY


async def test_a_reload_while_engines_are_exchanged_is_done_afterwards(running: Any) -> None:
    async with running(ONE) as it:
        it.path.write_text(SERVICE + ONE.replace("Alias in", "Alias in\n  Note other"))
        assert it.pipeline.reload() == ""
        it.path.write_text(SERVICE + TAGGED)
        assert it.pipeline.reload() == BUSY
        await it.until(lambda: it.pipeline.count == 2 and it.engine.up)
        it.input.push("app", {"n": 1})
        await it.until(lambda: it.delivered == 1)
        assert it.output().records == [{"n": 1, "from": "new"}]


async def test_a_reload_while_a_new_engine_fails_to_start_leaves_every_input_alive(
    running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(ONE) as it:
        kind, start = type(it.input), type(it.input).start
        waits = asyncio.Event()

        async def refuses(self: Any, intake: Any) -> None:
            if self.options.note == "refuses":
                await waits.wait()
                raise LocalError("port 24224: address already in use")
            await start(self, intake)

        monkeypatch.setattr(kind, "start", refuses)
        before = it.engine
        it.path.write_text(SERVICE + ONE.replace("Alias in", "Alias in\n  Note refuses"))
        assert it.pipeline.reload() == ""
        await it.until(lambda: it.engine is not before)
        it.path.write_text(SERVICE + ONE)
        assert it.pipeline.reload() == BUSY
        waits.set()
        await it.until(lambda: it.pipeline.count == 1 and it.engine.up)
        it.input.push("app", {"n": 1})
        await it.until(lambda: it.output().records == [{"n": 1}])
        assert not it.input.stopped


COUNTING = ONE + (
    "[FILTER]\n  Name log_to_metrics\n  Alias errors\n  Match *\n  tag m\n  metric_name errors\n"
    "  metric_description all\n"
)


async def test_what_filters_count_goes_on(running: Any) -> None:
    async with running(COUNTING) as it:

        def count() -> str:
            metrics = it.engine.filters[0].plugin.context.metrics
            return str(metrics.text(lambda tag: True)).rstrip().rpartition(" ")[2]

        it.input.push("app", {"n": 1}, {"n": 2})
        await it.until(lambda: it.delivered == 2)
        await it.exchange(COUNTING + "[OUTPUT]\n  Name null\n  Match other\n")
        assert count() == "2"
        it.input.push("app", {"n": 3})
        await it.until(lambda: it.delivered == 3)
        assert count() == "3"
        await it.exchange(COUNTING.replace("metric_name errors", "metric_name others"))
        assert count() == ""


async def test_each_pipeline_says_that_it_is_up(running: Any) -> None:
    async with running(ONE) as it:
        await it.until(lambda: it.engine.up)
        assert "is up: 1 input, 0 filters, 1 output\n" in it.stream.getvalue()
        await it.exchange(TAGGED)
        assert "is up: 1 input, 1 filter, 1 output\n" in it.stream.getvalue()
