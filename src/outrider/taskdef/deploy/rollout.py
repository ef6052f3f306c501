"""A deployment as ECS's answers tell it: what is new in each, and how it ended. Pure.

ECS works through a service's deployments by itself; all there is to see are descriptions of the service and of its
tasks, some of them older than what was seen before. The one that is watched goes ``PRIMARY`` → ``ACTIVE`` → gone, with
``rolloutState`` ``IN_PROGRESS`` → ``COMPLETED`` or ``FAILED``. Services behind a Classic Load Balancer have no
``rolloutState``: there it has settled when it is alone and all its tasks run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from outrider.taskdef.deploy.causes import NO_ROLES, Cause, Roles, explain, explain_exits
from outrider.taskdef.deploy.definition import short

Answer = dict[str, Any]
"""A ``Service``, ``Task`` or other structure of ECS's, as its API gives it."""

FEWEST_FAILURES: Final = 3
MOST_FAILURES: Final = 200
"""Bounds of the number of tasks that may fail: those of ECS's own circuit breaker."""

_SCALED = "Scaling activity initiated by"
_NO_FAULT = ("UserInitiated", "SpotInterruption", "TerminationNotice")


class Verdict(Struct, frozen=True):
    """How a deployment ended.

    ``settled``     all tasks run
    ``failed``      it will not settle
    ``undone``      ECS itself goes back; ``successor`` is the deployment that does it
    ``superseded``  somebody deployed something else meanwhile
    """

    outcome: Literal["settled", "failed", "undone", "superseded"]
    reason: str
    successor: str = ""


