"""Bodies of PutLogEvents: within the limits, whole, in order, and as full as the limits allow."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.aws import log_events
from outrider.aws.log_events import (
    BODY_MAX,
    EVENT_MAX,
    EVENTS_MAX,
    LONGEST,
    SPAN_MS,
    Events,
    bodies,
    cut_to_limit,
    events_of,
    in_order,
    one_key,
    wanted,
    whole_records,
)

STAMP = 1_700_000_000_000
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


def made(times: list[int], texts: list[str]) -> list[dict[str, Any]]:
    found = []
    position = 0
    records = [{"k": text} for text in texts]
    nanoseconds = [ms * 1_000_000 for ms in times]
    for body in bodies("g", "s", events_of(range(len(texts)), nanoseconds, records, one_key("k"), LONGEST)):
        assert body.start == position
        position = body.end
        data = b"".join(body.data)
        said = json.loads(data)
        assert (said["logGroupName"], said["logStreamName"]) == ("g", "s")
        assert len(said["logEvents"]) == body.end - body.start
        found.append({"size": len(data), "events": said["logEvents"]})
    assert position == len(times)
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3 * SPAN_MS), TEXT, st.sampled_from([1, 1, 1, 40_000, 90_000])), max_size=40))
def test_bodies_hold_every_event_within_the_limits(given_events: list[tuple[int, str, int]]) -> None:
    events = sorted(((STAMP + at, text * times) for at, text, times in given_events), key=lambda event: event[0])
    found = made([when for when, _ in events], [text for _, text in events])
    got = [(event["timestamp"], event["message"]) for body in found for event in body["events"]]
    assert [when for when, _ in got] == [when for when, _ in events]
    assert [text for _, text in got] == [cut_to_limit(text) for _, text in events]
    for body in found:
        times = [event["timestamp"] for event in body["events"]]
        assert body["size"] <= BODY_MAX
        assert len(times) <= EVENTS_MAX
        assert times[-1] - times[0] < SPAN_MS
    for body, following in pairwise(found):
        first = following["events"][0]
        size = len(json.dumps(first["message"], ensure_ascii=False).encode()) - 2 + 42
        spans = first["timestamp"] - body["events"][0]["timestamp"] >= SPAN_MS
        assert spans or body["size"] + size > BODY_MAX - 40 - len(
            body["events"]
        )  # each is counted with a byte to spare


def test_ten_thousand_events_at_most() -> None:
    found = made([STAMP] * 20_001, ["x"] * 20_001)
    assert [len(body["events"]) for body in found] == [10_000, 10_000, 1]


def test_a_body_is_full_to_the_byte() -> None:
    room = BODY_MAX - log_events.AROUND - len("g") - len("s")
    texts = ["x" * 9_958] * 104  # 10,000 bytes each with what stands around
    rest = room - 104 * 10_000 - 42
    assert len(made([STAMP] * 105, [*texts, "x" * rest])) == 1
    assert len(made([STAMP] * 105, [*texts, "x" * (rest + 1)])) == 2


@settings(deadline=None)
@given(st.integers(0, 12), st.sampled_from(["é", "\n", "\\", '"', "\x01", "\U0001f600", "ab"]))
def test_a_cut_tears_nothing(offset: int, unit: str) -> None:
    text = "x" * offset + unit * EVENT_MAX
    kept = cut_to_limit(text)
    assert text.startswith(kept)
    size = len(json.dumps(kept, ensure_ascii=False).encode()) - 2
    assert EVENT_MAX - 6 < size <= EVENT_MAX


def test_records_as_json() -> None:
    plain = [{"a": 'x"\n', "b": None}, {"c": 1}]
    odd = [{"f": 0.1, "é": b"\xff", "d": "\x7f"}, {"n": {"m": [True]}}]
    assert texts_of(plain) == ['{"a":"x\\"\\n","b":null}', '{"c":1}']
    assert texts_of(odd) == ['{"f":0.1,"\\u00e9":"\\ue0ff","d":"\\u007f"}', '{"n":{"m":[true]}}']
    assert texts_of([{"é": "\x7f"}], escape_unicode=False) == ['{"é":"\\u007f"}']


def texts_of(records: list[dict[str, Any]], *, escape_unicode: bool = True) -> list[str]:
    joined = whole_records(escape_unicode=escape_unicode)(records)
    assert isinstance(joined, str)
    return joined.split(log_events.END)[:-1]


RECORDS = st.lists(
    st.dictionaries(st.text(max_size=3), st.text(st.sampled_from('{}\\n"%,\n\x7fé'), max_size=8)), max_size=300
)


@settings(max_examples=60, deadline=None)
@given(RECORDS, st.booleans())
def test_records_arrive_as_they_are(records: list[dict[str, str]], escape_unicode: bool) -> None:
    times = [STAMP + at // 3 for at in range(len(records))]
    texts = whole_records(escape_unicode=escape_unicode)
    made_of = events_of(range(len(records)), [ms * 1_000_000 for ms in times], records, texts, LONGEST)
    found = [json.loads(b"".join(body.data)) for body in bodies("g", "s", made_of)]
    events = [event for body in found for event in body["logEvents"]]
    assert [json.loads(event["message"]) for event in events] == records
    assert [event["timestamp"] for event in events] == times


def test_texts_of_one_key_may_hold_anything() -> None:
    texts = ["a%b%%", "\x7f", '"},%b"', "%", "x\x7fy\n"]
    for chosen in (texts, [text.replace("\x7f", "") or "-" for text in texts]):
        (body,) = made([STAMP + at for at in range(5)], chosen)
        assert [event["message"] for event in body["events"]] == chosen
        assert [event["timestamp"] for event in body["events"]] == [STAMP + at for at in range(5)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), TEXT, st.sampled_from([1, 1, 90_000])), min_size=1, max_size=40),
    st.lists(st.integers(1, 39), max_size=3),
)
def test_events_made_in_parts_are_the_events_made_at_once(
    given_events: list[tuple[int, str, int]], cuts: list[int]
) -> None:
    records = [{"n": n, "k": text * times} for n, (_, text, times) in enumerate(given_events)]
    times = [(STAMP + at * SPAN_MS) * 1_000_000 for at, _, _ in given_events]
    texts = whole_records(escape_unicode=False)

    def part(start: int, stop: int) -> Events:
        return events_of(range(stop - start), times[start:stop], records[start:stop], texts, LONGEST)

    bounds = sorted({0, len(records), *[cut for cut in cuts if cut < len(records)]})
    together = Events([], [], [])
    for start, stop in pairwise(bounds):
        together.add(part(start, stop), start)
    whole = part(0, len(records))
    got = [b"".join(body.data) for body in bodies("g", "s", together)]
    assert got == [b"".join(body.data) for body in bodies("g", "s", whole)]
    assert together.places == whole.places
    said = [int(event["message"][5:].split(",")[0]) for body in got for event in json.loads(body)["logEvents"]]
    assert said == together.places == sorted(range(len(records)), key=lambda at: times[at])


@given(st.lists(st.integers(0, 50), max_size=30))
def test_order_is_by_time_and_otherwise_kept(times: list[int]) -> None:
    order = in_order(times)
    expected = sorted(range(len(times)), key=lambda at: (times[at], at))
    assert (order or list(range(len(times)))) == expected


def test_what_gives_no_event_is_counted() -> None:
    dropped: Counter[str] = Counter()
    assert list(wanted([{"a": 1}, {"b": 2}], "", dropped)) == [0, 1]
    assert wanted([{"a": 1}, {}, {"a": ""}], "", dropped) == [0, 2]
    assert wanted([{"a": 1}, {}, {"a": ""}], "a", dropped) == [0]
    assert dropped == {"empty message": 2, "log_key 'a' is not in the record": 1}
