from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.export.description import describe
from outrider.export.kubernetes import choices
from outrider.model.errors import UserError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://logs.example.com:8444", ("https://logs.example.com:8444", 8444, "")),
        ("https://logs.example.com/", ("https://logs.example.com", 443, "")),
        ("https://10.1.2.3:8444", ("https://10.1.2.3:8444", 8444, "10.1.2.3/32")),
        ("https://[2001:db8::1]:8444", ("https://[2001:db8::1]:8444", 8444, "2001:db8::1/128")),
    ],
)
def test_the_server(text: str, expected: tuple[str, int, str]) -> None:
    assert choices.server(describe({"server": text})) == expected


@pytest.mark.parametrize("text", ["https://:1", "https://a:b", "https://a:99999", "https://[::1", "https://["])
def test_a_server_that_is_none(text: str) -> None:
    with pytest.raises(UserError, match="server"):
        choices.server(describe({"server": text}))


@given(st.text(st.sampled_from("ab:.[]19-"), min_size=1))
def test_any_server_is_taken_or_refused(text: str) -> None:
    try:
        found = choices.server(describe({"server": f"https://{text}"}))
    except UserError:
        return
    assert 0 < found.port < 65536


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("outrider", ("outrider", "latest", "")),
        ("outrider:0.1.0", ("outrider", "0.1.0", "")),
        ("registry:5000/a/outrider", ("registry:5000/a/outrider", "latest", "")),
        ("registry:5000/a/outrider:1", ("registry:5000/a/outrider", "1", "")),
        ("a/outrider@sha256:0f", ("a/outrider", "", "sha256:0f")),
        ("a:5000/outrider:1@sha256:0f", ("a:5000/outrider", "", "sha256:0f")),
    ],
)
def test_the_image(text: str, expected: tuple[str, str, str]) -> None:
    assert choices.image(describe({"image": text})) == expected


def test_names_that_kubernetes_has() -> None:
    assert choices.secret(describe({"name": "shop"})) == "shop-token"
    assert choices.secret(describe({"token_secret": "mine"})) == "mine"
    with pytest.raises(UserError, match="no name of a Secret"):
        choices.secret(describe({"token_secret": "arn:aws:secretsmanager:x"}))
