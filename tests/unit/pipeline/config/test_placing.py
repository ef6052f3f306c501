"""Faults that plugins find in their options: each has the place of the option, and all of a section are told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from outrider.model.errors import Place, UserError, UserErrors
from outrider.net.files import ConfigurationFiles
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import from_file
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.parsers_files import read_parsers
from outrider.pipeline.config.placing import placed
from outrider.pipeline.config.routing import examine
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.options import Property

SECTION = Place("r.conf", 1, 1)


def examined(tmp_path: Path, text: str, name: str = "r.conf") -> list[str]:
    """What a dry run says of one section."""
    path = tmp_path / name
    path.write_text(text)
    log, findings = Log(Sink(io.StringIO()), "test"), Findings()
    configuration = from_file(str(path), ConfigurationFiles(), log.warn, findings)
    read_parsers(configuration, {}, ConfigurationFiles(), log.warn, findings)
    service = build.read_service(configuration, {}, log, findings)
    plan = build.plan(configuration, service, {}, log, findings)
    if not findings.errors:
        examine(plan, findings)
    return [line.replace(f"{tmp_path}/", "") for line in findings.lines()]


def places(tmp_path: Path, text: str) -> list[str]:
    """Line and column of each finding."""
    return [":".join(line.split(":")[1:3]) for line in examined(tmp_path, text)[:-1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[INPUT]\n    Name dummy\n    Dummy {broken\n    Rate 0\n    Copies 0\n", ["3:11", "4:10", "5:12"]),
        ("[FILTER]\n    Name grep\n    Match *\n    Regex log x\n    Regex log [\n", ["5:11"]),
        (
            "[FILTER]\n    Name rewrite_tag\n    Match *\n    Rule $a [ b no\n    Rule $a b c no\n    Rule $a ( c no\n",
            ["4:10", "6:10"],
        ),
        (
            "[FILTER]\n    Name modify\n    Match *\n    Add a b\n    Condition what a\n    Set a\n    Set b\n",
            ["5:15", "6:9", "7:9"],
        ),
        (
            "[FILTER]\n    Name throttle\n    Match *\n    Rate -1\n    Window 0\n    Interval x\n",
            ["4:10", "5:12", "6:14"],
        ),
        ("[OUTPUT]\n    Name loki\n    Match *\n    Labels a=b, c\n", ["4:12"]),
        (
            "[OUTPUT]\n    Name http\n    Match *\n    tls on\n    tls.ca_file /there/is/none\n    body_key $a\n",
            ["5:17", "6:14"],
        ),
        (
            "[OUTPUT]\n    Name cloudwatch_logs\n    Match *\n    region a\n    log_stream_name a\n"
            "    log_stream_prefix b\n",
            ["1:1", "5:21"],
        ),
        (
            "[OUTPUT]\n    Name s3\n    Match *\n    region a\n    total_file_size 1\n    format xml\n",
            ["6:12", "1:1", "5:21"],
        ),
    ],
)
def test_every_fault_has_its_place(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert places(tmp_path, text) == expected


def test_an_option_that_is_empty_by_its_variable_is_shown(tmp_path: Path) -> None:
    first = examined(tmp_path, "[OUTPUT]\n    Name s3\n    Match *\n    region a\n    bucket ${NOWHERE}\n")[0]
    assert first.startswith("r.conf:5:12: output plugin 's3': 'bucket' is a required parameter ('${NOWHERE}' is empty)")


@pytest.mark.parametrize("limit", ["no", "none", "true", "0"])
def test_a_retry_limit_that_means_something_else(tmp_path: Path, limit: str) -> None:
    lines = examined(tmp_path, f"[OUTPUT]\n    Name null\n    Match *\n    Retry_Limit {limit}\n")
    assert lines[0].startswith(f"r.conf:4:17: warning: output plugin 'null': retry_limit '{limit}' counts as 1")
    assert sum("retry_limit" in line for line in lines) == 1


def found(error: UserError, *properties: tuple[str, str]) -> list[str]:
    items = [Property(key, value, Place("r.conf", 2 + number, 9)) for number, (key, value) in enumerate(properties)]
    return [str(each.place) for each in placed(error, "it", items, items, {}, SECTION)]


def test_the_key_that_is_named_comes_first() -> None:
    properties = (("port", "1"), ("host", "a"), ("host", "b"))
    assert found(UserError("port and host", key="host"), *properties) == ["r.conf:4:9"]
    assert found(UserError("port and host", key="host", found="a"), *properties) == ["r.conf:3:9"]
    assert found(UserError("port and host"), *properties) == ["r.conf:2:9"]
    assert found(UserError("neither is named"), *properties) == [str(SECTION)]
    assert found(UserError("there", Place("x", 9)), *properties) == ["x:9"]


def test_several_faults_stay_several() -> None:
    several = UserErrors([UserError("port is odd"), UserError("'left' means nothing")])
    assert found(several, ("port", "1"), ("way", "left or right")) == ["r.conf:2:9", "r.conf:3:9"]


def test_a_part_of_a_value_and_a_value_in_a_part_are_known() -> None:
    assert found(UserError("'*' is no field"), ("match", "*"), ("labels", "a,*")) == ["r.conf:3:9"]
    assert found(UserError("'$a b' is no field"), ("body", "x"), ("labels", "a b")) == ["r.conf:3:9"]
    assert found(UserError("'http://a:1' is no URL"), ("body", "x"), ("server", "a:1")) == ["r.conf:3:9"]
