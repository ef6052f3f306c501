from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from outrider.protocols.syslog.framing import complete, messages
from outrider.protocols.syslog.parse import parse
from outrider.protocols.syslog.records import record, records, records_of

NOW = 1_795_253_400 * 1_000_000_000


def test_only_what_a_message_has() -> None:
    line = b'<165>1 2026-11-21T09:30:00Z host app 12 ID47 [x k="v"] hi'
    assert record(parse(line, NOW)) == {
        "pri": "165",
        "host": "host",
        "ident": "app",
        "pid": "12",
        "msgid": "ID47",
        "extradata": {"x": {"k": "v"}},
        "message": "hi",
    }
    assert record(parse(b"hi", NOW)) == {"message": "hi"}


def test_a_repeated_head_is_read_once_and_the_message_is_the_rest() -> None:
    head = b"<14>Nov 21 09:30:00 host /app[1]: "
    times, found = records(head + b"one]: two\r\n\n" + head + b"\n" + head + b"\xff\n", NOW)
    assert times == [NOW] * 3
    assert [one["message"] for one in found] == ["one]: two", "", "\udcff"]
    assert found[0] == {"pri": "14", "host": "host", "ident": "/app", "pid": "1", "message": "one]: two"}


def test_a_head_that_comes_again_a_year_later_is_of_that_year() -> None:
    line = b"<14>Nov 21 09:30:00 host /app[1]: hi\n"
    years = [records(line, NOW + years * 365 * 86_400_000_000_000)[0][0] for years in (0, 1)]
    assert years == [NOW, NOW + 365 * 86_400_000_000_000]


def test_records_of_one_head_are_their_own() -> None:
    line = b"<14>Nov 21 09:30:00 host /app[1]: hi\n"
    (first, _), _ = records(line * 2, NOW)[1], records(line, NOW)
    first["host"] = "changed"
    assert records(line, NOW)[1][0]["host"] == "host"


def test_counted_messages_keep_their_line_ends() -> None:
    assert records_of([b"<14>Nov 21 09:30:00 h a[1]: x\ny"], NOW) == (
        [NOW],
        [{"pri": "14", "host": "h", "ident": "a", "pid": "1", "message": "x\ny"}],
    )


PARTS = ("<14>", "<191>", "<014>", "<200>", "Nov 21 09:30:00 ", "Nov 40 09:30:00 ", "Nov  1 09:30:00 ", "2025 ", "UTC ")
MORE = ("h ", "a[1]: ", "a: ", "[1]: ", "a[]: ", "x]: y", "\r", "\n", "1 - - - - - - ", "é", "\udcff", "-0500 ", "EST ")
part = st.sampled_from(PARTS + MORE)


@given(st.lists(part, max_size=14).map(lambda parts: "".join(parts).encode("utf-8", "surrogateescape")))
def test_the_fast_way_reads_what_the_careful_way_reads(data: bytes) -> None:
    whole, count, _ = complete(data)
    times, found = records(whole, NOW)
    one_by_one = [parse(line, NOW) for line in messages(whole)]
    assert len(found) == count
    assert times == [message.time for message in one_by_one]
    assert found == [record(message) for message in one_by_one]
