"""Where the changed configuration is written."""

from __future__ import annotations

import contextlib
import errno
import os
import stat

from outrider.launcher.arguments import OUT_CONFIG
from outrider.model.errors import UserError

_OWN = "/var/outrider/lib/fluent-bit"
"""The volume of Outrider's image, where the launcher itself stands."""
_FALLBACKS = ("/dev/shm", "/run", "/tmp")
_PRIVATE = 0o600
_PUBLIC = 0o644
_PRIME = 2**64 - 59
"""The largest prime of 64 bits."""


def choose_folder(default: str = OUT_CONFIG) -> tuple[str, str]:
    """The first folder that can be written, and why the documented ones were passed over (empty if they were not).

    Outrider's own image has its own folder. A read-only root file system leaves /dev/shm. Raises UserError if nothing
    is left.
    """
    reasons: list[str] = []
    documented = (os.path.dirname(default), _OWN)
    for folder in (*documented, *_FALLBACKS):
        reason = _obstacle(folder)
        if reason is None:
            return folder, "" if folder in documented else reasons[0]
        reasons.append(f"{folder}: {reason}")
    raise UserError(
        f"the changed configuration can be written nowhere ({'; '.join(reasons)})",
        fix="give -m PATH in a folder that can be written, or mount a tmpfs at /tmp",
    )


def _obstacle(folder: str) -> str | None:
    """Why no file can be made in a folder; access rights alone do not tell (read-only or full file systems)."""
    try:
        handle, path = _new_file(folder, "fluent-launch")
    except OSError as error:
        return error.strerror or str(error)
    os.close(handle)
    os.unlink(path)
    return None


def _new_file(folder: str, name: str) -> tuple[int, str]:
    """A file of no others, hidden, that can be written: its descriptor and its path. Raises OSError.

    Not ``tempfile``, nor ``hashlib`` below: the interpreter that the launcher is built with has no digests.
    """
    path = os.path.join(folder, f".{name}.{os.urandom(8).hex()}")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), path


def fallback_name(text: str, default: str = OUT_CONFIG) -> str:
    """A name in a folder that is shared with other programs and users, for a configuration with this text.

    Two routers that run at once never find each other's settings under it, and the same start again leaves no second
    file.
    """
    stem, extension = os.path.splitext(os.path.basename(default))
    digest = int.from_bytes(text.encode("utf-8", "surrogateescape"), "big") % _PRIME
    return f"{stem}-{os.getuid()}-{digest:016x}{extension}"


def fallback_path(folder: str, text: str, default: str = OUT_CONFIG) -> str:
    """Where a configuration goes in a folder that is shared, where others may hold the name: then one of chance."""
    path = os.path.join(folder, fallback_name(text, default))
    try:
        held = os.lstat(path)
    except OSError:
        return path
    if stat.S_ISREG(held.st_mode) and held.st_uid == os.geteuid():
        return path
    stem, extension = os.path.splitext(path)
    return f"{stem}-{os.urandom(8).hex()}{extension}"


def mode_for(path: str, original: str) -> int:
    """The access rights of the changed copy of ``original``: others may read it where they may read the original.

    In a folder that is shared with other programs and users, nobody else may: the router that is executed has the
    launcher's user. A router that a script starts as another user needs ``-m`` with another folder.
    """
    if os.path.dirname(path) in _FALLBACKS:
        return _PRIVATE
    try:
        return _PUBLIC if os.stat(original).st_mode & stat.S_IROTH else _PRIVATE
    except OSError:
        return _PRIVATE


def write_config(path: str, text: str, mode: int) -> None:
    """Write ``path`` so that a reader sees the old file or the new one, whole. Raises UserError."""
    folder, name = os.path.split(path)
    try:
        if os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if os.path.exists(path) and not os.path.isfile(path):
            raise OSError(errno.EINVAL, "it is a device or a pipe, from which the router could not read")
        handle, temporary = _new_file(folder, name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(text.encode("utf-8", "surrogateescape"))
            os.chmod(temporary, mode)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror or error}",
            fix="give -m PATH in a folder that exists and can be written",
        ) from error
