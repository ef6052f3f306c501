"""Edits of YAML keep every byte that they are not about, and give what the same edit of the value gives."""

import copy

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.taskdef import trees
from outrider.taskdef.yamlsource import YamlSource

RANDOM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no fault of an edit."""
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.sampled_from(
    [
        "yes",
        "1",
        "-x",
        "a: b",
        "a #b",
        "~",
        "null",
        "nginx:1",
        "x:",
        "<<",
        "'",
        '"',
        "1e3",
        "2020-01-01",
        "=",
        "|",
        "a\nb",
    ]
)
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | texts
values = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(texts, v, max_size=3), max_leaves=12)


def paths(value, kind, path=()):
    """Where in ``value`` there are objects, or arrays."""
    found = [path] if isinstance(value, kind) else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [deep for key, child in children for deep in paths(child, kind, (*path, key))]


def at(value, path):
    for step in path:
        value = value[step]
    return value


class Writer:
    """Writes a value as people do: some in lines, some in brackets, with remarks, blank lines and odd indentation."""

    def __init__(self, draw):
        self.draw = draw
        self.unit = draw(st.integers(1, 4))
        self.dashes = draw(st.sampled_from([0, self.unit]))
        self.newline = draw(st.sampled_from(["\n", "\r\n"]))
        self.remarks = 0

    def document(self, value):
        lines = self.block(value, 0) if isinstance(value, dict | list) and value else [self.inline(value)]
        text = self.newline.join(lines) + self.draw(st.sampled_from(["", self.newline]))
        return self.draw(st.sampled_from(["", "\ufeff"])) + text

    def remark(self, margin):
        if self.draw(st.integers(0, 5)):
            return []
        self.remarks += 1
        return self.draw(st.sampled_from([[" " * margin + f"# remark {self.remarks}"], [""], ["# - a: b"]]))

    def tail(self):
        if self.draw(st.integers(0, 5)):
            return ""
        self.remarks += 1
        return f" # tail {self.remarks}"

    def scalar(self, value):
        text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6).strip("\n")
        text = text.removesuffix("\n...")
        odd = any(letter in text for letter in "\x85\u2028\u2029\n")
        return yaml.safe_dump(value, default_style='"', width=10**6).strip("\n") if odd else text

    def inline(self, value):
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self.quoted(k)}: {self.inline(v)}" for k, v in value.items()) + "}"
        if isinstance(value, list):
            space = self.draw(st.sampled_from(["", " "]))
            return "[" + ("," + space).join(map(self.inline, value)) + "]"
        return self.quoted(value) if isinstance(value, str) else self.scalar(value)

    def quoted(self, text):
        return yaml.safe_dump(text, default_style='"', width=10**6).strip("\n")

    def block(self, value, margin):
        lines = []
        pairs = value.items() if isinstance(value, dict) else [(None, item) for item in value]
        for key, item in pairs:
            lines += self.remark(margin)
            head = "-" if key is None else self.scalar(key) + ":"
            lines += self.member(head, item, margin, is_item=key is None)
        return lines

    def member(self, head, item, margin, *, is_item):
        if not isinstance(item, dict | list) or not item or not self.draw(st.integers(0, 3)):
            if item is None and self.draw(st.booleans()):
                return [" " * margin + head + self.tail()]
            if isinstance(item, str) and item.isalpha() and item.isascii() and self.draw(st.booleans()):
                return [" " * margin + head + " |-", " " * (margin + 2) + item]
            return [" " * margin + head + " " + self.inline(item) + self.tail()]
        if is_item and self.draw(st.booleans()):
            inner = self.block(item, margin + 2)
            if not inner[0].strip().startswith("#") and inner[0]:
                return [" " * margin + "- " + inner[0][margin + 2 :], *inner[1:]]
            return [" " * margin + "-", *inner]
        step = self.dashes if isinstance(item, list) and not is_item else self.unit
        return [" " * margin + head + self.tail(), *self.block(item, margin + step)]


@st.composite
def documents(draw, kind=(dict, list)):
    value = draw(values.filter(lambda v: paths(v, kind)))
    return value, Writer(draw).document(value)


def changed(old, new):
    """The stretch of ``old`` that is another in ``new``."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[len(old) - 1 - end] == new[len(new) - 1 - end]:
        end += 1
    return old[start : len(old) - end]


