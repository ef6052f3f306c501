"""An ``awslogs`` configuration in the words of a Fluent Bit output.

Source: the migration chapter of the Alert Logic Fargate document; the options of both CloudWatch plugins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NEEDS_MORE = {
    "awslogs-multiline-pattern": "a multiline filter",
    "awslogs-datetime-format": "a multiline filter",
    "awslogs-endpoint": "the option endpoint",
    "awslogs-format": "the option log_format",
}
"""What has no equal option, with what does the same."""


def firelens_configuration(options: Mapping[str, str], plugin: str) -> dict[str, Any]:
    """The ``logConfiguration`` that sends the same lines to the same group with ``plugin``.

    The stream is called ``PREFIX/CONTAINER-firelens-TASK`` then, not ``PREFIX/CONTAINER/TASK``.
    """
    new = {"Name": plugin}
    if "awslogs-create-group" in options:
        new["auto_create_group"] = options["awslogs-create-group"]
    if "awslogs-group" in options:
        new["log_group_name"] = options["awslogs-group"]
    if "awslogs-region" in options:
        new["region"] = options["awslogs-region"]
    prefix = options.get("awslogs-stream-prefix")
    new["log_stream_prefix"] = f"{prefix}/" if prefix else "/"
    return {"logDriver": "awsfirelens", "options": new | {"log_key": "log"}}


def not_converted(options: Mapping[str, str]) -> list[str]:
    """What the new configuration lacks, one phrase each."""
    return [f"{key} needs {what}" for key, what in _NEEDS_MORE.items() if key in options]
