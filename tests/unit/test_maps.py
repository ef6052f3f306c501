"""Each package's docstring is a map of it: who opens a folder finds every room named at the door."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "outrider"
LISTED = ("plugins", "taskdef/lint/rules")
"""Plugins have the same rooms each, which the map of ``plugins`` names once; the registry lists the plugins, as RULES
lists the rules."""
DOORS = sorted(
    path for path in SOURCE.rglob("__init__.py") if not path.relative_to(SOURCE).as_posix().startswith(LISTED)
)


def rooms(folder: Path) -> set[str]:
    """The modules and packages in a package's folder."""
    modules = {path.stem for path in folder.glob("*.py")}
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return (modules | packages) - {"__init__", "__main__"}


@pytest.mark.parametrize("door", DOORS, ids=lambda path: str(path.parent.relative_to(SOURCE)))
def test_every_room_is_on_the_map(door: Path) -> None:
    text = ast.get_docstring(ast.parse(door.read_text("utf-8"))) or ""
    assert rooms(door.parent) - set(re.findall(r"``(\w+)``", text)) == set()
