"""Edits keep every byte that they are not about."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.taskdef.source import Source, task_source
from outrider.taskdef.templates import read_tasks

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
scalars = st.none() | st.booleans() | st.integers(-9, 9) | texts
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(texts, v, max_size=3), max_leaves=12)
styles = st.sampled_from(
    [
        {},
        {"indent": 2},
        {"indent": 4},
        {"indent": "\t"},
        {"separators": (",", ":")},
        {"indent": 1, "ensure_ascii": False},
    ]
)


def paths(value, kind, path=()):
    """Where in ``value`` there are objects, or arrays."""
    found = [path] if isinstance(value, kind) else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [deep for key, child in children for deep in paths(child, kind, (*path, key))]


def at(value, path):
    for step in path:
        value = value[step]
    return value


def kept(old, new):
    """Whether ``new`` is ``old`` with one stretch replaced by another."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[len(old) - 1 - end] == new[len(new) - 1 - end]:
        end += 1
    return old[start : len(old) - end]


@given(values.filter(lambda v: paths(v, list)), values, styles, st.data())
def test_append(document, value, style, data):
    text = json.dumps(document, **style)
    path = data.draw(st.sampled_from(paths(document, list)))
    edited = Source(text, "f").append(path, value)
    at(document, path).append(value)
    assert edited.value == document
    assert kept(text, edited.text).strip() == ""


@given(values.filter(lambda v: paths(v, dict)), texts, values, styles, st.data())
def test_set(document, key, value, style, data):
    text = json.dumps(document, **style)
    path = data.draw(st.sampled_from(paths(document, dict)))
    key = data.draw(st.sampled_from([key, *at(document, path)]))
    old = json.dumps(at(document, path).get(key), **style) if key in at(document, path) else ""
    edited = Source(text, "f").set(path, key, value)
    at(document, path)[key] = value
    assert edited.value == document
    assert list(at(edited.value, path)) == list(at(document, path))
    assert len(kept(text, edited.text).strip()) <= len(old) + old.count("\n") * 40


@given(values.filter(lambda v: any(at(v, path) for path in paths(v, dict))), texts, styles, st.data())
def test_rename(document, name, style, data):
    text = json.dumps(document, **style)
    path = data.draw(st.sampled_from([path for path in paths(document, dict) if at(document, path)]))
    members = at(document, path)
    key = data.draw(st.sampled_from([*members]))
    if name in members and name != key:
        with pytest.raises(UserError):
            Source(text, "f").rename(path, key, name)
        return
    edited = Source(text, "f").rename(path, key, name)
    changed = [(name if old == key else old, value) for old, value in members.items()]
    assert list(at(edited.value, path).items()) == changed
    assert len(kept(text, edited.text)) <= len(json.dumps(key, **style))


@given(values.filter(lambda v: paths(v, (dict, list))), texts, values, styles, st.data())
def test_remove_takes_back_what_was_added(document, key, value, style, data):
    text = json.dumps(document, **style)
    path = data.draw(st.sampled_from(paths(document, (dict, list))))
    holder = at(document, path)
    if isinstance(holder, list):
        edited = Source(text, "f").append(path, value).remove((*path, len(holder)))
    elif key in holder:
        with pytest.raises(KeyError):
            Source(text, "f").remove((*path, key, "absent"))
        return
    else:
        edited = Source(text, "f").set(path, key, value).remove((*path, key))
    assert edited.text == text


@given(values.filter(lambda v: any(at(v, path) for path in paths(v, (dict, list)))), styles, st.data())
def test_remove(document, style, data):
    text = json.dumps(document, **style)
    path = data.draw(st.sampled_from([path for path in paths(document, (dict, list)) if at(document, path)]))
    holder = at(document, path)
    key = data.draw(st.sampled_from([*holder] if isinstance(holder, dict) else range(len(holder))))
    edited = Source(text, "f").remove((*path, key))
    del holder[key]
    assert edited.value == document
    assert len(edited.text) < len(text)


def test_the_files_own_style_is_taken():
    two = '{\n  "containerDefinitions": [\n    {\n      "name": "a"\n    }\n  ]\n}\n'
    edited = Source(two, "f").append(
        ("containerDefinitions",), {"name": "b", "command": ["-s", "k", "v", "--", "-o", "x"]}
    )
    assert edited.text == (
        '{\n  "containerDefinitions": [\n    {\n      "name": "a"\n    },\n    {\n      "name": "b",\n'
        '      "command": [\n        "-s", "k", "v",\n        "--",\n        "-o", "x"\n      ]\n    }\n  ]\n}\n'
    )
    dense = '{"a":[{"name":"a"}]}'
    assert Source(dense, "f").append(("a",), {"b": [1, 2]}).text == '{"a":[{"name":"a"},{"b":[1,2]}]}'
    inline = '{\n\t"a": [{\n\t\t"name": "a"\n\t}]\n}'
    assert Source(inline, "f").append(("a",), {"b": 1}).text == (
        '{\n\t"a": [{\n\t\t"name": "a"\n\t}, {\n\t\t"b": 1\n\t}]\n}'
    )


