"""The search language: what it parses to and what that means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.server.domain.query import MAX_LENGTH, Term, matches, parse_query


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", ()),
        ("  ", ()),
        ("Error", (Term(("error",)),)),
        ("a b a", (Term(("a",)), Term(("b",)))),
        ('"Connection refused"', (Term(("connection", "refused"), "connection refused"),)),
        ('"unclosed phrase', (Term(("unclosed", "phrase"), "unclosed phrase"),)),
        ("-debug", (Term(("debug",), "", True),)),
        ('-"a b"', (Term(("a", "b"), "a b", True),)),
        ("10.0.0.1", (Term(("10", "0", "1"), "10.0.0.1"),)),
        ("user=7", (Term(("user", "7"), "user=7"),)),
        ("Zürich", (Term(("zürich",)),)),
        ("=>", (Term((), "=>"),)),
        ('""', ()),
        ("-", (Term((), "-"),)),
    ],
)
def test_terms(text: str, terms: tuple[Term, ...]) -> None:
    assert parse_query(text) == terms


@pytest.mark.parametrize(
    ("text", "message", "found"),
    [
        ("logged in", "User LOGGED in", True),
        ("log", "User logged in", False),
        ('"logged in"', "in logged", False),
        ('"ser logged"', "user logged", False),
        ("-debug", "info", True),
        ("-debug", "DEBUG x", False),
        ("10.0.0.1", "from 10.0.0.11", False),
        ("=>", "a=>b", True),
    ],
)
def test_meaning(text: str, message: str, found: bool) -> None:
    assert matches(message, parse_query(text)) is found


@given(st.text(max_size=200))
def test_any_text_is_a_search_or_a_user_error(text: str) -> None:
    try:
        terms = parse_query(text)
    except UserError:
        return
    assert all(term.words or term.phrase for term in terms)


@given(st.lists(st.text("abcXYZ09ü", min_size=1, max_size=5), min_size=1, max_size=5), st.randoms())
def test_a_message_is_found_by_its_own_words_in_any_order(words: list[str], random: object) -> None:
    message = " - ".join(words)
    random.shuffle(words)  # type: ignore[attr-defined]
    assert matches(message, parse_query(" ".join(words)))


@pytest.mark.parametrize("text", ['"', '-"', 'word "', '"  ', '"a" "'])
def test_a_quote_with_nothing_behind_it_is_not_closed(text: str) -> None:
    with pytest.raises(UserError, match="the quote is not closed"):
        parse_query(text)


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(UserError, match="1001 characters"):
        parse_query("x" * (MAX_LENGTH + 1))
    with pytest.raises(UserError, match="33 terms"):
        parse_query(" ".join(f"w{n}" for n in range(33)))
