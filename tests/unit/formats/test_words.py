from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.words import comma_list, pair, split_quoted, tokens


@pytest.mark.parametrize(
    ("text", "most", "result"),
    [
        ("X-Token a b c", 1, ["X-Token", "a b c"]),
        ('k "my  value"', 2, ["k", "my  value"]),
        ('k "a \\" b" rest  of it', 2, ["k", 'a " b', "rest  of it"]),
        ("k 'a b'", 2, ["k", "'a", "b'"]),
        ("  a   b ", 4, ["a", "b"]),
        ("", 2, []),
        ('a"b c', 2, ['a"b', "c"]),
    ],
)
def test_tokens(text: str, most: int, result: list[str]) -> None:
    assert tokens(text, most) == result


@pytest.mark.parametrize("text", ["only", "a b c", 'k "open', ""])
def test_a_pair_is_two_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"KEY VALUE|not closed"):
        pair(text)
    assert pair('pid "1 2"') == ("pid", "1 2")


def test_comma_list_drops_what_is_empty() -> None:
    assert comma_list(",,a ,,  b,c ,d e,") == ["a", "b", "c", "d e"]


@pytest.mark.parametrize(
    ("text", "most", "result"),
    [
        ("aa \"d q\" 's q' bb", 0, ["aa", "d q", "s q", "bb"]),
        (r'"a \" b" "c \\ d"', 0, ['a " b', "c \\ d"]),
        (r"'it\'s'", 0, ["it's"]),
        ('\\"aa bb', 0, ['\\"aa', "bb"]),
        ("a b  c 'd", 2, ["a", "b", "c 'd"]),
        ("", 0, []),
    ],
)
def test_split_quoted(text: str, most: int, result: list[str]) -> None:
    assert split_quoted(text, most) == result


@given(st.text(alphabet=" \"'\\ab", max_size=20), st.integers(0, 4))
def test_any_text_is_split_or_refused_for_its_quote(text: str, most: int) -> None:
    for split in (tokens, split_quoted):
        refused = ""
        words: list[str] = []
        try:
            words = split(text, most)
        except ValueError as error:
            refused = str(error)
        assert len(words) <= most + 1 or (split is split_quoted and most == 0)
        assert not refused or ("not closed" in refused and ('"' in text or "'" in text))


@given(st.lists(st.text(alphabet="ab \\é", max_size=6), max_size=5))
def test_quoted_words_come_back(words: list[str]) -> None:
    escaped = [word.replace("\\", "\\\\") for word in words]
    assert split_quoted(" ".join(f'"{word}"' for word in escaped)) == words
