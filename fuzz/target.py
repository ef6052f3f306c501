"""What is fuzzed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Run = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Target:
    """``run`` takes any bytes and catches what the parser declares; whatever else it raises is a finding.

    ``recorded`` names the kind of recorded inputs that are seeds too; ``weight`` is its share of all inputs.
    """

    name: str
    run: Run
    seeds: tuple[bytes, ...]
    recorded: str = ""
    weight: int = 10
    longest: int = 4096


TARGETS: dict[str, Target] = {}
"""All of them by name, once ``fuzz.targets`` is imported."""


def target(name: str, *seeds: bytes, recorded: str = "", weight: int = 10, longest: int = 4096) -> Callable[[Run], Run]:
    """Make a function a target."""

    def add(run: Run) -> Run:
        assert name not in TARGETS, name
        TARGETS[name] = Target(name, run, seeds, recorded, weight, longest)
        return run

    return add


def steered(data: bytes) -> tuple[int, bytes]:
    """The first byte, which chooses among the ways to call a parser, and the input itself."""
    return (data[0], data[1:]) if data else (0, b"")


def pieces(data: bytes, size: int) -> list[bytes]:
    """The input as a socket might give it: pieces of ``size`` bytes, at least one."""
    size = max(size, 1)
    return [data[at : at + size] for at in range(0, len(data), size)]
