"""No value of a description leaves the text that it stands in, in any file of any kind."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outrider.export.description import KEYS, Description, describe
from outrider.export.kind import Files
from outrider.export.registry import KINDS, find_kind
from outrider.model.errors import UserError
from outrider.taskdef.sources.hcltree import read_tree as read_hcl
from outrider.taskdef.yamltree import read_tree

HELD = {
    "beanstalk": ("image", "server", "token_secret"),
    "cloudformation": ("image", "server"),
    "compose": ("image", "server"),
    "ecs-daemon": ("image", "server"),
    "fargate": ("image", "server"),
    "helm": ("server", "priority_class", "token_secret"),
    "kubernetes": ("image", "server", "namespace", "priority_class", "token_secret"),
    "terraform": (),
}
"""Keys whose values are texts of the parsed files, as they are."""
ODD = st.text(st.sampled_from("ab1:/@#-_.,*&!%|>~?'\"`$(){}[]<>\\;= \t\né\u2028"), max_size=12)
SECRETS = st.sampled_from(["/shop/token", "arn:aws:secretsmanager:us-east-1:123456789012:secret:join-AbCdEf", "join"])


def values_of(name: str) -> st.SearchStrategy[str]:
    """What may pass, and what should not."""
    pattern = KEYS[name].metadata["pattern"]
    fitting = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True) if pattern else ODD
    words = st.sampled_from(["no", "null", "1e3", "1:30", "2001-01-01", "0x1f", "a:", "https://a:", "https://[::1]:1"])
    return fitting | ODD | words | ODD.map("https://{}".format) | (SECRETS if name == "token_secret" else st.nothing())


def accepted(name: str, text: str) -> bool:
    try:
        describe({"memory_reservation": "1", name: text})
    except UserError:
        return False
    return True


DESCRIPTIONS = st.fixed_dictionaries(
    {"memory_reservation": st.just("100"), "memory": st.just("300")},
    optional={name: values_of(name) for name in KEYS if not name.startswith("memory")},
).map(lambda given: {name: text for name, text in given.items() if accepted(name, text)})


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for member in value.values():
            yield from leaves(member)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def parsed(files: Files) -> Iterator[Any]:
    """What the files that have a syntax of their own say."""
    for name, text in files.items():
        if name.endswith(".json"):
            yield json.loads(text)
        elif name.endswith(".tf"):
            yield read_hcl(text, name).value
        elif "AWSTemplateFormatVersion" in text:
            yield read_tree(text, name).value
        elif name.endswith((".yaml", ".config")) and "/templates/" not in name:
            yield from yaml.safe_load_all(text)


def checked_by_sh(text: str) -> None:
    done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=25, deadline=None)
@given(given=DESCRIPTIONS)
@example(given={"server": "https://a:", "image": "1:30"})
def test_values_stay_what_they_are(name: str, given: dict[str, str]) -> None:
    kind, description = find_kind(name), describe(given)
    try:
        files = kind.make(description)
    except UserError:
        return
    found = set(leaves(list(parsed(files))))
    for key in HELD.get(name, ()):
        value = getattr(description, key)
        assert not value or {value, value.rstrip("/")} & found, f"{key}: {value}"
    plain = kind.make(Description(memory=300))
    for file, text in files.items():
        if text.startswith("#!/bin/sh"):
            checked_by_sh(text)
        if not file.endswith((".json", ".yaml", ".tf")):
            assert text.count("\n") == plain[file].count("\n")
