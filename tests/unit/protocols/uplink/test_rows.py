"""Batches: what is encoded is what is decoded; what anybody else sends is refused within the limits."""

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from outrider.protocols.uplink import Limits, Reason, Refusal, Row, decode_batch, encode_batch
from outrider.protocols.uplink.rows import (
    ATTRIBUTES,
    ATTRIBUTES_LENGTH,
    LEFT_OUT,
    MAX_TS_NS,
    MESSAGE_BYTES,
    MIN_TS_NS,
    NAME_LENGTH,
    unpacked_size,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
ROWS = st.lists(
    st.builds(
        Row,
        st.integers(MIN_TS_NS, MAX_TS_NS),
        *[TEXT] * 7,
        st.dictionaries(TEXT, TEXT, max_size=4),
    ),
    min_size=1,
    max_size=8,
)


def row(message: str = "hello", ts_ns: int = 1, **attrs: str) -> Row:
    return Row(ts_ns, "web", "web", "0123", "task/1", "stdout", "info", message, attrs)


def verdict(body: bytes, limits: Limits) -> Reason | None:
    """Why the body is refused; None when it is not."""
    try:
        decode_batch(body, limits)
    except Refusal as refusal:
        return refusal.reason
    return None


@given(ROWS)
def test_round_trip(rows: list[Row]) -> None:
    assert decode_batch(encode_batch(rows), Limits()) == rows


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        decode_batch(body, Limits())
    assert caught.value.reason in {Reason.MALFORMED, Reason.TOO_BIG}


@given(st.binary(max_size=200))
def test_any_packed_bytes_are_refused_or_decoded(packed: bytes) -> None:
    assert verdict(zstandard.compress(packed), Limits(unpacked=150)) in {None, Reason.MALFORMED, Reason.TOO_BIG}


@given(ROWS, st.integers(0, 10_000), st.integers(0, 255))
def test_a_changed_byte_never_raises_anything_else(rows: list[Row], place: int, value: int) -> None:
    body = bytearray(encode_batch(rows))
    body[place % len(body)] = value
    assert verdict(bytes(body), Limits()) in {None, Reason.MALFORMED, Reason.TOO_BIG}


def test_an_empty_batch_is_an_error_on_both_sides() -> None:
    with pytest.raises(ValueError, match="at least one"):
        encode_batch([])
    with pytest.raises(Refusal, match="empty"):
        decode_batch(zstandard.compress(b"\x90"), Limits())


def test_undecodable_bytes_are_written_readably() -> None:
    broken = b"a\xff\xfez".decode("utf-8", "surrogateescape")
    original = row(broken, key=broken + "\ud800")
    (decoded,) = decode_batch(encode_batch([original]), Limits())
    assert decoded.message == "a\\xff\\xfez"
    assert decoded.attrs == {"key": "a\\xff\\xfez\\ud800"}
    assert original.message == broken


def test_a_time_that_no_store_can_hold_is_moved_to_the_nearer_end() -> None:
    decoded = decode_batch(encode_batch([row(ts_ns=-(2**70)), row(ts_ns=2**70), row(ts_ns=5)]), Limits())
    assert [r.ts_ns for r in decoded] == [MIN_TS_NS, MAX_TS_NS, 5]


def test_a_time_out_of_range_from_another_encoder_is_malformed() -> None:
    packed = msgspec.msgpack.encode([[2**63, "", "", "", "", "", "", "", {}]])
    with pytest.raises(Refusal) as caught:
        decode_batch(zstandard.compress(packed), Limits())
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize(
    "packed",
    [
        msgspec.msgpack.encode([[1, "", "", "", "", "", "", ""]]),
        msgspec.msgpack.encode([[1, "", "", "", "", "", "", "", {}, "more"]]),
        msgspec.msgpack.encode([[1, "", "", "", "", "", "", "", {"a": 1}]]),
        msgspec.msgpack.encode({"rows": []}),
        msgspec.msgpack.encode([row()]) + b"\xc0",
        b"",
    ],
    ids=["too few", "too many", "attribute not text", "not an array", "something after it", "nothing"],
)
def test_another_shape_is_malformed(packed: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        decode_batch(zstandard.compress(packed), Limits())
    assert caught.value.reason is Reason.MALFORMED


def test_the_number_of_rows_is_judged_before_rows_are_built() -> None:
    for head in (b"\x93", b"\xdc\x00\x03", b"\xdd\x00\x00\x00\x03"):
        with pytest.raises(Refusal) as caught:
            decode_batch(zstandard.compress(head), Limits(rows=2))
        assert caught.value.reason is Reason.TOO_BIG


def bomb(stated: bool) -> bytes:
    compressor = zstandard.ZstdCompressor(write_content_size=stated)
    return compressor.compress(bytes(5 << 20))


@pytest.mark.parametrize("stated", [True, False])
def test_a_bomb_is_too_big_whether_it_states_its_size_or_not(stated: bool) -> None:
    with pytest.raises(Refusal) as caught:
        decode_batch(bomb(stated), Limits(unpacked=1 << 20))
    assert caught.value.reason is Reason.TOO_BIG


def test_a_second_frame_does_not_slip_in_unseen() -> None:
    body = encode_batch([row()])
    with pytest.raises(Refusal) as caught:
        decode_batch(body + body, Limits())
    assert caught.value.reason is Reason.MALFORMED


def test_two_frames_count_together_against_the_limit() -> None:
    with pytest.raises(Refusal) as caught:
        decode_batch(zstandard.compress(bytes(700)) * 2, Limits(unpacked=1000))
    assert caught.value.reason is Reason.TOO_BIG


def test_the_body_as_sent_is_bounded() -> None:
    with pytest.raises(Refusal) as caught:
        decode_batch(encode_batch([row()]), Limits(compressed=10))
    assert caught.value.reason is Reason.TOO_BIG


def test_a_frame_that_wants_a_huge_window_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=26, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    body = compressor.compress(b"\x90" + bytes(1000)) + compressor.flush()
    with pytest.raises(Refusal) as caught:
        decode_batch(body, Limits())
    assert caught.value.reason is Reason.MALFORMED


OVERSIZED = {
    "message": row("x" * (MESSAGE_BYTES + 1)),
    "message of wide characters": row("€" * (MESSAGE_BYTES // 2)),
    "many attributes": row(**{f"a{n}": "" for n in range(ATTRIBUTES + 1)}),
    "long attributes": row(**{f"a{n}": "v" * (ATTRIBUTES_LENGTH // 4) for n in range(5)}),
    "long name of an attribute": row(**{"n" * (NAME_LENGTH + 1): ""}),
    "long container": Row(1, "web", "c" * (NAME_LENGTH + 1), "", "", "", "", "", {}),
}


@pytest.mark.parametrize("large", OVERSIZED.values(), ids=OVERSIZED)
def test_what_is_too_large_is_refused_and_what_we_send_is_cut_to_fit(large: Row) -> None:
    assert verdict(zstandard.compress(msgspec.msgpack.encode([large])), Limits()) in {Reason.MALFORMED, Reason.TOO_BIG}
    small = row("beside it")
    cut, beside = decode_batch(encode_batch([large, small]), Limits())
    assert beside == small
    assert cut.message[:100] == large.message[:100]
    assert ("[cut: the message had" in cut.message) == (len(large.message.encode()) > MESSAGE_BYTES)
    left_out = int(cut.attrs.pop(LEFT_OUT, "0"))
    assert len(cut.attrs) + left_out == len(large.attrs)
    assert bool(left_out) == (cut.attrs != large.attrs)


def test_a_row_as_large_as_can_be_passes_untouched() -> None:
    most = row("m" * MESSAGE_BYTES, **{f"{n:02d}": "v" * (ATTRIBUTES_LENGTH // 64 - 2) for n in range(ATTRIBUTES)})
    assert decode_batch(encode_batch([most]), Limits()) == [most]


def test_millions_of_attributes_are_refused_before_they_are_built() -> None:
    packed = b"\x91\x99\x01" + b"\xa0" * 7 + b"\xdf" + (4_000_000).to_bytes(4, "big")
    packed += b"".join(b"\xa4" + n.to_bytes(4, "big").replace(b"\x80", b"x") + b"\xa0" for n in range(1000))
    with pytest.raises(Refusal, match="<= 64"):
        decode_batch(zstandard.compress(packed), Limits())


@given(ROWS)
def test_the_unpacked_size_is_counted_whatever_the_frame_states(rows: list[Row]) -> None:
    packed = msgspec.msgpack.encode(rows)
    unstated = zstandard.ZstdCompressor(write_content_size=False).compress(packed)
    assert unpacked_size(encode_batch(rows)) == unpacked_size(unstated) == len(packed)
    assert unpacked_size(unstated * 2) == 2 * len(packed)


def test_there_is_no_unpacked_size_of_what_is_no_frame() -> None:
    with pytest.raises(Refusal, match="not a zstd frame"):
        unpacked_size(b"nothing of the kind")
