"""The receiving side of the Forward protocol: what each kind of frame gives, whatever the split of the bytes."""

from __future__ import annotations

import gzip
import io
import itertools
import os
import struct
from collections.abc import Iterable
from typing import Any
from unittest import mock

import msgpack as wire
import pytest
import zstandard
from fluent import sender as fluent_sender
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outrider.formats import msgpack
from outrider.plugins.inputs.forward.decode import decode_entries, decode_messages
from outrider.protocols.forward import session
from outrider.protocols.forward.session import Block, Event, ForwardSession, Refuse, Reply, Shape

DECODERS = {Shape.MESSAGES: decode_messages, Shape.ENTRIES: decode_entries}
SECOND = 1_000_000_000


def stamp(seconds: int, nanoseconds: int = 0) -> wire.ExtType:
    return wire.ExtType(0, seconds.to_bytes(4, "big") + nanoseconds.to_bytes(4, "big"))


def entry(seconds: int, record: dict[Any, Any]) -> bytes:
    return wire.packb([stamp(seconds), record])


def records(events: Iterable[Event]) -> list[tuple[str, int, dict[str, Any]]]:
    """What the blocks hold: tag, nanoseconds, record."""
    found = []
    for event in events:
        if isinstance(event, Block):
            batch = DECODERS[event.shape](event.tag, [event.raw], event.count)
            assert len(batch) == event.count
            found += [(event.tag, time, record) for time, record in zip(batch.times, batch.records, strict=True)]
    return found


def replies(events: Iterable[Event]) -> bytes:
    return b"".join([event.data for event in events if isinstance(event, Reply)])


def refusal(events: Iterable[Event]) -> str | None:
    return next((event.reason for event in events if isinstance(event, Refuse)), None)


def ack(chunk: str) -> bytes:
    return wire.packb({"ack": chunk})


def feed(data: bytes, cuts: Iterable[int] = (), **options: Any) -> list[Event]:
    session = ForwardSession(**options)
    edges = sorted({0, len(data), *(cut for cut in cuts if 0 < cut < len(data))})
    return [e for a, b in itertools.pairwise(edges) for e in session.feed(data[a:b])]


# -- the four modes


def test_message_with_event_time() -> None:
    events = feed(wire.packb(["app", stamp(1_700_000_000, 123_456_789), {"log": "hello"}]))
    assert records(events) == [("app", 1_700_000_000_123_456_789, {"log": "hello"})]
    assert replies(events) == b""
    assert refusal(events) is None


@pytest.mark.parametrize("time", [0, 127, 200, 60_000, 1_700_000_000, 5_000_000_000])
def test_message_with_integer_time_of_every_width(time: int) -> None:
    assert records(feed(wire.packb(["app", time, {"a": 1}]))) == [("app", time * SECOND, {"a": 1})]


@pytest.mark.parametrize("option", [None, {}, {"size": 1}])
def test_message_with_an_option_that_asks_for_nothing(option: object) -> None:
    events = feed(wire.packb(["app", stamp(1), {"a": 1}, option]))
    assert records(events) == [("app", SECOND, {"a": 1})]
    assert replies(events) == b""


def test_forward_mode() -> None:
    events = feed(wire.packb(["app", [[stamp(1), {"a": 1}], [2, {"b": 2}], [3.5, {"c": 3}]], {"chunk": "x"}]))
    assert records(events) == [
        ("app", SECOND, {"a": 1}),
        ("app", 2 * SECOND, {"b": 2}),
        ("app", 3_500_000_000, {"c": 3}),
    ]
    assert replies(events) == ack("x")


@pytest.mark.parametrize("as_text", [False, True])
def test_packed_forward_mode_as_bytes_and_as_text(as_text: bool) -> None:
    packed = entry(1, {"a": 1}) + entry(2, {"b": 2})
    frame = wire.Packer(use_bin_type=not as_text).pack(["app", packed, {"chunk": "x", "size": 2}])
    events = feed(frame)
    assert records(events) == [("app", SECOND, {"a": 1}), ("app", 2 * SECOND, {"b": 2})]
    assert replies(events) == ack("x")


