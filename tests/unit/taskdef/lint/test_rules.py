"""Every rule: what it is for, and files that break it and that do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from outrider.taskdef.lint import RULES, Rule, check, mend, rules
from outrider.taskdef.templates import read_tasks

FIXTURES = Path(__file__).parent / "fixtures"
FILES = [(rule, path) for rule in RULES for path in sorted((FIXTURES / rule.id).glob("*.json"))]


def named(value: Any) -> str:
    return value.id if isinstance(value, Rule) else str(value.stem)


def test_every_rule_has_a_good_and_a_bad_file_and_no_folder_is_left_over() -> None:
    for rule in RULES:
        stems = [path.stem for path in (FIXTURES / rule.id).glob("*.json")]
        assert [stem for stem in stems if stem.startswith("good")], rule.id
        assert [stem for stem in stems if stem.startswith("bad")], rule.id
        assert len(stems) == len([stem for stem in stems if stem.startswith(("good", "bad"))]), rule.id
    assert {path.name for path in FIXTURES.iterdir()} == {rule.id for rule in RULES}


def test_every_module_is_a_rule() -> None:
    modules = {path.stem for path in Path(rules.__file__).parent.glob("*.py")} - {"__init__"}
    assert modules == {type(rule).__module__.rpartition(".")[2] for rule in RULES}


def test_rules_are_in_order_and_say_why() -> None:
    ids = [rule.id for rule in RULES]
    assert ids == sorted(set(ids))
    for rule in RULES:
        assert type(rule).__module__.rpartition(".")[2].replace("_", "-") == rule.id
        assert rule.why.endswith("."), rule.id
        assert not rule.fix.endswith("."), rule.id
        assert rule.url.startswith("https://"), rule.id


@pytest.mark.parametrize(("rule", "path"), FILES, ids=named)
def test_a_file_breaks_the_rule_or_not(rule: Rule, path: Path) -> None:
    (source,) = read_tasks(str(path))
    found = check(source, [rule])
    assert bool(found) == path.stem.startswith("bad")
    for finding in found:
        assert finding.place.line > 1, "a finding stands where its cause stands"
        assert (
            finding.message[0].islower()
            or finding.message[0] in "'\""
            or finding.message.split()[0].isupper()
            or (finding.message.split()[0] in {"Fargate", "Fluent", "FireLens", "CloudWatch", "Docker"})
        )


@pytest.mark.parametrize(("rule", "path"), [(rule, path) for rule, path in FILES if rule.mends], ids=named)
def test_what_can_be_repaired_is(rule: Rule, path: Path) -> None:
    source = read_tasks(str(path))[0]
    mended, done = mend(source, [rule])
    assert check(mended, [rule]) == []
    assert bool(done) == path.stem.startswith("bad")
    assert mended.source.text.count("\n") >= source.source.text.count("\n") - len(done)
    again, nothing = mend(mended, [rule])
    assert (again.source.text, nothing) == (mended.source.text, [])
