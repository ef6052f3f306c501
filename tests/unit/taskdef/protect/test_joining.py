"""Where messages begin, and the configuration that joins them: what is written is read and does it."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from outrider.formats.multiline import Joiner
from outrider.formats.regex import Regex
from outrider.net.files import ConfigurationFiles
from outrider.pipeline.config.configuration import from_file
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.library import Library
from outrider.pipeline.config.parsers_files import read_parsers
from outrider.taskdef.protect.beginnings import beginning, continuation
from outrider.taskdef.protect.joining import Stream, configuration, parsers, parsers_name

DATES = "aAwdbBmYyHIpMSfzZjL"
lines = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=12)


@pytest.mark.parametrize(
    ("options", "first", "more"),
    [
        ({"awslogs-datetime-format": "%Y-%m-%d %H:%M:%S"}, "2026-11-21 19:30:00 up", "  at x (2026)"),
        ({"awslogs-datetime-format": r"\[%b %d, %Y %H:%M:%S\]"}, "[Nov 21, 2026 19:30:00] up", "Nov 21"),
        ({"awslogs-datetime-format": "%A %p %j%q"}, "Friday AM 325", "Friday"),
        ({"awslogs-multiline-pattern": "^(INFO|WARN)"}, "WARN x", "x WARN"),
        ({"awslogs-multiline-pattern": "INFO"}, "x INFO", "x"),
        ({"awslogs-multiline-pattern": r"^(?P<level>[A-Z]+)\s"}, "INFO x", " INFO x"),
        ({"awslogs-multiline-pattern": '^"a\\"'}, '"a"', "a"),
        ({"awslogs-multiline-pattern": r"^\${x}"}, "${x}", "$"),
        ({"awslogs-multiline-pattern": "^a", "awslogs-datetime-format": "%Y"}, "2026", "a"),
    ],
)
def test_where_a_message_begins(options, first, more):
    begins = beginning(options)
    assert Regex(begins).search(first)
    assert not Regex(begins).search(more)
    assert Regex(continuation(begins)).search(more)
    assert not Regex(continuation(begins)).search(first)


@pytest.mark.parametrize("pattern", [r"\Qa.b\E", "(?s)a", "a(", r"\pL", "^${x}", "(?U:a)"])
def test_what_the_router_cannot_say(pattern):
    with pytest.raises(ValueError, match=r"."):
        beginning({"awslogs-multiline-pattern": pattern})


def test_one_line_is_a_message():
    assert beginning({}) == ""
    assert beginning({"awslogs-datetime-format": "%q"}) == ""


@given(st.lists(st.sampled_from([*[f"%{letter}" for letter in DATES], "-", ":", " ", "T"]), min_size=1), lines)
def test_a_line_begins_a_message_or_goes_on(parts, line):
    begins = beginning({"awslogs-datetime-format": "".join(parts)})
    assert bool(Regex(begins).search(line)) != bool(Regex(continuation(begins)).search(line))


def loaded(folder, streams):
    """The configuration, its parsers file read too, as the router does it."""
    name = "extra.conf"
    (folder / parsers_name(name)).write_text(parsers(streams))
    (folder / name).write_text(configuration(streams, str(folder / parsers_name(name))))
    said, findings, files = [], Findings(), ConfigurationFiles()
    found = from_file(str(folder / name), files, said.append, findings)
    read_parsers(found, {}, files, said.append, findings)
    assert (said, findings.warnings, findings.errors) == ([], [], [])
    return found


@example('^"')
@example("\\\n")
@example("a|^b")
@given(pattern=st.text(st.sampled_from("^ab.*+?|()[]\\d\"'$#{}/\n%@"), min_size=1, max_size=8))
def test_a_pattern_comes_through_the_file(tmp_path_factory, pattern):
    try:
        begins = beginning({"awslogs-multiline-pattern": pattern})
    except ValueError:
        assume(False)
    read = loaded(tmp_path_factory.mktemp("c"), [Stream("web", begins)])
    (parser,) = [Library(read.parsers).multiline("web-lines")] if begins else [None]
    assert parser is None or parser.rules[0].pattern.pattern == begins


def test_what_is_written_joins(tmp_path):
    streams = [Stream("web", beginning({"awslogs-datetime-format": "%Y-%m-%d"})), Stream("worker")]
    found = loaded(tmp_path, streams)
    text = (tmp_path / "extra.conf").read_text()
    assert re.findall("Match +(.*)", text) == ["web-firelens*", "worker-firelens*"]
    assert text.count("partial_message") == 1
    assert [section.kind for section in found.sections] == ["filter", "filter"]
    joiner = Joiner([Library(found.parsers).multiline("web-lines")], key_content="log")
    written = ["2026-11-21 a", "  at b", "  at c", "2026-11-22 d"]
    out = joiner.feed(range(4), [{"log": line} for line in written]) + joiner.flush(0) + joiner.flush(10**12)
    assert [joined.record["log"] for joined in out] == ["2026-11-21 a\n  at b\n  at c", "2026-11-22 d"]


def test_pieces_alone_need_no_parser(tmp_path):
    streams = [Stream("worker")]
    assert parsers(streams) == ""
    assert "[SERVICE]" not in configuration(streams, "unused")
