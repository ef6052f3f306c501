"""A stand-in for S3 and plugins that send to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.stand_ins import s3 as s3_stand_in


@pytest.fixture(scope="session")
def stand_in() -> ModuleType:
    """The module ``tests/stand_ins/s3.py``."""
    return s3_stand_in


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@pytest.fixture
def s3(stand_in: ModuleType) -> Iterator[Any]:
    """A running stand-in with the bucket ``bucket``."""
    server = stand_in.S3("bucket")
    yield server
    server.gate.set()
    server.close()


Running = Callable[..., Any]


@pytest.fixture
async def running(make: Callable[..., Any], s3: Any, tmp_path: Path) -> AsyncIterator[Running]:
    """``await running(compression="gzip")``: a plugin that has started; it is stopped at the end of the test."""
    started: list[Any] = []

    async def start(**options: Any) -> Any:
        given = {
            "bucket": "bucket",
            "endpoint": s3.endpoint,
            "store_dir": tmp_path / "store",
            "s3_key_format": "/$TAG/$UUID",
            "auto_retry_requests": "off",
            **options,
        }
        plugin = make("output", "s3", **given)
        await plugin.start()
        started.append(plugin)
        stop = plugin.stop

        async def once() -> None:
            started.remove(plugin)
            await stop()

        plugin.stop = once
        return plugin

    yield start
    while started:
        await started[-1].stop()


@pytest.fixture
def until(s3: Any) -> Callable[[Callable[[], object]], Any]:
    """``await until(lambda: s3.objects)``: wait for requests until something holds."""

    async def wait(condition: Callable[[], object]) -> None:
        def blocking() -> bool:
            with s3.changed:
                return bool(s3.changed.wait_for(condition, 30))

        assert await asyncio.to_thread(blocking)

    return wait
