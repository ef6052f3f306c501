"""Whatever is done to the files, and whenever the router restarts: each line arrives, once."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest


class Story:
    """Files that are written and rotated, and an input that comes and goes."""

    def __init__(self, seed: int, directory: Path, make: Any, intake_of: Any, *, inotify: bool) -> None:
        self.chance = random.Random(seed)
        self.path = directory / "a.log"
        self.path.touch()
        self.writer = self.path.open("ab", buffering=0)
        self.sent: list[str] = []
        self.got: list[str] = []
        self._rotations = 0
        self._make, self._intake_of = make, intake_of
        self._options = {
            "path": f"{directory}/a.log*",
            "db": directory / "x.db",
            "read_from_head": "on",
            "inotify_watcher": "on" if inotify else "off",
            "watcher_interval": 0,
            "rotate_wait": self.chance.randrange(2),
        }

    async def begin(self) -> None:
        self.plugin = self._make("input", "tail", **self._options)
        self.intake = self._intake_of(self.plugin)
        await self.plugin.start(self.intake)

    async def restart(self) -> None:
        await self.end()
        for _ in range(self.chance.randrange(3)):
            await self.chance.choice((self.write, self.rotate))()
        await self.begin()

    async def end(self) -> None:
        await self.plugin.stop()
        self.got += [record["log"] for record in self.intake.records]

    async def write(self) -> None:
        for _ in range(self.chance.randrange(30)):
            line = f"{len(self.sent)} " * self.chance.randrange(1, 50)
            self.sent.append(line)
            data = line.encode() + b"\n"
            cut = self.chance.randrange(len(data))
            self.writer.write(data[:cut])
            self.writer.write(data[cut:])

    async def rotate(self) -> None:
        self._rotations += 1
        self.path.rename(self.path.with_name(f"a.log.{self._rotations}"))
        if self.chance.random() < 0.5:
            self.path.touch()
            await self.write()  # by who has not noticed
        self.writer.close()
        self.writer = self.path.open("ab", buffering=0)

    async def catch_up(self) -> None:
        await self.intake.until(lambda intake: len(self.got) + len(intake.records) >= len(self.sent))

    async def truncate(self) -> None:
        await self.catch_up()
        os.truncate(self.path, 0)
        await self.write()


@pytest.mark.parametrize("inotify", [True, False])
@pytest.mark.parametrize("seed", range(8))
async def test_each_line_arrives_once(seed: int, inotify: bool, tmp_path: Path, make: Any, intake_of: Any) -> None:
    story = Story(seed, tmp_path, make, intake_of, inotify=inotify)
    await story.begin()
    for _ in range(25):
        await story.chance.choice(
            (story.write, story.write, story.rotate, story.restart, story.catch_up, story.truncate)
        )()
    await story.catch_up()
    await story.end()
    assert sorted(story.got) == sorted(story.sent)
