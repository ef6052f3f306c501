"""The uplink output: records to rows, and what the server's answers mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.plugins.outputs.uplink import rows
from outrider.protocols.uplink import (
    BATCH_HEADER,
    RECORDS_HEADER,
    BatchAnswer,
    Limits,
    Reason,
    Refusal,
    decode_batch,
    encode_message,
)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            {"pri": "11", "host": "c0ffee", "ident": "/web", "pid": "7", "message": "hello"},
            {
                "container": "web",
                "container_id": "c0ffee",
                "severity": "err",
                "message": "hello",
                "attrs": {"pid": "7"},
            },
        ),
        (
            {
                "log": "hi",
                "container_name": "/app",
                "container_id": "id",
                "source": "stdout",
                "n": 1,
                "deep": [1],
            },
            {
                "container": "app",
                "container_id": "id",
                "stream": "stdout",
                "message": "hi",
                "attrs": {"n": "1", "deep": "[1]"},
            },
        ),
        (
            {
                "message": "parsed",
                "log": "as it came",
                "level": "WARN",
                "host": "db1",
                "ident": "x",
                "source": "billing",
                "stream": "stderr",
                "container_name": "/app",
                "container_id": "id",
            },
            {
                "container": "app",
                "container_id": "id",
                "stream": "stderr",
                "severity": "WARN",
                "message": "parsed",
                "attrs": {"log": "as it came", "host": "db1", "ident": "x", "source": "billing"},
            },
        ),
        ({"log": "x", "level": 30}, {"severity": "", "attrs": {"level": "30"}}),
        ({"log": "x", "level": "chatty", "severity": "fatal"}, {"severity": "fatal", "attrs": {"level": "chatty"}}),
        ({"pri": "11", "log": "x", "level": "info"}, {"severity": "err", "attrs": {"level": "info"}}),
        ({"a": 1}, {"message": '{"a":1}', "attrs": {"a": "1"}}),
        ({"message": ""}, {"message": ""}),
        ({"log": b"\xff"}, {"message": "\udcff"}),
        ({"pri": "bad", "message": "x"}, {"severity": "", "message": "x"}),
        ({"pri": "999999", "message": "x"}, {"severity": ""}),
        ({}, {"message": "{}"}),
        ({"message": 5, "ident": 6, "host": None}, {"message": "5", "container": "6", "container_id": "null"}),
    ],
)
def test_a_record_as_a_row(record: dict[str, Any], expected: dict[str, Any]) -> None:
    found = rows.row(5, record, "tag", "task")
    assert (found.ts_ns, found.tag, found.task) == (5, "tag", "task")
    assert {name: getattr(found, name) for name in expected} == expected


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
FIELDS = st.sampled_from(["pri", "host", "ident", "log", "message", "container_name", "source", "level"]) | st.text()


@given(st.dictionaries(FIELDS, VALUES))
def test_no_field_is_lost(record: dict[str, Any]) -> None:
    found = rows.row(0, record, "tag", "task")
    shown = [found.message, found.container, found.container_id, found.stream, found.severity, *found.attrs.values()]
    for name, value in record.items():
        text = rows._text(value)
        assert name == "pri" or any(text in each or text.lstrip("/") in each for each in shown)


@given(st.binary())
def test_the_text_of_a_container_is_the_same_bytes(line: bytes) -> None:
    log = line.decode("utf-8", "surrogateescape")
    found = rows.row(0, {"log": log, "source": "stdout", "container_name": "/web", "container_id": "c"}, "t", "task")
    assert found.message.encode("utf-8", "surrogateescape") == line
    assert (found.container, found.container_id, found.stream, found.attrs) == ("web", "c", "stdout", {})


def test_parts_are_the_same_each_time() -> None:
    batch = Batch("t", [1] * 25_000, [{"message": str(n)} for n in range(25_000)], id="ab" * 16)
    first, second = list(rows.parts(batch, "task")), list(rows.parts(batch, "task"))
    assert [(name, len(part)) for name, part in first] == [(name, len(part)) for name, part in second]
    assert [len(part) for _, part in first] == [10_000, 10_000, 5_000]
    assert len({name for name, _ in first}) == 3
    assert first[0][0] == "ab" * 16
    assert all(len(name) == 32 for name, _ in first)


class Client:
    """A server's answers, one after another."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.bodies: list[tuple[str, int]] = []

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        self.bodies.append((headers[BATCH_HEADER], int(headers[RECORDS_HEADER])))
        assert len(decode_batch(body, Limits())) == int(headers[RECORDS_HEADER])
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return encode_message(BatchAnswer(headers[BATCH_HEADER] if answer == "ok" else answer, answer != "not durable"))

    async def close(self) -> None:
        self.bodies.append(("closed", 0))


@pytest.fixture
def uplink(make: Any, tmp_path: Path) -> Any:
    return make("output", "uplink", identity=tmp_path, task="task", timeout="5s")


async def test_an_answer_that_is_durable(uplink: Any, batch: Any) -> None:
    uplink._client = Client("ok", "ok")
    found = batch({"message": "a", "ident": "web"}, {"message": "b", "ident": "web"})
    for _ in range(2):
        delivery = await uplink.send(found)
        assert (delivery.delivered, delivery.dropped, len(delivery.rest)) == (2, 0, 0)
    await uplink.stop()
    assert uplink._client.bodies == [("ab" * 16, 2), ("ab" * 16, 2), ("closed", 0)]
    assert (uplink.seen["web"].records, uplink.seen["web"].last) == (4, found.times[-1])


@pytest.mark.parametrize("answer", ["other", "not durable"])
async def test_an_answer_that_confirms_nothing(uplink: Any, batch: Any, answer: str) -> None:
    uplink._client = Client(answer)
    with pytest.raises(PeerError, match="did not confirm"):
        await uplink.send(batch({"message": "a"}))
    assert uplink.seen == {}


async def test_a_refusal_that_may_pass(uplink: Any, batch: Any) -> None:
    refusal = next(Refusal(reason, "x") for reason in Reason if Refusal(reason, "x").retry)
    uplink._client = Client(refusal)
    with pytest.raises(Refusal):
        await uplink.send(batch({"message": "a"}))


async def test_a_final_refusal_drops_with_the_reason(uplink: Any, batch: Any) -> None:
    uplink._client = Client(Refusal(Reason.MALFORMED, "not rows"))
    delivery = await uplink.send(batch({"message": "a"}))
    assert (delivery.delivered, delivery.dropped) == (0, 1)
    assert delivery.reason.startswith("refused by the server: ")
    assert delivery.refused == [0]


async def test_of_a_part_that_is_refused_the_records_are_known(
    uplink: Any, batch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "ROWS_MAX", 2)
    uplink._client = Client("ok", Refusal(Reason.MALFORMED, "not rows"), "ok")
    delivery = await uplink.send(batch(*[{"message": "a"}] * 5))
    assert (delivery.delivered, delivery.dropped, delivery.refused) == (3, 2, [2, 3])


async def test_before_enrolment_records_wait(uplink: Any, batch: Any) -> None:
    with pytest.raises(PeerError, match="not enrolled yet"):
        await uplink.send(batch({"message": "a"}))


def test_an_identity_is_needed(make: Any) -> None:
    with pytest.raises(UserError, match="uplink needs identity; fix: remove it and run 'outrider agent -c FILE'"):
        make("output", "uplink")
