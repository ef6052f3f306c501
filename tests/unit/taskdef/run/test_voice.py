from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.run.driver.pipes import Settings
from outrider.taskdef.run.voice import HeardDriver, Voice, plain


def test_the_last_words_are_few_and_short() -> None:
    voice = Voice(lambda line: None)
    assert voice.last_words == ""
    for number in range(9):
        voice.line(f"line {number}")
    voice.line(" ")
    voice.line("x" * 9999)
    lines = voice.last_words.splitlines()
    assert lines[:2] == ["; its last lines:", "    line 5"]
    assert (len(lines), len(lines[-1])) == (6, 304)


def test_a_quoted_line_steers_no_terminal() -> None:
    voice = Voice(lambda line: None)
    voice.line("\x1b]0;pwned\x07\x1b[2J\x1b[31mhello\x1b[0m\tthere\r\x9b2J")
    assert voice.last_words == "; its last lines:\n    \ufffd]0;pwned\ufffd\ufffd[2Jhello     there\ufffd\ufffd2J"


@given(st.text())
def test_a_plain_line_has_only_what_can_be_printed(line: str) -> None:
    assert plain(line).replace("\n", "").isprintable()


@given(st.lists(st.binary(max_size=30) | st.just(b"line\n"), max_size=8))
def test_who_listens_changes_nothing_of_what_the_driver_sends(reads: list[bytes]) -> None:
    said: list[str] = []
    driver = HeardDriver(Settings("tag", Path("/nowhere")), "id", "/name", Voice(said.append))
    stdout, _ = driver.outputs
    for data in reads:
        stdout.data_received(data)
    stdout.connection_lost(None)
    text = b"".join(reads)
    lines = text.split(b"\n")
    expected = lines if lines[-1] else lines[:-1]
    assert said == [line.decode(errors="replace") for line in expected]
    assert (driver.lines, driver.sender.accepted, stdout.ended.is_set()) == (len(expected), len(expected), True)
