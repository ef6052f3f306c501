"""Inputs to begin with: each target's own, and what was recorded of real programs, where that is at hand."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from fuzz.target import Target

RECORDED: Final = Path(__file__).resolve().parents[2] / "shared"
_MOST: Final = 300
"""Recorded inputs of a kind."""


def seeds(target: Target) -> list[bytes]:
    """All of them, without those that are too long."""
    found = [*target.seeds, *_recorded().get(target.recorded, ())]
    return list(dict.fromkeys(seed for seed in found if 0 < len(seed) <= target.longest))


@lru_cache(maxsize=1)
def _recorded() -> dict[str, list[bytes]]:
    """By kind: frames with a first byte that steers, configurations as they are."""
    forward: list[bytes] = []
    classic: list[bytes] = []
    yaml: list[bytes] = []
    for path in sorted((RECORDED / "golden").glob("*.json")):
        for case in json.loads(path.read_text("utf-8")):
            forward += [b"\x40" + bytes.fromhex(step["forward"]) for step in _steps(case) if _is_hex(step)]
            config = str(case.get("config", "")).encode()
            (yaml if config[:1] not in (b"[", b"#", b"@") else classic).append(config)
    path = RECORDED / "vectors" / "fluentbit.json"
    vectors = json.loads(path.read_text("utf-8")) if path.exists() else {}
    forward += [b"\x07" + bytes.fromhex(case["hex"]) for case in vectors.get("forward_input", ()) if "hex" in case]
    classic += [case["text"].encode() for case in vectors.get("classic_config", ()) if "text" in case]
    found = {"forward": forward, "config": classic, "yaml": yaml}
    return {kind: list(dict.fromkeys(filter(None, inputs)))[:_MOST] for kind, inputs in found.items()}


def _steps(case: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for step in case.get("send", ()) if isinstance(step, dict)]


def _is_hex(step: dict[str, Any]) -> bool:
    text = step.get("forward")
    return isinstance(text, str) and len(text) % 2 == 0
