"""Faults of form: all of them are told, and what is left of their sections is judged as far as it goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.pipeline.config.test_placing import examined

from outrider.model.errors import UserError

CLASSIC = """[SERVICE]
    Flush 1
@INCLUDE /no/where.conf
[INPUT]
    Name dummy
    Rate
    Dumy x
[FILTER
    Name grep
[OUTPUT]
    Name null
    Match
@SET x
"""
YAML = """servce: {}
pipeline:
  inptus: []
  inputs:
    - name: dummy
      rat: 1
      routes: {}
      processors:
        metrics: [1]
        logs:
          - {name: grep, regx: a b}
          - {name: modify, ad: a b}
    - dummy
  outputs: x
parsers:
  - name: {a: b}
env: 3
"""


def begins(lines: list[str], expected: list[str]) -> None:
    assert len(lines) == len(expected) + 1, lines
    for line, start in zip(lines, expected, strict=False):
        assert line.startswith(start), line


def test_every_line_of_a_classic_file(tmp_path: Path) -> None:
    begins(
        examined(tmp_path, CLASSIC),
        [
            "r.conf:6:5: undefined value",
            "r.conf:8:1: bad header definition: '[FILTER' has no ']'",
            "r.conf:12:5: undefined value",
            "r.conf:3:10: the include '/no/where.conf' was not found; fix: looked for '/no/where.conf'; correct",
            "r.conf:13:1: '@SET x' has no '='",
            "r.conf:7:10: input plugin 'dummy': unknown configuration property 'dumy'; did you mean 'dummy'?",
        ],
    )


def test_of_wrong_indentation_the_first(tmp_path: Path) -> None:
    text = "[INPUT]\n    Name dummy\n  Rate 1\n  Copies 1\n[OUTPUT]\n  Name null\n  Match *\n"
    begins(examined(tmp_path, text), ["r.conf:3:1: invalid indentation level: indentation level is too low"])


def test_every_part_of_a_yaml_file(tmp_path: Path) -> None:
    begins(
        examined(tmp_path, YAML, "r.yaml"),
        [
            "r.yaml:1:1: 'servce' is not known here; did you mean 'service'?",
            "r.yaml:3:3: pipeline has no 'inptus'; did you mean 'inputs'?",
            "r.yaml:7:7: routes: conditional routing is not supported",
            "r.yaml:9:9: processors of metrics are not supported",
            "r.yaml:13:7: an item of inputs must be a map",
            "r.yaml:14:12: 'outputs' must be a list",
            "r.yaml:16:11: parser: 'name' cannot be a map",
            "r.yaml:17:6: 'env' must be a list",
            "r.yaml:6:12: input plugin 'dummy': unknown configuration property 'rat'",
            "r.yaml:11:32: processor 'grep': unknown configuration property 'regx'",
            "r.yaml:12:32: processor 'modify': unknown configuration property 'ad'",
        ],
    )


def test_a_parser_with_faults_is_not_said_to_be_unknown(tmp_path: Path) -> None:
    (tmp_path / "p.conf").write_text("[PARSER]\n    Name a\n    Format\n")
    text = (
        "[SERVICE]\n    Parsers_File p.conf\n[INPUT]\n    Name dummy\n"
        "[FILTER]\n    Name parser\n    Match *\n    Key_Name x\n    Parser a\n[OUTPUT]\n    Name null\n    Match *\n"
    )
    begins(
        examined(tmp_path, text),
        [
            "p.conf:3:5: undefined value",
            "r.conf:9:12: filter plugin 'parser': parser 'a' cannot be made: its section, at p.conf:1:1, has faults",
        ],
    )


def test_what_a_parsers_file_has_that_means_nothing(tmp_path: Path) -> None:
    (tmp_path / "p.conf").write_text("[PARSER]\n    Name a\n    Format json\n    Time_Formt x\n[PARSR]\n    Name b\n")
    text = (
        "[SERVICE]\n    Parsers_File p.conf\n[INPUT]\n    Name dummy\n"
        "[FILTER]\n    Name parser\n    Match *\n    Key_Name x\n    Parser a\n[OUTPUT]\n    Name null\n    Match *\n"
    )
    begins(
        examined(tmp_path, text),
        [
            "p.conf:5:1: warning: section [PARSR] is ignored in a parsers file; did you mean 'parser'?",
            "p.conf:4:16: warning: parser 'a': key 'time_formt' is not known and ignored; did you mean 'time_format'?",
        ],
    )


@pytest.mark.parametrize("first", ["[SERVICE]", "# mine\n[INPUT]", "@SET a=b", "@include x.conf"])
def test_a_classic_file_that_is_called_yaml(tmp_path: Path, first: str) -> None:
    text = f"{first}\n    Name dummy\n"
    with pytest.raises(UserError, match=r"r.yaml:\d:1: this looks like the classic format; fix: name the file \*.conf"):
        examined(tmp_path, text, "r.yaml")
