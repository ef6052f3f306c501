"""A deployment to a service in moto, through boto3; moto is told what ECS would show."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.integration.deploy.conftest import CLUSTER, NEW, OLD, SERVICE, Cluster, post

from outrider.model.errors import PeerError, UserError
from outrider.taskdef.compare import differences
from outrider.taskdef.deploy import Deployment, Ecs, Outcome, Target, World, plan

TARGET = Target(CLUSTER, SERVICE)
Step = Callable[[], object]


class Course:
    """Time that goes on by steps: at each pause of the deployment the next one happens."""

    def __init__(self, *steps: Step, answer: bool = True) -> None:
        self.told: list[str] = []
        self.asked: list[str] = []
        self._steps = list(steps)
        self._answer = answer
        self._now = 0.0

    def world(self) -> World:
        return World(self.told.append, self._ask, lambda: self._now, self._pause)

    def _ask(self, question: str) -> bool:
        self.asked.append(question)
        return self._answer

    def _pause(self, seconds: float) -> None:
        self._now += seconds
        if self._steps:
            self._steps.pop(0)()


def interrupt() -> None:
    raise KeyboardInterrupt


def deploy(course: Course, *, ecs: Ecs | None = None, roll_back: bool = True) -> Outcome:
    calls = ecs or Ecs()
    found = plan(calls, TARGET, {**NEW, "tags": []})
    return Deployment(calls, found, course.world(), timeout=60, roll_back=roll_back).run()


@pytest.fixture
def service(cluster: Cluster) -> Cluster:
    """A service whose deployments are never done by themselves."""
    cluster.create()
    cluster.show(rolloutState="IN_PROGRESS")
    return cluster


def settles(cluster: Cluster) -> Step:
    return lambda: cluster.show(rolloutState="COMPLETED", runningCount=1)


def test_it_settles(service: Cluster) -> None:
    def begins() -> None:
        service.event("(service web-service) has started 1 tasks")
        service.task("web:2")

    course = Course(begins, settles(service))
    outcome = deploy(course)
    assert outcome.outcome == "settled"
    assert outcome.runs == outcome.registered
    assert outcome.runs.endswith(":task-definition/web:2")
    assert service.definition == "web:2"
    assert course.told[:2] == ["registered web:2", "the service web-service is to run web:2"]
    assert "(service web-service) has started 1 tasks" in course.told
    assert any(line.startswith("task ") and line.endswith(": RUNNING") for line in course.told)
    registered = service.client.describe_task_definition(taskDefinition="web:2")["taskDefinition"]
    assert differences(NEW, json.loads(json.dumps(registered, default=str))) == []


def stops(cluster: Cluster) -> Step:
    """A task ends as the router of a wrong configuration does, and ECS gives up."""

    def happen() -> None:
        containers = [("log_router", 255), ("web", 143)]
        task = cluster.task("web:2", last_status="STOPPED", desired_status="STOPPED")
        task.stopped_reason = "Essential container in task exited"
        task.containers = [{"name": name, "exitCode": code} for name, code in containers]
        cluster.show(rolloutState="FAILED", rolloutStateReason="tasks failed to start", failedTasks=3)

    return happen


def test_what_does_not_settle_goes_back(service: Cluster) -> None:
    # moto's one deployment has failed: before the way back is looked at, it must begin anew
    ecs = Begins(service)
    course = Course(stops(service), settles(service))
    outcome = deploy(course, ecs=ecs)
    assert outcome.outcome == "rolled back"
    assert outcome.runs.endswith("web:1")
    assert outcome.registered.endswith("web:2")
    assert service.definition == "web:1"
    said = "\n".join(course.told)
    assert "web:2 did not settle: tasks failed to start" in said
    assert "1 task stopped: Essential container in task exited" in said
    assert "container log_router ended with 255" in said
    assert "why: Fluent Bit ends so for a property or an output that it does not know" in said


class Begins(Ecs):
    """ECS whose deployments begin with each update, as moto's do not."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__()
        self.cluster = cluster

    def update(self, cluster: str, service: str, definition: str) -> dict[str, Any]:
        self.cluster.show(rolloutState="IN_PROGRESS", failedTasks=0)
        return super().update(cluster, service, definition)


