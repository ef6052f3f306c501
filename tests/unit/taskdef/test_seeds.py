"""The published documents' task definitions, completed: what lint says of each line, what ECS would do, which rights.

``protect/test_seeds.py`` edits them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from outrider.model.errors import UserError
from outrider.net.files import ConfigurationFiles
from outrider.pipeline.config.configuration import from_file
from outrider.taskdef.firelens.runtime import Runtime
from outrider.taskdef.lint import RULES, check
from outrider.taskdef.plan import plan
from outrider.taskdef.protect import PROFILES, Migration, Wish, migrate, protect
from outrider.taskdef.rights import EXECUTION, TASK, compare, read_granted, rights_of, scope_of
from outrider.taskdef.source import TaskSource, read_source, task_source
from outrider.taskdef.templates import read_tasks
from outrider.taskdef.view import Task

SEEDS = Path(__file__).parent / "seeds"
EDITED = Path(__file__).parent / "protect" / "seeds"
WISH = Wish(PROFILES["alertlogic"], adopt_router=True)
LATEST, SPLIT, SILENT = "note image-mutable", "note long-lines-split", "note router-without-log"
KEY, TEST, ORDER = "note agent-key-missing", "note sidecar-not-essential", "note sender-before-router"
LIMIT, UNKNOWN = "warning buffer-limit-memory", "warning member-unknown"
FOUND: dict[str, dict[int, list[str]]] = {
    # a queue of 2097152 lines, which the guide takes for bytes
    "article-cloudwatch": {9: [LATEST], 27: [LATEST], 30: [SPLIT], 37: [LIMIT]},
    "guide-buffer-limit": {10: [LATEST], 28: [LATEST], 31: [SPLIT], 36: [LIMIT]},
    # a container has no networkMode of its own
    "article-terraform": {12: [LATEST], 30: [LATEST], 33: [UNKNOWN], 42: [SPLIT]},
    "article-s3": {12: [LATEST], 30: [LATEST]},
    "guide-metadata": {7: [SILENT], 8: [LATEST], 20: [LATEST]},
    "newer-awslogs": {},
    "newer-mdr": {12: [KEY], 13: [LATEST], 16: [SILENT], 17: [LATEST], 47: [ORDER], 49: [SPLIT], 52: [ORDER]},
    # the document says to put the own key there
    "newer-key": {
        13: [LATEST],
        17: ["error agent-key-placeholder"],
        22: [SILENT],
        23: [LATEST],
        53: [ORDER],
        55: [SPLIT],
        58: [ORDER],
    },
    "newer-plugins": {12: [KEY], 13: [LATEST], 16: [SILENT], 17: [LATEST], 50: [ORDER], 52: [SPLIT]},
    "newer-cloudwatch": {13: [KEY], 14: [LATEST], 17: [SILENT], 18: [LATEST], 49: [ORDER], 52: [SPLIT]},
    "newer-migrated": {13: [KEY], 14: [LATEST], 17: [SILENT], 18: [LATEST], 49: [ORDER], 52: [SPLIT]},
    "newer-debug": {
        13: [KEY],
        14: [LATEST],
        15: [TEST],
        28: [LATEST],
        56: [TEST],
        68: [ORDER],
        70: [SPLIT],
        73: [ORDER],
    },
    "older-mdr": {12: [KEY], 13: [LATEST], 16: [SILENT], 17: [LATEST], 47: [ORDER], 49: [SPLIT], 52: [ORDER]},
    "older-key": {
        13: [LATEST],
        17: ["error agent-key-placeholder"],
        22: [SILENT],
        23: [LATEST],
        53: [ORDER],
        55: [SPLIT],
        58: [ORDER],
    },
    "older-plugins": {12: [KEY], 13: [LATEST], 16: [SILENT], 17: [LATEST], 50: [ORDER], 52: [SPLIT]},
}
"""Every finding by file and line, as a reader would expect it."""
NO_ROUTER = "no container has a firelensConfiguration, so ECS generates no configuration for this task"


def path_of(name: str) -> Path:
    own = SEEDS / f"{name}.json"
    return own if own.exists() else EDITED / f"{name}.json"


def found(source: TaskSource) -> dict[int, list[str]]:
    lines: dict[int, list[str]] = {}
    for finding in check(source, RULES):
        lines.setdefault(finding.place.line, []).append(f"{finding.level} {finding.id}")
    return lines


def errors(source: TaskSource) -> list[str]:
    return [finding.id for finding in check(source, RULES) if finding.level == "error"]


def faults(source: TaskSource) -> list[str]:
    """What ECS would refuse."""
    return [told.message for told in plan(source.task, Runtime(), source.place).errors]


def test_each_of_them_has_its_line_here() -> None:
    assert sorted(FOUND) == sorted(path.stem for folder in (SEEDS, EDITED) for path in _definitions(folder))


def _definitions(folder: Path) -> Iterator[Path]:
    yield from (path for path in folder.glob("*.json") if not path.stem.endswith("-role"))


@pytest.mark.parametrize("name", FOUND)
def test_lint_says_what_a_reader_would(name: str) -> None:
    assert found(read_tasks(str(path_of(name)))[0]) == FOUND[name]


@pytest.mark.parametrize("name", FOUND)
def test_what_ecs_would_do_and_which_rights_that_needs(name: str) -> None:
    source = read_tasks(str(path_of(name)))[0]
    assert faults(source) == ([NO_ROUTER] if name == "newer-awslogs" else [])
    task = Task(source.task)
    rights = rights_of(task, scope_of(task))
    assert all(need.resource and need.actions for need in rights.needs)


@pytest.mark.parametrize("name", FOUND)
def test_what_is_migrated_and_protected_has_no_fault_that_was_not_there(name: str) -> None:
    before = read_tasks(str(path_of(name)))[0]
    result = protect(migrate(before, Migration("cloudwatch")).source, WISH).source
    left = ["task-role-missing"] if name == "newer-awslogs" else []  # migrate tells that the execution role is not it
    assert errors(result) == [*errors(before), *left]
    assert faults(result) == []


def test_the_articles_terraform_and_its_template() -> None:
    (source,) = read_tasks(str(SEEDS / "article.tf"))
    told = [f"{Path(finding.place.file).name}:{finding.place.line} {finding.id}" for finding in check(source, RULES)]
    assert told == ["task.tftpl:4 image-mutable", "task.tftpl:25 member-unknown", "task.tftpl:34 long-lines-split"]
    made = plan(source.task, Runtime(), source.place)
    assert made.errors == []
    assert "    region <set at deployment>\n    sts_endpoint sts.amazonaws.com\n" in made.configuration


def lacks(definition: str, policy: str, role: str) -> list[str]:
    (source,) = read_tasks(str(path_of(definition)))
    task = Task(source.task)
    needs = rights_of(task, scope_of(task)).of(role)
    granted = read_granted(read_source(str(SEEDS / policy), "a policy"))
    return [lack.action for lack in compare(needs, granted.statements).missing]


def test_the_documents_policies_and_what_they_lack() -> None:
    """The Go plug-in of the article's time asks for a stream's description; the article gives no right to."""
    assert lacks("article-terraform", "article-role.json", TASK) == ["logs:DescribeLogStreams"]
    assert lacks("article-terraform", "article-role.json", EXECUTION) == []
    assert lacks("guide-buffer-limit", "guide-role.json", TASK) == []


def test_the_articles_configuration_and_the_right_that_it_needs() -> None:
    """Its bucket and its policy are those of the article; the image has the file, so the task definition has not."""
    file = str(SEEDS / "article-s3.conf")
    configuration = from_file(file, ConfigurationFiles(), lambda warning: None)
    task = Task(read_tasks(str(path_of("article-s3")))[0].task)
    (need,) = rights_of(task, scope_of(task), [(file, configuration)]).of(TASK)
    assert (need.actions, need.resource) == (("s3:PutObject",), "arn:aws:s3:::fluent-bit-log-12345/*")


@pytest.mark.parametrize(
    ("text", "place", "fix"),
    [
        ('[{\n"name": "al-agent",\n"image": "alertlogic/al-agent-container:latest",\n}]', "4:1", "remove the comma"),
        ('[{\n"image": "fluent-bit-s3:latest"\n"name": "fluentbit-log-router"\n}]', "2:32", "write a comma here"),
    ],
    ids=["a comma too much, in the older document", "a comma too few, in the article"],
)
def test_what_is_no_json_as_it_is_printed(text: str, place: str, fix: str) -> None:
    with pytest.raises(UserError, match=rf"^t:{place}: .*{fix}"):
        task_source(text, "t")
