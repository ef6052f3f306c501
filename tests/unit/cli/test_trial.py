"""``outrider test``: what users see of tests that pass, fail, or cannot run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from outrider.cli import operator

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "pipeline-test.yaml"
CONFIG = """\
[SERVICE]
    Parsers_File parsers.conf
    storage.path /nowhere/spool
[INPUT]
    Name tail
    Alias files
    Path /nowhere/*.log
    Tag app.${NAME}
    storage.type filesystem
[INPUT]
    Name tcp
    Tag net
[FILTER]
    Name parser
    Match app.*
    Key_Name log
    Parser own
[FILTER]
    Name rewrite_tag
    Match app.*
    Rule $level ^error$ alert.$TAG false
[OUTPUT]
    Name http
    Match alert.*
    tls on
    tls.ca_file /nowhere/ca.pem
    storage.total_limit_size 5M
[OUTPUT]
    Name null
    Alias rest
    Match *
    Workers 4
"""
PARSERS = "[PARSER]\n    Name own\n    Format regex\n    Regex ^(?<level>\\S+) (?<text>.*)$\n"
TESTS = """\
config: main.conf
env: {NAME: web}
tests:
  - name: errors go to the alert output
    input: files
    records: [{log: error it broke}, {log: info fine}]
    expect:
      http: {tags: [alert.app.web], records: [{level: error, text: it broke}]}
      rest: {tags: [app.web, alert.app.web], records: [{level: info, text: fine}, {level: error, text: it broke}]}
    dropped: 0
"""

Test = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def outrider_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Test:
    """Runs ``outrider test`` on this text; exit status and what it printed."""
    (tmp_path / "main.conf").write_text(CONFIG)
    (tmp_path / "parsers.conf").write_text(PARSERS)

    def run(text: str, *arguments: str) -> tuple[int, list[str]]:
        path = tmp_path / "tests.yaml"
        path.write_text(text)
        status = operator.main(["test", str(path), *arguments])
        printed = capsys.readouterr()
        return status, (printed.out + printed.err).replace(f"{tmp_path}/", "").splitlines()

    return run


def test_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert operator.main(["test", str(EXAMPLE)]) == 0
    assert capsys.readouterr().out.endswith("3 passed, 0 failed\n")


def test_filters_parsers_and_routes_are_real_and_nothing_else_is(outrider_test: Test) -> None:
    status, lines = outrider_test(TESTS)
    assert lines == ["ok    errors go to the alert output", "1 passed, 0 failed"]
    assert status == 0
    assert not Path("/nowhere").exists()


def test_a_difference_is_shown(outrider_test: Test) -> None:
    wrong = TESTS.replace("text: fine}", "text: good}").replace("tags: [alert.app.web]", "tags: [alert]")
    status, lines = outrider_test(wrong.replace("dropped: 0", "dropped: {no output matches the tag: 1}"))
    assert status == 1
    assert [line for line in lines if "log:" not in line] == [
        "FAIL  errors go to the alert output (tests.yaml:4:5)",
        "      http.0: 1 record expected, 1 came",
        '        - alert: {"level": "error", "text": "it broke"}',
        '        + alert.app.web: {"level": "error", "text": "it broke"}',
        "      rest: 2 records expected, 2 came",
        '        - app.web: {"level": "info", "text": "good"}',
        '        + app.web: {"level": "info", "text": "fine"}',
        '          alert.app.web: {"level": "error", "text": "it broke"}',
        "      dropped by no output matches the tag: 1 expected, 0 were",
        "0 passed, 1 failed",
    ]


@pytest.mark.parametrize(("wanted", "status"), [("{n: 1}", 0), ("{n: 1.0}", 1), ("{n: true}", 1), ("{n: '1'}", 1)])
def test_types_count(outrider_test: Test, wanted: str, status: int) -> None:
    text = TESTS.replace("[{log: error it broke}, {log: info fine}]", "[{n: 1}]").partition("      http")[0]
    assert outrider_test(f"{text}      rest: [{wanted}]\n")[0] == status


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("config: main.conf", "config: min.conf", "could not open configuration file 'min.conf'"),
        (
            "config: main.conf",
            "config: |\n  [INPUT]\n      Name dumy\n  [OUTPUT]\n      Nam null\n",
            "tests.yaml#config.conf:3:10: unknown input plugin 'dumy'",
        ),
        (
            "config: main.conf",
            "config: |\n  pipeline:\n    inputs: 3\n",
            "tests.yaml#config.yaml:3:11: 'inputs'",
        ),
        ("config: main.conf", "config: |\n  service: {}\n  pipeline: {}\n", "the configuration has no input"),
    ],
)
def test_what_cannot_run_fails_with_its_place(outrider_test: Test, old: str, new: str, message: str) -> None:
    status, lines = outrider_test(TESTS.replace(old, new))
    assert status == 1
    assert message in lines[1]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("input: files", "input: file", "tests.yaml:5:12: there is no input 'file'; did you mean 'files'?"),
        ("      rest:", "      rst:", "tests.yaml:9:7: there is no output 'rst'; did you mean 'rest'?"),
        (
            "dropped: 0",
            "dropped: {parser.1: 0}",
            "tests.yaml:10:15: there is no filter 'parser.1'; did you mean 'parser.0'?",
        ),
    ],
)
def test_names_that_the_configuration_does_not_have(outrider_test: Test, old: str, new: str, message: str) -> None:
    status, lines = outrider_test(TESTS.replace(old, new))
    assert status == 2
    assert message in lines[1]
    assert "log:" not in "".join(lines)


def test_a_file_that_is_wrong_ends_with_2(outrider_test: Test) -> None:
    assert outrider_test("tests: []") == (
        2,
        ["outrider: tests.yaml:1:8: there are no tests; fix: write '- name: NAME' below 'tests:'"],
    )
    assert outrider_test("tests: 3") == (2, ["outrider: tests.yaml:1:8: tests must be a list"])
    assert outrider_test(TESTS, "-k", "nothing such")[0] == 2


def test_reports_for_machines(outrider_test: Test, tmp_path: Path) -> None:
    more = TESTS + '  - {name: "nothing \\u001b comes", tag: x, records: [{a: 1}], expect: {rest: []}}\n'
    status, lines = outrider_test(more, "--json", "--junit", str(tmp_path / "report.xml"))
    assert status == 1
    first, second = map(json.loads, lines)
    assert (first["passed"], first["file"].rpartition("/")[2], first["line"]) == (True, "tests.yaml", 4)
    assert second["differences"] == ["rest: 0 records expected, 1 came", '  + {"a": 1}']
    suite = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert suite.attrib == {"name": "outrider test", "tests": "2", "failures": "1"}
    assert [len(case) for case in suite] == [0, 1]
