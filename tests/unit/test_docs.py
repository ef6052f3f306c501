"""The documents keep their word: links lead somewhere, and the plugin that the guide makes works."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from outrider.agent import settings
from outrider.pipeline import options, registry
from outrider.pipeline.service import Service

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
NAMED_BLOCK = re.compile(r"```python\n# ((?:src|tests)/\S+)\n(.*?)```", re.DOTALL)
REGISTERED = '        "null": "Null",\n'


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    targets = [target for target in LINK.findall(document.read_text("utf-8")) if "://" not in target]
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_readme_names_make_targets_that_exist() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    named = re.findall(r"(?:^|`)make ([a-z]+)", "\n".join(path.read_text("utf-8") for path in DOCUMENTS), re.MULTILINE)
    assert named
    assert set(named) - {"setup", *targets} == set()


def test_every_option_without_effect_is_in_the_compatibility_page() -> None:
    page = (ROOT / "docs/compatibility.md").read_text("utf-8")
    named = {name.lower() for name in re.findall(r"`([^`]+)`", page)}
    groups = tuple(name.removesuffix("*") for name in named if name.endswith("*"))
    plugins = [registry.plugin_class(kind, name).Options for kind, names in registry.PLUGINS.items() for name in names]
    declared = [
        entry
        for kind in (Service, options.InputCore, options.FilterCore, options.OutputCore, *plugins)
        for entry in options.declared(kind).values()
    ]
    silent = {entry.key for entry in declared if entry.help.startswith("accepted") or "not supported" in entry.help}
    assert len(silent) > 20
    assert {key for key in silent if key not in named and not key.startswith(groups)} == set()


def imports(room: Path) -> set[str]:
    """The libraries of others that the modules of a room import, wherever in them."""
    found = set[str]()
    for path in room.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - {*sys.stdlib_module_names, "outrider"}


def test_the_table_of_rooms_has_what_each_imports() -> None:
    page = (ROOT / "docs/architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| \d \| (.+?) \| .+? \| (.+) \|$", page, re.MULTILINE)
    source = ROOT / "src/outrider"
    said, found = dict[str, set[str]](), dict[str, set[str]]()
    for names, libraries in rows:
        for name in re.findall(r"`(\S+)`", names):
            own = set() if name in ("model", "launcher") else {"msgspec"}
            said[name] = set(re.findall(r"`(\w+)`", libraries))
            found[name] = imports(source / name) - own
    assert {name.partition("/")[0] for name in said} == {path.parent.name for path in source.glob("*/__init__.py")}
    assert found == said


def test_agent_page_has_every_variable() -> None:
    page = (ROOT / "docs/agent.md").read_text("utf-8")
    source = Path(settings.__file__).read_text("utf-8")
    variables = re.compile(r"\bOUTRIDER_[A-Z_]+\b")
    assert set(variables.findall(page)) == set(variables.findall(source)) != set()


def test_plugin_of_the_guide_works(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    blocks = NAMED_BLOCK.findall((ROOT / "docs/plugins.md").read_text("utf-8"))
    for name, text in blocks:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    for fixtures in ("conftest.py", "outputs/conftest.py"):
        shutil.copy(ROOT / "tests/unit/plugins" / fixtures, tmp_path / "tests/unit/plugins" / fixtures)
    registry = tmp_path / "src/outrider/pipeline/registry.py"
    text = registry.read_text("utf-8")
    assert REGISTERED in text
    registry.write_text(text.replace(REGISTERED, f'        "lines": "Lines",\n{REGISTERED}'), "utf-8")
    command = [sys.executable, "-m", "pytest", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", "tests"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert len(blocks) == 4
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout
