from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.classic import Meta, Note
from outrider.formats.env import expand, variables
from outrider.model.errors import Place, UserError

HERE = Place("a.conf", 3, 1)


@pytest.mark.parametrize(
    ("text", "result", "warnings"),
    [
        ("${A}-${B}", "x-", ["[env] variable ${B} is used but not set"]),
        ("${a}", "", ["[env] variable ${a} is used but not set"]),
        ("${B:-d}${NOPE:-e}${A:-f}", "dex", []),
        ("${NOPE:-}", "", []),
        ("$A {A} ${A", "$A {A} ${A", []),
        ("${A:-${B}}", "x}", []),
        ("${SECRET_0-x}", "s", []),
    ],
)
def test_expansion(text: str, result: str, warnings: list[str]) -> None:
    told: list[str] = []
    assert expand(text, {"A": "x", "B": "", "SECRET_0-x": "s"}, told.append) == result
    assert told == warnings


@given(st.text(alphabet="${}:-AB c", max_size=20))
def test_expansion_of_any_text_leaves_no_known_variable(text: str) -> None:
    result = expand(text, {"A": "1", "B": "2"}, lambda message: None)
    if "${" not in text:
        assert result == text
    assert "${A}" not in result.replace("${${A}", "")


def test_set_last_wins_and_parts_are_not_trimmed() -> None:
    metas = [Meta("SET", "a=1", HERE), Meta("set", "b = 2", HERE), Meta("SET", "a=3=4", HERE)]
    assert variables(metas, str, list[Note]().append) == {"a": "3=4", "b ": " 2"}


@pytest.mark.parametrize(("content", "value"), [("secret\n", "secret"), ("two\n\n", "two\n"), ("x\r\n", "x")])
def test_set_from_a_file_cuts_one_line_end(content: str, value: str) -> None:
    read = {"/run/s": content}.__getitem__
    assert variables([Meta("SET", "k=file:///run/s", HERE)], read, list[Note]().append) == {"k": value}


def missing(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", path)


@pytest.mark.parametrize(
    ("parameter", "message"),
    [("novalue", "has no '='"), ("k=file:///none", "No such file or directory"), ("k=file:///empty", "is empty")],
)
def test_set_faults_are_placed(parameter: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        variables([Meta("SET", parameter, HERE)], lambda p: "" if p == "/empty" else missing(p), list[Note]().append)
    assert caught.value.place == HERE


def test_an_unknown_command_is_told_and_ignored() -> None:
    told: list[Note] = []
    assert variables([Meta("STE", "a=1", HERE)], missing, told.append) == {}
    assert told == [Note("unknown command '@STE' is ignored; allowed: @SET, @INCLUDE", HERE)]