def test_packed_forward_mode_without_option() -> None:
    assert records(feed(wire.packb(["app", entry(1, {"a": 1})]))) == [("app", SECOND, {"a": 1})]


@pytest.mark.parametrize("declared", ["gzip", "text", None])
def test_gzip_is_known_by_its_first_bytes(declared: str | None) -> None:
    option = {"compressed": declared} if declared else {"size": 2}
    packed = gzip.compress(entry(1, {"a": 1})) + gzip.compress(entry(2, {"b": 2}))
    assert len(records(feed(wire.packb(["app", packed, option])))) == 2


def test_zstd() -> None:
    packed = zstandard.compress(entry(1, {"a": 1}))
    assert records(feed(wire.packb(["app", packed, {"compressed": "zstd"}]))) == [("app", SECOND, {"a": 1})]


def test_entries_with_metadata() -> None:
    packed = wire.packb([[stamp(1), {"m": 1}], {"a": 1}]) + wire.packb([[stamp(2), {}], {"b": 2}])
    (block,) = feed(wire.packb(["app", packed, {"size": 2}]))
    assert isinstance(block, Block)
    batch = decode_entries(block.tag, [block.raw], block.count)
    assert batch.metadata == [{"m": 1}, {}]
    assert batch.records == [{"a": 1}, {"b": 2}]


def test_empty_packed_frame_is_acknowledged() -> None:
    events = feed(wire.packb(["app", b"", {"chunk": "x"}]))
    assert (records(events), replies(events)) == ([], ack("x"))


# -- what is refused


@pytest.mark.parametrize(
    ("form", "number"),
    [(">bb", 100), (">bh", 30_000), (">bi", 1_795_299_176), (">bq", 1_795_299_176), (">bB", 200), (">bQ", 1 << 33)],
)
def test_a_time_is_a_whole_number_in_any_form(form: str, number: int) -> None:
    """Docker's driver sends signed ones unless it is asked for parts of seconds."""
    kind = {"b": -0x30, "h": -0x2F, "i": -0x2E, "q": -0x2D, "B": -0x34, "Q": -0x31}[form[-1]]
    frame = b"\x93\xa3app" + struct.pack(form, kind, number) + wire.packb({"log": "x"})
    assert records(feed(frame * 2, cuts=[7])) == [("app", number * SECOND, {"log": "x"})] * 2
    if form[-1].islower():
        before = b"\x93\xa3app" + struct.pack(form, kind, -1) + wire.packb({})
        assert refusal(feed(before)) == "the second element is neither records nor a time"


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"\xc1", "not msgpack"),
        (b"\x01", "not an array"),
        (wire.packb({"a": 1}), "not an array"),
        (wire.packb([]), "fewer than two"),
        (wire.packb(["app"]), "fewer than two"),
        (wire.packb([1, 2, {}]), "tag is not text"),
        (wire.packb([b"bytes", 2, {}]), "tag is not text"),
        (wire.packb(["app", 1]), "record is not a map"),
        (wire.packb(["app", 1, "text"]), "record is not a map"),
        (wire.packb(["app", stamp(1), [1]]), "record is not a map"),
        (wire.packb(["app", {"a": 1}, {}]), "neither records nor a time"),
        (wire.packb(["app", None, {}]), "neither records nor a time"),
        (wire.packb(["app", wire.ExtType(1, b"12345678"), {}]), "neither records nor a time"),
        (wire.packb(["app", 1, {}, "option"]), "option is not a map"),
        (wire.packb(["app", [[1, {}]], 5]), "option is not a map"),
        (wire.packb(["app", [["x", {}]]]), "not [time, record]"),
        (wire.packb(["app", [[1, "x"]]]), "not [time, record]"),
        (wire.packb(["app", [5]]), "not [time, record]"),
        (wire.packb(["app", b"\x92\x01"]), "cut off"),
        (wire.packb(["app", b"\xc1", {}]), "not msgpack"),
        (wire.packb(["app", b"", {"compressed": "lzma"}]), "unknown compression"),
        (wire.packb(["app", b"no gzip", {"compressed": "gzip"}]), "broken gzip"),
        (wire.packb(["app", gzip.compress(b"\x92\x01\x80", mtime=0)[:-9], {}]), "gzip"),
        (wire.packb(["app", b"\x28\xb5\x2f\xfdno zstd", {}]), "broken zstd"),
        (wire.packb(["app", b"", {"fluent_signal": 1}]), "only logs"),
        (wire.packb(["app", 1, {}, {"fluent_signal": 2}]), "only logs"),
        (b"\x91" * 5000, "not msgpack"),
    ],
)
def test_what_breaks_the_protocol_is_refused_with_the_reason(frame: bytes, reason: str) -> None:
    good = wire.packb(["app", 1, {"a": 1}])
    session = ForwardSession()
    events = session.feed(good + frame)
    assert records(events) == [("app", SECOND, {"a": 1})], "what came before counts"
    assert reason in (refusal(events) or "")
    assert session.feed(good) == [], "nothing is taken after a refusal"
    assert session.waiting == 0