class Rollout:
    """Watches the deployment with id ``deployment`` that brings ``definition``, an ARN.

    ``before`` is the service's description before the deployment: its events are old news. ``finished`` are the ARNs of
    tasks of which there is no more news; those that end are added. ``fallback`` is the definition that ECS would go
    back to.
    """

    def __init__(
        self,
        deployment: str,
        definition: str,
        before: Answer,
        finished: set[str],
        *,
        fallback: str = "",
        roles: Roles = NO_ROLES,
    ) -> None:
        self.deployment = deployment
        self.definition = definition
        self.verdict: Verdict | None = None
        self.finished = finished
        self._fallback = fallback
        self._roles = roles
        self._events = {event["id"] for event in before.get("events") or []}
        self._earlier = {item["id"] for item in before.get("deployments") or []} - {deployment}
        self._tasks: dict[str, str] = {}
        self._counts = ""
        self._found = False
        self._stops: Counter[tuple[str, ...]] = Counter()

    def see(self, service: Answer, tasks: Sequence[Answer]) -> list[str]:
        """What an answer tells that no earlier one did; sets ``verdict`` at the end, and keeps it."""
        lines = [*self._new_events(service), *self._new_states(tasks)]
        deployment = _deployment(service, self.deployment)
        if deployment is not None:
            lines += self._new_counts(deployment)
        if self.verdict is None:
            self.verdict = self._judge(service, deployment)
        return lines

    def stops(self) -> list[str]:
        """Why tasks stopped, the most frequent reason first, each with what it stands for."""
        lines: list[str] = []
        for reason, count in self._stops.most_common():
            lines += [f"{count} task{'s' * (count > 1)} stopped: {reason[0]}", *reason[1:]]
        return lines

    def _new_events(self, service: Answer) -> Iterator[str]:
        for event in reversed(service.get("events") or []):
            if event["id"] not in self._events:
                self._events.add(event["id"])
                yield event["message"]
                yield from _remedies(explain(event["message"]))

    def _new_states(self, tasks: Sequence[Answer]) -> Iterator[str]:
        for task in tasks:
            arn = task["taskArn"]
            if arn in self.finished:
                continue
            if task.get("startedBy") != self.deployment:
                self.finished.add(arn)
                continue
            state = task["lastStatus"]
            if task.get("healthStatus") in ("HEALTHY", "UNHEALTHY"):
                state += f", {task['healthStatus']}"
            if self._tasks.get(arn) != state:
                self._tasks[arn] = state
                yield f"task {short(arn)}: {state}"
            if task["lastStatus"] == "STOPPED":
                self.finished.add(arn)
                yield from self._stopped(task)

    def _stopped(self, task: Answer) -> Iterator[str]:
        reason = task.get("stoppedReason") or task.get("stopCode") or "no reason given"
        containers = task.get("containers") or []
        words = [reason, *[str(item["reason"]) for item in containers if item.get("reason")]]
        causes = [*explain("\n".join(words)), *[cause for _, cause in explain_exits(containers, self._roles)]]
        details = [*_ends(containers), *_remedies(dict.fromkeys(causes))]
        told = (reason.replace(task["taskArn"], "this task"), *details)
        known = told in self._stops
        if not reason.startswith(_SCALED) and task.get("stopCode") not in _NO_FAULT:
            self._stops[told] += 1
        yield f"  {reason}" + (" (as before)" if known else "")
        if not known:
            yield from details

    def _new_counts(self, deployment: Answer) -> Iterator[str]:
        running, wanted = deployment.get("runningCount", 0), deployment.get("desiredCount", 0)
        failed = deployment.get("failedTasks", 0)
        counts = f"{short(self.definition)}: {running} of {wanted} running" + (f", {failed} failed" if failed else "")
        if counts != self._counts:
            self._counts = counts
            yield counts

    def _judge(self, service: Answer, deployment: Answer | None) -> Verdict | None:
        if service.get("status", "ACTIVE") != "ACTIVE":
            return Verdict("superseded", f"the service is {service['status']}: somebody deletes it")
        primary = _primary(service)
        if deployment is None and not self._found:
            return None  # an answer from before the deployment
        self._found = True
        state = (deployment or {}).get("rolloutState")
        if primary is not None and primary["id"] != self.deployment:
            # ECS goes back to a deployment that was there before; without a word of that, it is an old answer.
            back = state == "FAILED" or "rolling back" in str(primary.get("rolloutStateReason"))
            stale = primary["id"] in self._earlier and not back
            return None if stale else self._replaced(primary, deployment)
        if deployment is None:
            return None
        if state == "FAILED":
            return Verdict("failed", deployment.get("rolloutStateReason") or "ECS gave the deployment up")
        if state == "COMPLETED" or (state is None and _alone(service, deployment)):
            return Verdict("settled", f"{short(self.definition)} runs")
        return self._failing(deployment)

    def _replaced(self, primary: Answer, deployment: Answer | None) -> Verdict:
        reason = (deployment or {}).get("rolloutStateReason") or "the deployment failed"
        if primary.get("taskDefinition") == self._fallback:
            return Verdict("undone", reason, primary["id"])
        return Verdict("superseded", f"somebody deployed {short(primary.get('taskDefinition', ''))} meanwhile")

    def _failing(self, deployment: Answer) -> Verdict | None:
        wanted = int(deployment.get("desiredCount", 0))
        limit = min(max(FEWEST_FAILURES, -(-wanted // 2)), MOST_FAILURES)
        failed = max(int(deployment.get("failedTasks", 0)), self._stops.total())
        return Verdict("failed", f"its tasks keep stopping: {failed} so far") if failed >= limit else None


def _deployment(service: Answer, wanted: str) -> Answer | None:
    return next((item for item in service.get("deployments") or [] if item["id"] == wanted), None)


def _primary(service: Answer) -> Answer | None:
    return next((item for item in service.get("deployments") or [] if item.get("status") == "PRIMARY"), None)


def _alone(service: Answer, deployment: Answer) -> bool:
    return len(service["deployments"]) == 1 and deployment.get("runningCount") == deployment.get("desiredCount")


def _ends(containers: Sequence[Answer]) -> Iterator[str]:
    for item in containers:
        code, reason = item.get("exitCode"), item.get("reason")
        if code is not None or reason:
            end = "did not run" if code is None else f"ended with {code}"
            yield f"  container {item.get('name')} {end}" + (f": {reason}" if reason else "")


def _remedies(causes: Iterable[Cause]) -> Iterator[str]:
    for cause in causes:
        yield f"  why: {cause.why}"
        yield f"  fix: {cause.fix}"
