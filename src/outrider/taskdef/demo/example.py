"""The task that the demo runs."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from outrider.model.errors import LocalError
from outrider.taskdef.protect import Wish, find_profile, protect
from outrider.taskdef.source import TaskSource, task_source

NAME = "web-task.json"
_BESIDE = Path(__file__).parents[4] / "examples" / NAME


def example() -> TaskSource:
    """``examples/web-task.json`` of the checkout, or its copy in an installed package."""
    packaged = resources.files("outrider") / "examples" / NAME
    try:
        text = _BESIDE.read_text("utf-8") if _BESIDE.exists() else packaged.read_text("utf-8")
    except OSError as error:
        raise LocalError(f"the example task {NAME} is not installed: {error.strerror}") from error
    return task_source(text, NAME)


def protected(token: str, ingest: str) -> TaskSource:
    """The example with agent and router, for the server whose address for agents is ``ingest``."""
    environment = (("OUTRIDER_SERVER", ingest), ("OUTRIDER_TOKEN", token))
    return protect(example(), Wish(find_profile("outrider"), environment=environment)).source
