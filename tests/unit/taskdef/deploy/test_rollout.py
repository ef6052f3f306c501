"""A deployment as ECS's answers tell it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.deploy.causes import roles_of
from outrider.taskdef.deploy.rollout import Rollout

ARN = "arn:aws:ecs:eu-west-1:123456789012"
OLD, NEW = f"{ARN}:task-definition/web:1", f"{ARN}:task-definition/web:2"
ROLES = roles_of(
    {
        "containerDefinitions": [
            {"name": "web"},
            {
                "name": "log_router",
                "firelensConfiguration": {"type": "fluentbit"},
                "volumesFrom": [{"sourceContainer": "agent"}],
            },
            {"name": "agent"},
        ]
    }
)


def deployment(name: str = "new", **more: Any) -> dict[str, Any]:
    given = {"id": name, "status": "PRIMARY", "taskDefinition": NEW, "desiredCount": 2, "runningCount": 0}
    return {**given, "rolloutState": "IN_PROGRESS", **more}


def service(*deployments: dict[str, Any], events: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    found = [{"id": text, "message": text} for text in reversed(events)]
    return {"status": "ACTIVE", "deployments": list(deployments), "events": found, **more}


def old(**more: Any) -> dict[str, Any]:
    return deployment("old", taskDefinition=OLD, **more)


def task(name: str = "t1", **more: Any) -> dict[str, Any]:
    return {"taskArn": f"{ARN}:task/prod/{name}", "lastStatus": "RUNNING", "startedBy": "new", **more}


def stopped(name: str = "t1", reason: str = "Essential container in task exited", **codes: int) -> dict[str, Any]:
    containers = [{"name": key, "exitCode": code} for key, code in codes.items()]
    return task(name, lastStatus="STOPPED", stoppedReason=reason, containers=containers)


BEFORE = service(old(rolloutState="COMPLETED"), events=("long ago",))


def rollout() -> Rollout:
    return Rollout("new", NEW, BEFORE, set(), fallback=OLD, roles=ROLES)


def outcome(*answers: dict[str, Any]) -> str | None:
    watch = rollout()
    for answer in answers:
        watch.see(answer, [])
    return watch.verdict and watch.verdict.outcome


LEAVING = old(status="ACTIVE", rolloutState="COMPLETED")
BACK = old(rolloutStateReason="ECS deployment circuit breaker: rolling back to deploymentId old")


@pytest.mark.parametrize(
    ("answers", "ended"),
    [
        ([service(deployment(), LEAVING)], None),
        ([service(deployment(), LEAVING), service(deployment(rolloutState="COMPLETED"))], "settled"),
        ([service(deployment(rolloutState="FAILED"), LEAVING)], "failed"),
        ([service(deployment(failedTasks=2))], None),
        ([service(deployment(failedTasks=3))], "failed"),
        ([service(deployment(failedTasks=9, desiredCount=20))], None),
        ([service(deployment(failedTasks=10, desiredCount=20))], "failed"),
        # old answers, from before the deployment or from a part of ECS that is behind
        ([BEFORE], None),
        ([BEFORE, service(deployment(), LEAVING), BEFORE], None),
        # ECS goes back by itself: to the deployment that had settled, or by one of its own
        (
            [service(deployment(), LEAVING), service(old(), deployment(status="ACTIVE", rolloutState="FAILED"))],
            "undone",
        ),
        ([service(deployment(), LEAVING), service(BACK)], "undone"),
        ([service(deployment(), LEAVING), service(deployment("third", taskDefinition=OLD))], "undone"),
        # somebody else
        ([service(deployment()), service(deployment("third", taskDefinition=f"{NEW}7"))], "superseded"),
        ([service(deployment(), status="DRAINING")], "superseded"),
        # behind a Classic Load Balancer nothing tells the state
        ([service(deployment(rolloutState=None, runningCount=2), LEAVING)], None),
        ([service(deployment(rolloutState=None, runningCount=1))], None),
        ([service(deployment(rolloutState=None, runningCount=2))], "settled"),
    ],
)
def test_how_it_ends(answers: list[dict[str, Any]], ended: str | None) -> None:
    assert outcome(*answers) == ended


def test_events_and_states_are_told_as_they_come() -> None:
    watch = rollout()
    started = "(service web) has started 1 tasks: (task t1)."
    assert watch.see(service(deployment(), events=("long ago", started)), [task(lastStatus="PENDING")]) == [
        started,
        "task t1: PENDING",
        "web:2: 0 of 2 running",
    ]
    assert watch.see(service(deployment(), events=("long ago", started)), [task(lastStatus="PENDING")]) == []
    told = watch.see(service(deployment(runningCount=1)), [task(healthStatus="UNKNOWN"), task("t2", startedBy="old")])
    assert told == ["task t1: RUNNING", "web:2: 1 of 2 running"]
    assert watch.see(service(deployment(runningCount=1)), [task(healthStatus="HEALTHY")]) == [
        "task t1: RUNNING, HEALTHY"
    ]


def test_why_tasks_stop_is_told() -> None:
    watch = rollout()
    told = watch.see(service(deployment()), [stopped("t1", log_router=255, web=143, agent=0)])
    assert told[:4] == [
        "task t1: STOPPED",
        "  Essential container in task exited",
        "  container log_router ended with 255",
        "  container web ended with 143",
    ]
    assert "  why: Fluent Bit ends so for a property or an output that it does not know" in told
    told = watch.see(service(deployment()), [stopped("t2", log_router=255, web=143, agent=0), stopped("t3", "Other")])
    assert told == [
        "task t2: STOPPED",
        "  Essential container in task exited (as before)",
        "task t3: STOPPED",
        "  Other",
    ]
    assert watch.verdict is not None
    assert watch.verdict.outcome == "failed"
    summary = watch.stops()
    assert summary[0] == "2 tasks stopped: Essential container in task exited"
    assert "1 task stopped: Other" in summary


def test_one_reason_is_one_whatever_the_task() -> None:
    watch = rollout()
    for name in ("t1", "t2"):
        words = f"ResourceInitializationError: resource cannot be initialized for task {ARN}:task/prod/{name}: x"
        watch.see(service(deployment()), [stopped(name, words)])
    assert watch.stops()[0].startswith("2 tasks stopped: ResourceInitializationError")


@pytest.mark.parametrize(
    "more",
    [
        {"stoppedReason": "Scaling activity initiated by (deployment old)"},
        {"stopCode": "UserInitiated"},
        {"stopCode": "SpotInterruption"},
    ],
)
def test_what_is_no_fault_of_the_definition_does_not_count(more: dict[str, Any]) -> None:
    watch = rollout()
    watch.see(service(deployment()), [{**stopped(f"t{n}"), **more} for n in range(9)])
    assert watch.verdict is None
    assert watch.stops() == []


# ---- any course -----------------------------------------------------------------------------------------------------

STATES = st.sampled_from(["PROVISIONING", "PENDING", "RUNNING", "STOPPED"])
DEPLOYMENTS = st.builds(
    deployment,
    st.sampled_from(["new", "old", "third"]),
    status=st.sampled_from(["PRIMARY", "ACTIVE", "INACTIVE"]),
    taskDefinition=st.sampled_from([OLD, NEW]),
    desiredCount=st.integers(0, 30),
    runningCount=st.integers(0, 30),
    failedTasks=st.integers(0, 30),
    rolloutState=st.sampled_from(["IN_PROGRESS", "COMPLETED", "FAILED", None]),
)
TASKS = st.builds(
    task,
    st.sampled_from("abcdefgh"),
    lastStatus=STATES,
    startedBy=st.sampled_from(["new", "old"]),
    healthStatus=st.sampled_from(["HEALTHY", "UNKNOWN"]),
    stoppedReason=st.none() | st.sampled_from(["OutOfMemoryError", "missing output key Name", "x"]),
    containers=st.lists(
        st.fixed_dictionaries(
            {"name": st.sampled_from(["web", "log_router"])},
            optional={"exitCode": st.integers(0, 255), "reason": st.text(max_size=5)},
        ),
        max_size=3,
    ),
)
ANSWERS = st.tuples(
    st.lists(DEPLOYMENTS, max_size=3), st.lists(TASKS, max_size=4), st.lists(st.sampled_from("uvwxyz"), max_size=4)
)


@given(st.lists(ANSWERS, max_size=12))
def test_any_course(course: list[tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]]) -> None:
    """Each event and each stop is told once; the verdict stands; who has settled was seen settled."""
    watch = rollout()
    told: list[str] = []
    verdict = None
    for deployments, tasks, events in course:
        told += watch.see(service(*deployments, events=tuple(dict.fromkeys(events))), tasks)
        assert verdict is None or watch.verdict is verdict
        if watch.verdict is not None and verdict is None and watch.verdict.outcome == "settled":
            own = next(item for item in deployments if item["id"] == "new")
            assert own["rolloutState"] in ("COMPLETED", None)
        verdict = watch.verdict
    for event in {event for _, _, events in course for event in events}:
        assert told.count(event) == 1
    stops = [line for line in told if line.endswith(": STOPPED") or ": STOPPED, " in line]
    assert len(stops) == len(set(stops)) == len({line.partition(":")[0] for line in stops})


@given(st.integers(1, 12), st.integers(0, 40), st.data())
def test_a_service_that_behaves(wanted: int, failures: int, data: st.DataObject) -> None:
    """Tasks start one by one and some stop: it settles where fewer fail than the limit, and fails where more do."""
    watch = rollout()
    limit = max(3, -(-wanted // 2))
    running = failed = 0
    while watch.verdict is None:
        fails = failed < failures and (running == wanted or data.draw(st.booleans()))
        failed, running = failed + fails, min(running + (not fails), wanted)
        tasks = [stopped(f"t{failed}", web=1)] if fails else []
        done = running == wanted and failed == failures and not fails
        state = "COMPLETED" if done else "IN_PROGRESS"
        watch.see(service(deployment(desiredCount=wanted, runningCount=running, rolloutState=state), LEAVING), tasks)
    assert watch.verdict.outcome == ("failed" if failures >= limit else "settled")
