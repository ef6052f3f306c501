"""Records that an output refuses one by one are kept, and can be sent again."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from outrider.model.batch import Batch
from outrider.pipeline.answer import Answer, ask
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.plugin import Delivery
from outrider.spool import chunkfile

OUTPUT = "[OUTPUT]\n  Name steered\n  Match *\n  Retry_Limit False\n"


def config(spool: Path, more: str = OUTPUT) -> str:
    service = f"  storage.path {spool}\n  storage.keep.rejected on\n"
    return f"{service}[INPUT]\n  Name steered\n  storage.type filesystem\n{more}"


def letters(spool: Path) -> list[Path]:
    return sorted((spool / "rejected").rglob(f"*{chunkfile.SUFFIX}"))


def bring_back(spool: Path) -> None:
    for path in letters(spool):
        path.rename(spool / "steered.0" / path.name)


def push(running: Any, count: int) -> None:
    running.input().push("tag", *[{"n": n} for n in range(count)])


async def test_records_that_are_refused_are_kept_and_can_be_sent_again(pipeline: Any, tmp_path: Path) -> None:
    text = config(tmp_path, OUTPUT + OUTPUT)
    async with pipeline(text) as running:
        running.output().answers = [lambda batch: Delivery(3, 2, "mapping conflict", refused=[1, 4])]
        push(running, 5)
        await running.settled()
        assert running.sent()["dropped"] == {"mapping conflict": 2}
    (kept,) = letters(tmp_path)
    assert kept.parent.name == "steered.0"
    assert "2 rejected records" in running.log.getvalue()
    bring_back(tmp_path)
    async with pipeline(text) as again:
        await again.settled()
    assert again.numbers(0) == [1, 4]
    assert again.numbers(1) == [], "this one had them"


async def test_some_are_taken_some_refused_and_some_tried_again(pipeline: Any, tmp_path: Path) -> None:
    async with pipeline(config(tmp_path)) as running:
        running.output().answers = [
            lambda batch: Delivery(1, 2, "bad", rest=[1, 3, 4], refused=[0, 5]),
            lambda batch: Delivery(2, 1, "bad", refused=[1]),
        ]
        push(running, 6)
        await running.settled()
        assert running.sent()["delivered"] == 3
        assert running.sent()["dropped"] == {"bad": 3}
    assert len(letters(tmp_path)) == 2
    bring_back(tmp_path)
    async with pipeline(config(tmp_path)) as again:
        await again.settled()
    assert again.numbers() == [0, 3, 5]


async def test_what_an_option_leaves_out_is_counted_alone(pipeline: Any, tmp_path: Path) -> None:
    async with pipeline(config(tmp_path)) as running:
        running.output().answers = [
            lambda batch: Delivery(1, 2, "no key; too large", refused=[1]),
            lambda batch: Delivery(0, 2, "no key"),
        ]
        push(running, 3)
        await running.settled()
        push(running, 2)
        await running.settled()
        assert running.sent()["dropped"] == {"no key; too large": 2, "no key": 2}
    bring_back(tmp_path)
    async with pipeline(config(tmp_path)) as again:
        await again.settled()
    assert again.numbers() == [1]


async def test_what_is_kept_is_what_the_output_was_given(pipeline: Any, tmp_path: Path) -> None:
    filters = (
        "[FILTER]\n  Name grep\n  Match none\n  Exclude n ^0$\n"
        "[FILTER]\n  Name record_modifier\n  Match none\n  Record by processor\n"
    )

    def prepare(running: Any) -> None:
        running.engine.outputs[0].processors = running.engine.filters[:]

    async with pipeline(config(tmp_path, OUTPUT + filters), prepare) as running:
        running.output().answers = [lambda batch: Delivery(1, 1, "bad", refused=[1])]
        running.input().push("tag", *[{"n": str(n)} for n in range(3)])
        await running.settled()
        assert running.sent()["dropped"] == {"filter grep.0": 1, "bad": 1}
    bring_back(tmp_path)
    async with pipeline(config(tmp_path)) as again:
        await again.settled()
    assert again.output().records == [{"n": "2", "by": "processor"}]


@pytest.mark.parametrize(
    "wrong",
    [
        Delivery(2, 1, refused=[0, 1]),
        Delivery(2, 1, refused=[3]),
        Delivery(2, 1, refused=[-1]),
        Delivery(1, 1, rest=[1], refused=[1]),
        Delivery(1, 2, refused=[1, 1]),
        Delivery(1, rest=[2, 2]),
        Delivery(2, rest=[3]),
        Delivery(2),
    ],
)
async def test_an_output_that_tells_what_cannot_be_is_told_of(wrong: Delivery) -> None:
    async def send() -> Delivery:
        return wrong

    stream = io.StringIO()
    answer = await ask(send(), 3, Log(Sink(stream), "test"))
    assert answer.again
    assert "bug in output" in stream.getvalue()


def test_the_refused_of_a_batch() -> None:
    batch = Batch("tag", [1, 2, 3], [{"n": n} for n in range(3)])
    assert Answer(Delivery(2, 1)).refused_of(batch) is None
    assert Answer(Delivery(0, 3, refused=range(3))).refused_of(batch) is batch
    part = Answer(Delivery(1, 2, refused=[0, 2])).refused_of(batch)
    assert part is not None
    assert (part.times, part.records) == ([1, 3], [{"n": 0}, {"n": 2}])