def test_line_ends_and_byte_order_mark_stay():
    text = '\ufeff{\r\n  "a": 1\r\n}\r\n'
    assert Source(text, "f").set((), "b", {"c": 2}).text == '\ufeff{\r\n  "a": 1,\r\n  "b": {"c": 2}\r\n}\r\n'
    assert Source("[\r\n {}\r\n]", "f").append((), {"b": 1}).text == '[\r\n {},\r\n {\r\n  "b": 1\r\n }\r\n]'


def test_an_empty_object_gets_lines_if_the_file_has_lines():
    assert Source('{\n  "a": {}\n}', "f").set(("a",), "b", 1).text == '{\n  "a": {\n    "b": 1\n  }\n}'
    assert Source('{"a":{ }}', "f").set(("a",), "b", 1).text == '{"a":{"b":1}}'


def test_places():
    source = Source('{\n  "a": [\n    {"b": 1}\n  ]\n}', "f")
    assert str(source.place(("a", 0, "b"))) == "f:3:11"
    assert str(source.place(("a", 0, "missing", "more"))) == "f:3:5"
    assert str(source.place(("a", 7))) == "f:2:8"


def test_no_such_place_to_edit():
    source = Source('{"a": 1}', "f")
    for path in [("a",), ("b",), ("a", 0)]:
        with pytest.raises(KeyError):
            source.append(path, 1)
        with pytest.raises(KeyError):
            source.set(path, "k", 1)
        with pytest.raises(KeyError):
            source.rename(path, "k", "l")
        with pytest.raises(KeyError):
            source.remove((*path, "k"))


MINIMAL = '{"containerDefinitions": [{"name": "a"}]}'


def test_what_describe_prints_is_edited_inside():
    found = task_source(f'{{"taskDefinition": {MINIMAL}, "tags": []}}', "f")
    assert found.task == json.loads(MINIMAL)
    edited = found.set(("containerDefinitions", 0), "image", "i")
    assert edited.source.text == (
        '{"taskDefinition": {"containerDefinitions": [{"name": "a", "image": "i"}]}, "tags": []}'
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "f:1:1: a task definition is an object, this is an array"),
        ("{}", "f:1:1: containerDefinitions is missing"),
        ('{"Resources": {}}', "this looks like CloudFormation"),
        ('{"taskDefinition": "web:3"}', "this only names a task definition"),
        ('{"containerDefinitions": {}}', "f:1:26: containerDefinitions is an array, this is an object"),
        ('{"containerDefinitions": []}', "f:1:26: containerDefinitions is empty"),
        ('{"containerDefinitions": ["a"]}', "f:1:27: a container definition is an object"),
        ('{"containerDefinitions": [{}]}', "f:1:27: name is missing"),
        ('{"containerDefinitions": [{"name": ""}]}', "f:1:36: a container has no name"),
        ('{"containerDefinitions": [{"name": "a"}, {"name": "a"}]}', "f:1:51: two containers are named 'a'"),
        ('{"containerDefinitions": [{"name": "a", "memory": "64"}]}', "memory is a number, this is a string"),
        ('{"containerDefinitions": [{"name": "a", "memory": true}]}', "memory is a number, this is a boolean"),
        ('{"containerDefinitions": [{"name": "a", "command": "x"}]}', "command is an array, this is a string"),
        ('{"containerDefinitions": [{"name": "a", "command": [1]}]}', "command holds strings, this is a number"),
        ('{"containerDefinitions": [{"name": "a", "dependsOn": [{}]}]}', "containerName is missing"),
        ('{"containerDefinitions": [{"name": "a", "environment": ["A=b"]}]}', "environment holds objects"),
        ('{"containerDefinitions": [{"name": "a", "logConfiguration": {}}]}', "logDriver is missing"),
        (
            '{"containerDefinitions": [{"name": "a", "logConfiguration": {"logDriver": "x", "options": {"p": 1}}}]}',
            "f:1:97: option p is a string, this is a number; fix: put the value in double quotes",
        ),
        (
            '{"containerDefinitions": [{"name": "a", "logConfiguration": {"logDriver": "x", "secretOptions": [1]}}]}',
            "secretOptions holds objects",
        ),
        ('{"containerDefinitions": [{"name": "a", "firelensConfiguration": "fluentbit"}]}', "is an object, this is a"),
    ],
)
def test_the_shape_is_checked_with_its_place(text, words):
    with pytest.raises(UserError) as caught:
        task_source(text, "f")
    assert words in str(caught.value)


def test_null_is_what_the_aws_command_line_writes_for_nothing():
    text = '{"containerDefinitions": [{"name": "a", "command": null, "logConfiguration": null}], "networkMode": null}'
    assert task_source(text, "f").task["networkMode"] is None


def test_files_that_cannot_be_read(tmp_path):
    for name, raw, words in [
        ("utf16.json", MINIMAL.encode("utf-16"), "is UTF-16"),
        ("latin.json", b'{\n "a": "\xe9"}', "latin.json:2:8: byte 0xe9 is not UTF-8"),
        ("large.json", b" " * (4 * 1024 * 1024 + 1), "is larger than"),
    ]:
        file = tmp_path / name
        file.write_bytes(raw)
        with pytest.raises(UserError) as caught:
            read_tasks(str(file))[0]
        assert words in str(caught.value)
    for path in (tmp_path, tmp_path / "absent.json"):
        with pytest.raises(UserError, match="cannot read"):
            read_tasks(str(path))[0]
