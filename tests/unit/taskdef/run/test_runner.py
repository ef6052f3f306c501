import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from outrider.model.errors import LocalError, UserError
from outrider.taskdef.run import ending
from outrider.taskdef.run.container import StartError
from outrider.taskdef.run.health import Health
from outrider.taskdef.run.plan import Planned, Role, Wait
from outrider.taskdef.run.runner import Runner

AGENT, ROUTER, APP = Role.AGENT, Role.ROUTER, Role.APPLICATION


def planned(name: str, role: Role = APP, *waits: Wait, **members: object) -> Planned:
    return Planned({"name": name, **members}, role, waits, {})


class Fake:
    """A container that ends when told, and notes what happens to it in ``story``."""

    backend = "process"
    lines = 0
    dropped = 0

    def __init__(self, name: str, story: list[str], ends_with: int | None, stubborn: bool) -> None:
        self.name = name
        self.story = story
        self.stubborn = stubborn
        self.immortal = False
        self.states: list[Health] = []
        self.sick: Exception | None = None
        self.on_start: tuple[asyncio.Event, asyncio.Event] | None = None
        self.ending: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if ends_with is not None:
            self.ending.set_result(ends_with)

    async def start(self) -> None:
        self.story.append(f"start {self.name}")
        if self.on_start is not None:
            entered, goes_on = self.on_start
            entered.set()
            await goes_on.wait()

    async def wait(self) -> int:
        return await self.ending

    async def stop(self, grace: float) -> None:
        self.story.append(f"stop {self.name} {grace:g}")
        if not self.ending.done() and not self.stubborn:
            self.ending.set_result(143)

    async def kill(self) -> None:
        self.story.append(f"kill {self.name}")
        if not self.ending.done() and not self.immortal:
            self.ending.set_result(137)

    async def health(self, changed: Callable[[Health], None]) -> None:
        if self.sick is not None:
            raise self.sick
        for state in self.states:
            changed(state)
        await asyncio.Event().wait()

    async def remove(self) -> None:
        self.story.append(f"remove {self.name}")


class Stage:
    """Runs planned containers; ``ends`` gives those that end by themselves their status."""

    def __init__(self, *cast: Planned, ends: dict[str, int] | None = None, stubborn: tuple[str, ...] = ()) -> None:
        self.story: list[str] = []
        self.reports: list[str] = []
        self.on_stopping: Callable[[], None] = lambda: None
        self.fakes: dict[str, Fake] = {}
        self.ends = ends or {}
        self.stubborn = stubborn
        self.fail: dict[str, Exception] = {}
        self.settles: asyncio.Event | None = None
        self.on_report: dict[str, Callable[[], None]] = {}
        self.states: dict[str, list[Health]] = {}
        self.sick: dict[str, Exception] = {}
        self.on_start: dict[str, tuple[asyncio.Event, asyncio.Event]] = {}
        self.runner = Runner(list(cast), self.build, self.report, self.applications_ended)

    async def build(self, p: Planned) -> Fake:
        if p.name in self.fail:
            raise self.fail[p.name]
        fake = self.fakes[p.name] = Fake(p.name, self.story, self.ends.get(p.name), p.name in self.stubborn)
        fake.states, fake.sick = self.states.get(p.name, []), self.sick.get(p.name)
        fake.on_start = self.on_start.get(p.name)
        return fake

    def report(self, name: str, text: str) -> None:
        self.reports.append(f"{name}: {text}")
        for beginning in [found for found in self.on_report if f"{name}: {text}".startswith(found)]:
            self.on_report.pop(beginning)()
        if text.startswith("stopping:"):
            self.on_stopping()

    async def applications_ended(self) -> None:
        self.story.append("applications ended")
        if self.settles is not None:
            await self.settles.wait()

    def part(self, word: str) -> list[str]:
        return [line.split()[1] for line in self.story if line.startswith(word + " ")]


SENDS = Wait("router", "START")
TRIO = (planned("agent", AGENT), planned("router", ROUTER, Wait("agent", "START")), planned("web", APP, SENDS))


