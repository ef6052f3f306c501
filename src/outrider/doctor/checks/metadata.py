"""The task metadata endpoint."""

from __future__ import annotations

from outrider.aws import metadata
from outrider.aws.local import TASK_VARIABLE, task_endpoint
from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok


class Metadata(Check[bytes]):
    """Whether ECS tells the task what it is."""

    id = "metadata"
    fix = f"see that nothing keeps the container from 169.254.170.2 (the address in {TASK_VARIABLE})"

    def idle(self) -> str:
        """See Check."""
        return "" if self.subject.in_task else f"this is no task on ECS: {TASK_VARIABLE} is not set"

    async def look(self) -> bytes:
        """See Check."""
        endpoint = task_endpoint(self.subject.environment)
        assert endpoint is not None
        try:
            return await endpoint.get("/task")
        finally:
            await endpoint.close()

    def judge(self, seen: bytes) -> Verdict:
        """See Check."""
        try:
            found = metadata.variables_of_task(seen)
        except ValueError as error:
            return fail(str(error), self.fix)
        launch = found.get("ECS_LAUNCH_TYPE", "")
        return ok(f"task {found.get('ECS_TASK_ID', '')} of {found['ECS_TASK_DEFINITION']} {launch}".rstrip())
