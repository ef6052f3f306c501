"""The same edit in YAML; needs PyYAML, as the launcher does."""

import contextlib
import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.launcher.arguments import Change
from outrider.launcher.tree import Member, change
from outrider.launcher.yaml_edit import YamlFile
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
    member = Member("f.yaml", text, YamlFile(text, "f.yaml"))
    notes = change([member], [Change(*one) for one in changes])
    return member.file.text(), notes


def loaded(text):
    return yaml.load(text, yaml.BaseLoader)


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
    - Retry_Limit: no_limits
      format: "json lines: #1"
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
        ("# nothing\n", {"a": "on", "b": "2"}),
        ("~", {"a": "on", "b": "2"}),
        ("service: &s\npipeline: {}\n", {"a": "on", "b": "2"}),
    ],
)
def test_service_is_added(before, service):
    text, _ = changed(before, ("service", "a", "on"), ("service", "b", "2"))
    after = loaded(text)
    assert after.pop("service") == service
    original = loaded(before) if yaml.safe_load(before) else {}
    assert after == {key: value for key, value in original.items() if key != "service"}


def test_an_alias_is_changed_once():
    text = "a: &a {name: x}\npipeline:\n  inputs: [*a, *a]\n"
    assert changed(text, ("input", "k", "v"))[0] == "a: &a {k: v, name: x}\npipeline:\n  inputs: [*a, *a]\n"


def test_nothing_to_change_is_said():
    assert changed(PIPELINE, ("filter", "a", "b")) == (PIPELINE, ["no filter section takes a b"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1,\n", "f.yaml:2:1: not YAML"),
        ("- a\n", "is a map"),
        ("text", "is a map"),
        ("[" * 100 + "]" * 100, "nested more than 32 deep"),
        ("? a\n: 1\n", "f.yaml:1:3: keys that begin with '?' cannot be changed; fix: write 'KEY: VALUE'"),
        ("? # note\n  a", "cannot be changed"),
        ("{}: a", "f.yaml:1:1: not YAML: a key must be a text"),
        ("a: *b\n", "f.yaml:1:4: not YAML: nothing before this line is called '&b'"),
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


def test_a_key_in_the_other_spelling_is_the_same_key():
    text = "pipeline:\n  inputs:\n    - memBufLimit: 1M\n"
    assert changed(text, ("input", "Mem_Buf_Limit", "2M"))[0] == text.replace("1M", '"2M"')


@pytest.mark.parametrize(
    "value",
    ["", "~", "|\n    two\n    lines", "[a, b]", "\n  - a\n  - b # last", "\n    x: y", "*a", "&b x", '"q"  # comment'],
)
def test_whatever_the_old_value_is(value):
    text = f"x: &a anchored\nservice:\n  # first\n  old: {value}\n  # next\n  flush: 1\n"
    after = loaded(changed(text, ("service", "old", "new"))[0])
    assert after == {"x": "anchored", "service": {"old": "new", "flush": "1"}}


def test_a_value_that_an_alias_uses_stays():
    text = "service:\n  a: &a 1\n  b: *a\n"
    with pytest.raises(
        UserError, match=r"f.yaml:2:6: cannot change a: line 3 uses .* by an alias; fix: write the value"
    ):
        changed(text, ("service", "a", "2"))


values = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
maps = st.dictionaries(st.sampled_from(["name", "tag", "Mem_Buf_Limit", "x"]), values, min_size=1, max_size=3)


@given(st.lists(maps, max_size=3), st.booleans() | st.none(), st.sampled_from(["name", "mem_buf_limit", "new"]), values)
def test_any_pipeline(inputs, flow, key, value):
    text = yaml.safe_dump({"pipeline": {"inputs": inputs}}, default_flow_style=flow)
    result = loaded(changed(text, ("input", key, value))[0])["pipeline"]["inputs"]
    for before, after in zip(inputs, result, strict=True):
        expected = {name: old for name, old in before.items() if name.lower() != key}
        assert {name: new for name, new in after.items() if name.lower() != key} == expected
        assert [new for name, new in after.items() if name.lower() == key] == [value]


WORDS = [
    "service",
    "pipeline",
    "inputs",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "a",
    "&x ",
    "*x",
    "|",
]


@given(
    st.lists(st.sampled_from([*WORDS, "# c", "'q'", "---", "~", "\t", "\r\n"]), max_size=14).map("".join) | st.text()
)
def test_any_text_is_changed_or_refused(text):
    with contextlib.suppress(UserError):
        after = loaded(changed(text, ("service", "flush", "b"), ("input", "c", "d"))[0])
        assert after["service"]["flush"] == "b"
        before = loaded(text)
        for key, value in before.items() if isinstance(before, dict) else ():
            assert key in ("service", "pipeline") or after[key] == value
