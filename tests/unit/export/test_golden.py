"""Each kind of artefact makes the files that stand in ``tests/golden/export/KIND``, byte for byte.

After a change that is meant: ``outrider export KIND --from tests/golden/export/description.yaml -o
tests/golden/export/KIND/ --force``, and read the difference.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from outrider.export.description import KEYS, describe
from outrider.export.registry import KINDS, find_kind

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "export"


def below(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_makes_its_golden_files(name: str) -> None:
    made = find_kind(name).make(describe({}, str(GOLDEN / "description.yaml")))
    assert dict(made) == below(GOLDEN / name)


def test_every_golden_folder_is_a_kind() -> None:
    assert {path.name for path in GOLDEN.iterdir() if path.is_dir()} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_uses_keys_that_there_are(name: str) -> None:
    assert find_kind(name).uses <= set(KEYS)
