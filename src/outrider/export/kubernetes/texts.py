"""The texts with slots."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

_HERE: Final = files("outrider.export.kubernetes")

OBJECTS: Final = ("serviceaccount", "configmap", "daemonset", "networkpolicy")
"""In the order in which they are made."""


def object_text(name: str) -> str:
    """The YAML of an object, see ``objects/``."""
    return (_HERE / "objects" / f"{name}.yaml").read_text("utf-8")


def router() -> str:
    """The router's configuration; its slot is the ``namespace``."""
    return (_HERE / "router.conf").read_text("utf-8")


def parsers() -> str:
    """The parsers that it names."""
    return (_HERE / "parsers.conf").read_text("utf-8")
