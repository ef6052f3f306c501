import json

from outrider.taskdef.demo.example import example, protected


def test_the_example_is_a_fargate_task_without_sidecars() -> None:
    task = example().task
    assert (task["networkMode"], task["requiresCompatibilities"]) == ("awsvpc", ["FARGATE"])
    assert [c["name"] for c in task["containerDefinitions"]] == ["web", "worker"]
    assert not any({"firelensConfiguration", "logConfiguration"} & set(c) for c in task["containerDefinitions"])


def test_its_protection_sends_the_agent_to_the_server() -> None:
    containers = {c["name"]: c for c in protected("secret", "https://127.0.0.1:1").task["containerDefinitions"]}
    assert set(containers) == {"web", "worker", "outrider-agent", "log_router"}
    assert containers["outrider-agent"]["environment"] == [
        {"name": "OUTRIDER_SERVER", "value": "https://127.0.0.1:1"},
        {"name": "OUTRIDER_TOKEN", "value": "secret"},
    ]
    assert json.dumps(containers["web"]["logConfiguration"]) == '{"logDriver": "awsfirelens"}'
