"""AWS's example configurations that task definitions include, each as its image has it: a dry run finds no fault."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from outrider.cli import route

EXAMPLES = Path(__file__).parents[4] / "shared" / "firelens-examples" / "fluent-bit"
VARIABLES = (
    *("AWS_REGION", "APP_VERSION", "ECS_CLUSTER", "APP_NAME", "ENVIRONMENT"),
    *("FLUENT_BIT_METRICS_LOG_REGION", "FLUENT_BIT_METRICS_LOG_GROUP"),
)
AROUND = "[INPUT]\n  Name forward\n  Port 0\n  Tag app-firelens-1\n@INCLUDE {}\n[OUTPUT]\n  Name null\n  Match *\n"
FAULTS = {
    "send-to-multiple-destinations/extra.conf": "exactly one of log_stream_name and log_stream_prefix is required",
}
"""The example has neither, and Fluent Bit does not start with it."""
_PARSERS = re.compile(r"^\[(MULTILINE_)?PARSER\]", re.MULTILINE)
_PATH = re.compile(r"(?<=\s)/(?:\S*/)?([\w.]+\.conf)\b")


def files(*, parsers: bool) -> list[Path]:
    return [path for path in sorted(EXAMPLES.rglob("*.conf")) if bool(_PARSERS.search(path.read_text())) is parsers]


def examples() -> list[Any]:
    if not EXAMPLES.is_dir():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"needs the published examples in {EXAMPLES}"))]
    return [pytest.param(path, id=str(path.relative_to(EXAMPLES))) for path in files(parsers=False)]


@pytest.mark.parametrize("path", examples())
def test_each_configuration_is_understood(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "us-west-2")
    of_image = {file.name: file for file in files(parsers=True)}
    included, main = tmp_path / path.name, tmp_path / "main.conf"
    text = _PATH.sub(lambda found: str(of_image.get(found[1], found[0])), path.read_text())
    included.write_text(text)
    main.write_text(AROUND.format(included))
    beside = [str(file) for file in of_image.values() if file.parent == path.parent and str(file) not in text]
    status = route.main([*(word for file in beside for word in ("-R", file)), "-c", str(main), "--dry-run"])
    fault = FAULTS.get(str(path.relative_to(EXAMPLES)), "")
    told = capsys.readouterr().err
    assert status == (1 if fault else 0), told
    assert fault in told


def test_there_is_something_to_look_at() -> None:
    assert not EXAMPLES.is_dir() or len(files(parsers=False)) >= 10
