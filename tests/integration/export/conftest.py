"""Fixtures of others that artefacts are tried with: a server, and Outrider's image in Docker."""

from __future__ import annotations

from tests.integration.image.conftest import containers, image
from tests.integration.server.conftest import make_server

__all__ = ["containers", "image", "make_server"]
