from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from outrider.taskdef.run.metadata.protection import Protection

NOW = 1_600_000_000.0
OFF = {"protection": {"ProtectionEnabled": False, "TaskArn": "arn"}}


def on(until: str) -> dict[str, object]:
    return {"protection": {"ExpirationDate": until, "ProtectionEnabled": True, "TaskArn": "arn"}}


@pytest.mark.parametrize(
    ("minutes", "until"), [({}, "2020-09-13T14:26:40Z"), ({"ExpiresInMinutes": 1}, "2020-09-13T12:27:40Z")]
)
def test_it_is_on_until_its_time_is_over(minutes: dict[str, int], until: str) -> None:
    protection = Protection("arn")
    assert protection.document(NOW) == OFF
    body = json.dumps({"ProtectionEnabled": True, **minutes}).encode()
    assert protection.update(body, NOW) == (200, on(until))
    assert protection.document(NOW + 59) == on(until)
    assert protection.document(NOW + 7200) == OFF


def test_it_can_be_switched_off() -> None:
    protection = Protection("arn")
    protection.update(b'{"ProtectionEnabled": true}', NOW)
    assert protection.update(b'{"ProtectionEnabled": false}', NOW) == (200, OFF)


@pytest.mark.parametrize("minutes", [0, -1, 2881, 10**30, 1.5, "60"])
def test_times_that_cannot_be_are_refused(minutes: object) -> None:
    protection = Protection("arn")
    body = json.dumps({"ProtectionEnabled": True, "ExpiresInMinutes": minutes}).encode()
    status, answer = protection.update(body, NOW)
    assert (status, answer["error"]["Code"], answer["error"]["Arn"]) == (400, "InvalidParameterException", "arn")
    assert protection.document(NOW) == OFF


@given(st.binary())
@example(b"[" * 2000)
@example(b'{"ProtectionEnabled": 1}')
def test_any_other_body_is_refused_and_changes_nothing(body: bytes) -> None:
    protection = Protection("arn")
    assert protection.update(body, NOW)[0] == 400
    assert protection.document(NOW) == OFF
