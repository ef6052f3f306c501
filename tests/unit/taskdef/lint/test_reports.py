"""Findings as text, JSON, SARIF, JUnit and annotations."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import Place
from outrider.taskdef.lint.finding import Finding
from outrider.taskdef.lint.reports import FORMATS

TEXT = '{\n\t"cpu": "300",\n  "x": 1\n}\n'
FOUND = [
    Finding("fargate-size", "error", "no such size", Place("a.json", 2, 2), "choose another", "https://x/y", True),
    Finding("other-rule", "note", "50%, or more: a\nb", Place("a.json", 4, 1), "look", "https://x/z"),
]


def test_text_shows_the_line_and_the_place() -> None:
    assert FORMATS["text"](FOUND[:1], {"a.json": TEXT, "b.json": ""}) == (
        "a.json:2:2: error: no such size [fargate-size]\n"
        '     2 |  "cpu": "300",\n'
        "       |  ^\n"
        "  fix: choose another (--fix does it)\n"
        "  see: https://x/y\n"
        "\n"
        "1 error in 2 files\n"
    )
    assert FORMATS["text"]([], {"a.json": TEXT}) == "nothing found in 1 file\n"
    assert FORMATS["text"]([*FOUND, FOUND[0]], {"a.json": TEXT}).endswith("2 errors, 1 note in 1 file\n")


def test_a_long_line_is_shown_around_the_place() -> None:
    line = "x" * 5_000 + "HERE" + "y" * 5_000
    found = Finding("a", "error", "m", Place("a.json", 1, 5_001), "f", "https://x")
    _, excerpt, mark, *_ = FORMATS["text"]([found], {"a.json": line}).split("\n")
    assert excerpt[mark.index("^") :].startswith("HERE")
    assert len(excerpt) < 120


def test_json_has_what_programs_need() -> None:
    (first, _) = json.loads(FORMATS["json"](FOUND, {}))
    assert first == {
        "id": "fargate-size",
        "level": "error",
        "message": "no such size",
        "file": "a.json",
        "line": 2,
        "column": 2,
        "fix": "choose another",
        "url": "https://x/y",
    }
    assert FORMATS["json"]([], {}) == "[]\n"


def test_sarif_names_rules_and_regions() -> None:
    told = json.loads(FORMATS["sarif"](FOUND, {}))
    (run,) = told["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["fargate-size", "other-rule"]
    assert [result["level"] for result in run["results"]] == ["error", "note"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == ("a.json", {"startLine": 2, "startColumn": 2})


def test_junit_counts_failures() -> None:
    suite, clean = ElementTree.fromstring(FORMATS["junit"](FOUND, {"a.json": TEXT, "b.json": TEXT}))
    assert (suite.get("tests"), suite.get("failures"), clean.get("failures")) == ("2", "1", "0")
    assert len(clean.findall("testcase")) == 1


def test_annotations_are_one_line_each() -> None:
    first, second = FORMATS["github"](FOUND, {}).splitlines()
    assert first == "::error file=a.json,line=2,col=2,title=fargate-size::no such size; fix: choose another"
    assert second.startswith("::notice ")
    assert second.endswith("::50%25, or more: a%0Ab; fix: look")


@given(st.text(), st.text(), st.integers(0, 9), st.integers(0, 300))
def test_reports_take_any_text(message: str, source: str, line: int, column: int) -> None:
    message = message.encode("utf-8", "replace").decode()
    found = [Finding("a", "warning", message, Place("a.json", line, column), message, "https://x")]
    for report in FORMATS.values():
        assert report(found, {"a.json": source})
    json.loads(FORMATS["json"](found, {}))
    json.loads(FORMATS["sarif"](found, {}))
    ElementTree.fromstring(FORMATS["junit"](found, {"a.json": source}))
