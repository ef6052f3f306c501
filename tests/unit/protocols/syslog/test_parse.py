from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers import ns

from outrider.protocols.syslog.format import SyslogFormat
from outrider.protocols.syslog.parse import SyslogMessage, parse

SECOND = 1_000_000_000


NOW = ns("2026-11-21T10:00:00") + 5
THEN = ns("2026-11-21T09:30:00")
HALF = THEN + SECOND // 2


def message(text: str, priority: int | None = 14, time: int = THEN, **fields: str) -> SyslogMessage:
    return SyslogMessage(time, text, priority, **fields)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"<14>Nov 21 09:30:00 host app[1]: hi\n", message("hi", host="host", app="app", procid="1")),
        (b"<14>Nov 21 09:30:00 host /ecs-web[1]: hi\r\n", message("hi", host="host", app="/ecs-web", procid="1")),
        (b"<14>Nov 21 09:30:00 host app: hi", message("hi", host="host", app="app")),
        (b"<14>Nov 21 09:30:00 host app[1] hi", message("hi", host="host", app="app", procid="1")),
        (b"<14>Nov 21 09:30:00 host app[]: hi", message("hi", host="host", app="app")),
        (b"<14>Nov 21 09:30:00 app[1]: no host", message("no host", app="app", procid="1")),
        (b"<14>Nov 21 09:30:00 host no tag here", message("no tag here", host="host")),
        (b"<14>Nov 21 09:30:00 host http://x", message("http://x", host="host")),
        (b"<14>Nov 21 09:30:00 host app:", message("", host="host", app="app")),
        (b"<14>Nov 21 09:30:00 host app: ", message("", host="host", app="app")),
        (b"<14>Nov 21 09:30:00 host kernel: [ 1.2] x", message("[ 1.2] x", host="host", app="kernel")),
        (b"<14>Nov 21 09:30:00 ", message("")),
        (b"<14>Nov 21 09:30:00", message("")),
        (b"<14>Nov 21 09:30:00 \xff a: \xfe", message("\udcfe", host="\udcff", app="a")),
        (b"Nov 21 09:30:00 host app: hi", message("hi", None, host="host", app="app")),
        (b"2026-11-21T09:30:00+00:00 host app: hi", message("hi", None, host="host", app="app")),
        (
            b"<46>2026-11-21T10:30:00.5+01:00 host app: hi",
            message("hi", 46, HALF, host="host", app="app"),
        ),
        (b"<189>45: *Nov 21 09:30:00.123 UTC: %SYS-5-X: up", message("up", 189, THEN + 123_000_000, app="%SYS-5-X")),
        (b"<189>45: r1: .Nov 21 09:30:00: %SYS-5-X: up", message("up", 189, host="r1", app="%SYS-5-X")),
        (b"<189>45: r1: Nov 21 2026 09:30:00: plain", message("plain", 189, host="r1")),
        (b"<166>Nov 21 2026 09:30:00 asa : %ASA-6-1: x", message(": %ASA-6-1: x", 166, host="asa")),
        (b"<166>Nov 21 2026 09:30:00: %ASA-6-1: x", message("x", 166, app="%ASA-6-1")),
        (b"<14>Nov 21 09:30:00 2025 host app: x", message("x", time=ns("2025-11-21T09:30:00"), host="host", app="app")),
        (b"<14>Nov 21 09:30:00 2025 was good", message("was good", host="2025")),
        (b"<14>Nov 21 09:30:00 UTC host app: x", message("x", host="host", app="app")),
        (b"<134>1 1795253400.000000009 mx flows src=1", message("flows src=1", 134, THEN + 9, host="mx")),
        (b"<14>app[1]: no time", message("no time", time=NOW, app="app", procid="1")),
        (b"<14>free text", message("free text", time=NOW)),
        (b"<192>out of range", message("<192>out of range", None, NOW)),
        (b"<>x", message("<>x", None, NOW)),
        (b"free text", message("free text", None, NOW)),
        (b"", message("", None, NOW)),
    ],
)
def test_rfc3164_and_what_devices_make_of_it(line: bytes, expected: SyslogMessage) -> None:
    assert parse(line, NOW) == expected


def test_rfc5424_with_everything() -> None:
    line = '<165>1 2026-11-21T09:30:00.000003Z host app 12 ID47 [x@1 k="a\\]b"][y] \ufeff\u00fcber\n'.encode()
    found = parse(line, NOW)
    assert found == SyslogMessage(
        THEN + 3000, "\u00fcber", 165, "host", "app", "12", "ID47", {"x@1": {"k": "a]b"}, "y": {}}
    )
    assert (found.facility, found.severity) == (20, 5)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"<14>1 - - - - - -", message("", time=NOW)),
        (b"<14>1 - - - - - - ", message("", time=NOW)),
        (b"<14>1 2026-11-21T09:30:00Z h a - - - two  blanks", message("two  blanks", host="h", app="a")),
        (b"<14>1 2026-11-21T09:30:00Z h a - - [broken x", message("[broken x", host="h", app="a")),
        (b"<14>1 never h a - - - x", message("1 never h a - - - x", time=NOW)),
    ],
)
def test_rfc5424_with_less(line: bytes, expected: SyslogMessage) -> None:
    assert parse(line, NOW) == expected
    assert SyslogMessage(0, "").facility is None
    assert SyslogMessage(0, "").severity is None


ODD = st.lists(
    st.sampled_from(
        [
            "<14>",
            "<191>",
            "<0>",
            "1 ",
            "Nov 21 09:30:00",
            "2026-11-21T09:30:00Z",
            " ",
            "-",
            ": ",
            "h",
            "a[1]",
            '[x k="v"]',
            "]",
        ]
    )
    | st.text(max_size=3),
    max_size=12,
).map(lambda parts: "".join(parts).encode("utf-8", "replace"))


@given(st.binary(max_size=60) | ODD, st.integers(0, 2**63))
def test_any_bytes_are_a_message_of_whose_text_nothing_is_made_up(line: bytes, received: int) -> None:
    found = parse(line, received)
    text = line.decode("utf-8", "surrogateescape")
    for part in (found.message, found.host, found.app, found.procid, found.msgid):
        assert part in text
    assert found.priority is None or text.startswith(f"<{text[1:].partition('>')[0]}>")


token = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="[]:<"), min_size=1, max_size=8)


@given(token, token, token, st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=20))
def test_what_our_own_output_writes_is_read_back(host: str, app: str, procid: str, text: str) -> None:
    keys = {"hostname_key": "h", "appname_key": "a", "procid_key": "p", "message_key": "m"}
    record = {"h": host, "a": app, "p": procid, "m": text}
    if host.upper() in ("UTC", "GMT", "Z", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "CET", "CEST"):
        return
    for formatter in (SyslogFormat(format="rfc3164", **keys), SyslogFormat(**keys)):  # type: ignore[arg-type]
        if text.startswith("<") or host == "-" or app == "-" or procid == "-":
            continue
        (line,) = formatter.lines([THEN], [record])
        assert parse(line, NOW) == SyslogMessage(THEN, text, 14, host, app, procid)
