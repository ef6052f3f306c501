"""Every fuzzing target with a few hundred inputs, always the same; ``make fuzz`` has as many as one likes."""

from __future__ import annotations

from pathlib import Path

import fuzz.targets  # noqa: F401
import pytest
from fuzz import guard, mutate
from fuzz.target import TARGETS, Target, pieces

INPUTS = 200


@pytest.mark.filterwarnings("ignore:invalid escape:DeprecationWarning")
@pytest.mark.parametrize("name", TARGETS)
def test_nothing_undeclared_is_raised(name: str) -> None:
    target = TARGETS[name]
    for data in mutate.inputs(target, INPUTS):
        try:
            target.run(data)
        except Exception as error:
            error.add_note(f"target {name}, input {data!r}")
            raise


def test_made_inputs_come_again_and_are_not_too_long() -> None:
    target = Target("x", lambda data: None, (b"seed", b"x" * 99), longest=64)
    found = list(mutate.inputs(target, 300))
    assert found == list(mutate.inputs(target, 300))
    assert max(map(len, found)) <= 64
    assert len(set(found)) > 150
    assert b"seed" in found


def test_a_finding_is_what_is_raised_and_is_kept_once(tmp_path: Path) -> None:
    def broken(data: bytes) -> None:
        data.index(b"x")

    target = Target("broken", broken, ())
    assert guard.run(target, b"x") is None
    finding = guard.run(target, b"y")
    assert finding is not None
    assert finding.kind.startswith("ValueError")
    assert guard.keep(tmp_path, finding, b"y")
    assert not guard.keep(tmp_path, finding, b"z")
    assert (tmp_path / f"{finding.name}.input").read_bytes() == b"y"
    assert "subsection not found" in (tmp_path / f"{finding.name}.txt").read_text()


def test_too_much_work_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "SECONDS", -1.0)
    finding = guard.run(Target("slow", lambda data: None, ()), b"")
    assert finding is not None
    assert finding.kind == "slow"


def test_too_much_memory_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MEGABYTES", -1)
    finding = guard.run(Target("large", lambda data: None, ()), b"")
    assert finding is not None
    assert finding.kind == "large"


def test_pieces_are_the_whole() -> None:
    assert pieces(b"abcde", 2) == [b"ab", b"cd", b"e"]
    assert pieces(b"abc", 0) == [b"a", b"b", b"c"]
