"""The same edit in YAML; needs PyYAML, as the launcher does."""

import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.launcher.arguments import Change
from outrider.launcher.yaml_edit import change_yaml
from outrider.model.errors import UserError

yaml = pytest.importorskip("yaml", reason="needs PyYAML")

PIPELINE = """# the router
service:
  flush: 1   # second
pipeline:
  inputs:
    - name: forward   # socket
      Mem_Buf_Limit: 25MB
    - {name: dummy, tag: "x"}
  outputs:
    - name: stdout
      match: '*'
"""


def changed(text, *changes):
    return change_yaml(text, "f.yaml", [Change(*change) for change in changes])


def test_comments_and_order_stay():
    text, notes = changed(
        PIPELINE,
        ("input", "mem_buf_limit", "50M"),
        ("service", "Scheduler.Cap", "60"),
        ("service", "FLUSH", "5"),
        ("output", "Retry_Limit", "no_limits"),
        ("output", "format", "json lines: #1"),
    )
    assert notes == []
    assert (
        text
        == """# the router
service:
  Scheduler.Cap: 60
  flush: 5   # second
pipeline:
  inputs:
    - name: forward   # socket
      Mem_Buf_Limit: "50M"
    - {mem_buf_limit: "50M", name: dummy, tag: "x"}
  outputs:
    - format: "json lines: #1"
      Retry_Limit: no_limits
      name: stdout
      match: '*'
"""
    )


@pytest.mark.parametrize(
    ("before", "service"),
    [
        ("pipeline:\n  inputs: []\n", {"a": "on", "b": "2"}),
        ("service:\npipeline: {}\n", {"a": "on", "b": "2"}),
        ("service: {}\n", {"a": "on", "b": "2"}),
        ("{pipeline: {}}", {"a": "on", "b": "2"}),
        ("{}", {"a": "on", "b": "2"}),
        ("---\n  env:\n    x: y\n", {"a": "on", "b": "2"}),
    ],
)
def test_service_is_added(before, service):
    text, _ = changed(before, ("service", "a", "on"), ("service", "b", "2"))
    loaded = yaml.load(text, yaml.BaseLoader)
    assert loaded.pop("service") == service
    original = yaml.load(before, yaml.BaseLoader)
    assert loaded == {key: value for key, value in original.items() if key != "service"}


def test_an_alias_is_changed_once():
    text = "a: &a {name: x}\npipeline:\n  inputs: [*a, *a]\n"
    assert changed(text, ("input", "k", "v"))[0] == "a: &a {k: v, name: x}\npipeline:\n  inputs: [*a, *a]\n"


def test_nothing_to_change_is_said():
    assert changed(PIPELINE, ("filter", "a", "b")) == (PIPELINE, ["no filter of the pipeline takes a b"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1,\n", "f.yaml:2:1: not YAML"),
        ("- a\n", "is a map"),
        ("", "is a map"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("a: \x07", "not YAML"),
    ],
)
def test_what_is_not_yaml(text, words):
    with pytest.raises(UserError) as caught:
        changed(text, ("input", "a", "b"))
    assert words in str(caught.value)


def test_without_pyyaml(monkeypatch):
    def refuse(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(UserError, match="runs without PyYAML; fix: give a classic configuration"):
        changed(PIPELINE, ("input", "a", "b"))


values = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
maps = st.dictionaries(st.sampled_from(["name", "tag", "Mem_Buf_Limit", "x"]), values, min_size=1, max_size=3)


@given(st.lists(maps, max_size=3), st.booleans() | st.none(), st.sampled_from(["name", "mem_buf_limit", "new"]), values)
def test_any_pipeline(inputs, flow, key, value):
    text = yaml.safe_dump({"pipeline": {"inputs": inputs}}, default_flow_style=flow)
    loaded = yaml.load(changed(text, ("input", key, value))[0], yaml.BaseLoader)["pipeline"]["inputs"]
    for before, after in zip(inputs, loaded, strict=True):
        expected = {name: old for name, old in before.items() if name.lower() != key}
        assert {name: new for name, new in after.items() if name.lower() != key} == expected
        assert [new for name, new in after.items() if name.lower() == key] == [value]
