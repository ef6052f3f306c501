"""A stand-in for AWS whose keys stand in the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.stand_ins import aws as aws_stand_in


@pytest.fixture(scope="session")
def stand_in() -> ModuleType:
    """The module ``tests/stand_ins/aws.py``."""
    return aws_stand_in


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith(("AWS_", "ECS_", "EKS_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
def aws(stand_in: ModuleType) -> Iterator[Any]:
    """A running stand-in with the log group ``grp``."""
    server = stand_in.Aws()
    yield server
    server.close()
