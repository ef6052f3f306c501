"""A base for the image without a registry, made of this machine's Debian packages: local_base.py TAG PACKAGE...

The packages and what they depend on go into it as they are installed here, with the certificates that this machine
trusts; so the image has what this machine has, and is for this machine: build others on a published base.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from typing import IO

MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
"""Folders that are links into /usr."""
NOT_NEEDED = re.compile(r"/usr/share/(man|info|locale|lintian|bug|doc/(?!.*copyright$))|/usr/lib/python3\.\d+/test/")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
USERS = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def said(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def closure(packages: Iterable[str]) -> list[str]:
    """The packages, and those they depend on that are installed."""
    leave = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]
    found = said("apt-cache", "depends", "--recurse", "--installed", *leave, *packages)
    return sorted(set(re.findall(r"^[a-z0-9]\S*", found, re.MULTILINE)))


def files(packages: list[str]) -> list[str]:
    """Their files, where they really lie."""
    listed = set(said("dpkg-query", "--listfiles", *packages).splitlines())
    merged = {re.sub(rf"^/({'|'.join(MERGED)})/", r"/usr/\1/", path) for path in listed}
    return sorted(
        path
        for path in merged
        if os.path.lexists(path) and path[1:] not in (*MERGED, ".", "") and not NOT_NEEDED.match(path)
    )


def write(out: IO[bytes], packages: list[str]) -> None:
    """The file system as an archive."""
    with tarfile.open(fileobj=out, mode="w|") as archive:
        for name in MERGED:
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, f"usr/{name}"
            archive.addfile(link)
        have = files(packages)
        for path in have:
            archive.add(path, recursive=False)
        if "/usr/bin/sh" not in have:
            link = tarfile.TarInfo("usr/bin/sh")
            link.type, link.linkname = tarfile.SYMTYPE, "dash"
            archive.addfile(link)
        texts = {
            "etc/passwd": USERS.encode(),
            "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
            "var/lib/dpkg/status": said("dpkg-query", "--status", *packages).encode(),
        }
        if os.path.exists(CERTIFICATES):
            with open(CERTIFICATES, "rb") as file:
                texts[CERTIFICATES[1:]] = file.read()
        for name, content in texts.items():
            member = tarfile.TarInfo(name)
            member.mode, member.size = 0o644, len(content)
            archive.addfile(member, io.BytesIO(content))


def fingerprint(packages: list[str]) -> str:
    """Changes with the packages' versions, the certificates, and this program."""
    seen = hashlib.sha256(said("dpkg-query", "--show", *packages).encode())
    for name in (CERTIFICATES, __file__):
        if os.path.exists(name):
            with open(name, "rb") as file:
                seen.update(file.read())
    return seen.hexdigest()


def main() -> None:
    """Make it, unless it is there as it would be made."""
    tag, *wanted = sys.argv[1:]
    packages = closure(wanted)
    label = f"outrider.made-of={fingerprint(packages)}"
    if said("docker", "image", "ls", "--quiet", "--filter", f"label={label}", tag):
        return
    command = ["docker", "import", "--change", f"ENV PATH={PATH}", "--change", f"LABEL {label}", "-", tag]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as importing:
        assert importing.stdin is not None
        write(importing.stdin, packages)
        importing.stdin.close()
        sys.exit(importing.wait())


main()
