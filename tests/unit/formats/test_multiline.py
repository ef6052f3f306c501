"""Joining lines: rules, endings, streams, limits; nothing is lost, and the order stays."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.multiline import GROUPS_MAX, Joined, Joiner, MultilineParser, Rule
from outrider.formats.parser import Parser, json_fields, regex_fields
from outrider.formats.regex import Regex


def rules(*found: tuple[str, str, str]) -> tuple[Rule, ...]:
    return tuple(Rule(tuple(states.split(",")), Regex(pattern), to) for states, pattern, to in found)


STACK = rules(("start_state", "^E", "cont"), ("cont", r"^\s", "cont"), ("cont", "^end", "start_state"))


def stack(**options: Any) -> MultilineParser:
    return MultilineParser("stack", "regex", STACK, **options)


def lines(joiner: Joiner, *texts: str) -> list[str]:
    out = [item for n, text in enumerate(texts) for item in joiner.feed_text(n, text)]
    return [item.record["log"] for item in out + joiner.flush_all()]


def test_rules_join_bare_lines_with_line_ends() -> None:
    assert lines(Joiner([stack()]), "a", "E1", " x", " y", "b", "E2", "E3", "", " z") == [
        "a\n",
        "E1\n x\n y\n",
        "b\n",
        "E2\n",
        "E3\n",
        "\n",
        " z\n",
    ]


def test_a_rule_that_leads_to_the_start_completes_the_record_once() -> None:
    joiner = Joiner([stack(key_content="log")])
    out = joiner.feed([1, 2, 3], [{"a": 1, "log": "E"}, {"a": 2, "log": "end"}, {"a": 3, "log": "b"}])
    assert out == [Joined(1, {"a": 1, "log": "E\nend"}), Joined(3, {"a": 3, "log": "b"})]
    assert joiner.flush_all() == []
    assert joiner.size == 0


def test_records_keep_the_time_the_fields_and_the_metadata_of_the_first_line() -> None:
    joiner = Joiner([stack()], key_content="msg")
    records: list[dict[str, Any]] = [{"msg": "E", "n": 1}, {"msg": " x", "n": 2}, {"n": 3}, {"msg": 4}]
    out = joiner.feed([5, 6, 7, 8], records, [{"m": 1}, {}, {}, {}])
    assert out == [Joined(5, {"msg": "E\n x", "n": 1}, {"m": 1}), Joined(7, {"n": 3}, {}), Joined(8, {"msg": 4}, {})]


def test_endswith_and_equal_with_negate() -> None:
    ends = MultilineParser("m", "endswith", match_string=".")
    assert lines(Joiner([ends]), "a", "b.", "c.", "d") == ["a\nb.\n", "c.\n", "d\n"]
    not_ends = MultilineParser("m", "endswith", match_string="\\", negate=True)
    assert lines(Joiner([not_ends]), "a\\", "b", "c") == ["a\\\nb\n", "c\n"]
    equal = MultilineParser("m", "equal", match_string="--")
    assert lines(Joiner([equal]), "a", "--", "b") == ["a\n--\n", "b\n"]


def cri() -> MultilineParser:
    inner = Parser("cri", regex_fields(r"^(?<stream>\w+) (?<_p>F|P) (?<log>.*)$", skip_empty=False))
    return MultilineParser(
        "cri", "equal", match_string="F", key_content="log", key_group="stream", key_pattern="_p", parser=inner
    )


def test_groups_are_joined_apart() -> None:
    joiner = Joiner([cri()])
    given_back = [
        item.record["log"]
        for text in ("out P 1", "err P a", "out P 2", "err F b", "out F 3", "junk")
        for item in joiner.feed_text(0, text)
    ]
    assert given_back == ["ab", "123", "junk"]


def test_docker_pieces() -> None:
    docker = MultilineParser(
        "docker", "endswith", match_string="\n", key_content="log", key_group="stream", parser=Parser("j", json_fields)
    )
    joiner = Joiner([docker])
    assert joiner.feed_text(1, '{"log":"one, ","stream":"stdout"}') == []
    assert joiner.feed_text(2, '{"log":"two\\n","stream":"stdout"}') == [
        Joined(1, {"log": "one, two\n", "stream": "stdout"})
    ]
    assert joiner.feed_text(3, '{"log":5}') == [Joined(3, {"log": '{"log":5}'})]


def test_the_next_parser_takes_what_the_first_does_not() -> None:
    other = MultilineParser("o", "regex", rules(("start_state", "^X", "in"), ("in", "^ ", "in")))
    joiner = Joiner([stack(), other])
    assert lines(joiner, "E", " 1", "X", " 2", "E", "q") == ["E\n 1\n", "X\n 2\n", "E\n", "q\n"]


def test_flush_gives_what_got_no_line_for_long() -> None:
    joiner = Joiner([stack(flush_timeout=10)])
    joiner.feed_text(0, "E")
    assert joiner.flush(100) == []
    assert joiner.flush(105) == []
    joiner.feed_text(0, " x")
    assert joiner.flush(111) == []
    assert [item.record for item in joiner.flush(121)] == [{"log": "E\n x\n"}]
    assert joiner.flush(500) == []
    assert Joiner([stack()], flush_timeout=0).flush(1) == []


def test_a_record_at_the_limit_goes_on_in_another() -> None:
    joiner = Joiner([stack(key_content="log")], limit=10)
    out = joiner.feed([1, 2, 3], [{"a": 1, "log": "E2345"}, {"log": " 2345"}, {"log": " x"}])
    assert out == [Joined(1, {"a": 1, "log": "E2345\n 2345"}, {"multiline_truncated": True})]
    assert joiner.flush_all() == [Joined(1, {"a": 1, "log": " x"}, None)]


def test_groups_are_bounded() -> None:
    joiner = Joiner([cri()])
    out = [item for n in range(GROUPS_MAX + 1) for item in joiner.feed_text(n, f"s{n} P x")]
    assert len(out) == GROUPS_MAX
    assert len(joiner.flush_all()) == 1


@pytest.mark.parametrize(
    ("kind", "found", "says"),
    [
        ("regex", (), "start_state"),
        ("regex", (("cont", "x", "cont"),), "start_state"),
        ("regex", (("start_state", "x", "nowhere"),), "no rule is for the state 'nowhere'"),
        ("endswith", (), "needs match_string"),
        ("equal", (), "needs match_string"),
    ],
)
def test_definitions_that_cannot_work(kind: Any, found: tuple[tuple[str, str, str], ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        MultilineParser("m", kind, rules(*found))


_lines = st.lists(st.sampled_from(["E", "Ex", " y", "end", "z", "", "X", "out P q", "out F r", "err P s"]) | st.text())


@given(_lines, st.integers(1, 30), st.lists(st.integers(0, 40)))
def test_no_text_is_lost_and_the_order_stays(texts: list[str], limit: int, flushes: list[int]) -> None:
    other = MultilineParser("o", "regex", rules(("start_state", "^X", "in"), ("in", "^ ", "in")))
    joiner = Joiner([stack(key_content="log"), other], key_content="log", limit=limit, flush_timeout=1)
    out: list[Joined] = []
    for n, text in enumerate(texts):
        out += joiner.feed([n], [{"log": text}])
        if n in flushes:
            out += joiner.flush(n * 2) + joiner.flush(n * 2 + 1)
    out += joiner.flush_all()
    joined = "".join(item.record["log"] for item in out)
    assert joined.replace("\n", "") == "".join(texts).replace("\n", "")
    assert [item.time for item in out] == sorted(item.time for item in out)
    assert joiner.size == 0


@given(_lines)
def test_groups_lose_nothing(texts: list[str]) -> None:
    joiner = Joiner([cri(), stack()])
    out = [item for text in texts for item in joiner.feed_text(0, text)] + joiner.flush_all()
    assert sum(len(item.record["log"].replace("\n", "")) for item in out) == sum(
        len((cri().parser.parse(text) or (0, {"log": text}))[1]["log"].replace("\n", ""))  # type: ignore[union-attr]
        for text in texts
    )
