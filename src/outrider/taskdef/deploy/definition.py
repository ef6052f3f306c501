"""What ECS takes of a file when it registers a task definition. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from outrider.model.errors import UserError
from outrider.taskdef.compare.form import is_of_aws
from outrider.taskdef.shape import READ_ONLY, TaskDefinition
from outrider.taskdef.source import TaskSource
from outrider.taskdef.sources.reading import Reading
from outrider.taskdef.templates import TemplateSource

_WRAPPER = "taskDefinition"
"""The member that DescribeTaskDefinition's answer has the definition in; its tags stand beside."""


def only(tasks: Sequence[TaskSource]) -> TaskSource:
    """The one task definition of a file. Raises UserError if there are several."""
    if len(tasks) > 1:
        first, second = (task.name for task in tasks[:2])
        raise UserError(
            f"the file has {len(tasks)} task definitions: {first}, {second} …",
            tasks[1].place(()),
            fix="give a file with one task definition",
        )
    return tasks[0]


def deployable(source: TaskSource) -> TaskDefinition:
    """What ECS takes of a file. Raises UserError for what other tools deploy, and without a family."""
    if isinstance(source, TemplateSource):
        raise UserError(
            "this is a template", source.place(()), fix="deploy its stack: aws cloudformation deploy, or cdk deploy"
        )
    if isinstance(source, Reading):
        raise UserError(
            f"{source.language} is not deployed", source.place(()), fix="deploy it with the tool that it is for"
        )
    if not source.task.get("family"):
        fix = 'add "family": the name under which ECS counts revisions'
        raise UserError("family is missing", source.place(()), fix=fix)
    return definition_of(source)


def definition_of(source: TaskSource) -> TaskDefinition:
    """The task definition without what DescribeTaskDefinition adds, nulls, and tags that only AWS can set.

    ``tags`` is missing where the file does not tell them: what ``aws ecs describe-task-definition`` prints without
    ``--include TAGS``.
    """
    task, whole = source.task, source.source.value
    wrapped = source.base == (_WRAPPER,)
    tags = whole.get("tags") if wrapped and isinstance(whole, dict) else task.get("tags")
    if tags is None and (wrapped or "taskDefinitionArn" in task):
        return clean(task)
    kept = [tag for tag in tags if not is_of_aws(tag)] if isinstance(tags, list) else tags or []
    return {**clean(task), "tags": kept}


def clean(task: TaskDefinition) -> TaskDefinition:
    """What RegisterTaskDefinition takes of what DescribeTaskDefinition gives; sizes of the task as text."""
    found = {key: _without_nulls(value) for key, value in task.items() if key not in READ_ONLY and value is not None}
    for key in ("cpu", "memory"):
        if isinstance(found.get(key), int) and not isinstance(found[key], bool):
            found[key] = str(found[key])
    return found


def short(arn: str) -> str:
    """``web:12`` of a task definition's ARN, the id of a task's."""
    return arn.rpartition("/")[2]


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
