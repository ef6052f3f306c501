"""What the options of a container's logConfiguration and of the router's firelensConfiguration mean; secrets.

Source: amazon-ecs-agent ``firelens_unix.go`` (parseOptions), ``task.go`` (collectFirelensLogOptions,
collectFirelensLogEnvOptions, PopulateSecretLogOptionsToFirelensContainer).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from outrider.model.errors import Place, UserError
from outrider.taskdef.firelens.generator import Kind
from outrider.taskdef.shape import Locate, Path, TaskDefinition, nowhere

DRIVER = "awsfirelens"
BUFFER_LIMIT = "log-driver-buffer-limit"
"""The one option that goes to the log driver instead of the router."""

OUTPUT_KEY: dict[Kind, str] = {"fluentbit": "Name", "fluentd": "@type"}
EXTERNAL: dict[Kind, str] = {"fluentbit": "/fluent-bit/etc/external.conf", "fluentd": "/fluentd/etc/external.conf"}
"""Where a configuration from S3 is mounted."""

METADATA = "enable-ecs-log-metadata"
BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}
"""As Go reads them."""


def firelens_kind(text: object, place: Place | None = None, words: str = "unsupported firelens config type") -> Kind:
    """``text`` if it is a router that FireLens knows; else UserError in ECS's ``words``."""
    if text == "fluentbit" or text == "fluentd":
        return text
    raise UserError(f"{words} {text}", place, found=str(text), allowed=sorted(OUTPUT_KEY))


@dataclass(frozen=True, slots=True)
class RouterOptions:
    """``metadata`` says whether records get the names of cluster, task and task definition.

    ``include`` is the path of the external configuration as the router sees it, None if there is none.
    """

    metadata: bool
    include: str | None
    from_s3: bool


def router_options(kind: Kind, options: Mapping[str, str], locate: Locate = nowhere, path: Path = ()) -> RouterOptions:
    """The meaning of ``firelensConfiguration.options``, which stand at ``path``. Raises UserError in ECS's words.

    As in ECS, a metadata switch that is no boolean of Go's ParseBool counts as false, and a config-file-value without
    a config-file-type counts as nothing.
    """
    metadata = BOOLEANS.get(options.get(METADATA, "true"), False)
    kind_of_file = options.get("config-file-type")
    if kind_of_file is None:
        return RouterOptions(metadata, None, False)
    if kind_of_file not in ("file", "s3"):
        raise UserError(
            f"error parsing firelens options: invalid value {kind_of_file} is specified for option config-file-type",
            locate((*path, "config-file-type")),
            found=kind_of_file,
            allowed=("file", "s3"),
        )
    value = options.get("config-file-value")
    if value is None:
        raise UserError(
            "error parsing firelens options: option config-file-type is specified but config-file-value is not "
            "specified",
            locate((*path, "config-file-type")),
            fix="add config-file-value: a path inside the router's image, or the ARN of an S3 object",
        )
    return RouterOptions(metadata, EXTERNAL[kind] if kind_of_file == "s3" else value, kind_of_file == "s3")


def uses_firelens(container: Mapping[str, Any]) -> bool:
    """Whether the container's log driver is ``awsfirelens``."""
    return (container.get("logConfiguration") or {}).get("logDriver") == DRIVER


def plain_options(container: Mapping[str, Any]) -> dict[str, str]:
    """The ``logConfiguration.options`` of a container, without its secrets."""
    return dict((container.get("logConfiguration") or {}).get("options") or {})


def log_options(container: Mapping[str, Any], index: int, kind: Kind) -> dict[str, str] | None:
    """All options that ECS gives the router for the container at this place; None if it has nothing to do with it.

    A secret option is a reference to the router's environment and wins over a plain one. As in ECS, the secrets of
    every log driver are collected, not only those of ``awsfirelens``.
    """
    options = plain_options(container) if uses_firelens(container) else {}
    secrets = _secrets(container)
    for secret in secrets:
        name = f"{secret['name']}_{index}"
        options[secret["name"]] = f"${{{name}}}" if kind == "fluentbit" else f"\"#{{ENV['{name}']}}\""
    return options if secrets or uses_firelens(container) else None


def router_secrets(task: TaskDefinition) -> dict[str, str]:
    """Environment variables that the router gets for secret options: name to ``valueFrom``."""
    return {
        f"{secret['name']}_{index}": secret["valueFrom"]
        for index, container in enumerate(task["containerDefinitions"])
        for secret in _secrets(container)
    }


def router_environment(kind: Kind) -> dict[str, str]:
    """Environment variables that the router gets besides its secrets."""
    return {"FLUENT_UID": "0"} if kind == "fluentd" else {}


def _secrets(container: Mapping[str, Any]) -> list[dict[str, str]]:
    return (container.get("logConfiguration") or {}).get("secretOptions") or []
