import io
import struct
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.run.docker import busybox


@pytest.mark.parametrize(
    ("image", "is_one"),
    [
        ("busybox", True),
        ("busybox:1.36", True),
        ("public.ecr.aws/docker/library/busybox:stable", True),
        ("localhost:5000/busybox@sha256:" + "0" * 64, True),
        ("notbusybox", False),
        ("busybox-extras:1", False),
        ("busybox/nginx", False),
    ],
)
def test_names_of_busybox(image: str, is_one: bool) -> None:
    assert busybox.is_busybox(image) is is_one


def elf(*segments: int) -> bytes:
    header = bytearray(64)
    header[:6] = b"\x7fELF\x02\x01"
    struct.pack_into("<Q", header, 32, 64)
    struct.pack_into("<HH", header, 54, 56, len(segments))
    return bytes(header) + b"".join(struct.pack("<I", kind).ljust(56, b"\0") for kind in segments)


def test_a_program_with_an_interpreter_is_not_static() -> None:
    assert busybox.is_static(elf(1, 1, 4))
    assert not busybox.is_static(elf(1, 3, 1))


def test_a_script_or_a_cut_file_is_not_static() -> None:
    assert not busybox.is_static(b"#!/bin/sh\n")
    assert not busybox.is_static(elf(1, 1)[:-1])


@given(st.binary(max_size=100) | st.binary(max_size=100).map(lambda tail: elf(1)[:60] + tail))
def test_any_bytes_get_an_answer(program: bytes) -> None:
    assert busybox.is_static(program) in (True, False)


def test_the_archive_has_the_program_and_a_link_for_each_command(tmp_path: Path) -> None:
    program = tmp_path / "busybox"
    program.write_text("#!/bin/sh\nprintf 'busybox\\nsh\\nhttpd\\n'\n")
    program.chmod(0o755)
    with tarfile.open(fileobj=io.BytesIO(busybox.archive(program))) as tar:
        entries = {entry.name: entry for entry in tar}
    assert (entries["bin/busybox"].mode, entries["bin/busybox"].size) == (0o755, program.stat().st_size)
    assert {name: entries[name].linkname for name in ("bin/sh", "bin/httpd")} == {
        "bin/sh": "busybox",
        "bin/httpd": "busybox",
    }
    assert entries["tmp"].mode == 0o1777
