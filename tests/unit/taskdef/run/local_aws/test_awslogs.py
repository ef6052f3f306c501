from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from outrider.taskdef.run.local_aws import awslogs
from outrider.taskdef.run.local_aws.awslogs import LogDriver, stream_name


class ThereError(ClientError):
    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ResourceAlreadyExistsException", "Message": ""}}, "CreateLogStream")


class Logs:
    """CloudWatch Logs: ``events`` is what came."""

    def __init__(self) -> None:
        self.exceptions = SimpleNamespace(ResourceAlreadyExistsException=ThereError)
        self.events: list[str] = []
        self.streams: set[str] = set()
        self.fault: Exception | None = None

    def create_log_stream(self, **names: str) -> None:
        if names["logStreamName"] in self.streams:
            raise ThereError
        self.streams.add(names["logStreamName"])

    def put_log_events(self, logEvents: list[dict[str, Any]], **names: str) -> None:  # noqa: N803 - AWS's name
        if self.fault is not None:
            raise self.fault
        self.events += [event["message"] for event in logEvents]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"awslogs-stream-prefix": "p"}, "p/web/TASK"),
        ({"awslogs-stream": "s", "awslogs-stream-prefix": "p"}, "s"),
        ({}, "ID"),
    ],
)
def test_the_stream_has_the_name_that_ecs_gives_it(options: dict[str, str], name: str) -> None:
    assert stream_name(options, "web", "ID", "TASK") == name


async def test_every_line_is_an_event_in_order_and_empty_ones_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awslogs, "_BATCH", 7)
    monkeypatch.setattr(awslogs, "_PAUSE", 0)
    logs, notes = Logs(), list[str]()
    driver = LogDriver(logs, "g", "s", notes.append)
    for number in range(20):
        driver.line(str(number))
        driver.line("")
    await driver.close()
    assert (logs.events, logs.streams, notes) == ([str(number) for number in range(20)], {"s"}, [])


async def test_what_cannot_be_sent_is_counted_and_told_once() -> None:
    logs, notes = Logs(), list[str]()
    logs.fault = EndpointConnectionError(endpoint_url="http://here")
    driver = LogDriver(logs, "g", "s", notes.append)
    driver.line("one")
    await driver.close()
    driver.line("two")
    await driver.close()
    assert driver.dropped == 2
    assert notes == ['lines do not reach the log group g: Could not connect to the endpoint URL: "http://here"']


async def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awslogs, "_MOST", 2)
    logs, notes = Logs(), list[str]()
    driver = LogDriver(logs, "g", "s", notes.append)
    for text in ("one", "two", "three"):
        driver.line(text)
    await driver.close()
    assert (logs.events, driver.dropped, len(notes)) == (["one", "two"], 1, 1)
