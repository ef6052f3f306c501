"""Generated examples have no deadline: a busy machine is no fault of a parser."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
