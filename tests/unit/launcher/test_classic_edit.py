"""Options set in every section of a kind; all other bytes stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.classic import parse
from outrider.launcher.arguments import Change
from outrider.launcher.classic_edit import ClassicFile
from outrider.launcher.tree import Member, change
from outrider.model.errors import UserError


def changed(text, *changes):
    member = Member("f.conf", text, ClassicFile(text, "f.conf"))
    notes = change([member], [Change(*one) for one in changes])
    return member.file.text(), notes


GENERATED = """
[INPUT]
    Name forward
    Mem_Buf_Limit 25MB
    unix_path /var/run/fluent.sock

[INPUT]
    Name forward
    Listen 127.0.0.1
    Port 24224

[OUTPUT]
    Name null
    Match firelens-healthcheck
"""


def test_the_documented_change_of_a_generated_file():
    text, notes = changed(GENERATED, ("service", "Scheduler.Cap", "60"), ("input", "Mem_Buf_Limit", "50M"))
    assert notes == []
    assert text == (
        "\n[INPUT]\n    Name forward\n    Mem_Buf_Limit 50M\n    unix_path /var/run/fluent.sock\n"
        "\n[INPUT]\n    Name forward\n    Listen 127.0.0.1\n    Port 24224\n    Mem_Buf_Limit 50M\n"
        "\n[OUTPUT]\n    Name null\n    Match firelens-healthcheck\n"
        "\n[SERVICE]\n    Scheduler.Cap 60\n"
    )


def test_the_spelling_of_a_key_that_is_there_stays():
    text, _ = changed("[Input]\n  nAmE x\n  MEM_BUF_LIMIT  1M\n", ("input", "mem_buf_limit", "2M"))
    assert text == "[Input]\n  nAmE x\n  MEM_BUF_LIMIT  2M\n"


def test_abbreviated_and_plural_names_are_sections_of_the_kind():
    for name in ("I", "IN", "input", "Inputs"):
        assert changed(f"[{name}]\n    Name x\n", ("input", "a", "b"))[0] == f"[{name}]\n    Name x\n    a b\n"


def test_a_key_that_is_there_twice_is_there_once_afterwards():
    text, notes = changed("[FILTER]\n    Name modify\n    Set a 1\n    set b 2\n", ("filter", "SET", "c 3"))
    assert text == "[FILTER]\n    Name modify\n    set c 3\n"
    assert notes == ["f.conf:1:1: SET was there 2 times, now it is there once"]


def test_each_service_section_or_a_new_one():
    assert changed("[SERVICE]\n    Flush 1\n", ("service", "flush", "5"), ("service", "Grace", "30"))[0] == (
        "[SERVICE]\n    Flush 5\n    Grace 30\n"
    )
    assert changed("", ("service", "a", "1"), ("service", "b", "2"))[0] == "[SERVICE]\n    a 1\n    b 2\n"


def test_repeated_changes_of_one_key_the_last_counts():
    assert (
        changed("[INPUT]\n    Name x\n", ("input", "a", "1"), ("input", "A", "2"))[0]
        == "[INPUT]\n    Name x\n    a 2\n"
    )


def test_no_section_of_the_kind_is_said():
    text, notes = changed(GENERATED, ("filter", "a", "b"))
    assert text == GENERATED
    assert notes == ["no filter section takes a b"]


@pytest.mark.parametrize(
    "wrong", [("input", "two words", "x"), ("input", "a", ""), ("input", "a", "x\ny"), ("service", "", "x")]
)
def test_what_the_language_cannot_hold(wrong):
    with pytest.raises(UserError, match="cannot set"):
        changed(GENERATED, wrong)


def test_what_is_hardly_meant_is_said():
    assert changed("[INPUT]\n")[1] == ["f.conf:1:1: section [INPUT] has no keys"]


names = st.sampled_from(["INPUT", "in", "OUTPUT", "Filter", "SERVICE", "PARSER", "s"])
keys = st.sampled_from(["Name", "name", "Match", "Mem_Buf_Limit", "MEM_BUF_LIMIT", "x"])
words = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="\x85\xa0"), min_size=1, max_size=6
)
properties = st.tuples(keys, words).map(lambda p: f"    {p[0]} {p[1]}")
noise = st.sampled_from(["", "# note", "    # note", "@SET a=b", "@INCLUDE x.conf"])
sections = st.tuples(names, st.lists(properties | noise, max_size=5)).map(lambda s: [f"[{s[0]}]", *s[1]])
files = st.tuples(st.lists(sections, max_size=5), st.sampled_from(["\n", "\r\n"])).map(
    lambda f: f[1].join(["", *[line for section in f[0] for line in section], ""])
)


@given(files)
def test_no_change_changes_no_byte(text):
    assert changed(text)[0] == text


@given(files, st.sampled_from(["input", "output", "filter", "service"]), keys, words)
def test_every_section_of_the_kind_has_the_value_once(text, kind, key, value):
    result = parse(changed(text, (kind, key, value))[0], "f")
    before = parse(text, "f")
    for section in result.of_kind(kind):
        assert [entry.value for entry in section.entries if entry.key == key.lower()] == [value]
    assert len(result.of_kind(kind)) == (len(before.of_kind(kind)) or (kind == "service"))
    others = [
        [
            (s.name, [(e.spelling, e.value) for e in s.entries if s.kind != kind or e.key != key.lower()])
            for s in d.sections
        ]
        for d in (before, result)
    ]
    assert others[1][: len(others[0])] == others[0]
    left = [line for line in text.splitlines() if line.startswith(("#", "@", "    #"))]
    assert [line for line in result.text().splitlines() if line.startswith(("#", "@", "    #"))] == left
