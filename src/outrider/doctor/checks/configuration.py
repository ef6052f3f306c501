"""The router's configuration."""

from __future__ import annotations

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok, warn
from outrider.model.errors import UserError
from outrider.pipeline.config.findings import Findings

NONE = "no configuration of a router is given: -c or OUTRIDER_CONFIG names it"


class Configuration(Check[Findings]):
    """Whether the router understands its configuration, as a dry run says it."""

    id = "configuration"
    fix = "see all of it with: outrider route -c FILE --dry-run, or of an agent: outrider agent -c FILE --dry-run"

    def idle(self) -> str:
        """See Check."""
        return NONE if self.subject.router is None else ""

    async def look(self) -> Findings:
        """See Check."""
        assert self.subject.router is not None
        return self.subject.router.findings

    def judge(self, seen: Findings) -> Verdict:
        """See Check."""
        if seen.errors:
            return fail(*self._words(seen.errors, "error"))
        if seen.warnings:
            return warn(*self._words(seen.warnings, "warning"))
        return ok("the router understands it")

    def _words(self, found: list[UserError], kind: str) -> tuple[str, str]:
        """The first of them, with its remedy where it is the only one."""
        first = found[0]
        if len(found) == 1:
            text = str(first).removesuffix(f"; fix: {first.fix}") if first.fix else str(first)
            return text, first.fix or self.fix
        return f"{len(found)} {kind}s; the first: {first}", self.fix
