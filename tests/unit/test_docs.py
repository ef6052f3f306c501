"""The documents keep their word: links lead somewhere, and the plugin that the guide makes works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
NAMED_BLOCK = re.compile(r"```python\n# ((?:src|tests)/\S+)\n(.*?)```", re.DOTALL)
REGISTERED = '        "syslog": "Syslog",\n        "uplink"'


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    targets = [target for target in LINK.findall(document.read_text("utf-8")) if "://" not in target]
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_readme_names_make_targets_that_exist() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    named = re.findall(r"(?:^|`)make ([a-z]+)", "\n".join(path.read_text("utf-8") for path in DOCUMENTS), re.MULTILINE)
    assert named
    assert set(named) - {"setup", *targets} == set()


def test_plugin_of_the_guide_works(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    blocks = NAMED_BLOCK.findall((ROOT / "docs/plugins.md").read_text("utf-8"))
    for name, text in blocks:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    registry = tmp_path / "src/outrider/pipeline/registry.py"
    text = registry.read_text("utf-8")
    assert REGISTERED in text
    registry.write_text(text.replace(REGISTERED, REGISTERED.replace("\n", '\n        "tcp": "Tcp",\n')), "utf-8")
    command = [sys.executable, "-m", "pytest", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", "tests"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert len(blocks) == 5
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
