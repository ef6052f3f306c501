"""A task definition brought to a service: registered, rolled out, watched, and taken back if it does not settle."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from outrider.model.errors import OutriderError, PeerError, UserError
from outrider.taskdef.compare import Difference, differences
from outrider.taskdef.compare.form import is_of_aws
from outrider.taskdef.deploy.causes import roles_of
from outrider.taskdef.deploy.definition import short
from outrider.taskdef.deploy.ecs import Ecs
from outrider.taskdef.deploy.faults import Denied
from outrider.taskdef.deploy.rollout import Answer, Rollout, Verdict
from outrider.taskdef.shape import Locate, TaskDefinition, nowhere

PAUSE: Final = 5.0
"""Seconds between two looks at the service."""


class World(Struct, frozen=True):
    """What a deployment needs of the outside: where words go, whom it asks, and time in seconds."""

    tell: Callable[[str], None]
    ask: Callable[[str], bool]
    """The answer to a question; who cannot be asked says yes."""
    now: Callable[[], float]
    pause: Callable[[float], None]


class Target(Struct, frozen=True):
    """A service."""

    cluster: str
    service: str

    def command(self, definition: str) -> str:
        """The command line that lets it run this definition."""
        words = ["--cluster", self.cluster, "--service", self.service, "--task-definition", short(definition)]
        return f"aws ecs update-service {shlex.join(words)}"


class Plan(Struct, frozen=True):
    """What a deployment would do. ``before`` is the service as it is."""

    target: Target
    definition: TaskDefinition
    before: Answer
    running: str
    """ARN of the definition that the service is set to run."""
    fallback: str
    """ARN of the definition that ran before."""
    can_return: bool
    """Whether a service can still be told to run ``fallback``."""
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


End: TypeAlias = Literal["settled", "rolled back", "failed", "superseded", "interrupted"]


class Outcome(Struct, frozen=True):
    """How it ended. ``runs`` is what the service is set to run then; empty where that is somebody else's."""

    outcome: End
    registered: str
    runs: str
    reason: str = ""


def plan(ecs: Ecs, target: Target, definition: TaskDefinition) -> Plan:
    """What is there, and what would change. Raises UserError if the service cannot take a definition."""
    before = ecs.service(target.cluster, target.service)
    _check(before, target)
    target = Target(target.cluster, before.get("serviceName") or target.service)
    running, old, usable = ecs.definition(before["taskDefinition"])
    notes: list[str] = []
    if "tags" not in definition:
        tags = [tag for tag in old["tags"] if not is_of_aws(tag)]
        definition = {**definition, "tags": tags}
        if tags:
            notes.append("the file does not tell tags; the new revision gets those of the running one")
    fallback = _settled(before) or running
    if fallback != running:
        fallback, _, usable = ecs.definition(fallback)
        notes.append(f"{short(running)} has not settled yet; a roll back would go to {short(fallback)}")
    if not usable:
        notes.append(f"{short(fallback)} is deregistered, so that there is nothing to roll back to")
    if not before.get("desiredCount") and before.get("schedulingStrategy") != "DAEMON":
        notes.append("the service wants no task: nothing will start that could fail")
    found = tuple(differences(old, definition))
    return Plan(target, definition, before, running, fallback, usable, found, tuple(notes))


def _check(service: Answer, target: Target) -> None:
    status, controller = service.get("status"), (service.get("deploymentController") or {}).get("type", "ECS")
    if status != "ACTIVE":
        raise UserError(f"the service '{target.service}' is {status}", fix="name a service that is ACTIVE")
    if controller != "ECS":
        raise UserError(
            f"the service '{target.service}' is deployed by {controller}, not by ECS itself",
            fix="deploy it with the tool that it is set up for",
        )
    if not service.get("taskDefinition"):
        raise UserError(f"the service '{target.service}' has no task definition", fix="it is run by task sets")


def _settled(service: Answer) -> str:
    """The definition of the last deployment that settled; empty if ECS does not tell."""
    done = [item for item in service.get("deployments") or [] if item.get("rolloutState") == "COMPLETED"]
    return str(done[0]["taskDefinition"]) if done else ""


