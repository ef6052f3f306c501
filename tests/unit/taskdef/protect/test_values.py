"""Which values the options of ``task protect`` take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.protect.values import check_image, check_secret, check_server, check_token

TOKEN = f"orj1.abcd.{'s' * 32}.{'p' * 43}"


@pytest.mark.parametrize(
    "text", ["https://h", "https://h:8444", "https://h.example.com/", "https://10.0.0.1:1", "https://[::1]:8444"]
)
def test_servers(text):
    assert list(check_server(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        *("h:8444", "http://h:8444", "ftp://h", "https://", "https://:8444", "https://h:0", "https://h:99999", "x"),
        *(
            "https://h:a",
            "https://h/path",
            "https://h?q",
            "https://h#f",
            "https://u@h",
            "https://h h",
            "https://h\n",
            "https://[::1",
        ),
    ],
)
def test_what_is_no_server(text):
    (error,) = check_server(text)
    assert f"'{text}' is not the address of a server" in str(error)
    assert "allowed: https://HOST, https://HOST:PORT" in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:outrider/join-AbCdEf",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:join-AbCdEf:token::",
        "arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/outrider/join",
        "arn:aws-cn:ssm:cn-north-1:123456789012:parameter/join",
        "/outrider/join",
    ],
)
def test_secrets(text):
    assert list(check_secret(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "notarn",
        "arn:aws:s3:::bucket",
        "arn:aws:ssm:eu-west-1:1:parameter/x",
        "/",
        "ARN",
        TOKEN,
        "/a b",
        "arn:aws:iam::1",
    ],
)
def test_what_names_no_secret(text):
    (error,) = check_secret(text)
    assert "names no secret" in str(error)
    assert "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME" in str(error)
    assert "s" * 32 not in str(error)


def test_tokens():
    assert list(check_token("--token", TOKEN)) == []
    (error,) = check_token("--token", "orj1.abcd.short-secret.pin")
    assert str(error).startswith("--token: the join token has a part of the wrong length")
    assert "short-secret" not in str(error)


@pytest.mark.parametrize(("text", "taken"), [("a", True), ("r.example/o:1", True), ("a@sha256:0", True)])
def test_images(text, taken):
    assert (list(check_image("--agent-image", text)) == []) is taken


@pytest.mark.parametrize("text", ["", " ", "a b", "-a", "a\n", "x" * 256])
def test_what_is_no_image(text):
    (error,) = check_image("--agent-image", text)
    assert "is no name of an image" in str(error)


@given(st.text() | st.from_regex(r"https://[^/]*"))
def test_any_text_is_taken_or_refused(text):
    for check in (check_server, check_secret, lambda t: check_image("-", t), lambda t: check_token("-", t)):
        assert len(list(check(text))) <= 1
