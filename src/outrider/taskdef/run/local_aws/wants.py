"""What a task's outputs and log drivers want to be there: buckets, log groups, streams. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec
from msgspec import Struct, field

from outrider.taskdef.firelens.options import DRIVER, OUTPUT_KEY
from outrider.taskdef.rights.need import Rights
from outrider.taskdef.rights.output import Output, is_open
from outrider.taskdef.rights.outputs import outputs_of
from outrider.taskdef.shape import TaskDefinition
from outrider.taskdef.view import Container, Task

REGION: Final = "us-east-1"
"""Where a task is whose options name no region."""
_ENDPOINTS: Final = ("endpoint", "sts_endpoint")
"""Options that name a service's address, the same in each output to AWS, of Fluent Bit and of AWS's Go plugins."""
_NOT_HERE: Final = ("port", "tls", "tls.verify", "profile", "credentials_endpoint")
"""Options that belong to an address or an account that is not used here."""


class Wanted(Struct, frozen=True, order=True):
    """``kind`` is ``bucket``, ``group``, ``stream`` (of Kinesis) or ``delivery stream``."""

    kind: str
    name: str
    region: str


class Wants(Struct):
    """What has to be there, and ``notes`` on what cannot be known beforehand: a container or the router, and a text."""

    things: set[Wanted] = field(default_factory=set)
    notes: list[tuple[str, str]] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)

    @property
    def region(self) -> str:
        """The task's own: the first that is named."""
        return self.regions[0] if self.regions else REGION


def wants_of(definition: TaskDefinition, variables: Mapping[str, str]) -> Wants:
    """What a task definition wants. ``variables`` are those of its router."""
    task, wants = Task(definition), Wants()
    for output in outputs_of(task, Rights()):
        find = _FINDERS.get(output.plugin)
        if find is None:
            continue
        known = msgspec.structs.replace(output, variables={**output.variables, **variables})
        region = known.text("region")
        region = region if region and not is_open(region) else REGION
        wants.regions.append(region)
        for kind, key, name in find(known):
            if name and not _changes(name):
                wants.things.add(Wanted(kind, name, region))
            elif name:
                wants.notes.append((_who(known), f"{key} is '{name}': nobody knows beforehand what to create for it"))
    for container in task:
        if container.driver == "awslogs" and (group := container.options.text("awslogs-group")):
            wants.regions.append(region_of(container))
            wants.things.add(Wanted("group", group, region_of(container)))
    return wants


def region_of(container: Container) -> str:
    """Where the log driver ``awslogs`` of a container logs to."""
    return container.options.text("awslogs-region") or REGION


def redirected(definition: TaskDefinition, url: str, store: str) -> TaskDefinition:
    """The task definition with each output to AWS going to ``url`` instead, whatever address it had.

    ``store`` is the ``store_dir`` of outputs to S3 that have none of their own.
    """
    containers = [_redirected(container, url, store) for container in definition["containerDefinitions"]]
    return {**definition, "containerDefinitions": containers}


def variables(url: str, region: str) -> dict[str, str]:
    """What tells programs that use AWS's libraries where it is and who they are."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _redirected(container: dict[str, object], url: str, store: str) -> dict[str, object]:
    log = container.get("logConfiguration")
    options = log.get("options") if isinstance(log, dict) else None
    if not isinstance(log, dict) or log.get("logDriver") != DRIVER or not isinstance(options, dict):
        return container
    plugin = str(options.get(OUTPUT_KEY["fluentbit"], "")).lower()
    if plugin not in _FINDERS:
        return container
    kept = {key: value for key, value in options.items() if key.lower() not in (*_ENDPOINTS, *_NOT_HERE)}
    kept |= dict.fromkeys(_ENDPOINTS, url)
    if plugin == "s3" and "store_dir" not in map(str.lower, kept):
        kept["store_dir"] = store
    return {**container, "logConfiguration": {**log, "options": kept}}


def _who(output: Output) -> str:
    """The container that an output is of, for a note; empty for the task."""
    return output.owner.partition("'")[2].partition("'")[0]


def _changes(name: str) -> bool:
    """Whether a name has variables that are not known, or fields of records."""
    return is_open(name) or "$" in name


_Found = Iterable[tuple[str, str, str]]
"""Kind, the option, and what it says."""


def _s3(output: Output) -> _Found:
    yield "bucket", "bucket", output.text("bucket")


def _groups(*keys: str) -> Callable[[Output], _Found]:
    """Log groups that the output does not create itself."""

    def find(output: Output) -> Iterator[tuple[str, str, str]]:
        if not output.switched_on("auto_create_group"):
            yield from (("group", key, output.text(key)) for key in keys if output.has(key))

    return find


def _stream(kind: str, key: str) -> Callable[[Output], _Found]:
    return lambda output: [(kind, key, output.text(key))]


_FINDERS: Final[dict[str, Callable[[Output], _Found]]] = {
    "s3": _s3,
    "cloudwatch_logs": _groups("log_group_name", "log_group_template"),
    "cloudwatch": _groups("log_group_name", "default_log_group_name"),
    "kinesis_streams": _stream("stream", "stream"),
    "kinesis": _stream("stream", "stream"),
    "kinesis_firehose": _stream("delivery stream", "delivery_stream"),
    "firehose": _stream("delivery stream", "delivery_stream"),
}
