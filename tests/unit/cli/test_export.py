from __future__ import annotations

from pathlib import Path

import pytest

from outrider.cli.operator import main
from outrider.export.registry import KINDS


def test_one_file_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "docker-run", "--set", "name=shop"]) == 0
    assert "--name shop-agent" in capsys.readouterr().out


def test_a_key_that_the_kind_does_not_use_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "docker-run", "--set", "cluster=x"]) == 2
    assert "docker-run does not use it" in capsys.readouterr().err


def test_a_file_may_have_keys_of_other_kinds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "description.yaml"
    file.write_text("name: shop\ncluster: x\n")
    assert main(["export", "docker-run", "--from", str(file)]) == 0
    assert "--name shop-agent" in capsys.readouterr().out


def test_faults_of_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["export", "docker-run", "--set", "name"]) == 2
    assert "KEY=VALUE" in capsys.readouterr().err
    assert main(["export", "docker-run", "--from", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml" in capsys.readouterr().err
    assert main(["export", "docker-rum"]) == 2
    capsys.readouterr()


def test_help_has_keys_and_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "docker-run", "--help"]) == 0
    told = capsys.readouterr().out
    assert "memory_reservation" in told
    assert "Example: outrider export docker-run" in told


def test_the_kinds_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == sorted(KINDS)
    assert "image           The Dockerfile of Outrider's image, for agent and router" in lines


@pytest.mark.parametrize("name", KINDS)
def test_the_example_of_each_kind_works(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["export", name, "--help"]) == 0
    example = " ".join(capsys.readouterr().out.split("Example: ")[1].partition("Options:")[0].split())
    words = example.removeprefix("outrider ").replace("deploy/", f"{tmp_path}/").split()
    assert words[:2] == ["export", name]
    assert main(words) == 0
    assert any(tmp_path.rglob("*"))


def test_what_is_left_to_its_placeholder_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "given.yaml"
    file.write_text("region: eu-west-1\n")
    given = ["--set", "cluster=prod", "--set", "account=123456789012", "--from", str(file)]
    assert main(["export", "ecs-daemon", *given, "-o", str(tmp_path / "daemon")]) == 0
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")]
    assert notes == [
        "note: image is still the placeholder outrider:latest: --set image=REGISTRY/outrider:TAG",
        "note: server is still the placeholder https://outrider.example.com:8444: --set server=https://HOST:8444",
        "note: the join token is looked for in arn:aws:ssm:eu-west-1:123456789012:parameter/outrider/join-token;"
        " elsewhere: --set token_secret=ARN",
    ]


@pytest.mark.parametrize("name", KINDS)
def test_nothing_is_told_where_all_is_given(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    secret = "token" if name in ("kubernetes", "helm") else "arn:aws:ssm:us-east-1:210987654321:parameter/token"
    file = tmp_path / "given.yaml"
    file.write_text(
        "server: https://logs.example.com:8444\nimage: outrider:latest\nregion: us-east-1\naccount: '210987654321'\n"
        f"token_secret: {secret}\n"
    )
    assert main(["export", name, "--from", str(file), "-o", f"{tmp_path}/made/"]) == 0
    assert "note: " not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "output", "told"),
    [
        ("kubernetes", "x-kubernetes", "as the head of x-kubernetes says, then: kubectl apply -f x-kubernetes"),
        ("docker-run", "a b.sh", "OUTRIDER_TOKEN=$(outrider server token create) sh 'a b.sh'"),
        ("compose", "made/", "docker compose -f made/compose.yaml up -d"),
        ("ecs-daemon", "made", "as made/deploy.sh says, then run it: sh made/deploy.sh"),
        ("cloudformation", "made", "--template-file made/fargate.yaml "),
        ("helm", "charts/", "helm install outrider charts/outrider --namespace"),
        ("systemd", "made", "Put made/outrider-agent.service into /etc/systemd/system, made/99-outrider.conf into"),
        ("terraform", "made", "made/README.md says how"),
    ],
)
def test_next_steps_name_what_was_written(
    name: str,
    output: str,
    told: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", name, "-o", output]) == 0
    assert told in capsys.readouterr().err
