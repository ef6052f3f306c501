"""A signature while its options are read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from outrider.ids.rules.buffers import PAYLOAD, Buffer, Transform
from outrider.ids.rules.conditions import Condition, FlowTest, State, Threshold
from outrider.ids.rules.refusal import RuleError
from outrider.ids.rules.steps import ByteExtract, ByteMath, Content, Step


@dataclass(slots=True)
class Part:
    """A buffer and its steps so far. ``direction``: where the rule wants it to travel, empty if it does not say."""

    buffer: Buffer
    direction: str = ""
    transforms: list[Transform] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """What the keywords fill. None is what the rule has not said."""

    action: str
    protocol: str
    sid: int | None = None
    gid: int = 1
    rev: int = 0
    message: str = ""
    classification: str = ""
    priority: int | None = None
    references: list[tuple[str, str]] = field(default_factory=list)
    metadata: list[tuple[str, str]] = field(default_factory=list)
    target: str = ""
    parts: list[Part] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    flow: FlowTest | None = None
    states: list[State] = field(default_factory=list)
    thresholds: list[Threshold] = field(default_factory=list)
    noalert: bool = False
    prefilter: bool = False
    _sticky: Part | None = None
    _last: Part | None = None

    def choose(self, buffer: Buffer, direction: str = "") -> None:
        """What follows is looked for in ``buffer``: a sticky keyword. The same buffer again goes on where it was."""
        if buffer is PAYLOAD:
            self._sticky = None
            return
        known = next((part for part in self.parts if self._same(part, buffer, direction)), None)
        if known is None or buffer.several:
            known = Part(buffer, direction)
            self.parts.append(known)
        self._sticky = known

    def transform(self, transform: Transform) -> None:
        """Change the buffer that was chosen last, before it is looked at."""
        if self._sticky is None:
            raise RuleError(f"{transform.name} stands after no buffer, such as http.uri")
        if self._sticky.steps:
            part = Part(self._sticky.buffer, self._sticky.direction)
            self.parts.append(part)
            self._sticky = part
        self._sticky.transforms.append(transform)

    def add(self, step: Step, buffer: Buffer | None = None) -> None:
        """Look for this in ``buffer`` if it is given, else in the chosen one, else in the payload."""
        part = self._sticky if buffer is None else None
        if part is None:
            part = self._plain(buffer or PAYLOAD)
        part.steps.append(step)
        self._last = part

    @staticmethod
    def _same(part: Part, buffer: Buffer, direction: str) -> bool:
        return part.buffer == buffer and part.direction == direction and not part.transforms

    def _plain(self, buffer: Buffer) -> Part:
        for part in self.parts:
            if self._same(part, buffer, ""):
                return part
        self.parts.append(Part(buffer))
        return self.parts[-1]

    def content(self, keyword: str) -> Content:
        """The content that a modifier belongs to. Raises RuleError where none stands before it."""
        if self._last is not None:
            for step in reversed(self._last.steps):
                if isinstance(step, Content):
                    return step
        raise RuleError(f"{keyword} stands after no content")

    def change(self, keyword: str, **changes: Any) -> None:
        """Change the content that stands before a modifier. Raises RuleError."""
        old = self.content(keyword)
        assert self._last is not None
        at = max(i for i, step in enumerate(self._last.steps) if step is old)
        self._last.steps[at] = replace(old, **changes)

    def move(self, keyword: str, buffer: Buffer) -> None:
        """Move the last content to another buffer: an older modifier. Raises RuleError."""
        if self._sticky is not None:
            raise RuleError(f"{keyword} cannot follow {self._sticky.buffer.name}, which chose a buffer already")
        content = self.content(keyword)
        part = self._last
        assert part is not None
        if part.buffer is not PAYLOAD:
            raise RuleError(f"{keyword}: the content before it is in {part.buffer.name} already")
        if part.steps[-1] is not content:
            raise RuleError(f"{keyword} must follow its content")
        part.steps.pop()
        if not part.steps:
            self.parts.remove(part)
        target = self._plain(buffer)
        target.steps.append(content)
        self._last = target

    def variables(self) -> set[str]:
        """Names that byte_extract and byte_math have given so far."""
        steps = (step for part in self.parts for step in part.steps)
        return {step.name for step in steps if isinstance(step, ByteExtract | ByteMath)}
