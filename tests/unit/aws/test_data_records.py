"""Data of Firehose and Kinesis: every record is in one piece or counted, whatever it holds."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.aws.aggregate import aggregate
from outrider.aws.data_records import Form, calls
from outrider.aws.outcome import Outcome

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=40)
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("a.b", max_size=3), inner, max_size=3),
)
RECORDS = st.lists(st.dictionaries(st.sampled_from(["log", "a.b", "c\ud800", ""]), VALUES, max_size=3), max_size=12)
FORMS = st.builds(
    Form,
    limit=st.sampled_from([40, 90, 1_000_000]),
    log_key=st.sampled_from(["", "log"]),
    time_key=st.sampled_from(["", "t"]),
    time_format=st.sampled_from(["%S.%3N", "%f %L %N %%", ""]),
    go=st.booleans(),
    newline=st.booleans(),
    compression=st.sampled_from(["", "gzip", "zstd", "zlib"]),
    join=st.booleans(),
    escape_unicode=st.booleans(),
    data_keys=st.sampled_from([(), ("log",)]),
    replace_dots=st.sampled_from(["", "_"]),
)


@settings(max_examples=300, deadline=None)
@given(RECORDS, FORMS)
def test_every_record_is_in_one_item_or_counted(records: list[dict[str, Any]], form: Form) -> None:
    outcome = Outcome()
    items = form.items([n * 10**9 for n in range(len(records))], records, outcome)
    places = [place for item in items for place in item.places]
    assert places == sorted(set(places))
    assert len(places) + outcome.dropped.total() == len(records)
    assert len(outcome.refused) == outcome.dropped[f"record of {form.limit} bytes or more"]
    assert not set(outcome.refused) & set(places)
    assert all(0 < len(item.data) < form.limit for item in items)


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 7))
def test_calls_hold_every_item_once_within_the_limits(sizes: list[int], most: int) -> None:
    runs = [sizes[run] for run in calls(sizes, most, 50)]
    assert [size for run in runs for size in run] == sizes
    assert all(len(run) <= most and (sum(run) <= 50 or len(run) == 1) for run in runs)


@given(RECORDS)
def test_joined_records_keep_their_places(records: list[dict[str, Any]]) -> None:
    items = Form(limit=1_000_000).items([0] * len(records), records, Outcome())
    joined, keys = aggregate(items, [str(at % 2) for at in range(len(items))])
    assert [place for item in joined for place in item.places] == [place for item in items for place in item.places]
    assert len(joined) == len(keys)
