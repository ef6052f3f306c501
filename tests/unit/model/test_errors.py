"""Places and errors as texts."""

from __future__ import annotations

import pytest

from outrider.model.errors import LocalError, OutriderError, PeerError, Place, UserError


@pytest.mark.parametrize(
    ("place", "text"),
    [(Place("a.conf", 3, 7), "a.conf:3:7"), (Place("a.conf", 3), "a.conf:3"), (Place("command line"), "command line")],
)
def test_places(place: Place, text: str) -> None:
    assert str(place) == text


def test_a_user_error_says_where_what_and_what_to_do() -> None:
    error = UserError("unknown key 'Rat'", Place("a", 1), found="Rat", allowed=["rate", "tag"], fix="see the help")
    assert str(error) == "a:1: unknown key 'Rat'; did you mean 'rate'?; allowed: rate, tag; fix: see the help"
    assert str(UserError("wrong")) == "wrong"
    assert "did you mean" not in str(UserError("x", found="zzz", allowed=["rate"]))


def test_kinds() -> None:
    assert PeerError("x").retry
    assert not PeerError("x", retry=False).retry
    assert all(issubclass(kind, OutriderError) for kind in (UserError, PeerError, LocalError))


def test_what_was_found_steers_no_terminal_and_fills_no_screen() -> None:
    assert (
        str(UserError("value '\x1b[31mred'\nnext", fix="write \u2026"))
        == "value '\ufffd[31mred'\nnext; fix: write \u2026"
    )
    assert str(UserError("x" * 10_000)) == "x" * 300 + "\u2026"
