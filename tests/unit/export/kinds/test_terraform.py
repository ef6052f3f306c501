"""The exported module: it parses, refers to what it declares, has documented arguments, and is formatted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import hcl2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.export.description import Description
from outrider.export.kinds.terraform import KIND
from outrider.export.kinds.terraform.hcl import Expression, value
from outrider.model.errors import UserError
from outrider.taskdef.lint import RULES, check
from outrider.taskdef.ports import closing, groups_in
from outrider.taskdef.sources.hcltree import read_tree
from outrider.taskdef.templates import tasks_in

SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:outrider-AbCdEf"
MODULES = [
    KIND.make(description)
    for description in (
        Description(image="registry.example.com/outrider:1.0"),
        Description(name="shop", server="https://logs.example.com/", token_secret=SECRET, memory=3000),
    )
]
FILES = [(name, text) for module in MODULES for name, text in module.items() if name.endswith(".tf")]
texts = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=30)
values: st.SearchStrategy[Any] = st.recursive(
    texts | st.booleans() | st.integers(0), lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20
)

DOCUMENTED = {
    "data.aws_availability_zones": "state filter name values | names",
    "data.aws_region": "| region",
    "aws_cloudwatch_log_group": "name retention_in_days | arn",
    "aws_default_security_group": "vpc_id",
    "aws_ecr_lifecycle_policy": "repository policy",
    "aws_ecr_repository": "name image_tag_mutability encryption_configuration encryption_type "
    "image_scanning_configuration scan_on_push | arn repository_url",
    "aws_ecs_cluster": "name setting value | id",
    "aws_ecs_service": "name cluster task_definition launch_type desired_count network_configuration subnets "
    "security_groups assign_public_ip load_balancer target_group_arn container_name container_port "
    "deployment_circuit_breaker enable rollback",
    "aws_ecs_task_definition": "family requires_compatibilities network_mode cpu memory task_role_arn "
    "execution_role_arn runtime_platform operating_system_family cpu_architecture container_definitions | arn",
    "aws_eip": "domain | id",
    "aws_iam_role": "name_prefix assume_role_policy | arn id",
    "aws_iam_role_policy": "name role policy",
    "aws_internet_gateway": "vpc_id tags | id",
    "aws_lb": "name load_balancer_type subnets security_groups drop_invalid_header_fields | arn dns_name",
    "aws_lb_listener": "load_balancer_arn port protocol ssl_policy certificate_arn default_action type "
    "target_group_arn redirect status_code",
    "aws_lb_target_group": "name_prefix target_type vpc_id protocol port deregistration_delay health_check path "
    "matcher | arn",
    "aws_nat_gateway": "allocation_id subnet_id tags | id",
    "aws_route_table": "vpc_id route cidr_block gateway_id nat_gateway_id tags | id",
    "aws_route_table_association": "subnet_id route_table_id",
    "aws_s3_bucket": "bucket_prefix bucket | arn id",
    "aws_s3_bucket_lifecycle_configuration": "bucket rule id status filter expiration days "
    "abort_incomplete_multipart_upload days_after_initiation",
    "aws_s3_bucket_ownership_controls": "bucket rule object_ownership",
    "aws_s3_bucket_policy": "bucket policy",
    "aws_s3_bucket_public_access_block": "bucket block_public_acls block_public_policy ignore_public_acls "
    "restrict_public_buckets",
    "aws_s3_bucket_server_side_encryption_configuration": "bucket rule apply_server_side_encryption_by_default "
    "sse_algorithm",
    "aws_security_group": "name_prefix description vpc_id | id",
    "aws_subnet": "vpc_id availability_zone cidr_block tags | id",
    "aws_vpc": "cidr_block enable_dns_support enable_dns_hostnames tags | id",
    "aws_vpc_endpoint": "vpc_id service_name vpc_endpoint_type route_table_ids",
    "aws_vpc_security_group_egress_rule": "security_group_id description ip_protocol from_port to_port cidr_ipv4 "
    "referenced_security_group_id",
    "aws_vpc_security_group_ingress_rule": "security_group_id description ip_protocol from_port to_port cidr_ipv4 "
    "referenced_security_group_id",
}
"""What the AWS provider 6 documents of what the module has: arguments (also of blocks), and attributes behind ``|``."""
META = {"count", "for_each", "depends_on", "lifecycle", "create_before_destroy"}


@given(values)
def test_a_value_reads_as_it_was(of: Any) -> None:
    body = f'resource "aws_ecs_task_definition" "x" {{\n  container_definitions = {value(of, 2)}\n}}\n'
    node: Any = read_tree(body, "x.tf").value
    assert node["x"]["container_definitions"] == of
    assert misformed(body) == []


def test_an_expression_stays_one() -> None:
    assert value({"a": Expression("var.b"), "$": "${c} %{d}"}, 0) == '{\n  a   = var.b\n  "$" = "$${c} %%{d}"\n}'


@pytest.mark.parametrize(("name", "text"), FILES)
def test_it_is_formatted(name: str, text: str) -> None:
    assert misformed(text) == [], name


def misformed(text: str) -> list[str]:
    """Lines that ``terraform fmt`` would change: where they begin, and where ``=`` stands in runs of arguments."""
    wrong, depth, run = [], 0, list[tuple[int, str]]()
    for line in [*text.split("\n"), ""]:
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line).partition("#")[0].strip()
        closing = len(bare) - len(bare.lstrip("])}"))
        if line.strip() and len(line) - len(line.lstrip()) != 2 * (depth - min(closing, 1)):
            wrong.append(line)
        change = sum(map(bare.count, "([{")) - sum(map(bare.count, ")]}"))
        depth += (change > 0) - (change < 0)
        found = re.match(r' *(?:"(?:[^"\\]|\\.)*"|[\w-]+) *(?==)', line)
        if found and change == 0:
            run.append((found.end(), line))
            continue
        widest = max((len(one[:at].rstrip()) for at, one in run), default=0) + 1
        wrong += [one for at, one in run if at != widest]
        run = []
    return wrong


@cache
def read(text: str) -> dict[str, Any]:
    """A file as hcl2 reads it, which takes seconds for all of a module."""
    return dict(hcl2.loads(text))


def blocks(module: dict[str, str], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Labels joined by a dot, and the body."""
    for name, text in module.items():
        for block in read(text).get(kind, []) if name.endswith(".tf") else []:
            for label, inner in block.items():
                if kind in ("resource", "data"):
                    for second, body in inner.items():
                        yield f"{label}.{second}".replace('"', ""), body
                else:
                    yield label.replace('"', ""), inner


