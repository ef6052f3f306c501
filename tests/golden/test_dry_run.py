"""The dry run judges every recorded configuration as Fluent Bit's start did, and warns of none without cause."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from outrider.cli import route

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "golden"
PORTS = ("FWD", "TCP", "UDP", "HTTP", "HTTPS", "IN")
PLACES = {"{SOCK}": "/nowhere.sock", "{DIR}": "."} | {f"{{{name}}}": str(5140 + n) for n, name in enumerate(PORTS)}
WARNED = {
    "config.no-output": "no output matches what forward.0 takes in",
    "config.set-env": "variable ${UNSET_X} is used but not set",
    "filter.record_modifier-record": "Record 'b two words' is skipped",
    "config.values-with-hash-and-quotes": "Record 'a x # not comment' is skipped",
    "syslog.udp": "is more than a datagram holds",
}

pytestmark = pytest.mark.golden


def test_every_recorded_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    cases: list[dict[str, Any]] = [
        case for file in CASES.glob("*.json") for case in json.loads(file.read_text("utf-8"))
    ]
    cases = [case for case in cases if case.get("config")]
    assert len(cases) > 50
    for case in cases:
        path = write(case, tmp_path)
        for name, value in case.get("env", {}).items():
            monkeypatch.setenv(name, value)
        status = route.main(["--dry-run", "--quiet", "-c", str(path)])
        said = capsys.readouterr().err
        assert (status == 1) == (case["expect"].get("exit") == "error"), f"{case['name']}: {said}"
        assert "Traceback" not in said
        if status == 0:
            assert WARNED.get(case["name"], "") in said
            assert ("warning" in said) == (case["name"] in WARNED), f"{case['name']}: {said}"


def write(case: dict[str, Any], folder: Path) -> Path:
    """The configuration and its files, with ports that are only written."""
    text = case["config"]
    for placeholder, value in PLACES.items():
        text = text.replace(placeholder, value)
    for name, content in case.get("files", {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, "utf-8")
    path = folder / case.get("config_name", "main.conf")
    path.write_text(text, "utf-8")
    return path
