"""What counts as a finding: an exception that is not declared, a second of work, 200 MB of memory for one input."""

from __future__ import annotations

import hashlib
import resource
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzz.target import Target

SECONDS: Final = 1.0
"""Of work, not of waiting: the machine may be busy with other things."""
MEGABYTES: Final = 200

_OURS: Final = ("/outrider/", "/fuzz/")


@dataclass(frozen=True, slots=True)
class Finding:
    """``kind`` is the same for the same fault: where it was raised, or what was too much."""

    kind: str
    text: str

    @property
    def name(self) -> str:
        """A name for files."""
        return hashlib.blake2b(self.kind.encode(), digest_size=6).hexdigest()


def run(target: Target, data: bytes) -> Finding | None:
    """One input; None where all is well."""
    before, begun = _peak(), time.process_time()
    try:
        target.run(data)
    except Exception as error:  # noqa: BLE001 - this is what it is for
        return Finding(_kind(error), "".join(traceback.format_exception(error)[-30:]))
    spent, grown = time.process_time() - begun, _peak() - before
    if spent > SECONDS:
        return Finding("slow", f"{spent:.1f} seconds for {len(data)} bytes")
    if grown > MEGABYTES:
        return Finding("large", f"{grown:.0f} MB for {len(data)} bytes")
    return None


def keep(directory: Path, finding: Finding, data: bytes) -> bool:
    """Store the first input of its kind, and what happened; whether it is the first."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{finding.name}.input"
    if path.exists():
        return False
    path.write_bytes(data)
    path.with_suffix(".txt").write_text(f"{finding.kind}\n{finding.text}\n", "utf-8", "backslashreplace")
    return True


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _kind(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if any(part in frame.filename for part in _OURS)]
    places = [f"{Path(frame.filename).name}:{frame.name}" for frame in ours[-2:]]
    return f"{type(error).__name__} {' '.join(places)}"
