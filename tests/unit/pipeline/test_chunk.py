"""Chunks of memory that are put into files."""

from __future__ import annotations

from pathlib import Path

import pytest

from outrider.pipeline.chunk import Chunk
from outrider.spool import chunkfile


@pytest.mark.parametrize(("broken", "lost", "left"), [(0, 2, 5), (1, 1, 6), (2, 4, 3)])
def test_what_a_damaged_piece_has_lost_is_told_by_number(tmp_path: Path, broken: int, lost: int, left: int) -> None:
    chunk = Chunk("in", "app", "messages", 1)
    pieces = [(b"first " * 20, 2), (b"second " * 20, 1), (b"third " * 20, 4)]
    for raw, count in pieces:
        chunk.append(raw, count)
    chunk.write_to(tmp_path, sync=False)
    assert chunk.path is not None
    data = chunk.path.read_bytes()
    at = data.index(pieces[broken][0]) + 3
    chunk.path.write_bytes(data[:at] + b"X" + data[at + 1 :])
    (found,) = chunkfile.recover(tmp_path)
    assert isinstance(found, chunkfile.Recovered)
    assert (found.lost, found.count) == (lost, left)
    assert b"".join(chunkfile.read(found.path)) == b"".join(raw for n, (raw, _) in enumerate(pieces) if n != broken)
