from __future__ import annotations

import contextlib
import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.ids.capture.frame import CaptureError, Frame
from outrider.ids.capture.reader import frames

FRAMES = st.lists(st.tuples(st.integers(0, 2**31), st.integers(0, 999_999), st.binary(max_size=60)), max_size=6)


def pcap(told: list[tuple[int, int, bytes]], order: str = "<", magic: int = 0xA1B2C3D4, units: int = 1) -> bytes:
    made = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262_144, 1)
    for seconds, part, data in told:
        made += struct.pack(f"{order}IIII", seconds, part * units, len(data), len(data)) + data
    return made


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(f"{order}I", 12 + len(body))
    return struct.pack(f"{order}I", kind) + size + body + size


def pcapng(told: list[tuple[int, int, bytes]], order: str = "<") -> bytes:
    made = block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))
    nanoseconds = struct.pack(f"{order}HHB3x", 9, 1, 9)
    made += block(order, 1, struct.pack(f"{order}HHI", 1, 0, 0) + nanoseconds)
    for seconds, part, data in told:
        time = seconds * 10**9 + part * 1000
        made += block(
            order, 6, struct.pack(f"{order}IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(data), len(data)) + data
        )
    return made


def wanted(told: list[tuple[int, int, bytes]]) -> list[Frame]:
    return [Frame(n, seconds * 10**6 + part, 1, data) for n, (seconds, part, data) in enumerate(told, 1)]


@given(FRAMES, st.sampled_from("<>"))
def test_both_kinds_of_files_are_read(told: list[tuple[int, int, bytes]], order: str) -> None:
    for raw in (pcap(told, order), pcap(told, order, 0xA1B23C4D, 1000), pcapng(told, order)):
        assert list(frames(io.BytesIO(raw).read)) == wanted(told)


@given(FRAMES, st.integers(0, 400))
def test_a_capture_that_is_cut_off_gives_what_was_whole(told: list[tuple[int, int, bytes]], cut: int) -> None:
    for raw in (pcap(told), pcapng(told)):
        found = []
        with pytest.raises(CaptureError) if cut < len(raw) and cut else pytest.MonkeyPatch.context():
            for frame in frames(io.BytesIO(raw[: cut or None]).read):
                found.append(frame)  # noqa: PERF402 - what came before the error counts
            if 0 < cut < len(raw):
                raise CaptureError("it ended between two frames")
        assert found == wanted(told)[: len(found)]


@given(st.binary(max_size=300))
def test_garbage_is_refused_and_no_fault(raw: bytes) -> None:
    for start in (b"", b"\xd4\xc3\xb2\xa1", b"\n\r\r\n"):
        with contextlib.suppress(CaptureError):
            list(frames(io.BytesIO(start + raw).read))