async def test_the_task_ends_with_its_essential_container_and_stops_in_reverse() -> None:
    stage = Stage(*TRIO, planned("worker", APP, SENDS), ends={"worker": 3})
    await stage.runner.run()
    assert stage.part("start") == ["agent", "router", "web", "worker"]
    assert [line for line in stage.story if not line.startswith(("start", "remove"))] == [
        "stop web 30",
        "applications ended",
        "stop router 30",
        "stop agent 30",
    ]
    assert sorted(stage.part("remove")) == ["agent", "router", "web", "worker"]
    assert (stage.runner.status, stage.runner.reason) == (3, "essential container 'worker' ended with status 3")


async def test_a_container_has_the_times_of_its_life() -> None:
    stage = Stage(*TRIO, planned("worker", APP, SENDS), ends={"worker": 3})
    await stage.runner.run()
    for cell in stage.runner.cells.values():
        assert cell.created_at is not None
        assert cell.started_at is not None
        assert cell.ended_at is not None
        assert cell.created_at <= cell.started_at <= cell.ended_at


async def test_a_container_that_is_not_essential_ends_alone() -> None:
    stage = Stage(
        *TRIO,
        planned("job", APP, SENDS, essential=False),
        planned("last", APP, Wait("job", "COMPLETE")),
        ends={"job": 9, "last": 0},
    )
    await stage.runner.run()
    assert stage.runner.reason == "essential container 'last' ended with status 0"
    assert stage.runner.cells["job"].status == 9


async def test_the_task_ends_when_nobody_is_left() -> None:
    stage = Stage(planned("a", essential=False), planned("b", essential=False), ends={"a": 1, "b": 2})
    await stage.runner.run()
    assert (stage.runner.status, stage.runner.reason) == (0, "every container has ended")


async def test_dependants_stop_before_what_they_depend_on() -> None:
    stage = Stage(*TRIO, planned("db", APP, SENDS), planned("api", APP, Wait("db", "START")))
    stage.on_report["api: running"] = lambda: stage.runner.stop("asked", 130)
    await stage.runner.run()
    stopped = stage.part("stop")
    assert stopped.index("api") < stopped.index("db") < stopped.index("router") < stopped.index("agent")
    assert stage.runner.status == 130


@pytest.mark.parametrize(
    ("condition", "status", "starts"), [("SUCCESS", 0, True), ("SUCCESS", 1, False), ("COMPLETE", 1, True)]
)
async def test_waiting_for_an_end(condition: str, status: int, starts: bool) -> None:
    job = planned("job", essential=False)
    stage = Stage(job, planned("app", APP, Wait("job", condition)), ends={"job": status, "app": 0})
    await stage.runner.run()
    assert ("app" in stage.part("start")) is starts
    assert stage.runner.status == (0 if starts else 1)


CHECK = {"command": ["CMD", "true"]}


@pytest.mark.parametrize("healthy", [True, False])
async def test_waiting_for_health(healthy: bool) -> None:
    stage = Stage(planned("db", healthCheck=CHECK), planned("app", APP, Wait("db", "HEALTHY")), ends={"app": 0})
    stage.states["db"] = [Health.HEALTHY if healthy else Health.UNHEALTHY]
    await stage.runner.run()
    assert ("app" in stage.part("start")) is healthy
    assert stage.runner.status == (0 if healthy else 1)
    assert ("is not healthy" in stage.runner.reason) is not healthy


async def test_a_change_of_health_is_told_and_ends_nothing() -> None:
    stage = Stage(planned("web", healthCheck=CHECK), planned("job", essential=False, healthCheck=CHECK))
    stage.states = {"web": [Health.HEALTHY, Health.UNHEALTHY], "job": [Health.UNHEALTHY, Health.HEALTHY]}
    stage.on_report["web: UNHEALTHY"] = lambda: stage.fakes["web"].ending.set_result(0)
    await stage.runner.run()
    told = [report for report in stage.reports if "HEALTHY" in report]
    assert [report for report in told if report.startswith("web")] == [
        "web: HEALTHY",
        "web: UNHEALTHY; in a service, ECS would replace the task",
    ]
    assert [report for report in told if report.startswith("job")] == ["job: UNHEALTHY", "job: HEALTHY"]
    assert stage.runner.reason == "essential container 'web' ended with status 0"
    assert stage.runner.cells["job"].health is Health.HEALTHY


