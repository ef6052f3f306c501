from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from outrider.cli.operator import main

GOOD = 'alert http $HOME_NET any -> any 80 (msg:"a"; http.uri; content:"/admin"; sid:1;)\n'
WIDE = 'alert tcp any any -> any any (content:"ab"; sid:2;)\n'
WRONG = 'alert tcp any any -> any any (contnt:"ab"; sid:3;)\n'
OTHER = "alert smtp any any -> any any (sid:4;)\n"


def check(tmp_path: Path, text: str, *more: str) -> int:
    path = tmp_path / "x.rules"
    path.write_text(text, "utf-8")
    return main(["rules", "check", str(path), *more])


def test_the_tally(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, GOOD + WIDE + WRONG + OTHER) == 1
    told = capsys.readouterr()
    assert "2 of 4 rules can be used" in told.out
    assert "1 are wrong, 1 ask for what is not supported" in told.out
    assert "1 cost much" in told.out
    assert "EXTERNAL_NET" in told.out
    assert "x.rules:3:31: sid 3: 'contnt' is no keyword" in told.err


def test_what_is_not_supported_is_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, GOOD + OTHER, "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["used"], told["wrong"], told["not_supported"]) == (1, 0, 1)
    assert told["refused"][0]["line"] == 2


def test_long_lists_are_counted_by_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = "".join(f"alert smtp any any -> any any (sid:{n};)\n" for n in range(1, 31))
    assert check(tmp_path, many) == 0
    told = capsys.readouterr().err
    assert "10 more, which --all shows" in told
    assert check(tmp_path, many, "--all") == 0
    assert capsys.readouterr().err.count("left out") == 30


def test_files_may_be_compressed_and_variables_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.rules.gz"
    path.write_bytes(gzip.compress(b"alert tcp $MINE any -> any any (sid:1;)\n"))
    assert main(["rules", "check", str(path)]) == 1
    assert main(["rules", "check", str(path), "--set", "vars.address-groups.MINE=10.0.0.0/8"]) == 0
    configuration = tmp_path / "s.yaml"
    configuration.write_text("%YAML 1.1\n---\nvars:\n  address-groups:\n    MINE: '[10.0.0.0/8]'\n")
    assert main(["rules", "check", str(path), "-c", str(configuration)]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.rules"], "cannot read none.rules"),
        (["x.rules", "--format", "xml"], "no such format"),
        (["x.rules", "--set", "a"], "KEY=VALUE"),
        (["x.rules", "-c", "bad.yaml"], "bad.yaml:2:1: not YAML"),
        (["bad.gz"], "cannot read bad.gz"),
        (["x.rules", "-c", "loop.yaml"], "too many values"),
    ],
)
def test_faults_of_the_command_line(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.rules").write_text(GOOD)
    Path("bad.yaml").write_text("a: [1\n")
    Path("loop.yaml").write_text("vars:\n  address-groups:\n    HOME_NET: &a [*a]\n")
    Path("bad.gz").write_bytes(b"\x1f\x8b\x08garbage")
    assert main(["rules", "check", *arguments]) == 2
    assert told in capsys.readouterr().err
