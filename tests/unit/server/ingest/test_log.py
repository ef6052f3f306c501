"""The ingest log: what was committed is read again, after any cut and around any damage."""

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrider.model.errors import LocalError
from outrider.server.ingest.frames import HEAD_BYTES, Frame, Gap
from outrider.server.ingest.log import DiskFullError, Entry, IngestLog
from outrider.server.ingest.segments import SEGMENT_HEAD, LogReader, list_segments


def entry(n: int, size: int = 10) -> Entry:
    return Entry(n, n.to_bytes(16, "big"), b"h" * 16, 1, bytes([n % 256]) * size)


def everything(log: IngestLog) -> list[Frame | Gap]:
    reader = LogReader(log.directory)
    position, pieces = log.first_position(), []
    while (piece := reader.read(position, log.committed)) is not None:
        pieces.append(piece)
        position = piece.end
    reader.close()
    return pieces


def batches(log: IngestLog) -> list[int]:
    return [p.received_ns for p in everything(log) if isinstance(p, Frame)]


def test_what_is_committed_is_read_at_its_position(tmp_path: Path) -> None:
    log = IngestLog(tmp_path)
    positions = log.commit([entry(1), entry(2)]) + log.commit([entry(3)])
    pieces = everything(log)
    assert [p.position for p in pieces] == positions
    assert batches(log) == [1, 2, 3]


def test_segments_roll_and_numbering_goes_on(tmp_path: Path) -> None:
    log = IngestLog(tmp_path, segment_bytes=200)
    for n in range(10):
        log.commit([entry(n, 90)])
    assert len(list_segments(tmp_path)) > 3
    assert batches(log) == list(range(10))
    log.close()
    again = IngestLog(tmp_path, segment_bytes=200)
    again.commit([entry(10)])
    assert batches(again) == list(range(11))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 5 * (HEAD_BYTES + 10) + SEGMENT_HEAD))
def test_a_torn_tail_is_cut_and_set_aside(tmp_path: Path, cut: int) -> None:
    directory = tmp_path / str(cut)
    shutil.rmtree(directory, ignore_errors=True)
    log = IngestLog(directory)
    log.commit([entry(n) for n in range(5)])
    log.close()
    (segment,) = list_segments(directory)
    os.truncate(segment.path, cut)
    whole = max(cut - SEGMENT_HEAD, 0) // (HEAD_BYTES + 10)
    log = IngestLog(directory)
    assert batches(log) == list(range(whole))
    if cut >= SEGMENT_HEAD:
        torn = (cut - SEGMENT_HEAD) % (HEAD_BYTES + 10)
        assert log.recovery.torn_bytes == torn
        assert (log.recovery.aside is not None) == (torn > 0)
    log.commit([entry(99)])
    assert batches(log) == [*range(whole), 99]
    log.close()


def test_damage_in_the_middle_is_a_gap_and_the_rest_is_read(tmp_path: Path) -> None:
    log = IngestLog(tmp_path)
    positions = log.commit([entry(n) for n in range(4)])
    (segment,) = list_segments(tmp_path)
    with segment.path.open("r+b") as file:
        file.seek(positions[1] + HEAD_BYTES + 3)
        file.write(b"\xff")
    pieces = everything(log)
    assert batches(log) == [0, 2, 3]
    assert [p for p in pieces if isinstance(p, Gap)] == [Gap(positions[1], positions[2])]


def test_a_missing_segment_is_a_gap(tmp_path: Path) -> None:
    log = IngestLog(tmp_path, segment_bytes=100)
    for n in range(4):
        log.commit([entry(n, 90)])
    second = list_segments(tmp_path)[1]
    second.path.unlink()
    pieces = everything(log)
    assert batches(log) == [0, 2, 3]
    assert Gap(second.start, second.end) in pieces


def test_a_segment_with_a_damaged_head_is_a_gap(tmp_path: Path) -> None:
    log = IngestLog(tmp_path, segment_bytes=100)
    for n in range(3):
        log.commit([entry(n, 90)])
    log.close()
    for segment in list_segments(tmp_path)[1:]:
        with segment.path.open("r+b") as file:
            file.write(b"garbage!")
    log = IngestLog(tmp_path, segment_bytes=100)
    assert batches(log) == [0]
    log.commit([entry(7)])
    assert batches(log) == [0, 7]


