"""The rules, one a file, in the order of their names."""

from __future__ import annotations

from typing import Final

from outrider.taskdef.lint.rule import Rule
from outrider.taskdef.lint.rules.fargate_size import FargateSize
from outrider.taskdef.lint.rules.launcher_without_dashes import LauncherWithoutDashes
from outrider.taskdef.lint.rules.sender_without_router import SenderWithoutRouter

RULES: Final[tuple[Rule, ...]] = (
    FargateSize(),
    LauncherWithoutDashes(),
    SenderWithoutRouter(),
)