async def test_containers_start_beside_each_other() -> None:
    slow = planned("slow", essential=False)
    stage = Stage(slow, planned("behind", APP, Wait("slow", "COMPLETE")), planned("free"))
    stage.on_report["free: running"] = lambda: stage.fakes["slow"].ending.set_result(0)
    stage.on_report["behind: running"] = lambda: stage.runner.stop("asked", 130)
    await stage.runner.run()
    assert stage.part("start") == ["slow", "free", "behind"]


async def test_all_conditions_hold_at_once() -> None:
    db = planned("db", essential=False, healthCheck=CHECK)
    job = planned("job", essential=False)
    stage = Stage(db, job, planned("app", APP, Wait("db", "HEALTHY"), Wait("job", "SUCCESS")), ends={"app": 0})
    stage.states["db"] = [Health.HEALTHY, Health.UNHEALTHY]
    stage.on_report["db: UNHEALTHY"] = lambda: stage.fakes["job"].ending.set_result(0)
    await stage.runner.run()
    assert stage.part("start") == ["db", "job"]
    assert "container 'db' is not healthy: its health check failed" in stage.runner.reason


async def test_the_end_waits_only_for_what_depends_on_it() -> None:
    stage = Stage(planned("a"), planned("b", APP, Wait("a", "START")), planned("free"), stubborn=("b",))
    stage.on_report["b: running"] = lambda: stage.runner.stop("asked", 130)
    stage.on_report["free: ended"] = lambda: stage.fakes["b"].ending.set_result(0)
    await stage.runner.run()
    assert stage.part("stop") == ["b", "free", "a"]


async def test_a_start_under_way_is_finished_and_stopped_in_order() -> None:
    stage = Stage(*TRIO, ends={"router": 0})
    entered, goes_on = asyncio.Event(), asyncio.Event()
    stage.on_start["web"] = (entered, goes_on)
    stage.on_stopping = lambda: asyncio.get_running_loop().call_later(0.01, goes_on.set)
    await stage.runner.run()
    assert stage.runner.reason == "essential container 'router' ended with status 0"
    if entered.is_set():
        assert stage.part("stop")[0] == "web"
        assert "web" in stage.part("remove")


@pytest.mark.parametrize(
    ("error", "status"),
    [(StartError("sh: not found", 127), 127), (UserError("no image"), 2), (LocalError("disk full"), 1)],
)
async def test_what_cannot_be_started_ends_the_task(error: Exception, status: int) -> None:
    stage = Stage(*TRIO, planned("late", APP, Wait("web", "START")))
    stage.fail["web"] = error
    await stage.runner.run()
    assert "late" not in stage.part("start")
    assert stage.part("stop") == stage.part("start")[::-1]
    assert stage.runner.status == status
    assert str(error) in stage.runner.reason


async def test_hurry_cuts_the_grace_short() -> None:
    stage = Stage(planned("slow", stopTimeout=100), stubborn=("slow",))

    def stop_twice() -> None:
        stage.runner.stop("SIGINT", 130)
        asyncio.get_running_loop().call_later(0.01, stage.runner.kill)

    stage.on_report["slow: running"] = stop_twice
    await stage.runner.run()
    assert stage.story[1:] == ["stop slow 100", "kill slow", "remove slow"]


@pytest.mark.parametrize("hurried", [False, True])
async def test_a_container_that_does_not_end_is_lost(monkeypatch: pytest.MonkeyPatch, hurried: bool) -> None:
    monkeypatch.setattr(ending, "HURRY_SECONDS" if hurried else "END_SECONDS", 0.01)
    stage = Stage(*TRIO, stubborn=("web",))

    def stop() -> None:
        stage.fakes["web"].immortal = True
        stage.runner.stop("SIGINT", 130)
        if hurried:
            stage.runner.kill()

    stage.on_report["web: running"] = stop
    async with asyncio.timeout(60):
        await stage.runner.run()
    assert "web: does not end; not waiting for it any longer" in stage.reports
    assert stage.runner.cells["web"].status == 125
    assert stage.part("stop") == ["web", "router", "agent"]
    assert sorted(stage.part("remove")) == ["agent", "router", "web"]
    assert stage.runner.status == 130


