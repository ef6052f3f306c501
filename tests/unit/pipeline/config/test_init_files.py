"""Files that variables name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.net.files import ConfigurationFiles
from outrider.pipeline.config.configuration import Configuration
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.init_files import include, named
from outrider.pipeline.options import Property

FILTER = "[FILTER]\n  Name stdout\n  Match {}\n"
PARSER = "[PARSER]\n  Name p\n  Format json\n"


def included(
    variables: Mapping[str, str], texts: Mapping[str, str], main: str = "", folder: str = "/main"
) -> tuple[Configuration, list[str]]:
    findings = Findings()
    configuration = Configuration(service=[Property("flush", "5", None)], folder=folder)
    found = include(configuration, main, named(variables), ConfigurationFiles(texts), lambda warning: None, findings)
    return found, findings.lines()


def test_numbers_count_and_names_follow() -> None:
    names = ["s3_parsers", "s3_10", "File_2", "file_1", "S3_3", "s3_", "file_a"]
    found = named({f"aws_fluent_bit_init_{name}": name for name in names} | {"aws_fluent_bit_init_x_1": "", "PATH": ""})
    assert [item.value for item in found] == ["file_1", "File_2", "S3_3", "s3_10", "file_a", "s3_", "s3_parsers"]
    assert [item.in_s3 for item in found] == [False, False, True, True, False, True, True]


@given(st.dictionaries(st.text(min_size=1).map(lambda text: f"aws_fluent_bit_init_s3_{text}"), st.text()))
def test_any_names_have_an_order(variables: dict[str, str]) -> None:
    assert named(variables) == named(dict(reversed(variables.items())))
    assert len(named(variables)) == len(variables)


def test_files_follow_the_main_one_and_parsers_become_parsers_files() -> None:
    texts = {"arn:b/x.conf": FILTER.format("one"), "arn:c/x.conf": FILTER.format("two"), "arn:p": f"# \n{PARSER}"}
    variables = {
        "aws_fluent_bit_init_s3_11": "arn:c/x.conf",
        "aws_fluent_bit_init_s3_2": "arn:b/x.conf",
        "aws_fluent_bit_init_s3_1": "arn:p",
        "aws_fluent_bit_init_file_3": "/ecs/service.conf",
    }
    found, problems = included(variables, texts)
    assert problems == []
    assert [item.value for section in found.sections for item in section.properties if item.key == "match"] == [
        "one",
        "two",
    ]
    assert [(item.key, item.value) for item in found.service] == [
        ("flush", "5"),
        ("parsers_file", "arn:p"),
        ("flush", "1"),
        ("grace", "30"),
    ]
    assert found.folder == "/main"


def test_a_word_in_a_comment_makes_no_parsers_file() -> None:
    found, problems = included({"aws_fluent_bit_init_file_1": "f"}, {"f": "# [PARSER]\n" + FILTER.format("*")})
    assert (len(found.sections), problems) == (1, [])


def test_yaml_may_have_both() -> None:
    text = "parsers:\n  - {name: p, format: json}\npipeline:\n  filters:\n    - {name: stdout, match: a}\n"
    found, problems = included({"aws_fluent_bit_init_s3_1": "arn:f.yaml"}, {"arn:f.yaml": text})
    assert (len(found.sections), len(found.parsers), problems) == (1, 1, [])


def test_every_fault_is_told_with_its_variable(tmp_path: Path) -> None:
    main = tmp_path / "main.conf"
    main.write_text(FILTER.format("*"))
    variables = {
        "aws_fluent_bit_init_file_1": "/nowhere.conf",
        "aws_fluent_bit_init_file_2": str(main),
        "aws_fluent_bit_init_file_3": "/ecs/service.conf",
        "aws_fluent_bit_init_file_4": "/ecs/service.conf",
        "aws_fluent_bit_init_file_5": "f",
        "aws_fluent_bit_init_file_6": str(tmp_path),
        "aws_fluent_bit_init_s3_7": "arn:not fetched",
    }
    _, problems = included(variables, {"f": "[FILTER]\n  Name\n"}, str(main))
    assert [line.partition(":")[0] for line in problems] == [
        "aws_fluent_bit_init_file_1",
        "aws_fluent_bit_init_file_2",
        "aws_fluent_bit_init_file_4",
        "f",
        "aws_fluent_bit_init_file_6",
        "5 problems",
    ]
    assert "the file '/nowhere.conf' was not found; fix: correct the path" in problems[0]
    assert "Read twice" in problems[1]
    assert "Is a directory" in problems[4]


@pytest.mark.parametrize("path", ["a\0b", ""])
def test_a_path_that_is_none_is_not_found(path: str) -> None:
    _, problems = included({"aws_fluent_bit_init_file_1": path}, {})
    assert "was not found" in problems[0]
