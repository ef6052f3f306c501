from pathlib import Path
from typing import cast

import pytest

from outrider.model.errors import LocalError
from outrider.taskdef.run.docker import busybox
from outrider.taskdef.run.docker.engine import Engine, EngineError
from outrider.taskdef.run.docker.images import local_image

STAND_IN = f"{busybox.REPOSITORY}:{busybox.TAG}"


class FakeEngine:
    def __init__(self, *images: str, registry: tuple[str, ...] = ()) -> None:
        self.images = set(images)
        self.registry = registry
        self.pulled: list[str] = []

    async def has_image(self, name: str) -> bool:
        return name in self.images

    async def pull(self, name: str) -> None:
        self.pulled.append(name)
        if name not in self.registry:
            raise EngineError(404, "no such host")

    async def load(self, archive: bytes, repository: str, tag: str) -> None:
        assert archive
        self.images.add(f"{repository}:{tag}")


@pytest.fixture
def has_busybox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busybox, "find", lambda: Path("/bin/busybox"))
    monkeypatch.setattr(busybox, "archive", lambda program: b"tar")


@pytest.fixture
def has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busybox, "find", lambda: None)


async def find(fake: FakeEngine, name: str) -> tuple[str, list[str]]:
    said: list[str] = []
    return await local_image(cast("Engine", fake), name, said.append, 1), said


async def test_an_image_that_is_here_is_taken_in_silence() -> None:
    fake = FakeEngine("busybox:1")
    assert await find(fake, "busybox:1") == ("busybox:1", [])
    assert fake.pulled == []


async def test_an_image_that_is_not_here_is_fetched(has_busybox: None) -> None:
    fake = FakeEngine(registry=("busybox:1",))
    assert (await find(fake, "busybox:1"))[0] == "busybox:1"


async def test_busybox_that_cannot_be_fetched_is_made_once(has_busybox: None) -> None:
    fake = FakeEngine()
    name, said = await find(fake, "x/busybox:1")
    assert (name, STAND_IN in fake.images) == (STAND_IN, True)
    assert "cannot be fetched (no such host)" in said[-1]
    name, said = await find(fake, "x/busybox:2")
    assert (name, fake.pulled) == (STAND_IN, ["x/busybox:1"])


async def test_another_image_is_not_made_up(has_busybox: None) -> None:
    with pytest.raises(LocalError, match="image nginx is not on this machine and cannot be fetched: no such host"):
        await find(FakeEngine(STAND_IN), "nginx")


async def test_without_a_static_busybox_there_is_none(has_none: None) -> None:
    with pytest.raises(LocalError, match="busybox is not on this machine"):
        await find(FakeEngine(), "busybox")