def test_without_roll_back_it_stays(service: Cluster) -> None:
    course = Course(stops(service))
    outcome = deploy(course, roll_back=False)
    assert outcome.outcome == "failed"
    assert service.definition == "web:2"
    assert (
        "not rolled back; to do it: aws ecs update-service --cluster prod --service web-service --task-definition web:1"
        in course.told
    )


def test_where_there_is_nothing_to_go_back_to(service: Cluster) -> None:
    service.client.deregister_task_definition(taskDefinition="web:1")
    course = Course(stops(service))
    assert deploy(course).outcome == "failed"
    assert service.definition == "web:2"


def test_time_is_up(service: Cluster) -> None:
    course = Course(*[lambda: None] * 12, settles(service))
    outcome = deploy(course)
    assert (outcome.outcome, outcome.reason) == ("rolled back", "not within 60 s")
    assert service.definition == "web:1"


def test_neither_way_settles(service: Cluster) -> None:
    course = Course()
    assert deploy(course).outcome == "failed"
    assert service.definition == "web:1"
    assert "the roll back to web:1 did not settle either: not within 60 s" in course.told


def test_ecs_goes_back_by_itself(service: Cluster) -> None:
    def breaker() -> None:
        (own,) = service.service.deployments
        first = service.service.task_definition = own["taskDefinition"]
        back = {**own, "id": "ecs-svc/1", "taskDefinition": first, "rolloutState": "IN_PROGRESS"}
        own.update(status="ACTIVE", rolloutState="FAILED", rolloutStateReason="ECS deployment circuit breaker")
        service.service.deployments.insert(0, back)

    course = Course(breaker, settles(service))
    outcome = deploy(course)
    assert outcome.outcome == "rolled back"
    assert "ECS goes back to web:1 by itself" in course.told


def test_somebody_else_deploys(service: Cluster) -> None:
    def other() -> None:
        other_arn = service.client.register_task_definition(**OLD)["taskDefinition"]["taskDefinitionArn"]
        (own,) = service.service.deployments
        service.service.deployments.insert(0, {**own, "id": "ecs-svc/2", "taskDefinition": other_arn})
        service.service.task_definition = other_arn

    outcome = deploy(Course(other))
    assert (outcome.outcome, outcome.reason) == ("superseded", "somebody deployed web:3 meanwhile")
    assert service.definition == "web:3"


@pytest.mark.parametrize(("answer", "runs"), [(True, "web:1"), (False, "web:2")])
def test_interrupted(service: Cluster, answer: bool, runs: str) -> None:
    course = Course(interrupt, settles(service), answer=answer)
    outcome = deploy(course)
    assert outcome.outcome == "interrupted"
    assert course.asked == ["Roll back to web:1?"]
    assert outcome.runs.endswith(runs)
    assert service.definition == runs


def test_interrupted_twice(service: Cluster) -> None:
    course = Course(interrupt, interrupt)
    assert deploy(course).outcome == "interrupted"
    assert service.definition == "web:1"
    assert course.told[-1] == "ECS goes on rolling back; nobody watches"


def test_interrupted_without_roll_back(service: Cluster) -> None:
    course = Course(interrupt)
    assert deploy(course, roll_back=False).runs.endswith("web:2")
    assert course.asked == []


