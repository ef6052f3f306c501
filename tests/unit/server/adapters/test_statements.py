"""Searches as SQL: no text of a user ever ends its literal."""

from hypothesis import given
from hypothesis import strategies as st

from outrider.server.adapters.chdb.statements import containers_statement, literal, search_statement, windows
from outrider.server.domain.containers import means_full_name
from outrider.server.domain.query import parse_query
from outrider.server.domain.search import Cursor, Search

MINUTE = 60 * 10**9


def without_literals(sql: str) -> str:
    """The statement with every string literal replaced by an empty one, read as the engine reads it."""
    kept, inside, escaped = [], False, False
    for character in sql:
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == "'":
                inside = False
                kept.append("'")
        else:
            inside = character == "'"
            kept.append(character)
    assert not inside
    return "".join(kept)


@given(st.text(max_size=40), st.text(max_size=40))
def test_values_stay_inside_of_their_literals(host: str, container: str) -> None:
    plain = search_statement(Search(0, 1, container="ecs-" if means_full_name(container) else "x"), ["x"], 0)
    sql = search_statement(Search(0, 1, container=container or "x"), [host], 0)
    assert without_literals(sql) == without_literals(plain)
    assert without_literals(containers_statement(host or "x", 0)) == without_literals(containers_statement("x", 0))


@given(st.text(st.characters(exclude_characters='"'), min_size=1, max_size=40))
def test_search_words_stay_inside_of_their_literals(text: str) -> None:
    terms = parse_query(f'"{text}"')
    assert text not in ("'", "\\") or terms
    sql = without_literals(search_statement(Search(0, 1, terms=terms), None, 0))
    assert set('\\"') & set(sql) == set()


def test_literals() -> None:
    assert literal("it's \\ \n") == "'it\\'s \\\\ \\n'"
    assert literal("\ud800") == "'?'"


def test_no_host_of_that_name_finds_nothing() -> None:
    assert "false" in search_statement(Search(0, 1, host="nobody"), [], 0)


def test_a_page_begins_behind_the_cursor_and_reads_one_more() -> None:
    sql = search_statement(Search(0, 100, limit=7, after=Cursor(50, 3, 2)), None, 0)
    assert "pos < 3 OR (pos = 3 AND seq < 2)" in sql
    assert "toInt64(51)" in sql
    assert "LIMIT 8" in sql


def test_long_ranges_are_searched_from_their_end() -> None:
    assert windows(0, 10 * MINUTE) == [0]
    assert windows(0, 60 * MINUTE) == [45 * MINUTE, 0]
    assert windows(0, 24 * 60 * MINUTE) == [(24 * 60 - 15) * MINUTE, 18 * 60 * MINUTE, 0]
