"""Where keys come from, how they are kept fresh, and that they are never shown."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from outrider.aws import credentials
from outrider.aws.credentials import Credentials, Identity, Keys
from outrider.model.errors import PeerError, UserError

ROLE = "arn:aws:iam::111122223333:role/logs"


def of(**identity: str) -> Credentials:
    return Credentials(Identity("us-east-1", **identity))


async def found(**identity: str) -> tuple[str, str, str | None]:
    keys = await of(**identity).current()
    return keys.access_key, keys.secret_key, keys.token


def page(name: str, seconds: float = 7200.0) -> bytes:
    ends = datetime.fromtimestamp(time.time() + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return json.dumps({"AccessKeyId": name, "SecretAccessKey": "s", "Token": "t", "Expiration": ends}).encode()


async def test_environment(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await found() == ("AKIDEXAMPLE", "secret", None)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "tok")
    assert await found() == ("AKIDEXAMPLE", "secret", "tok")


async def test_profiles(keys: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles = [("default", "D", "d"), ("other", "O", "o")]
    form = "[{0}]\naws_access_key_id={1}\naws_secret_access_key={2}\n"
    (tmp_path / "credentials").write_text("".join([form.format(*profile) for profile in profiles]))
    assert await found() == ("AKIDEXAMPLE", "secret", None)
    assert await found(profile="other") == ("O", "o", None)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert await found() == ("D", "d", None)
    monkeypatch.setenv("AWS_PROFILE", "other")
    assert await found() == ("O", "o", None)


async def test_a_process_of_a_profile(tmp_path: Path) -> None:
    answer = json.dumps({"Version": 1, "AccessKeyId": "P", "SecretAccessKey": "p"})
    (tmp_path / "answer").write_text(answer)
    (tmp_path / "config").write_text(f"[default]\ncredential_process = cat {tmp_path / 'answer'}\n")
    assert await found() == ("P", "p", None)


async def test_the_containers_endpoint(aws: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    heard: list[str | None] = []

    def answer(headers: dict[str, str]) -> bytes:
        heard.append(headers.get("authorization"))
        return page("ECS")

    aws.pages["/v2/credentials/x"] = answer
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{aws.endpoint}/v2/credentials/x")
    assert await found() == ("ECS", "s", "t")
    (tmp_path / "token").write_text("let me in")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(tmp_path / "token"))
    assert await found() == ("ECS", "s", "t")
    assert heard == [None, "let me in"]


async def test_keys_that_end_soon_are_asked_for_again(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lives = iter([("FIRST", 30.0), ("SECOND", 7200.0)])
    aws.pages["/c"] = lambda headers: page(*next(lives))
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{aws.endpoint}/c")
    source = of()
    assert (await source.current()).access_key == "SECOND"
    assert (await source.current()).access_key == "SECOND"


async def test_keys_that_still_live_are_used_when_no_others_come(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.pages["/c"] = lambda headers: page("LAST", 300.0)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{aws.endpoint}/c")
    source = of()
    first = await source.current()
    aws.pages.clear()
    source._looked = float("-inf")
    assert await source.current() is first


async def test_refused_keys_are_looked_up_anew_once_a_minute(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    source = of()
    await source.current()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "NEW")
    assert (await source.current()).access_key == "AKIDEXAMPLE"
    assert await source.renew()
    assert (await source.current()).access_key == "NEW"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "NEWER")
    assert not await source.renew()
    assert (await source.current()).access_key == "NEW"
    source._renewed -= credentials.RENEW_SECONDS
    assert await source.renew()
    assert (await source.current()).access_key == "NEWER"


async def test_a_role_is_assumed_with_its_external_id(keys: None, aws: Any) -> None:
    aws.roles[ROLE] = "ext&1"
    got = await found(role_arn=ROLE, external_id="ext&1", sts_endpoint=aws.endpoint)
    assert got == ("ASIA1", "secret/ASIA1+&", "token/ASIA1==")
    ((_, given, _),) = aws.calls
    assert len(given["RoleSessionName"]) == 32


async def test_a_role_that_is_not_ours_is_an_error(keys: None, aws: Any) -> None:
    aws.roles[ROLE] = "right"
    with pytest.raises(PeerError, match="AssumeRole: HTTP 403 AccessDenied: not authorized") as raised:
        await found(role_arn=ROLE, external_id="wr0ng", sts_endpoint=aws.endpoint)
    assert "wr0ng" not in str(raised.value)


async def test_web_identity(aws: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    aws.roles[ROLE] = ""
    aws.web_token = "jwt.a.b"
    (tmp_path / "token").write_text("jwt.a.b")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    monkeypatch.setenv("AWS_ROLE_SESSION_NAME", "pod")
    assert (await found(sts_endpoint=aws.endpoint))[0] == "ASIA1"
    ((_, given, headers),) = aws.calls
    assert (given["RoleSessionName"], "authorization" in headers) == ("pod", False)


async def test_the_role_of_a_pod_comes_before_the_options_role(keys: None, aws: Any, monkeypatch: Any) -> None:
    first = ROLE + "-pod"
    aws.roles |= {first: "", ROLE: ""}
    monkeypatch.setenv("EKS_POD_EXECUTION_ROLE", first)
    assert (await found(role_arn=ROLE, sts_endpoint=aws.endpoint))[0] == "ASIA2"
    assert [given["RoleArn"] for _, given, _ in aws.calls] == [first, ROLE]
    assert "Credential=ASIA1/" in aws.calls[1][2]["authorization"]


async def test_no_keys_at_all_say_where_they_were_looked_for() -> None:
    with pytest.raises(PeerError, match=r"no AWS credentials found; looked in .* fix: give the task a task role"):
        await of().current()


async def test_nobody_at_sts(keys: None) -> None:
    with pytest.raises(PeerError, match=r"127\.0\.0\.1:9: AssumeRole: "):
        await found(role_arn=ROLE, sts_endpoint="http://127.0.0.1:9")


async def test_a_broken_file_says_so_without_its_text(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[default\naws_secret_access_key=hush")
    with pytest.raises(UserError) as refused:
        of().check()
    assert "hush" not in str(refused.value)
    with pytest.raises(PeerError) as raised:
        await of().current()
    assert "hush" not in str(raised.value)


def test_a_profile_that_is_not_there() -> None:
    with pytest.raises(UserError, match="nobody"):
        of(profile="nobody").check()


def test_without_botocore_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(UserError, match=r"pip install '\.\[aws\]'"):
        of().check()


def test_secrets_are_not_shown() -> None:
    shown = repr(Keys("AK", "hush", "quiet")) + repr(Identity("r", external_id="still"))
    assert not {"hush", "quiet", "still"} & set(shown.replace("'", " ").replace('"', " ").split())
    assert "hush" not in shown
    assert "quiet" not in shown
    assert "still" not in shown
