"""Ruby-style expressions: the fast engine and Oniguruma agree, and what is no expression is a ValueError."""

from __future__ import annotations

import onigurumacffi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.formats.regex import Regex, Reports, translate


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^b", "a\nb", "b"),
        ("a$", "a\nb", "a"),
        ("^$", "text\n", None),
        ("^$", "a\n\nb", ""),
        ("^$", "", ""),
        ("^", "text\n", ""),
        (r"\Ab", "a\nb", None),
        (r"a\z", "a\n", None),
        (r"\h+", "xyzBEEF", "BEEF"),
        (r"\H+", "beefxyz", "xyz"),
        (r"[\h]+", "zz1f", "1f"),
        (r"\d", "٣", None),
        (r"(?<name>a)(b)", "ab", "ab"),
        (r"a{2}", "aaa", "aa"),
        (r"a{,2}", "aaa", "aa"),
        (r"a++b", "aab", "aab"),
        (r"(?>a+)b", "aab", "aab"),
        (r"[a&&b]", "a", None),
        (r"[[:digit:]]+", "a12", "12"),
        (r"(?i)ABC", "abc", "abc"),
        (r"a.c", "a\nc", None),
        (r"\/var\/log", "/var/log", "/var/log"),
        (r"\.", "a.b", "."),
        (r"é+", "caféé", "éé"),
        ("", "x", ""),
    ],
)
def test_first_match(pattern: str, text: str, found: str | None) -> None:
    match = Regex(pattern).search(text)
    assert (match.group(0) if match else None) == found


def test_match_is_anchored_at_the_start() -> None:
    assert Regex("b").match("ab") is None
    assert Regex("a").match("ab") is not None
    assert Regex("(?>b)").match("ab") is None


def test_groups_by_number() -> None:
    for pattern in (r"(a)(b)?", r"(?>)(a)(b)?"):
        match = Regex(pattern).search("xa")
        assert match is not None
        assert match.group(1) == "a"


@pytest.mark.parametrize("pattern", ["(", "[", "*", "(?<", "(?P<x>a)", "[z-a]", "\\", "a)"])
def test_what_is_no_expression(pattern: str) -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        Regex(pattern)


@pytest.mark.parametrize("pattern", ["a", "(?>a)"])
def test_undecodable_text_does_not_raise(pattern: str) -> None:
    assert Regex(pattern).search("\udcffa") is not None


ALPHABET = "abAB1 _-.,:^$|()[]{}?*+\\dDwWsSnhzé\n"


@settings(max_examples=500)
@given(st.text(ALPHABET, max_size=8), st.text("abAB1 _-.\n", max_size=8))
def test_what_is_translated_means_the_same_to_oniguruma(pattern: str, text: str) -> None:
    try:
        regex = Regex(pattern)
    except ValueError:
        return
    try:
        reference = onigurumacffi.compile(pattern)
    except onigurumacffi.OnigError:
        assert translate(pattern) is None, "refused by Oniguruma, taken by the fast engine"
        return
    ours, theirs = regex.search(text), reference.search(text)
    assert (ours.group(0) if ours else None) == (theirs.group(0) if theirs else None)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("/a.c/", "xabc", "abc"),
        ("/A.C/im", "xa\nc", "a\nc"),
        ("/a/o", "a", "a"),
        ("/a b/x", "ab", "ab"),
        ("/a", "/a", "/a"),
        ("a/", "a/", "a/"),
    ],
)
def test_slashes_and_flags(pattern: str, text: str, found: str) -> None:
    match = Regex(pattern).search(text)
    assert match is not None
    assert match.group(0) == found


@pytest.mark.parametrize(
    ("pattern", "names", "text", "groups"),
    [
        (r"(?<a>x)(y)(?<b>z)?", ("a", "b"), "xy", ["x", None]),
        (r"(?>(?<a>x)(?<b>z)?)", ("a", "b"), "x", ["x", ""]),
        (r"[(?<n>](?<a>x)", ("a",), "<x", ["x"]),
        (r"[[:digit:](?<n>](?'a'x)", ("a",), "1x", ["x"]),
        (r"(?<=a)(?<!b)(?<c>c)", ("c",), "ac", ["c"]),
        (r"(?<a>x)|(?<a>y)", ("a", "a"), "y", ["", "y"]),
    ],
)
def test_named_groups(pattern: str, names: tuple[str, ...], text: str, groups: list[str | None]) -> None:
    regex = Regex(pattern)
    assert regex.names == names
    found = regex.groups(text)
    assert found is not None
    assert list(found) == groups
    assert regex.groups("") is None


@given(
    st.lists(
        st.sampled_from(["^", "a", "b", "/", r"\.", r"\$", r"\d", " ", "?", "*", "{2}", "(a)", "|", "-", "$"]),
        max_size=7,
    ),
    st.text("ab/.$1 -", max_size=8),
)
def test_what_matches_holds_the_literal(parts: list[str], text: str) -> None:
    try:
        regex = Regex("".join(parts))
    except ValueError:
        return
    assert regex.literal in text or regex.search(text) is None


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        ("^/healthz", "/healthz"),
        ("/^[a-z]/", ""),
        (r"/^\/healthz\.x/", "/healthz.x"),
        ("/error/i", ""),
        ("errors?", "error"),
        ("a|b", ""),
        ("level=(info|warn)", ""),
        (r"user \d+", "user "),
    ],
)
def test_the_literal_of_a_pattern(pattern: str, literal: str) -> None:
    assert Regex(pattern).literal == literal


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^(?<a>(x+x+)+)y$", "x" * 3000),
        (r"^(?<a>(x|xx)+)y$", "x" * 3000),
        (r"(?<a>.*).*.*.*y$", "y" + "x" * 2999),
        (r"(?<a>(?>x)(x+x+)+)y$", "x" * 3000),
    ],
)
def test_a_search_that_would_take_minutes_is_given_up(pattern: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(Reports, "tell", staticmethod(lambda message, about: told.append(message)))
    regex = Regex(pattern)
    assert regex.search(text) is None
    assert regex.match(text) is None
    assert regex.groups(text) is None
    assert len(told) == 3
    assert all("does not match a text of 3000 characters: given up" in message for message in told)
    assert regex.search("x" * 10 + "y") is not None
    assert len(told) == 3
