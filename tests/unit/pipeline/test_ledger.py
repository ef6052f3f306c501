"""The balance sheet: what it adds up, and that it finds what does not balance."""

from __future__ import annotations

import json
from collections import Counter

import msgspec

from outrider.pipeline import ledger
from outrider.pipeline.ledger import Ledger, count_reason


def test_an_empty_sheet_balances() -> None:
    assert Ledger().snapshot() == {"balance": True, "inputs": {}, "outputs": {}, "tags": []}


def test_rows_are_summed_by_input_and_output() -> None:
    sheet = Ledger()
    for tag, accepted in (("a", 5), ("b", 7)):
        row = sheet.of_input("in", tag)
        row.accepted, row.waiting, row.passed = accepted, 1, accepted - 2
        row.dropped["filter x"] += 1
        row.refused["too long"] += 3
        sent = sheet.of_output("in", tag, "out")
        sent.routed = sent.delivered = accepted - 2
    found = sheet.snapshot()
    assert found["balance"]
    assert found["inputs"]["in"] == {
        "accepted": 12,
        "waiting": 2,
        "passed": 8,
        "dropped": {"filter x": 2},
        "moved": {},
        "refused": {"too long": 6},
    }
    assert found["outputs"]["out"] == {"routed": 8, "buffered": 0, "delivered": 8, "retried": 0, "dropped": {}}
    assert [row["tag"] for row in found["tags"]] == ["a", "b"]
    assert json.loads(json.dumps(found)) == found


def test_what_does_not_balance_is_named() -> None:
    sheet = Ledger()
    sheet.of_input("in", "a").accepted = 1
    sheet.of_output("in", "a", "out").routed = 1
    assert [text.split(":")[0] for text in sheet.faults()] == ["in a", "in a > out"]
    assert not sheet.snapshot()["balance"]


def test_tags_beyond_the_limit_share_a_row() -> None:
    sheet = Ledger()
    for number in range(ledger.ROWS_MAX + 10):
        sheet.of_input("in", f"tag{number}").accepted += 1
        sheet.of_output("in", f"tag{number}", "out").routed += 1
    assert len(sheet.taken) == len(sheet.sent) == ledger.ROWS_MAX + 1
    assert sheet.of_input("in", ledger.OTHER_TAGS).accepted == 10
    assert sheet.of_input("in", "tag5000") is sheet.of_input("in", ledger.OTHER_TAGS)


def test_reasons_beyond_the_limit_share_a_count() -> None:
    counter: Counter[str] = Counter()
    for number in range(ledger.REASONS_MAX + 10):
        count_reason(counter, f"reason {number}", 2)
    count_reason(counter, "reason 3", 1)
    assert len(counter) == ledger.REASONS_MAX + 1
    assert counter[ledger.OTHER_REASONS] == 20
    assert counter["reason 3"] == 3


def test_a_tag_that_is_not_utf8_can_be_told() -> None:
    sheet = Ledger()
    sheet.of_input("in", "a\udcffb").accepted = 1
    (row,) = json.loads(msgspec.json.encode(sheet.snapshot()))["tags"]
    assert row["tag"] == "a\\xffb"
