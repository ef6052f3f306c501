"""What a kind of artefact is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from outrider.export.description import Description

Files: TypeAlias = Mapping[str, str]
"""Path, relative and with ``/``, to text. One file alone may be printed."""


@dataclass(frozen=True, slots=True)
class Kind:
    """``make`` is pure: the same description gives the same files.

    ``uses`` are the keys of the description that it heeds. Others are refused in ``--set`` and passed over in a file,
    which may describe many kinds. ``told`` is its help, whose first sentence the list of kinds shows; ``following``
    says how the files are used, with their names, and DIR for the folder that they are in.
    """

    name: str
    told: str
    following: str
    uses: frozenset[str]
    make: Callable[[Description], Files]
