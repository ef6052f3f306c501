"""Join tokens: round trip, clear refusals, and the secret never shows."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.protocols.uplink import JoinToken, Reason, Refusal, certificate_pin, hash_secret

URLSAFE = string.ascii_letters + string.digits + "-_"
TOKENS = st.builds(
    JoinToken,
    st.text(string.digits + string.ascii_lowercase, min_size=4, max_size=32),
    st.text(URLSAFE, min_size=22, max_size=86),
    st.text(URLSAFE, min_size=43, max_size=43),
)


@given(TOKENS)
def test_round_trip(token: JoinToken) -> None:
    assert JoinToken.parse(f" {token}\n") == token


@given(st.text(max_size=200))
def test_any_text_is_refused_as_malformed(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        JoinToken.parse(text)
    assert caught.value.reason is Reason.TOKEN_MALFORMED


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "is empty"),
        ("abc.def", "begin with 'orj1.'"),
        ("orj1.abcd", "2 parts"),
        ("orj1.abcd.short." + "p" * 43, "wrong length"),
    ],
)
def test_the_refusal_says_what_is_wrong(text: str, part: str) -> None:
    with pytest.raises(Refusal, match=part) as caught:
        JoinToken.parse(text)
    assert "outrider server token create" in caught.value.fix


def test_the_secret_is_not_shown() -> None:
    secret = "s" * 30
    token = JoinToken("abcd", secret, "p" * 43)
    assert secret not in repr(token)
    with pytest.raises(Refusal) as caught:
        JoinToken.parse(f"orj1.abcd.{secret}.tooshort")
    assert secret not in str(caught.value)


def test_a_pin_fits_into_a_token() -> None:
    pin = certificate_pin(b"certificate")
    assert JoinToken.parse(f"orj1.abcd.{'s' * 22}.{pin}").pin == pin
    assert certificate_pin(b"other") != pin


def test_the_hash_tells_secrets_apart() -> None:
    assert hash_secret("a") == hash_secret("a") != hash_secret("b")
    assert len(hash_secret("a")) == 32