def names_in(body: Any) -> Iterator[str]:
    """Names of arguments and blocks; those in a map or in JSON are the user's words."""
    for name, inner in body.items() if isinstance(body, dict) else ():
        if name in ("__is_block__", "__comments__"):
            continue
        if name == "dynamic":
            for label, dynamic in inner[0].items():
                yield label.replace('"', "")
                yield from names_in(dynamic["content"][0])
            continue
        yield name
        for block in inner if isinstance(inner, list) and name != "tags" else ():
            yield from names_in(block)


@pytest.mark.parametrize("module", MODULES)
def test_arguments_are_documented(module: dict[str, str]) -> None:
    for kind in ("resource", "data"):
        for address, body in blocks(module, kind):
            of = address.partition(".")[0] if kind == "resource" else f"data.{address.partition('.')[0]}"
            known = DOCUMENTED[of].partition("|")[0].split()
            assert set(names_in(body)) <= {*known, *META}, address


@pytest.mark.parametrize("module", MODULES)
def test_what_is_referred_to_is_declared(module: dict[str, str]) -> None:
    text = re.sub(r"(?m)^ *#.*$", "", "\n".join(text for name, text in module.items() if name.endswith(".tf")))
    variables = {name for name, _ in blocks(module, "variable")}
    assert set(re.findall(r"\bvar\.(\w+)", text)) == variables
    declared = {name for block in re.findall(r"(?ms)^locals \{\n(.*?)^\}", text) for name in block.split()[:1]}
    assert set(re.findall(r"\blocal\.(\w+)", text)) == declared
    resources = {address for address, _ in blocks(module, "resource")}
    data = {f"data.{address}" for address, _ in blocks(module, "data")}
    referred = re.findall(r"(?<![\w\"])((?:data\.)?aws_\w+)\.(\w+)(?:\[[^]]*\])?(?:\.(\w+))?", text)
    for of, name, attribute in referred:
        assert f"{of}.{name}" in resources | data
        assert not attribute or attribute in DOCUMENTED[of].replace("|", "").split(), f"{of}.{name}.{attribute}"
    assert "module." not in text
    assert data == {f"{of}.{name}" for of, name, _ in referred if of.startswith("data.")}


def test_variables_say_what_they_are() -> None:
    for name, body in blocks(MODULES[0], "variable"):
        assert {"description", "type"} <= set(body), name
        assert "validation" in body or name == "app_image", name
    assert [name for name, body in blocks(MODULES[0], "variable") if "default" not in body] == [
        "join_token_arn",
        "clients",
    ]
    for name, body in blocks(MODULES[0], "output"):
        assert {"description", "value"} <= set(body), name


@pytest.mark.parametrize("module", MODULES)
def test_our_lint_finds_nothing(module: dict[str, str]) -> None:
    """But the note that the router of 'task protect' leaves the pieces of lines above 16 KiB as they are."""
    (task,) = tasks_in(module["service.tf"], "service.tf")
    assert {finding.id for finding in check(task, RULES)} == {"long-lines-split"}


def test_the_roles_have_what_the_tasks_need() -> None:
    parameter, secret = (module["roles.tf"] for module in MODULES)
    assert '"ssm:GetParameters"\n        Resource = var.join_token_arn' in parameter
    assert '"secretsmanager:GetSecretValue"\n        Resource = var.join_token_arn' in secret
    for text in (parameter, secret):
        assert '"s3:PutObject"\n        Resource = "${aws_s3_bucket.logs.arn}/*"' in text
        assert "Resource = aws_ecr_repository.outrider.arn" in text
        assert re.findall(r'Resource = "\*"', text) == ['Resource = "*"']  # GetAuthorizationToken knows no other
        assert "123456789012" not in text


@pytest.mark.parametrize("name", ["the-bucket", "app", "task", "us-east-1", "outrider"])
def test_names_change_nothing_but_the_default(name: str) -> None:
    made, other = (KIND.make(Description(name=one)) for one in (name, "shop"))
    assert {file for file in made if made[file] != other[file]} == {"README.md", "variables.tf"}


def test_nothing_is_left_to_fill_in() -> None:
    assert not [name for module in MODULES for name, text in module.items() if "<<" in text]


def test_a_name_that_is_too_long_is_refused() -> None:
    with pytest.raises(UserError, match="more than 24 characters"):
        KIND.make(Description(name="a" * 25))


@pytest.mark.parametrize("module", MODULES)
def test_the_log_ports_are_closed(module: dict[str, str]) -> None:
    """The application's port is a variable, which must not be one of them."""
    groups = groups_in(module["security_groups.tf"], "security_groups.tf")
    assert [group.id for group in groups] == ["aws_security_group.load_balancer", "aws_security_group.task"]
    assert not any(closing(group).open for group in groups)
    assert [len(group.doubts) for group in groups] == [0, 1]
    assert "!contains([1514, 24224], var.app_port)" in module["variables.tf"]