@RANDOM
@given(documents(list), values, st.data())
def test_append(document, value, data):
    wanted, text = copy.deepcopy(document[0]), document[1]
    path = data.draw(st.sampled_from(paths(wanted, list)))
    edited = YamlSource(text, "f").append(path, value)
    at(wanted, path).append(value)
    assert edited.value == wanted
    assert changed(text, edited.text).strip() == ""
    assert edited.remove((*path, len(at(wanted, path)) - 1)).text == text


@RANDOM
@given(documents(dict), texts, values, st.data())
def test_set(document, key, value, data):
    wanted, text = copy.deepcopy(document[0]), document[1]
    path = data.draw(st.sampled_from(paths(wanted, dict)))
    key = data.draw(st.sampled_from([key, *at(wanted, path)]))
    new = key not in at(wanted, path)
    edited = YamlSource(text, "f").set(path, key, value)
    at(wanted, path)[key] = value
    assert edited.value == wanted
    assert list(at(edited.value, path)) == list(at(wanted, path))
    if new:
        assert changed(text, edited.text).strip() == ""
        assert edited.remove((*path, key)).text == text


@RANDOM
@given(documents(), st.data())
def test_remove(document, data):
    wanted, text = copy.deepcopy(document[0]), document[1]
    held = [path for path in paths(wanted, (dict, list)) if at(wanted, path)]
    if not held:
        return
    path = data.draw(st.sampled_from(held))
    holder = at(wanted, path)
    key = data.draw(st.sampled_from([*holder] if isinstance(holder, dict) else range(len(holder))))
    edited = YamlSource(text, "f").remove((*path, key))
    del holder[key]
    assert edited.value == wanted


@RANDOM
@given(documents(dict), texts, st.data())
def test_rename(document, name, data):
    wanted, text = document
    held = [path for path in paths(wanted, dict) if at(wanted, path)]
    if not held:
        return
    path = data.draw(st.sampled_from(held))
    members = at(wanted, path)
    key = data.draw(st.sampled_from([*members]))
    if name in members and name != key:
        with pytest.raises(UserError):
            YamlSource(text, "f").rename(path, key, name)
        return
    edited = YamlSource(text, "f").rename(path, key, name)
    renamed = [(name if old == key else old, value) for old, value in members.items()]
    assert list(at(edited.value, path).items()) == renamed


TASK = """\
# the web task
family: &family web   # its name
containerDefinitions:
  # the application
  - name: *family
    image: 'nginx:1'  # from the hub
    # no memory
    environment: [
      {name: A, value: "1"},   # first
      {name: B, value: "2"}    # second
    ]
    command: |
      run
      it

  # the sidecar
  - {name: sidecar, image: "x", links: [a, b]}

tags: []
cpu:  # units
"""


def source(text=TASK):
    return YamlSource(text, "f.yaml")


def test_remarks_quotes_and_blank_lines_stay():
    web, sidecar = ("containerDefinitions", 0), ("containerDefinitions", 1)
    log = {"logDriver": "awsfirelens", "options": {"Name": "s3", "region": "yes"}}
    assert source().set(web, "logConfiguration", log).text == TASK.replace(
        "      it\n",
        "      it\n    logConfiguration:\n      logDriver: awsfirelens\n"
        "      options:\n        Name: s3\n        region: 'yes'\n",
    )
    assert source().set(web, "image", "nginx:2").text == TASK.replace("'nginx:1'", "'nginx:2'")
    assert source().set(web, "image", {"a": "b"}).text == TASK.replace(
        "image: 'nginx:1'  # from the hub", "image:  # from the hub\n      a: b"
    )
    assert source().remove((*web, "image")).text == TASK.replace("    image: 'nginx:1'  # from the hub\n", "")
    assert source().remove((*web, "name")).text == TASK.replace("name: *family\n    ", "")
    assert source().remove((*web, "command")).text == TASK.replace("    command: |\n      run\n      it\n", "")
    assert source().append((*web, "environment"), {"name": "C"}).text == TASK.replace(
        '"2"}    # second', '"2"},\n      {name: C}    # second'
    )
    assert source().remove((*web, "environment", 0)).text == TASK.replace('{name: A, value: "1"},', "")
    assert source().set(sidecar, "essential", False).text == TASK.replace("[a, b]}", "[a, b], essential: false}")
    assert source().set((), "cpu", "256").text == TASK.replace("cpu:  #", "cpu: '256'  #")
    assert source().set((), "cpu", [1]).text == TASK.replace("cpu:  # units\n", "cpu:  # units\n  - 1\n")
    assert source().append(("tags",), {"key": "a"}).text == TASK.replace("tags: []", "tags: [{key: a}]")
    assert source().rename(web, "image", "picture").text == TASK.replace("image: 'n", "picture: 'n")


