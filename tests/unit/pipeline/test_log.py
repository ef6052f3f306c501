"""Log lines: their form, and that a flood of the same line is held back."""

from __future__ import annotations

import io
import json
import re

import pytest

from outrider.pipeline.log import LEVELS, Log, Sink

SECOND = 1_000_000_000


def test_form_of_a_line() -> None:
    stream = io.StringIO()
    Log(Sink(stream), "output:syslog:syslog.0").info("connected")
    assert re.fullmatch(
        r"\[\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{9}\] \[ info\] \[output:syslog:syslog\.0\] connected\n",
        stream.getvalue(),
    )


@pytest.mark.parametrize(("level", "lines"), [("off", 0), ("error", 1), ("warn", 2), ("info", 3), ("debug", 4)])
def test_levels(level: str, lines: int) -> None:
    stream = io.StringIO()
    log = Log(Sink(stream, LEVELS[level]), "x")
    for write in (log.error, log.warn, log.info, log.debug):
        write(f"text of {write.__name__}")
    assert len(stream.getvalue().splitlines()) == lines


def test_a_part_may_be_quieter_than_the_rest() -> None:
    stream = io.StringIO()
    log = Log(Sink(stream), "x")
    log.child("part", LEVELS["error"]).info("hidden")
    log.child("other").info("seen")
    assert "hidden" not in stream.getvalue()
    assert "[other] seen" in stream.getvalue()


def test_a_line_that_repeats_is_held_back_and_counted() -> None:
    stream = io.StringIO()
    sink = Sink(stream)
    for second in (0, 1, 5, 9, 11):
        sink.write("error", "x", "refused", now_ns=second * SECOND, repeat=False)
    first, second_line = stream.getvalue().splitlines()
    assert first.endswith("refused")
    assert second_line.endswith("refused (3 more like this were held back)")


def test_many_different_lines_do_not_fill_the_memory() -> None:
    sink = Sink(io.StringIO())
    for number in range(10_000):
        sink.write("error", "x", f"refused {number}", now_ns=0, repeat=False)
    assert len(sink._seen) < 1000


def test_a_peer_cannot_forge_lines_or_steer_the_terminal() -> None:
    stream = io.StringIO()
    Log(Sink(stream), "x").error("one\ntwo\r\x1b[2Jthree\udcff")
    (line,) = stream.getvalue().splitlines()
    assert "\x1b" not in line
    assert "one\\ntwo" in line
    assert line.endswith("three\\udcff")


def test_a_stream_that_is_gone_does_not_raise() -> None:
    stream = io.StringIO()
    stream.close()
    log = Log(Sink(stream), "x")
    log.error("first")
    log.error("second")


class FullDisk(io.StringIO):
    """Refuses while ``full``."""

    full = True

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_lines_are_written_again_when_the_disk_has_room() -> None:
    stream = FullDisk()
    sink = Sink(stream)
    for now in (1, 2, 3):
        sink.write("info", "x", f"lost {now}", now_ns=now * SECOND, repeat=True)
    stream.full = False
    sink.write("info", "x", "too early", now_ns=5 * SECOND, repeat=True)
    sink.write("info", "x", "back", now_ns=12 * SECOND, repeat=True)
    first, second = stream.getvalue().splitlines()
    assert "4 lines before this could not be written" in first
    assert second.endswith("back")


def test_lines_as_json() -> None:
    stream = io.StringIO()
    log = Log(Sink(stream, as_json=True), "output:syslog:syslog.0")
    log.error('refused: "x"\n\udcff')
    event = json.loads(stream.getvalue())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", event.pop("time"))
    assert event == {"level": "error", "component": "output:syslog:syslog.0", "message": 'refused: "x"\n\\udcff'}


def test_json_tells_what_was_held_back() -> None:
    stream = io.StringIO()
    sink = Sink(stream, as_json=True)
    for now in (0, 1, 2, 11):
        sink.write("error", "x", "dead", now_ns=now * SECOND, repeat=False)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("held_back") for line in lines] == [None, 2]
