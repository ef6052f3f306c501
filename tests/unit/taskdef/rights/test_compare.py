"""What policies lack, and what they allow beyond: wildcards, denials, conditions, what is not known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.taskdef.rights import Difference, Need, Reason, compare, read_granted
from outrider.taskdef.source import Source

BUCKET = "arn:aws:s3:::b"
PUT = Need("task", "Put", ("s3:PutObject",), f"{BUCKET}/logs/*", Reason("why", ()))


def granted(*statements: dict[str, Any]) -> Any:
    return read_granted(
        Source(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), "p.json")
    ).statements


def allow(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def against(*statements: dict[str, Any], need: Need = PUT) -> Difference:
    return compare([need], granted(*statements))


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:PutObject", f"{BUCKET}/logs/*"),
        ("S3:putobject", [f"{BUCKET}/x", f"{BUCKET}/*"]),
        (["s3:Get*", "s3:Put*"], "*"),
        ("*", f"{BUCKET}/????/*"),
    ],
)
def test_met(action: Any, resource: Any) -> None:
    assert against(allow(action, resource)).missing == []


@pytest.mark.parametrize(
    "statement",
    [
        allow("s3:GetObject", "*"),
        allow("s3:PutObject", BUCKET),
        allow("s3:PutObject", f"{BUCKET}/logs/2024*"),
        allow("s3:PutObject", f"{BUCKET}/LOGS/*"),
        {"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:*", "NotResource": f"{BUCKET}/*"},
    ],
)
def test_missing(statement: dict[str, Any]) -> None:
    (lack,) = against(statement).missing
    assert (lack.action, lack.resource, lack.denied) == ("s3:PutObject", f"{BUCKET}/logs/*", "")
    assert lack.reasons == (PUT.reason,)


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::other/*"},
    ],
)
def test_all_but_is_met_and_too_much(statement: dict[str, Any]) -> None:
    found = against(statement)
    assert found.missing == []
    (excess,) = found.excess
    assert "allows all but" in excess.text


def test_a_denial_wins_and_is_named() -> None:
    (lack,) = against(allow("s3:*", "*"), deny("s3:Put*", f"{BUCKET}/logs/secret/*", Sid="No")).missing
    assert lack.denied == "statement No at p.json:1:97"
    assert against(allow("s3:*", "*"), deny("s3:Put*", "arn:aws:s3:::other/*")).missing == []
    all_but = {"Effect": "Deny", "Action": "s3:Put*", "NotResource": f"{BUCKET}/*"}
    assert against(allow("s3:*", "*"), all_but).missing == []


def test_conditions_leave_a_doubt() -> None:
    condition = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    found = against(allow("s3:PutObject", f"{BUCKET}/logs/*", Condition=condition))
    assert (found.missing, found.excess) == ([], [])
    assert "only where its Condition holds" in found.doubts[0].text
    found = against(allow("s3:PutObject", f"{BUCKET}/logs/*"), deny("*", "*", Condition=condition))
    assert found.missing == []
    assert "denies" in found.doubts[0].text


def test_the_needs_own_condition_is_no_doubt() -> None:
    need = Need("task", "Assume", ("sts:AssumeRole",), "r", PUT.reason, (("StringEquals", "sts:ExternalId", "e"),))
    condition = {"StringEquals": {"sts:ExternalId": ["e"]}}
    assert against(allow("sts:AssumeRole", "r", Condition=condition), need=need) == Difference()
    assert against(allow("sts:AssumeRole", "r"), need=need) == Difference()


@pytest.mark.parametrize(
    ("statement", "texts"),
    [
        (allow("s3:PutObject", f"{BUCKET}/logs/*"), []),
        (allow("s3:PutObject", "*"), [f"statement 1 allows s3:PutObject on *, where {BUCKET}/logs/* is enough"]),
        (
            allow(["s3:*", "ec2:*"], f"{BUCKET}/logs/*"),
            [
                "statement 1 allows s3:*, where s3:PutObject is enough",
                "statement 1 allows ec2:*, which nothing here needs",
            ],
        ),
        (
            allow("s3:PutObject", [f"{BUCKET}/logs/*", "arn:aws:s3:::other/*"]),
            ["statement 1 names arn:aws:s3:::other/*, where nothing here needs its actions"],
        ),
        (allow("ec2:RunInstances", "*", Sid="X"), ["statement X allows ec2:RunInstances, which nothing here needs"]),
        (deny("ec2:*", "*"), []),
    ],
)
def test_too_much(statement: dict[str, Any], texts: list[str]) -> None:
    assert [excess.text for excess in against(statement).excess] == texts


def test_a_wide_resource_is_judged_for_each_action() -> None:
    pull = Need("execution", "Pull", ("ecr:GetAuthorizationToken",), "*", PUT.reason)
    statement = allow(["ecr:GetAuthorizationToken", "s3:PutObject"], "*")
    (excess,) = compare([pull, PUT], granted(statement)).excess
    assert excess.text == f"statement 1 allows s3:PutObject on *, where {BUCKET}/logs/* is enough"


def test_what_is_not_known_may_be_what_the_policy_has() -> None:
    need = Need(
        "task", "P", ("logs:PutLogEvents",), "arn:aws:logs:${TaskRegion}:${AccountId}:log-group:g:*", PUT.reason
    )
    statement = allow("logs:PutLogEvents", "arn:aws:logs:eu-west-1:123456789012:log-group:g:*")
    assert against(statement, need=need) == Difference()
    other = allow("logs:PutLogEvents", "arn:aws:logs:eu-west-1:123456789012:log-group:h:*")
    assert against(other, need=need).missing


@pytest.mark.parametrize("end", [":*", "*", ":log-stream:*", ":log-stream:"])
def test_a_whole_log_group_is_a_stream_without_a_name(end: str) -> None:
    group = "arn:aws:logs:eu-west-1:123456789012:log-group:g"
    need = Need("task", "C", ("logs:CreateLogGroup",), f"{group}:*", PUT.reason)
    assert against(allow("logs:CreateLogGroup", f"{group}{end}"), need=need).missing == []
    assert against(allow("logs:CreateLogGroup", group), need=need).missing


def test_reasons_of_one_right_are_told_together() -> None:
    other = Need("task", "Put", ("s3:PutObject",), f"{BUCKET}/logs/*", Reason("also", (1,)))
    (lack,) = compare([PUT, other], ()).missing
    assert lack.reasons == (PUT.reason, other.reason)


def read(value: Any) -> Any:
    return read_granted(Source(json.dumps(value), "p.json"))


def test_forms_of_policies() -> None:
    bare = {"Version": "2012-10-17", "Statement": allow("a:B", "*")}
    assert read(bare).role == ""
    wrapped = read({"RoleName": "r", "PolicyName": "p", "PolicyDocument": bare})
    assert (wrapped.role, len(wrapped.statements)) == ("r", 1)
    assert len(read({"PolicyVersion": {"Document": bare, "VersionId": "v1"}}).statements) == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "a policy is an object, this is an array"),
        ({}, "there is no policy in this file"),
        ({"PolicyDocument": "%7B%7D"}, "there is no policy in this file"),
        ({"Statement": "x"}, "Statement is an array, this is a string"),
        ({"Statement": ["x"]}, "p.json:1:16: a statement is an object, this is a string"),
        ({"Statement": [{"Effect": "allow"}]}, "did you mean"),
        ({"Statement": [{"Effect": "Allow"}]}, "a statement has no Action"),
        ({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}, "a trust policy"),
        ({"Statement": [allow(["a:B", 1], "*")]}, "Action holds strings, this is a number"),
        ({"Statement": [allow("a:B", "*", Condition=[])]}, ""),
        ({"Statement": [allow("a:B", "*", Condition="x")]}, "Condition is an object"),
    ],
)
def test_no_policy(value: Any, words: str) -> None:
    if not words:
        read(value)
        return
    with pytest.raises(UserError) as caught:
        read(value)
    assert words in str(caught.value)


texts = st.sampled_from(["Allow", "Deny", "s3:*", "*", "Statement", "${AccountId}", "a:b:c:d:e:f"]) | st.text(
    max_size=4
)
keys = st.sampled_from(
    ("Statement", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Sid", "PolicyDocument")
)
values = st.recursive(
    texts | st.none() | st.integers() | st.booleans(),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(keys, v, max_size=6),
)
statements = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": texts, "Resource": texts},
    optional={"Condition": values, "Sid": values},
)


@given(st.dictionaries(keys, values) | st.builds(lambda items: {"Statement": items}, st.lists(statements | values)))
def test_odd_policies_are_refused_with_a_place(value: Any) -> None:
    refused: list[UserError] = []
    try:
        compare([PUT], read(value).statements)
    except UserError as error:
        refused.append(error)
    assert all(error.place is not None for error in refused)
