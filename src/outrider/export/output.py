"""Writes the files of a kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from outrider.export.kind import Files
from outrider.model.errors import LocalError, UserError
from outrider.taskdef.write import write_file


def write_files(files: Files, target: str, *, force: bool) -> list[Path]:
    """Write several files below the folder ``target``, one into it if it is a folder or ends with ``/``, else to it.

    Returns their paths. Raises UserError for files that are there and differ, unless ``force``: none is written then.
    """
    path = Path(target)
    folder = path.is_dir() or len(files) > 1 or target.endswith("/")
    if folder and path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file, and {len(files)} files are made", fix="name a folder with -o")
    paths = {(path / name if folder else path): text for name, text in files.items()}
    changed = [path for path, text in paths.items() if _differs(path, text)]
    if changed and not force:
        raise UserError(
            f"{', '.join(map(str, changed))} would be overwritten", fix="name another folder, or say --force"
        )
    for path, text in paths.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LocalError(f"cannot make {path.parent}: {error.strerror}") from error
        write_file(str(path), text)
    return list(paths)


def placed(text: str, files: Files, paths: Sequence[Path], target: str) -> str:
    """``text`` with the paths of the files, as they were written, for their names, and ``target`` for DIR."""
    places = {name: quote(str(path)) for name, path in zip(files, paths, strict=True)} | {
        "DIR": quote(str(Path(target)))
    }
    names = "|".join(map(re.escape, places))
    return re.sub(rf"(?<![\w./-])({names})(?![\w-])", lambda found: places[found[1]], text)


def _differs(path: Path, text: str) -> bool:
    try:
        return path.exists() and path.read_bytes() != text.encode("utf-8")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}", fix="name another place with -o") from error
