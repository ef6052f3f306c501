import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from outrider.aws.metadata import TASK_VARIABLES
from outrider.taskdef.run.identity import Identity

IDENTITY = Identity("0123456789abcdef0123456789abcdef")


def test_a_new_task_has_an_id_like_those_of_ecs() -> None:
    new = Identity.new()
    assert len(new.task_id) == 32
    assert int(new.task_id, 16) >= 0
    assert new.task_id != Identity.new().task_id


def test_the_arn_is_obviously_local() -> None:
    assert IDENTITY.arn == "arn:aws:ecs:local:000000000000:task/default/0123456789abcdef0123456789abcdef"


@given(st.text())
def test_the_address_is_a_host_of_the_loopback_network_but_not_the_usual_one(task_id: str) -> None:
    address = ipaddress.ip_address(Identity(task_id).address)
    assert address.is_loopback
    assert address not in ipaddress.ip_network("127.0.0.0/24")
    assert address.packed[-1] not in (0, 255)


def test_containers_have_names_like_those_of_the_ecs_agent() -> None:
    assert IDENTITY.container_name("web", 3, "app").startswith("ecs-web-3-app-")
    assert len(IDENTITY.container_id("app")) == 64
    assert IDENTITY.container_id("app") != IDENTITY.container_id("web")


def test_a_router_learns_of_its_task_what_it_would_on_ecs() -> None:
    found = IDENTITY.variables("web", 3)
    assert found["ECS_TASK_ARN"].endswith(f"{found['ECS_CLUSTER']}/{found['ECS_TASK_ID']}")
    assert found["ECS_TASK_DEFINITION"] == f"{found['ECS_FAMILY']}:{found['ECS_REVISION']}" == "web:3"
    assert {*found} < {*TASK_VARIABLES}
