"""What looks like a secret. The texts are made here, so that no scanner finds them in this file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.lint.sensitive import form_of, names_secret


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AKIA" + "A" * 16, "an access key of AWS"),
        ("key: " + "ASIA" + "2" * 16, "an access key of AWS"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----\nMII", "a private key"),
        ("ghp_" + "a" * 36, "a token of GitHub"),
        ("github_pat_" + "a" * 60, "a token of GitHub"),
        ("glpat-" + "a" * 20, "a token of GitLab"),
        ("xoxb-" + "1" * 12, "a token of Slack"),
        ("sk_live_" + "a" * 24, "a key of Stripe"),
        ("AIza" + "a" * 35, "a key of Google"),
        ("npm_" + "a" * 36, "a token of npm"),
        ("SG." + "a" * 22 + "." + "b" * 43, "a key of SendGrid"),
        ("hvs." + "a" * 24, "a token of Vault"),
        ("eyJ" + "a" * 20 + ".eyJ" + "b" * 20 + ".c", "a JSON Web Token"),
        ("postgres://web:correct" + "-horse@db/web", "an address with a password"),
        ("redis://:correct" + "-horse@cache:6379", "an address with a password"),
        ("https://example.com/a:b@c", None),
        ("postgres://web:${PASSWORD}@db/web", None),
        ("postgres://web@db:5432/web", None),
        ("MAKIA" + "A" * 16, None),
        ("pk_live_" + "a" * 24, None),
        ("", None),
    ],
)
def test_forms(text: str, kind: str | None) -> None:
    assert form_of(text) == kind


@pytest.mark.parametrize(
    "name",
    [
        *("PASSWORD", "DB_PASSWORD", "db.password", "dbPassword", "MYSQL_PWD", "SMTP_PASS", "API_KEY", "APIKEY"),
        *("AWS_SECRET_ACCESS_KEY", "SECRET_KEY", "DD_API_KEY", "AUTH_TOKEN", "TOKEN_2", "NEW_RELIC_LICENSE_KEY"),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert names_secret(name, "correct horse")
    for text in (
        "",
        "true",
        "3600",
        "${PASSWORD}",
        "{{ password }}",
        "<password>",
        "***",
        "/run/secrets/x",
        "arn:aws:x",
    ):
        assert not names_secret(name, text)


@pytest.mark.parametrize(
    "name",
    [
        *("PWD", "COMPASS", "PASSWORD_FILE", "TOKEN_URL", "MAX_TOKENS", "SECRET_NAME", "TOKENIZERS_PARALLELISM"),
        *("KEY", "MONKEY", "AWS_ACCESS_KEY_ID", "KEYCLOAK", "API_KEY_HEADER", "BYPASS"),
    ],
)
def test_names_that_only_look_like_it(name: str) -> None:
    assert not names_secret(name, "correct horse")


@given(st.text(), st.text())
def test_any_text(name: str, text: str) -> None:
    form_of(text)
    names_secret(name, text)


@pytest.mark.parametrize("piece", ["-eyJ", "a://", "a://b:", "-----BEGIN ", "_TOKEN", "${", "xoxb-", "aA"])
def test_texts_that_are_made_to_keep_a_reader_busy(piece: str) -> None:
    text = piece * 200_000
    form_of(text)
    names_secret(text, text)
