"""An image of the machine's own busybox, for tasks that name a busybox image which cannot be fetched."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import tarfile
from pathlib import Path

REPOSITORY = "outrider-local/busybox"
TAG = "host"
_INTERPRETER = 3  # PT_INTERP
_DIRECTORIES = ("bin", "etc", "tmp", "var", "var/run", "var/www", "root", "proc", "sys", "dev")
_FILES = {"etc/passwd": b"root:x:0:0:root:/root:/bin/sh\n", "etc/group": b"root:x:0:\n"}


def is_busybox(image: str) -> bool:
    """Whether the last part of an image's name, without tag and digest, is ``busybox``."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0] == "busybox"


def is_static(program: bytes) -> bool:
    """Whether an ELF file (64 bit, little endian) asks for no dynamic loader, so that it runs in an empty image."""
    if program[:6] != b"\x7fELF\x02\x01" or len(program) < 64:
        return False
    (offset,) = struct.unpack_from("<Q", program, 32)
    size, count = struct.unpack_from("<HH", program, 54)
    if size < 4 or offset + size * count > len(program):
        return False
    return all(struct.unpack_from("<I", program, offset + size * n)[0] != _INTERPRETER for n in range(count))


def find() -> Path | None:
    """The machine's busybox if it is there and static."""
    found = shutil.which("busybox")
    return Path(found) if found and is_static(Path(found).read_bytes()) else None


def archive(program: Path) -> bytes:
    """The tar archive of an image: busybox, a link for each of its commands, and the usual folders."""
    listed = subprocess.run([program, "--list"], capture_output=True, check=True, text=True, timeout=10)
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name in _DIRECTORIES:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(entry)
        for name, content in {"bin/busybox": program.read_bytes(), **_FILES}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755 if name == "bin/busybox" else 0o644
            tar.addfile(entry, io.BytesIO(content))
        for command in listed.stdout.split():
            if command != "busybox":
                entry = tarfile.TarInfo(f"bin/{command}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(entry)
    return target.getvalue()
