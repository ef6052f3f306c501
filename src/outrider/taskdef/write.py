"""Write a file so that readers see either the old one or the new one, whole."""

from __future__ import annotations

import contextlib
import os
import tempfile

from outrider.model.errors import UserError

_NEW_FILE_MODE = 0o644
_PRIVATE_FILE_MODE = 0o600


def write_file(path: str, text: str, *, private: bool = False) -> None:
    """Put ``text`` as UTF-8 into ``path``, through a link if it is one, keeping the permissions of an old file.

    A new file that is ``private`` is its owner's alone. Raises UserError if the file cannot be written; the old one is
    then as it was. A device or a pipe is written to.
    """
    new_mode = _PRIVATE_FILE_MODE if private else _NEW_FILE_MODE
    target = os.path.realpath(path)
    content = text.encode("utf-8", "surrogateescape")
    try:
        if os.path.exists(target) and not os.path.isfile(target):
            with open(target, "wb") as stream:
                stream.write(content)
            return
        mode = os.stat(target).st_mode & 0o7777 if os.path.exists(target) else new_mode & ~_umask()
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=f".{os.path.basename(target)}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, mode)
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror}", fix="give a file in a folder that you may write"
        ) from error


def _umask() -> int:
    """The process's mask; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
