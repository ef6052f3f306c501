"""What a task on ECS is asked before its configuration is read, as the start program of AWS's ``init`` images does.

The task's metadata become variables, and the objects in S3 that variables name are fetched with the task's role.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Final

from outrider.aws.local import TASK_VARIABLE, task_endpoint
from outrider.aws.metadata import TASK_VARIABLES, variables_of_task
from outrider.aws.objects import Objects, OtherRegionError
from outrider.aws.partitions import partition_of
from outrider.model.errors import PeerError, Place, UserError
from outrider.pipeline.common.aws_output import AwsOptions, aws_client
from outrider.pipeline.config.configuration import Configuration
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.init_files import InitFile
from outrider.pipeline.log import Log
from outrider.pipeline.options import OutputCore

_ARN: Final = re.compile(r"arn:[^:]+:s3:[^:]*:[^:]*:([^/]+)/(.+)")
_REGION: Final = "us-east-1"
"""Where to ask first when nothing says where the task runs: S3 tells where a bucket is."""


def lacks(configuration: Configuration, environment: Mapping[str, str]) -> bool:
    """Whether values hold a variable of the task that is not set."""
    known = {**environment, **configuration.variables}
    missing = tuple(f"${{{name}}}" for name in TASK_VARIABLES if not known.get(name))
    sections = [*configuration.sections]
    for section in sections:
        sections += section.processors
    values = [item.value for section in sections for item in section.properties]
    values += [item.value for item in configuration.service]
    return any(name in value for value in values for name in missing)


def set_variables(environment: MutableMapping[str, str]) -> None:
    """Set the variables of the task that are not set, where there is a task. Raises UserError."""
    endpoint = task_endpoint(environment)
    if endpoint is None:
        return

    async def ask() -> bytes:
        try:
            return await endpoint.get("/task")
        finally:
            await endpoint.close()

    try:
        found = variables_of_task(asyncio.run(ask()))
    except (PeerError, ValueError) as error:
        raise UserError(f"the task does not tell who it is: {error}", Place(TASK_VARIABLE)) from error
    for name, value in found.items():
        if not environment.get(name):
            environment[name] = value


def fetch(wanted: Iterable[InitFile], environment: Mapping[str, str], log: Log, findings: Findings) -> dict[str, str]:
    """The texts of the objects among these, by ARN; what cannot be had goes to ``findings``."""
    given = (environment.get(name, "") for name in ("AWS_REGION", "AWS_DEFAULT_REGION"))
    region = next((region for region in given if partition_of(region)), _REGION)
    texts: dict[str, str] = {}
    for item in wanted:
        if not item.in_s3 or item.value in texts:
            continue
        try:
            body = asyncio.run(_fetch(item, region))
        except UserError as error:
            findings.error(UserError(error.message, item.place, fix=error.fix))
            continue
        texts[item.value] = body.decode("utf-8", "surrogateescape")
        log.info(f"{item.variable}: {item.value} is read, {len(body)} bytes")
    return texts


async def _fetch(item: InitFile, region: str) -> bytes:
    found = _ARN.fullmatch(item.value)
    if found is None:
        fix = "write it as arn:aws:s3:::BUCKET/KEY"
        raise UserError(f"'{item.value}' is not the ARN of an object in S3", fix=fix)
    bucket, key = found.groups()
    try:
        try:
            return await _get(bucket, key, region)
        except OtherRegionError as other:
            return await _get(bucket, key, other.region)
    except PeerError as error:
        raise UserError(f"{item.value} cannot be read: {error}", fix=_fix(error)) from error


def _fix(error: PeerError) -> str:
    """What helps where S3 itself has said no."""
    refused = str(error).startswith("HTTP 40")
    return "see that the object is there and that the task role may s3:GetObject it" if refused else ""


async def _get(bucket: str, key: str, region: str) -> bytes:
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    objects = Objects(aws_client(OutputCore(), AwsOptions(region=region, endpoint=endpoint), "s3"), bucket)
    try:
        return await objects.get(f"/{key}")
    finally:
        await objects.close()