async def test_hurry_ends_the_wait_for_the_last_records() -> None:
    stage = Stage(*TRIO, ends={"web": 0})
    stage.settles = asyncio.Event()

    def kill_soon() -> None:
        asyncio.get_running_loop().call_later(0.01, stage.runner.kill)

    stage.on_stopping = kill_soon
    async with asyncio.timeout(60):
        await stage.runner.run()
    assert "applications ended" in stage.story
    assert stage.part("stop") == ["router", "agent"]


async def test_a_container_that_ends_will_not_become_healthy() -> None:
    db = planned("db", essential=False, healthCheck=CHECK)
    stage = Stage(db, planned("app", APP, Wait("db", "HEALTHY")), ends={"db": 0})
    async with asyncio.timeout(60):
        await stage.runner.run()
    assert stage.part("start") == ["db"]
    assert "'db' is not healthy: it ended with status 0" in stage.runner.reason


@pytest.mark.parametrize("waited_for", [True, False])
async def test_health_that_docker_cannot_tell_ends_the_task_if_somebody_waits(waited_for: bool) -> None:
    waits = [Wait("db", "HEALTHY")] if waited_for else []
    stage = Stage(planned("db", healthCheck=CHECK), planned("app", APP, *waits))
    stage.sick["db"] = LocalError("Docker does not answer")
    stage.on_report["db: its health is not known"] = lambda: stage.runner.stop("asked", 130)
    await stage.runner.run()
    assert (stage.runner.reason, stage.runner.status) == (
        ("Docker does not answer", 1) if waited_for else ("asked", 130)
    )


async def test_the_first_reason_to_stop_stands_even_if_its_report_fails() -> None:
    stage = Stage(*TRIO, ends={"web": 3})
    stage.on_stopping = lambda: stage.runner.stop("nobody reads the reports", 141)
    await stage.runner.run()
    assert stage.runner.status == 3
    assert len([report for report in stage.reports if "stopping:" in report]) == 1


@pytest.mark.parametrize("condition", ["HEALTHY", "COMPLETE"])
async def test_start_timeout_bounds_the_wait_for_a_container(condition: str) -> None:
    db = planned("db", essential=False, startTimeout=0.05, healthCheck=CHECK)
    stage = Stage(db, planned("app", APP, Wait("db", condition)))
    async with asyncio.timeout(60):
        await stage.runner.run()
    assert stage.part("start") == ["db"]
    assert f"is not {condition} within its startTimeout of 0.05 s" in stage.runner.reason
    assert stage.runner.status == 1


class Doors:
    """Sidecars that are ready when told, and what they said last."""

    def __init__(self, *ready: str) -> None:
        self.ready = ready
        self.asked: list[str] = []

    async def wait(self, p: Planned) -> None:
        self.asked.append(p.name)
        if p.name not in self.ready:
            await asyncio.Event().wait()

    def last_words(self, name: str) -> str:
        return f"; {name} said why"


def with_doors(stage: Stage, doors: Doors) -> Stage:
    cast = [cell.planned for cell in stage.runner.cells.values()]
    stage.runner = Runner(
        [replace(p, sidecars=("agent", "router")) if p.role is APP else p for p in cast],
        stage.build,
        stage.report,
        None,
        doors.wait,
        doors.last_words,
    )
    return stage


async def test_applications_start_once_the_sidecars_are_ready() -> None:
    doors = Doors("agent", "router")
    stage = with_doors(Stage(*TRIO, planned("worker"), ends={"worker": 0}), doors)
    await stage.runner.run()
    assert doors.asked == ["agent", "router"]
    assert stage.part("start") == ["agent", "router", "web", "worker"]


async def test_a_sidecar_that_does_not_get_ready_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("outrider.taskdef.run.runner.READY_SECONDS", 0.01)
    stage = with_doors(Stage(*TRIO), Doors("agent"))
    await stage.runner.run()
    assert stage.runner.status == 1
    assert stage.runner.reason == "container 'router' does not listen after 0.01 s; router said why"
    assert stage.part("start") == ["agent", "router"]


async def test_a_sidecar_that_ends_before_it_is_ready_is_quoted() -> None:
    stage = with_doors(Stage(*TRIO, ends={"router": 2}), Doors("agent"))
    await stage.runner.run()
    assert (
        stage.runner.reason == "essential container 'router' ended with status 2 before it was ready; router said why"
    )
    assert (stage.runner.status, stage.part("start")) == (2, ["agent", "router"])