def test_positions_are_never_used_again(tmp_path: Path) -> None:
    log = IngestLog(tmp_path)
    log.commit([entry(1)])
    end = log.committed
    log.close()
    list_segments(tmp_path)[0].path.unlink()
    log = IngestLog(tmp_path, first=end)
    (position,) = log.commit([entry(2)])
    assert position >= end


def test_acknowledged_batches_that_are_gone_show_as_a_gap(tmp_path: Path) -> None:
    log = IngestLog(tmp_path)
    _, second = log.commit([entry(1), entry(2)])
    end = log.committed
    log.close()
    os.truncate(list_segments(tmp_path)[0].path, second + 5)
    log = IngestLog(tmp_path, first=end)
    log.commit([entry(3)])
    assert batches(log) == [1, 3]
    assert Gap(second, end) in everything(log)


def test_a_full_disk_refuses_and_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = IngestLog(tmp_path)
    log.commit([entry(1)])
    before = log.committed
    real = os.pwritev

    def full(file: int, buffers: list[bytes], offset: int) -> int:
        real(file, [b"half a write"], offset)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwritev", full)
    with pytest.raises(DiskFullError, match="full"):
        log.commit([entry(2)])
    monkeypatch.undo()
    assert log.committed == before
    log.commit([entry(3)])
    assert batches(log) == [1, 3]
    log.close()
    assert IngestLog(tmp_path).recovery.torn_bytes == 0


def test_a_failed_write_that_cannot_be_taken_back_ends_the_promises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = IngestLog(tmp_path)
    log.commit([entry(1)])

    def broken(*arguments: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "pwritev", broken)
    monkeypatch.setattr(os, "ftruncate", broken)
    with pytest.raises(LocalError, match="Input/output error; restart"):
        log.commit([entry(2)])
    monkeypatch.undo()
    with pytest.raises(LocalError, match="restart"):
        log.commit([entry(2)])
    log.close()
    assert batches(IngestLog(tmp_path)) == [1]


def test_a_disk_that_does_not_say_how_full_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = IngestLog(tmp_path)

    def broken(path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(shutil, "disk_usage", broken)
    with pytest.raises(LocalError, match="Input/output error"):
        log.commit([entry(1)])
    monkeypatch.undo()
    log.commit([entry(2)])
    assert batches(log) == [2]


def test_a_short_write_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = IngestLog(tmp_path)
    monkeypatch.setattr(os, "pwritev", lambda file, buffers, offset: os.pwrite(file, b"".join(buffers)[:7], offset))
    log.commit([entry(1), entry(2)])
    assert batches(log) == [1, 2]


def test_the_reserve_is_kept_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = IngestLog(tmp_path, reserve=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1 << 20))
    with pytest.raises(DiskFullError, match="1 MiB"):
        log.commit([entry(1)])


def test_after_a_failed_sync_nothing_more_is_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = IngestLog(tmp_path)

    def broken(file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(LocalError, match="Input/output"):
        log.commit([entry(1)])
    monkeypatch.undo()
    with pytest.raises(LocalError, match="restart"):
        log.commit([entry(1)])


def test_pruning_keeps_what_is_not_stored_and_the_margin(tmp_path: Path) -> None:
    log = IngestLog(tmp_path, segment_bytes=100)
    for n in range(6):
        log.commit([entry(n, 90)])
    third = list_segments(tmp_path)[3].start
    assert log.prune(third, keep_bytes=10**9) == 0
    assert log.prune(third, keep_bytes=0) == 3
    assert batches(log) == [3, 4, 5]
    assert log.prune(log.committed, keep_bytes=0) == 2
    assert batches(log) == [5]


def test_the_reader_sees_nothing_beyond_the_limit(tmp_path: Path) -> None:
    log = IngestLog(tmp_path)
    first, second = log.commit([entry(1), entry(2)])
    reader = LogReader(tmp_path)
    assert isinstance(reader.read(first, second), Frame)
    assert reader.read(second, second) is None
    reader.close()


def test_a_file_in_place_of_the_log_is_explained(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    with pytest.raises(LocalError, match="has to be a directory"):
        IngestLog(tmp_path / "log")


def test_a_directory_named_like_a_segment_is_explained(tmp_path: Path) -> None:
    (tmp_path / "00000000000000000099.seg").mkdir()
    with pytest.raises(LocalError, match="move it away if it is not one"):
        list_segments(tmp_path)


@pytest.mark.parametrize("name", ["²³.seg", "٣.seg", "notes.seg"])
def test_names_that_are_no_positions_are_not_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert list_segments(tmp_path) == []
