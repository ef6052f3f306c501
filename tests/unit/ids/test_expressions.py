from __future__ import annotations

import pytest

from outrider.ids import expressions
from outrider.ids.expressions import READ, compiled, searched
from outrider.ids.rules.refusal import RuleError, UnsupportedError
from outrider.ids.rules.steps import Pcre


@pytest.fixture(params=["pcre2", "python"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "python":
        monkeypatch.setattr(expressions, "pcre2", None)
    return str(request.param)


@pytest.mark.parametrize(
    ("expression", "flags", "data", "found"),
    [
        ("^ab+c", "", b"abbc", True),
        ("AB", "i", b"xab", True),
        ("^b$", "m", b"a\nb\nc", True),
        ("a.b", "s", b"a\nb", True),
        ("a.b", "", b"a\nb", False),
        ("a b", "x", b"ab", True),
        (r"\xff\x00", "", b"\xff\x00", True),
    ],
)
def test_both_kinds_find_the_same(kind: str, expression: str, flags: str, data: bytes, found: bool) -> None:
    assert (searched(compiled(Pcre(expression, flags)), data) is not None) is found


def test_what_cannot_be_compiled_is_told(kind: str) -> None:
    with pytest.raises(RuleError, match="pcre"):
        compiled(Pcre("("))


@pytest.mark.parametrize("expression", ["a*a*b", "(a+)+b", "(a|b)*c+", r"\w+x{3,}"])
def test_without_pcre2_what_may_take_long_is_left_out(monkeypatch: pytest.MonkeyPatch, expression: str) -> None:
    monkeypatch.setattr(expressions, "pcre2", None)
    with pytest.raises(UnsupportedError, match="PCRE2"):
        compiled(Pcre(expression))


def test_without_pcre2_the_beginning_of_a_buffer_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "pcre2", None)
    expression = compiled(Pcre("x"))
    assert searched(expression, b"." * (READ - 1) + b"x") is not None
    assert searched(expression, b"." * READ + b"x") is None


@pytest.mark.parametrize("expression", ["(a+)+$", "a*a*a*a*a*a*b", "(a|aa)+$"])
def test_with_pcre2_a_search_has_a_limit(expression: str) -> None:
    assert searched(compiled(Pcre(expression)), b"a" * 5000 + b"c") is None