def test_json_in_yaml_stays_json():
    text = '---\n{\n  "a": [\n    {\n      "b": 1\n    }\n  ]\n}\n'
    edited = source(text).append(("a",), {"b": "x", "c": ["-o", "y"]}).set(("a", 0), "d", "e")
    assert edited.text == text.replace('"b": 1', '"b": 1,\n      "d": "e"').replace(
        "    }\n  ]", '    },\n    {\n      "b": "x",\n      "c": [\n        "-o", "y"\n      ]\n    }\n  ]'
    )


def test_a_command_line_has_a_row_for_each_option():
    words = ["-s", "Scheduler.Cap", "60", "--", "-o", "a, b", "yes"]
    assert source("a:\n  b: 1\n").set(("a",), "command", words).text == (
        'a:\n  b: 1\n  command:\n    ["-s", "Scheduler.Cap", "60",\n     "--",\n     "-o", "a, b", "yes"]\n'
    )


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("a: &x {b: 1}\nc: *x\n", ("a",), r"^f.yaml:1:4: &x, which line 2 repeats, cannot be edited here; fix: write"),
        ("a: &x {b: 1}\nc: *x\n", ("c",), r"^f.yaml:2:4: the alias \*x cannot be edited here"),
        ("a: !If [x, {b: 1}]\n", ("a",), "the function !If cannot be edited here"),
        ("? a\n: 1\n? b\n: 2\n", (), r"a key after '\?'"),
        ("a: [x: 1]\n", ("a", 0), "a map without brackets"),
        ("a: 1\rb: 2\r", (), r"the line end U\+000D"),
        ("a: |\n  last", (), "it would hold another value then"),
    ],
)
def test_what_cannot_be_edited_is_told_with_its_place(text, path, message):
    with pytest.raises(UserError, match=message):
        source(text).set(path, "new", 1)


def test_what_others_need_is_not_removed_or_replaced():
    text = "a: {b: &x 1}\nc: *x\n"
    for edit in (lambda s: s.remove(("a",)), lambda s: s.set((), "a", 1), lambda s: s.set(("a",), "b", 2)):
        with pytest.raises(UserError, match="&x, which line 2 repeats"):
            edit(source(text))
    assert source(text).remove(("c",)).text == "a: {b: &x 1}\n"
    assert source(text).set((), "c", {"d": 1}).text == "a: {b: &x 1}\nc:\n  d: 1\n"


def test_tabs_are_refused():
    with pytest.raises(UserError, match="2:1: not YAML: found character that cannot start any token"):
        source("a:\n\tb: 1\n")


@pytest.mark.parametrize("path", [("a", "x"), ("a", 5, "x"), ("absent",), ("b", 0)])
def test_a_path_that_leads_nowhere_is_a_key_error(path):
    for edit in (lambda s: s.remove(path), lambda s: s.append(path, 1), lambda s: s.set(path, "k", 1)):
        with pytest.raises(KeyError):
            edit(source("a: [1]\nb: c\n"))


PIECES = st.lists(
    st.sampled_from(
        [
            *("a", "b: ", "- ", "? ", ": ", "{", "}", "[", "]", ", ", "&x ", "*x", "!Ref ", "!If ", "|", "|+", ">-"),
            *("#c", "\n", "\n  ", "\n    ", "\r\n", "'q'", '"q"', "---\n", "...\n", "b:\n  ", "-\n  ", "\t", "'", "1"),
        ]
    ),
    max_size=14,
).map("".join)


@RANDOM
@given(PIECES, values, st.sampled_from(["a", "b", "new"]))
def test_an_edit_of_any_text_is_right_or_refused(text, value, key):
    try:
        found = source(text)
    except UserError:
        return
    for path in paths(found.value, (dict, list)):
        holder = at(found.value, path)
        steps = [*holder] if isinstance(holder, dict) else range(len(holder))
        edits = [
            lambda path=path: (found.append(path, value), trees.appended(found.value, path, value)),
            lambda path=path: (found.set(path, key, value), trees.with_member(found.value, path, key, value)),
            lambda path=path: (found.rename(path, key, "new"), trees.renamed(found.value, path, key, "new")),
            *(
                lambda path=path, step=step: (found.remove((*path, step)), trees.without(found.value, (*path, step)))
                for step in steps
            ),
        ]
        for edit in edits:
            try:
                edited, wanted = edit()
            except (UserError, KeyError):
                continue
            assert trees.same(edited.value, wanted)