class Deployment:
    """Carries a plan out. ``timeout`` is in seconds, for the way there and for the way back each."""

    def __init__(self, ecs: Ecs, plan: Plan, world: World, *, timeout: float, roll_back: bool = True) -> None:
        self._ecs = ecs
        self._plan = plan
        self._world = world
        self._timeout = timeout
        self._roll_back = roll_back and plan.can_return
        self._blind = False
        self._registered = ""
        self._told: set[str] = set()

    def run(self, locate: Locate = nowhere) -> Outcome:
        """Register, update, wait, and go back if need be. Raises UserError and PeerError."""
        self._registered = self._ecs.register(self._plan.definition, locate)
        self._world.tell(f"registered {short(self._registered)}")
        try:
            rollout = self._start(self._registered, self._plan.before, self._plan.fallback)
            verdict = self._watch(rollout)
        except KeyboardInterrupt:
            return self._interrupted()
        if verdict.outcome == "settled":
            return self._end("settled", self._registered)
        self._world.tell(f"{short(self._registered)} did not settle: {verdict.reason}")
        for line in rollout.stops():
            self._world.tell(line)
        if verdict.outcome == "superseded":
            return self._end("superseded", "", verdict.reason)
        if verdict.outcome == "undone":
            self._world.tell(f"ECS goes back to {short(self._plan.fallback)} by itself")
            return self._back(verdict, Rollout(verdict.successor, self._plan.fallback, self._service(), self._told))
        return self._return(verdict)

    def _start(self, definition: str, before: Answer, fallback: str = "") -> Rollout:
        target = self._plan.target
        try:
            answer = self._ecs.update(target.cluster, target.service, definition)
        except OutriderError:
            self._world.tell(f"the service {target.service} did not answer that it takes {short(definition)}")
            raise
        self._world.tell(f"the service {target.service} is to run {short(definition)}")
        primary = next(item["id"] for item in answer["deployments"] if item["status"] == "PRIMARY")
        roles = roles_of(self._plan.definition)
        return Rollout(primary, definition, before, self._told, fallback=fallback, roles=roles)

    def _watch(self, rollout: Rollout) -> Verdict:
        try:
            return self._wait(rollout)
        except OutriderError:
            self._world.tell(f"ECS goes on with {short(rollout.definition)}; to go back: {self._by_hand()}")
            raise

    def _wait(self, rollout: Rollout) -> Verdict:
        deadline = self._world.now() + self._timeout
        trouble = ""
        while True:
            try:
                for line in rollout.see(*self._look(rollout)):
                    self._world.tell(line)
                trouble = ""
            except PeerError as error:  # ECS goes on meanwhile
                if str(error) != trouble:
                    self._world.tell(f"no answer, trying again: {error}")
                trouble = str(error)
            if rollout.verdict is not None:
                return rollout.verdict
            left = deadline - self._world.now()
            if left <= 0:
                return Verdict("failed", f"not within {self._timeout:g} s")
            self._world.pause(min(PAUSE, left))

    def _look(self, rollout: Rollout) -> tuple[Answer, list[Answer]]:
        service = self._service()
        tasks: list[Answer] = []
        if not self._blind:
            try:
                tasks = self._ecs.tasks(self._plan.target.cluster, self._plan.target.service, rollout.finished)
            except Denied as error:
                self._blind = True
                self._world.tell(f"tasks are not shown: {error}")
        return service, tasks

    def _return(self, verdict: Verdict) -> Outcome:
        if not self._roll_back:
            self._world.tell(f"not rolled back; to do it: {self._by_hand()}")
            return self._end("failed", self._registered, verdict.reason)
        try:
            rollout = self._start(self._plan.fallback, self._service())
        except (OutriderError, KeyboardInterrupt):
            self._world.tell(f"not rolled back; to try again: {self._by_hand()}")
            raise
        return self._back(verdict, rollout)

    def _back(self, verdict: Verdict, rollout: Rollout) -> Outcome:
        """Wait for the way back."""
        try:
            back = self._watch(rollout)
        except KeyboardInterrupt:
            self._world.tell("ECS goes on rolling back; nobody watches")
            return self._end("interrupted", self._plan.fallback, verdict.reason)
        if back.outcome == "settled":
            return self._end("rolled back", self._plan.fallback, verdict.reason)
        self._world.tell(f"the roll back to {short(self._plan.fallback)} did not settle either: {back.reason}")
        return self._end("failed", self._plan.fallback, verdict.reason)

    def _interrupted(self) -> Outcome:
        reason = "interrupted"
        fallback = self._plan.fallback
        wanted = self._roll_back and self._world.ask(f"Roll back to {short(fallback)}?")
        if not wanted:
            self._world.tell(f"ECS goes on with {short(self._registered)}; to go back: {self._by_hand()}")
            return self._end("interrupted", self._registered, reason)
        done = self._return(Verdict("failed", reason))
        return self._end("interrupted", done.runs, reason)

    def _service(self) -> Answer:
        return self._ecs.service(self._plan.target.cluster, self._plan.target.service)

    def _by_hand(self) -> str:
        return self._plan.target.command(self._plan.fallback)

    def _end(self, outcome: End, runs: str, reason: str = "") -> Outcome:
        return Outcome(outcome, self._registered, runs, reason)