def test_a_compression_that_is_no_name_is_refused_however_it_is_nested() -> None:
    deep = b"\xa3bad\xa1\xff" + b"\xaacompressed" + b"\x91" * 1015 + b"\x90"
    assert "unknown compression 'list'" in (refusal(feed(b"\x93\xa3app\xc4\x00\x82" + deep)) or "")


def test_entries_before_a_bad_one_are_kept_and_not_acknowledged() -> None:
    packed = wire.packb([1, {"a": 1}]) + wire.packb(["x", {}]) + entry(3, {"c": 3})
    events = feed(wire.packb(["app", packed, {"chunk": "x"}]))
    assert records(events) == [("app", SECOND, {"a": 1})]
    assert replies(events) == b""
    assert refusal(events)


def test_a_bad_entry_among_event_times_is_left_out_when_the_block_is_decoded() -> None:
    packed = entry(1, {"a": 1}) + wire.packb(["x", {}]) + entry(3, {"c": 3})
    (block,) = feed(wire.packb(["app", packed, {"size": 3}]))
    assert isinstance(block, Block)
    assert block.count == 3, "counted as taken, so that the engine counts the bad one as dropped"
    assert decode_entries("app", [block.raw], 3).records == [{"a": 1}, {"c": 3}]


# -- several frames on one connection


def test_acknowledgement_comes_after_its_block() -> None:
    frames = [wire.packb(["app", [[n, {"n": n}]], {"chunk": str(n)}]) for n in range(3)]
    kinds = [type(event) for event in feed(b"".join(frames))]
    assert kinds == [Block, Reply] * 3


def test_acknowledgement_comes_after_a_run_of_messages() -> None:
    messages = [wire.packb(["app", stamp(n), {"n": n}]) for n in range(5)]
    asking = wire.packb(["app", stamp(5), {"n": 5}, {"chunk": "five"}])
    events = feed(b"".join([*messages, asking, *messages]))
    before = records(events[: [type(e) for e in events].index(Reply)])
    assert [record["n"] for _, _, record in before] == [0, 1, 2, 3, 4, 5]
    assert replies(events) == ack("five")
    assert len(records(events)) == 11


def test_a_run_of_messages_is_one_block() -> None:
    session = ForwardSession()
    session.feed(wire.packb(["app", stamp(0), {"n": 0}]))
    events = session.feed(b"".join(wire.packb(["app", stamp(n), {"n": n}]) for n in range(100)))
    assert [event.count for event in events if isinstance(event, Block)] == [100]


