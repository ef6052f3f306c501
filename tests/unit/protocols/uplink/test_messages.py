"""The JSON bodies: round trip, tolerance for what is new, refusals that name the member at fault."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.protocols.uplink import (
    EnrolRequest,
    Heartbeat,
    Ledger,
    Problem,
    Reason,
    Refusal,
    batch_id,
    decode_message,
    decode_refusal,
    encode_message,
    encode_refusal,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
COUNT = st.integers(0, 2**63 - 1)
HEARTBEATS = st.builds(
    Heartbeat,
    version=TEXT,
    uptime_seconds=st.floats(0, 1e10),
    ledger=st.builds(Ledger, COUNT, COUNT, COUNT, st.dictionaries(TEXT, COUNT, max_size=3)),
    problems=st.lists(st.builds(Problem, TEXT, TEXT, st.sampled_from(["warning", "error"])), max_size=3),
)


@given(HEARTBEATS)
def test_round_trip(beat: Heartbeat) -> None:
    assert decode_message(Heartbeat, encode_message(beat)) == beat


@given(st.binary(max_size=100))
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        decode_message(EnrolRequest, body)
    assert caught.value.reason is Reason.REQUEST_INVALID


def test_a_member_that_is_not_known_is_ignored() -> None:
    assert decode_message(Heartbeat, b'{"version": "2", "mood": "good"}') == Heartbeat(version="2")


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"kind": "cloud"}, "kind"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"csr_pem": 1}, "csr_pem"),
        ({"labels": {"a": 1}}, "labels"),
    ],
)
def test_a_wrong_member_is_named(change: dict[str, object], names: str) -> None:
    body = {"token": "t", "csr_pem": "c", "name": "web-1", "kind": "host"} | change
    with pytest.raises(Refusal, match=names):
        decode_message(EnrolRequest, msgspec.json.encode(body))


def test_a_missing_member_is_named() -> None:
    with pytest.raises(Refusal, match="token"):
        decode_message(EnrolRequest, b"{}")


def test_what_was_dropped_is_lost() -> None:
    assert Ledger(accepted=10, delivered=5, dropped={"malformed": 2, "buffer full": 3}).lost == 5


@pytest.mark.parametrize("reason", Reason)
def test_a_refusal_survives_the_wire(reason: Reason) -> None:
    sent = Refusal(reason, "what", "remedy")
    got = decode_refusal(reason.status, encode_refusal(sent))
    assert (got.reason, got.message, got.fix, got.retry) == (reason, "what", "remedy", reason.retry)
    assert 400 <= reason.status < 600


@given(st.integers(300, 599), st.binary(max_size=60))
def test_a_foreign_answer_is_judged_by_its_status(status: int, body: bytes) -> None:
    refusal = decode_refusal(status, body)
    assert refusal.retry == (status not in {400, 413})
    assert str(status) in refusal.message


@pytest.mark.parametrize("depth", [900, 1000, 100_000])
def test_nesting_in_members_that_nobody_knows_is_judged_too(depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    found = decode_refusal(413, b'{"error":{"code":"too_big","x":' + deep + b"}}")
    assert found.reason is Reason.TOO_BIG
    if depth > 900:
        with pytest.raises(Refusal):
            decode_message(Heartbeat, b'{"x":' + deep + b"}")


def test_a_code_from_a_newer_server_is_judged_by_status() -> None:
    refusal = decode_refusal(503, b'{"error": {"code": "new_one", "message": "m"}}')
    assert refusal.reason is Reason.OVERLOADED


def test_batch_ids() -> None:
    assert batch_id("00" * 15 + "ff") == bytes(15) + b"\xff"
    for wrong in ("", "0" * 31, "0" * 33, "G" * 32, "F" * 32):
        with pytest.raises(Refusal):
            batch_id(wrong)


@pytest.mark.parametrize("seconds", ["1e308", "-1", "1e11"])
def test_an_uptime_that_is_none_is_refused(seconds: str) -> None:
    with pytest.raises(Refusal, match="uptime_seconds"):
        decode_message(Heartbeat, b'{"uptime_seconds": %b}' % seconds.encode())
