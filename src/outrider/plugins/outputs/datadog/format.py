"""Batches to Datadog's JSON. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from outrider.formats import json
from outrider.model.batch import Batch, Record
from outrider.plugins.outputs.datadog.config import Options

_MILLISECOND: Final = 1_000_000
_ARN: Final = "arn:aws:ecs:"


def encode(batch: Batch, options: Options, start: int, stop: int, *, escape_unicode: bool) -> bytes:
    """The records from ``start`` to before ``stop`` as one array.

    The time comes first, then what the options say, then the record.
    """
    remap = options.provider == "ecs"
    fixed: dict[str, Any] = {options.tag_key: batch.tag} if options.include_tag_key else {}
    named = {"ddsource": options.dd_source, "service": options.dd_service, "hostname": options.dd_hostname}
    fixed |= {key: value for key, value in named.items() if value}
    records = [_record(record, fixed, options, remap) for record in batch.records[start:stop]]
    times = [b"%d" % ((time + _MILLISECOND // 2) // _MILLISECOND) for time in batch.times[start:stop]]
    objects = json.encode_each(records, [(options.json_date_key, times)], escape_unicode=escape_unicode, strict=True)
    return b"[%b]" % b",".join(objects)


def _record(record: Record, fixed: Mapping[str, Any], options: Options, remap: bool) -> Record:
    found = dict(fixed)
    tags: list[str] = []
    for key, value in record.items():
        moved = _TAGS.get(key) if remap and type(key) is str and type(value) is str and value else None
        if moved is not None:
            tags += moved(value)
            continue
        name = "message" if key == options.dd_message_key else key
        found.pop(name, None)  # of two members of a name the later one stands, at its own place
        found[name] = value
    if options.dd_tags:
        tags.append(options.dd_tags)
    if tags:
        found.pop("ddtags", None)
        found["ddtags"] = ",".join(tags)
    return found


def _task_definition(value: str) -> Iterator[str]:
    family, colon, version = value.partition(":")
    if not colon:
        yield f"ecs_task_definition:{value}"
        return
    yield f"task_family:{family}"
    yield f"task_version:{version}"


def _task_arn(value: str) -> Iterator[str]:
    yield f"task_arn:{value}"
    region, colon, _ = value.removeprefix(_ARN).partition(":")
    if value.startswith(_ARN) and colon:
        yield f"region:{region}"
    yield f"task_id:{value.partition('task/')[2] or value}"


_TAGS: Final[dict[str, Callable[[str], Iterator[str]]]] = {
    "container_id": lambda value: iter([f"container_id:{value}"]),
    "container_name": lambda value: iter([f"container_name:{value.removeprefix('/')}"]),
    "container_image": lambda value: iter([f"container_image:{value}"]),
    "ecs_cluster": lambda value: iter([f"cluster_name:{value.partition('cluster/')[2] or value}"]),
    "ecs_task_definition": _task_definition,
    "ecs_task_arn": _task_arn,
}
"""Fields of a FireLens record that become tags of Datadog."""
