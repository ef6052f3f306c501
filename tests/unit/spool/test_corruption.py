"""A thousand damaged spools: whatever a disk has done, recovery goes on, saves the rest, counts and keeps it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from outrider.formats import msgpack
from outrider.spool import chunkfile
from outrider.spool.chunkfile import ChunkFile, Header, Recovered

TRIALS = 1000
FILES, FRAMES, RECORDS = 4, 12, 5
MAGIC = 6
SEEDS = range(10)


def flip(contents: bytearray, pick: random.Random) -> range:
    """One bit somewhere."""
    place = pick.randrange(len(contents))
    contents[place] ^= 1 << pick.randrange(8)
    return range(place, place + 1)


def truncate(contents: bytearray, pick: random.Random) -> range:
    """The end is gone."""
    place, end = pick.randrange(len(contents)), len(contents)
    del contents[place:]
    return range(place, end)


def zero(contents: bytearray, pick: random.Random) -> range:
    """A block of the disk came back empty."""
    size = pick.choice([64, 512, 4096])
    place = pick.randrange(len(contents)) // size * size
    end = min(place + size, len(contents))
    contents[place:end] = bytes(end - place)
    return range(place, end)


KINDS: list[Callable[[bytearray, random.Random], range]] = [flip, truncate, zero]


@pytest.fixture(scope="module")
def spool(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[range]]]:
    """A spool, and where the frames of each file stand: first the header's, then one for each piece of records."""
    directory, frames, number = tmp_path_factory.mktemp("spool"), {}, 0
    for n in range(FILES):
        file = ChunkFile(directory, Header(f"{n:032x}", f"tag{n}", "test", n), sync=False)
        ends = [file.path.stat().st_size]
        for _ in range(FRAMES):
            file.append(msgpack.encode([[k, "x" * (k % 90)] for k in range(number, number + RECORDS)]), RECORDS)
            number += RECORDS
            ends.append(file.path.stat().st_size)
        file.seal()
        frames[file.path.name] = [range(start, end) for start, end in zip([0, *ends], ends, strict=False)]
    return directory, frames


def numbers(found: list[Recovered]) -> list[int]:
    """The records that can be read, of which none may have been altered."""
    records = [record for one in found for raw in chunkfile.read(one.path) for record in msgpack.decode(raw)]
    assert all(text == "x" * (number % 90) for number, text in records)
    return [number for number, _ in records]


def meet(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rest_is_recovered_and_the_damage_counted_and_kept(
    tmp_path: Path, spool: tuple[Path, dict[str, list[range]]], seed: int
) -> None:
    original, frames = spool
    pick = random.Random(seed)
    for trial in range(TRIALS // len(SEEDS)):
        directory = tmp_path / str(trial)
        shutil.copytree(original, directory)
        path = pick.choice(sorted(directory.iterdir()))
        before = path.read_bytes()
        contents = bytearray(before)
        kind = pick.choice(KINDS)
        hit = kind(contents, pick)
        path.write_bytes(contents)

        found = list(chunkfile.recover(directory))
        chunks = [one for one in found if isinstance(one, Recovered)]
        texts = [one for one in found if isinstance(one, str)]

        header, *data = frames[path.name]
        first = list(frames).index(path.name) * FRAMES * RECORDS
        spoiled = [n for n, where in enumerate(data) if meet(where, hit)]
        if meet(range(MAGIC, header.stop), hit):
            spoiled = list(range(FRAMES))
        gone = {first + n * RECORDS + k for n in spoiled for k in range(RECORDS)}
        what = f"seed {seed}, trial {trial}: {kind.__name__} {hit} of {path.name}"
        assert sorted(numbers(chunks)) == sorted(set(range(FILES * FRAMES * RECORDS)) - gone), what
        if contents == before:
            assert not gone, what
            continue
        broken = path.with_suffix(chunkfile.BROKEN)
        if spoiled and not (kind is truncate and hit.start <= header.stop):
            assert broken.read_bytes() == contents, what
        if len(spoiled) < FRAMES and not (kind is truncate and hit.start in [where.stop for where in data]):
            (damaged,) = [one for one in chunks if one.damage]
            assert damaged.path.name == path.name, what
            assert damaged.lost or damaged.torn or not spoiled or len(contents) - data[spoiled[0]].start < 17, what
        elif kind is not truncate:
            assert len(texts) == 1, what
        again = list(chunkfile.recover(directory))
        assert sorted(numbers([one for one in again if isinstance(one, Recovered)])) == sorted(numbers(chunks)), what
        assert not any(isinstance(one, str) or one.damage for one in again), what
        shutil.rmtree(directory)
