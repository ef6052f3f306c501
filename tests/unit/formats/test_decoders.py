"""Fields of a record that are encoded themselves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.decoders import apply, rule


def decoded(record: dict[str, Any], *rules: tuple[str, str]) -> dict[str, Any]:
    apply(record, [rule(text, replaces=key == "as") for key, text in rules])
    return record


def test_a_value_takes_the_place_of_its_text() -> None:
    record = {"a": 1, "log": '{"b":[2]}', "c": 3}
    assert list(decoded(record, ("as", "json log")).items()) == [("a", 1), ("log", {"b": [2]}), ("c", 3)]


def test_members_are_added_at_the_end() -> None:
    record = {"log": r"{\"b\":1,\"c\":2}", "b": 0}
    found = decoded(record, ("add", "json log"))
    assert list(found.items()) == [("log", r"{\"b\":1,\"c\":2}"), ("b", 1), ("c", 2)]


def test_rules_run_in_order_as_their_actions_say() -> None:
    both = ("as", "escaped_utf8 log do_next"), ("as", "escaped log")
    assert decoded({"log": r"\u00e9\\n\"x\""}, *both) == {"log": 'é\\n"x"'}
    assert decoded({"log": r"\"x"}, ("as", "json log try_next"), ("as", "escaped log")) == {"log": '"x'}
    assert decoded({"log": r"\"x"}, ("as", "json log"), ("as", "escaped log")) == {"log": r"\"x"}
    assert decoded({"log": "'q'"}, ("as", "mysql_quoted log")) == {"log": "q"}


def test_text_cannot_be_added_as_members() -> None:
    assert decoded({"log": r"a\n"}, ("add", "escaped log")) == {"log": r"a\n"}


def test_other_values_stay() -> None:
    assert decoded({"log": 1}, ("as", "json log"), ("as", "json missing")) == {"log": 1}


@pytest.mark.parametrize("text", ["json", "yaml log", "json log next", "json log do_next more"])
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no|is not"):
        rule(text, replaces=True)


@given(
    st.dictionaries(st.sampled_from(["a", "b"]), st.text() | st.integers()),
    st.lists(
        st.tuples(
            st.sampled_from(["as", "add"]),
            st.sampled_from(["json", "escaped", "escaped_utf8", "mysql_quoted"]),
            st.sampled_from(["a", "b"]),
            st.sampled_from(["", "do_next", "try_next"]),
        )
    ),
)
def test_no_field_is_lost(record: dict[str, Any], rules: list[tuple[str, str, str, str]]) -> None:
    found = decoded(dict(record), *[(key, f"{name} {field} {action}".strip()) for key, name, field, action in rules])
    assert found.keys() >= record.keys()
