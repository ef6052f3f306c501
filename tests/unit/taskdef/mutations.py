"""Task definitions that are wrong in ways that nobody thought of."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

TEMPLATES = "log-port-open"
FILES = sorted(
    path for path in (Path(__file__).parent / "lint" / "fixtures").glob("*/*.json") if path.parent.name != TEMPLATES
)
SCALARS: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 10**40, 1e308, "", "x", "-1", "9" * 5_000, "1 GB", "${A}", "arn:::::", "::::"),
    *("web", "START", "s3", "init-x", "FARGATE", "awsfirelens", "awslogs", "--", "null", "app", "log_router"),
    *("\x1b[31m", "日本", "\u202eabc", "\0", "a\nb", "\ufeff", "a" * 300),
]
VALUES = st.recursive(
    st.sampled_from(SCALARS) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
REFERENCE = {"Ref": "Parameter"}


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Those of everything inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, member in inside for found in [(*path, key), *paths(member, (*path, key))]]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A file of another test with some of its values replaced, removed or written twice."""
    task = copy.deepcopy(json.loads(draw(st.sampled_from(FILES)).read_text()))
    for _ in range(draw(st.integers(1, 4))):
        *above, last = draw(st.sampled_from([("family",), *paths(task)]))
        holder = task
        for step in above:
            holder = holder[step]
        act = draw(st.sampled_from(["replace", "replace", "open", "remove", "repeat"]))
        if act == "remove":
            holder.pop(last, None) if isinstance(holder, dict) else holder.pop(last)
        elif act == "repeat" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[int(last)]))
        else:
            holder[last] = draw(VALUES) if act == "replace" else dict(REFERENCE)
    return task


def template(task: Any) -> str:
    properties = spelled(task)
    return json.dumps({"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}}}, indent=1)


def spelled(value: Any) -> Any:
    """As CloudFormation has it; what stands in options are the user's words."""
    if isinstance(value, list):
        return [spelled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name[:1].upper() + name[1:]: member if name == "options" else spelled(member) for name, member in value.items()
    }
