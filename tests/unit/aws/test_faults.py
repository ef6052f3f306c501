"""What AWS's error answers mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.aws.faults import fault
from outrider.aws.logs import refused as refused_events
from outrider.aws.put_records import FIREHOSE, STREAMS, Kind, refused
from outrider.model.errors import PeerError

XML = b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Less &amp; later</Message></Error>'


@pytest.mark.parametrize(
    ("status", "headers", "body", "text", "throttled", "unauthorized"),
    [
        (400, {}, b'{"__type":"com.amazonaws.logs#ThrottlingException","message":"Rate exceeded"}',
         "HTTP 400 ThrottlingException: Rate exceeded", True, False),
        (400, {"x-amzn-ErrorType": "ExpiredTokenException:http://x/"}, b'{"Message":"old"}',
         "HTTP 400 ExpiredTokenException: old", False, True),
        (503, {}, XML, "HTTP 503 SlowDown: Less & later", True, False),
        (403, {}, b"", "HTTP 403", False, True),
        (403, {}, b'{"__type":"AccessDeniedException"}', "HTTP 403 AccessDeniedException", False, True),
        (502, {}, b"<html>bad\ngateway", "HTTP 502", False, False),
        (500, {}, b"oh\ndear", "HTTP 500 oh dear", False, False),
        (429, {}, b"[1]", "HTTP 429 [1]", True, False),
    ],
)  # fmt: skip
def test_errors_by_name(
    status: int, headers: dict[str, str], body: bytes, text: str, throttled: bool, unauthorized: bool
) -> None:
    found = fault(status, headers, body)
    assert (str(found), found.throttled, found.unauthorized) == (text, throttled, unauthorized)


@given(st.binary(max_size=300), st.integers(100, 599))
def test_any_answer_has_a_short_printable_text(body: bytes, status: int) -> None:
    text = str(fault(status, {}, body))
    assert text.isprintable()
    assert len(text) < 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(JSON, JSON, JSON, st.integers(1, 50))
def test_any_rejection_accounts_for_events_that_there_are(
    old: object, expired: object, new: object, count: int
) -> None:
    import json

    told = {"tooOldLogEventEndIndex": old, "expiredLogEventEndIndex": expired, "tooNewLogEventStartIndex": new}
    found = refused_events(json.dumps({"rejectedLogEventsInfo": told}).encode(), count)
    places = [place for events in found.values() for place in range(events.start, events.stop)]
    assert places == sorted(set(places))
    assert set(places) <= set(range(count))
    assert all(events.start < events.stop for events in found.values())


@given(st.binary(max_size=60))
def test_any_body_is_no_rejection(body: bytes) -> None:
    assert refused_events(b"rejectedLogEventsInfo" + body, 3) == {}


@pytest.mark.parametrize("kind", [FIREHOSE, STREAMS])
@given(failed=JSON, answers=JSON, count=st.integers(1, 5))
def test_any_answer_says_which_items_or_is_an_error(kind: Kind, failed: object, answers: object, count: int) -> None:
    import json

    try:
        found = refused(json.dumps({kind.failed: failed, kind.answers: answers}).encode(), kind, count)
    except PeerError:
        return
    assert set(found) <= set(range(count))


def test_without_details_every_item_counts_as_failed() -> None:
    assert set(refused(b'{"FailedPutCount":1,"RequestResponses":[]}', FIREHOSE, 3)) == {0, 1, 2}
    with pytest.raises(PeerError, match="not what the service sends"):
        refused(b"<html>", FIREHOSE, 3)