class Silent(Ecs):
    """ECS that does not answer at times."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = [False, True, True, False]

    def service(self, cluster: str, service: str) -> dict[str, Any]:
        if self.failures and self.failures.pop(0):
            raise PeerError("DescribeServices: no route")
        return super().service(cluster, service)


def test_no_answer_for_a_while(service: Cluster) -> None:
    course = Course(lambda: None, lambda: None, settles(service))
    assert deploy(course, ecs=Silent()).outcome == "settled"
    assert course.told.count("no answer, trying again: DescribeServices: no route") == 1


# ---- what a plan tells ----------------------------------------------------------------------------------------------


def planned(definition: dict[str, Any]) -> Any:
    return plan(Ecs(), TARGET, definition)


def test_the_difference_is_told_without_secrets(service: Cluster) -> None:
    said = [str(found) for found in planned(NEW).differences]
    assert '~ containerDefinitions[web].image: "web:1" → "web:2"' in said
    assert '- containerDefinitions[web].environment[MODE].value: "a"' in said
    assert '+ containerDefinitions[web].environment[API_KEY].value: "***"' in said
    assert '+ containerDefinitions[log_router].firelensConfiguration.type: "fluentbit"' in said
    assert "hunter2" not in "".join(said)
    assert planned(OLD).differences == ()


def test_tags_that_the_file_does_not_tell_stay(service: Cluster) -> None:
    tags = [{"key": "team", "value": "a"}]
    of_aws = [{"key": "aws:cloudformation:stack-name", "value": "b"}]
    service.client.register_task_definition(**OLD, tags=[*of_aws, *tags])
    service.client.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition="web:2")
    found = planned(NEW)
    assert found.definition["tags"] == tags
    assert any("tags" in note for note in found.notes)
    assert [str(one) for one in planned({**NEW, "tags": []}).differences][-1] == '- tags[team].value: "a"'


def test_where_a_roll_back_goes(service: Cluster) -> None:
    first = service.service.deployments[0]
    service.show(rolloutState="COMPLETED")
    service.client.register_task_definition(**OLD)
    arn = first["taskDefinition"].replace("web:1", "web:2")
    service.client.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=arn)
    service.service.deployments.insert(0, {**first, "id": "ecs-svc/2", "taskDefinition": arn, "rolloutState": "FAILED"})
    found = planned(NEW)
    assert (found.running, found.fallback) == (arn, first["taskDefinition"])
    assert "web:2 has not settled yet; a roll back would go to web:1" in found.notes
    service.client.deregister_task_definition(taskDefinition="web:1")
    found = planned(NEW)
    assert not found.can_return
    assert "web:1 is deregistered, so that there is nothing to roll back to" in found.notes


def test_no_task_is_wanted(cluster: Cluster) -> None:
    cluster.create(desired=0)
    assert "the service wants no task: nothing will start that could fail" in planned(NEW).notes


# ---- what AWS refuses -----------------------------------------------------------------------------------------------


def test_no_such_cluster_or_service(cluster: Cluster) -> None:
    with pytest.raises(UserError, match="no such cluster"):
        planned(NEW)
    cluster.create()
    with pytest.raises(UserError, match="no service 'api' in the cluster 'prod'"):
        plan(Ecs(), Target(CLUSTER, "api"), NEW)


def test_a_service_that_others_deploy(cluster: Cluster) -> None:
    cluster.create(deploymentController={"type": "CODE_DEPLOY"})
    with pytest.raises(UserError, match="deployed by CODE_DEPLOY"):
        planned(NEW)


def test_a_service_that_is_deleted(service: Cluster) -> None:
    service.client.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    with pytest.raises(UserError, match="is INACTIVE"):
        planned(NEW)


def test_nobody_there(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(PeerError, match="DescribeServices"):
        planned(NEW)


def test_no_keys_no_region_no_profile(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="nobody"):
        Ecs(profile="nobody")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    with pytest.raises(UserError, match="no credentials"):
        planned(NEW)
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(UserError, match="no region"):
        Ecs()


def test_a_missing_right_is_named(service: Cluster, moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    iam = boto3.client("iam", region_name="us-east-1")
    iam.create_user(UserName="ci")
    rights = ["ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"]
    statement = {"Effect": "Allow", "Action": rights, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="ci", PolicyName="deploy", PolicyDocument=document)
    key = iam.create_access_key(UserName="ci")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    ecs = Ecs()
    post(f"{moto}/moto-api/reset-auth", "0")  # moto asks its own IAM from the next call on
    try:
        with pytest.raises(UserError, match=r"user/ci may not ecs:UpdateService; fix: allow ecs:UpdateService"):
            deploy(Course(), ecs=ecs)
    finally:
        post(f"{moto}/moto-api/reset-auth", "1000000")
    assert service.definition == "web:1"


def test_who_may_not_see_tasks_sees_the_rest(service: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    class Blind(Ecs):
        def tasks(self, *_words: Any) -> list[dict[str, Any]]:
            from outrider.taskdef.deploy.faults import fault

            raise fault("AccessDeniedException", "x is not authorized to perform: ecs:ListTasks", 400, "ListTasks")

    course = Course(lambda: None, settles(service))
    assert deploy(course, ecs=Blind()).outcome == "settled"
    shown = [line for line in course.told if line.startswith("tasks are not shown")]
    assert len(shown) == 1
    assert "allow ecs:ListTasks" in shown[0]