def test_tags_stay_with_their_records_when_modes_are_mixed() -> None:
    one = wire.packb(["one", stamp(1), {"n": 1}])
    others = [
        wire.packb(["two", entry(2, {"n": 2}), {"size": 1}]),
        wire.packb(["three", [[stamp(3), {"n": 3}]]]),
        wire.packb(["four", 4, {"n": 4}]),
        wire.packb(["five", stamp(5), {"n": 5}]),
    ]
    for other in others:
        for cut in (0, len(one), len(one + other)):
            events = feed(one + other + one, [cut])
            assert [(tag, time) for tag, time, _ in records(events)][::2] == [("one", SECOND)] * 2
            tag, time, _ = records(events)[1]
            assert tag == {2: "two", 3: "three", 4: "four", 5: "five"}[time // SECOND]


@pytest.mark.parametrize("header", [b"\xa5", b"\xd9\x05", b"\xda\x00\x05", b"\xdb\x00\x00\x00\x05"])
@pytest.mark.parametrize("level", [b"", b"\xa5level"])
def test_an_acknowledgement_that_is_asked_for_behind_a_run(header: bytes, level: bytes) -> None:
    plain = b"\x94\xa3app" + wire.packb(stamp(7)) + (b"\x81%b\x01" % level if level else b"\x80") + b"\x80"
    asking = plain[:-1] + b"\x81" + header + b"chunk\xa1c"
    for data in (plain * 500, plain * 500 + asking):
        open_session = ForwardSession()
        open_session.feed(plain)
        events = open_session.feed(data)
        assert replies(events) == (ack("c") if data.endswith(asking) else b"")
        assert sum(event.count for event in events if isinstance(event, Block)) == len(data) // len(plain)


frames = st.one_of(
    st.builds(
        lambda tag, time, record, option: [tag, time, record, *option],
        st.sampled_from(["app", "db", ""]),
        st.one_of(st.integers(0, 2**32 - 1), st.builds(stamp, st.integers(0, 2**32 - 1), st.integers(0, 999_999_999))),
        st.dictionaries(st.text(max_size=5), st.one_of(st.text(max_size=9), st.integers(-9, 9), st.none()), max_size=3),
        st.sampled_from([[], [None], [{}], [{"chunk": "c"}], [{"size": 1}]]),
    ),
    st.builds(
        lambda tag, n, form, option: [
            tag,
            form([[stamp(i), {"i": i}] for i in range(n)]),
            *option,
        ],
        st.sampled_from(["app", "web"]),
        st.integers(1, 4),
        st.sampled_from(
            [
                lambda entries: entries,
                lambda entries: b"".join(map(wire.packb, entries)),
                lambda entries: [[int.from_bytes(time.data[:4], "big"), record] for time, record in entries],
            ]
        ),
        st.sampled_from([[], [{"chunk": "q"}], [{"size": 1}]]),
    ),
    st.builds(
        lambda n: ["zip", gzip.compress(b"".join(entry(i, {"i": i}) for i in range(n)), 1, mtime=0), {"chunk": "z"}],
        st.integers(1, 3),
    ),
)


@settings(max_examples=300)
@given(st.lists(frames, max_size=8), st.lists(st.integers(0, 600), max_size=6))
def test_any_split_gives_the_same_records_and_acknowledgements(sent: list[Any], cuts: list[int]) -> None:
    data = b"".join(map(wire.packb, sent))
    whole, split = feed(data), feed(data, cuts)
    expected = [
        (frame[0], record)
        for frame in sent
        for record in (
            [frame[2]]
            if isinstance(frame[1], int | wire.ExtType)
            else [r for _, r in frame[1]]
            if isinstance(frame[1], list)
            else [r for _, r in wire.Unpacker(io.BytesIO(inflated(frame[1])))]
        )
    ]
    assert [(tag, record) for tag, _, record in records(whole)] == expected
    assert records(split) == records(whole)
    chunks = [o["chunk"] for frame in sent for o in frame[2:] if isinstance(o, dict) and "chunk" in o]
    assert replies(split) == replies(whole) == b"".join(map(ack, chunks))
    assert refusal(whole) is refusal(split) is None


@settings(max_examples=200)
@given(st.lists(frames, max_size=8), st.lists(st.integers(0, 600), max_size=6))
def test_a_frame_that_is_scanned_on_gives_what_one_that_is_scanned_anew_gives(sent: list[Any], cuts: list[int]) -> None:
    data = b"".join(map(wire.packb, sent))
    with mock.patch.object(session, "_RESCAN_MAX", 0):
        split = feed(data, cuts)
    assert records(split) == records(feed(data))
    assert replies(split) == replies(feed(data))


def inflated(payload: bytes) -> bytes:
    return gzip.decompress(payload) if payload[:2] == b"\x1f\x8b" else payload


@settings(max_examples=300)
@given(st.binary(max_size=80), st.lists(st.integers(0, 80), max_size=3))
@example(b"\x93\xa1t\xd7\x00", [])
@example(b"\xdd\xff\xff\xff\xff", [])
@example(b"\xdf\xff\xff\xff\xff", [])
def test_garbage_never_raises(data: bytes, cuts: list[int]) -> None:
    for before in (b"", wire.packb(["app", stamp(1), {"a": 1}])):
        for event in feed(before + data, cuts):
            if isinstance(event, Block):
                batch = DECODERS[event.shape](event.tag, [event.raw], event.count)
                assert len(batch) <= event.count


@settings(max_examples=300)
@given(st.data())
def test_a_flipped_byte_never_raises_and_never_adds_records(data: st.DataObject) -> None:
    frame = bytearray(b"".join(wire.packb(["app", stamp(n), {"n": n}]) for n in range(3)))
    frame += wire.packb(["app", b"".join(entry(n, {"n": n}) for n in range(3)), {"chunk": "c"}])
    place = data.draw(st.integers(0, len(frame) - 1))
    frame[place] = data.draw(st.integers(0, 255))
    for event in feed(bytes(frame)):
        if isinstance(event, Block):
            assert len(DECODERS[event.shape](event.tag, [event.raw], event.count)) <= event.count


# -- bounds


def test_a_frame_that_never_ends_is_refused_at_the_limit() -> None:
    session = ForwardSession(buffer_max=1000)
    head = b"\x93\xa3app\xc6\x05\xf5\xe1\x00"  # 100 MB of bytes are promised
    events = session.feed(head)
    fed = 0
    while not refusal(events) and fed < 5000:
        events = session.feed(b"x" * 100)
        fed += 100
        assert session.waiting <= 1000
    assert "Buffer_Max_Size (1000 bytes)" in (refusal(events) or "")


def test_a_gzip_bomb_is_refused() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    events = feed(wire.packb(["app", bomb, {"compressed": "gzip"}]), buffer_max=100_000)
    assert "larger than 100000 bytes" in (refusal(events) or "")


def test_a_zstd_bomb_is_refused() -> None:
    bomb = zstandard.compress(b"\0" * 50_000_000)
    events = feed(wire.packb(["app", bomb, {"compressed": "zstd"}]), buffer_max=100_000)
    assert "larger than 100000 bytes" in (refusal(events) or "")


def test_many_empty_gzip_members_cost_little() -> None:
    members = gzip.compress(b"", mtime=0) * 20_000 + gzip.compress(entry(1, {"a": 1}))
    assert records(feed(wire.packb(["app", members, {"size": 1}]))) == [("app", SECOND, {"a": 1})]


def test_a_payload_larger_than_the_limit_is_refused() -> None:
    packed = entry(1, {"a": "x" * 2000})
    events = feed(wire.packb(["app", packed, {"size": 1}]), buffer_max=1000)
    assert "larger than" in (refusal(events) or "")


# -- what one sender hides does not spoil the others


_HEAD = b"\x93\xa3app\xd7\x00" + bytes(8)
POISON = {
    "a timestamp of a wrong length": _HEAD + b"\x81\xa1a\xc7\x03\xff\x01\x02\x03",
    "a timestamp with too many nanoseconds": _HEAD + b"\x81\xa1a\xd7\xff" + b"\xff" * 8,
    "a record that is a number": _HEAD + b"\x05",
    "a key that is a map": _HEAD + b"\x81\x80\x01",
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_a_record_that_cannot_be_decoded_is_the_only_one_lost(poison: bytes) -> None:
    good = wire.packb(["app", stamp(1), {"log": "hello"}])
    session = ForwardSession()
    blocks = [e for _ in range(2) for e in session.feed(good * 2 + poison + good) if isinstance(e, Block)]
    pieces, count = [block.raw for block in blocks], sum(block.count for block in blocks)
    assert count == 8
    batch = decode_messages("app", pieces, count)
    assert batch.records == [{"log": "hello"}] * 6


def test_a_deep_record_is_taken_or_left_out_alone() -> None:
    good = wire.packb(["app", stamp(1), {"log": "hello"}])
    for depth in (100, 400, 1000):
        deep = _HEAD + b"\x81\xa1a" + b"\x91" * depth + b"\x01"
        blocks = [event for event in feed(good + deep + good) if isinstance(event, Block)]
        batch = decode_messages("app", [block.raw for block in blocks], sum(block.count for block in blocks))
        assert {"log": "hello"} in batch.records


@pytest.mark.parametrize("poison", [b"\x81\x80\x01", b"\x81\xa1a\xc7\x03\xff\x01\x02\x03"])
def test_an_entry_that_cannot_be_decoded_is_the_only_one_lost(poison: bytes) -> None:
    packed = entry(1, {"a": 1}) + b"\x92\xd7\x00" + bytes(8) + poison + entry(3, {"c": 3})
    batch = decode_entries("app", [packed], 3)
    assert batch.records == [{"a": 1}, {"c": 3}]


def test_a_message_of_another_tag_that_hides_in_a_run_is_left_out() -> None:
    good = wire.packb(["app", stamp(1), {"log": "hello"}])
    smuggled = wire.packb(["db", stamp(1), {"log": "forged"}])
    batch = decode_messages("app", [good, smuggled, good], 3)
    assert batch.records == [{"log": "hello"}] * 2


def test_invalid_text_survives_as_surrogate_escapes() -> None:
    raw = b"\x93\xa3app\x01\x81\xa1a\xa2\xff\xfe"
    assert records(feed(raw)) == [("app", SECOND, {"a": "\udcff\udcfe"})]
    assert msgpack.encode({"a": "\udcff\udcfe"}) == b"\x81\xa1a\xa2\xff\xfe"


def test_a_tag_that_is_not_text_survives() -> None:
    assert records(feed(b"\x93\xa2\xff\xfe\x01\x81\xa1a\x01")) == [("\udcff\udcfe", SECOND, {"a": 1})]


# -- another implementation's bytes


@pytest.mark.parametrize("nanosecond_precision", [False, True])
@settings(max_examples=50)
@given(
    label=st.text(min_size=1, max_size=8),
    record=st.dictionaries(st.text(max_size=6), st.one_of(st.text(max_size=20), st.integers(-(2**63), 2**63 - 1))),
    seconds=st.integers(0, 2**32 - 1),
)
def test_bytes_of_the_client_library(
    nanosecond_precision: bool, label: str, record: dict[str, Any], seconds: int
) -> None:
    client = fluent_sender.FluentSender("app", nanosecond_precision=nanosecond_precision)
    time = fluent_sender.EventTime(seconds) if nanosecond_precision else seconds
    frame = client._make_packet(label, time, record)
    assert records(feed(frame, [len(frame) // 2])) == [(f"app.{label}", seconds * SECOND, record)]


def test_random_split_of_a_large_stream_stays_whole() -> None:
    frame = b"".join(wire.packb(["app", stamp(n), {"n": n, "log": "x" * (n % 700)}]) for n in range(3000))
    cuts = [int.from_bytes(os.urandom(4), "big") % len(frame) for _ in range(200)]
    assert [record["n"] for _, _, record in records(feed(frame, cuts))] == list(range(3000))
