"""Fluent Bit's YAML configuration: sections with their places, includes, and what is refused."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.formats.words import key_name
from outrider.formats.yaml_config import YamlLoaded, load
from outrider.model.errors import Place, UserError


class MemoryFiles:
    """Files that exist only here; a path is its own identity."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def read(self, path: str) -> str:
        if path not in self.texts:
            raise FileNotFoundError(2, "No such file", path)
        return self.texts[path]

    def identity(self, path: str) -> str | None:
        return path if path in self.texts else None

    def glob(self, pattern: str) -> list[str]:
        return fnmatch.filter(self.texts, pattern)


def loaded(text: str, **others: str) -> YamlLoaded:
    files = {name.replace("__", "/") + ".yaml": content for name, content in others.items()}
    return load("etc/main.yaml", MemoryFiles({"etc/main.yaml": text, **files, "secret": "s3cret\n"}))


def refused(text: str, **others: str) -> str:
    with pytest.raises(UserError) as caught:
        loaded(text, **others)
    return str(caught.value)


def test_sections_properties_and_places() -> None:
    found = loaded(
        "Service:\n  Flush: 0.2\n  logLevel: info\n"
        "pipeline:\n  inputs:\n    - Name: dummy\n      memBufLimit: 5M\n"
        "  filters:\n    - name: record_modifier\n      match: '*'\n      record:\n        - a 1\n        - b 2\n"
        "  outputs: []\n"
    )
    assert [(pair.key, pair.value) for pair in found.service] == [("flush", "0.2"), ("log_level", "info")]
    source, changed = found.sections
    assert (source.kind, source.place) == ("input", Place("etc/main.yaml", 6, 7))
    assert [(pair.key, pair.value) for pair in source.pairs] == [("name", "dummy"), ("mem_buf_limit", "5M")]
    assert changed.pairs[-1].value == "b 2"
    assert changed.pairs[-1].place == Place("etc/main.yaml", 13, 11)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("memBufLimit", "mem_buf_limit"),
        ("storage.totalLimitSize", "storage.total_limit_size"),
        ("HTTP_Server", "http_server"),
        ("Mem_Buf_Limit", "mem_buf_limit"),
        ("Match", "match"),
        ("aB_c", "ab_c"),
        ("tls", "tls"),
    ],
)
def test_keys_in_camel_case(key: str, name: str) -> None:
    assert key_name(key) == name


def test_variables() -> None:
    assert loaded("env:\n  A: x\n  b: 1\n").variables == {"A": "x", "b": "1"}
    listed = loaded("env:\n  - {name: A, value: x}\n  - {name: B, uri: 'file://secret', refresh_interval: 5}\n")
    assert listed.variables == {"A": "x", "B": "s3cret"}
    assert [str(note.place) for note in listed.notes] == ["etc/main.yaml:3:37"]


def test_parsers() -> None:
    found = loaded(
        "parsers:\n  - {name: p, format: json, timeKey: t}\n"
        "multiline_parsers:\n  - name: m\n    type: regex\n    rules:\n"
        "      - {state: start_state, regex: '/^\"\\\"x y/', next_state: cont}\n"
        "      - {state: cont, regex: '/^ /', next_state: cont}\n    flush_timeout: 100\n"
    )
    parser, multiline = found.parsers
    assert (parser.kind, parser.pairs[2].key) == ("parser", "time_key")
    assert [(pair.key, pair.value) for pair in multiline.pairs] == [
        ("name", "m"),
        ("type", "regex"),
        ("flush_timeout", "100"),
        ("rule", '"start_state" "/^\\"\\"x y/" "cont"'),
        ("rule", '"cont" "/^ /" "cont"'),
    ]


def test_processors_are_filters_of_one_plugin() -> None:
    found = loaded(
        "pipeline:\n  outputs:\n    - name: stdout\n      processors:\n        metrics: []\n        logs:\n"
        "          - name: grep\n            regex: [log x, log y]\n"
    )
    (processor,) = found.sections[0].processors
    assert processor.kind == "filter"
    assert [pair.value for pair in processor.pairs] == ["grep", "log x", "log y"]
    assert [pair.key for pair in found.sections[0].pairs] == ["name"]


def test_includes_stand_where_they_are_named_and_are_relative_to_their_file() -> None:
    found = loaded(
        "pipeline: {inputs: [{name: a}]}\nincludes: [sub/one.yaml, 'more-*.yaml']\nservice: {flush: 3}\n",
        etc__sub__one="includes: [two.yaml]\npipeline: {inputs: [{name: c}]}\nservice: {flush: 2}\n",
        etc__sub__two="pipeline: {inputs: [{name: b}]}\nservice: {flush: 1}\n",
        **{"etc__more-1": "pipeline: {inputs: [{name: d}]}", "etc__more-2": ""},
    )
    assert [section.pairs[0].value for section in found.sections] == ["a", "b", "c", "d"]
    assert [pair.value for pair in found.service] == ["1", "2", "3"]
    assert found.files[-1] == "etc/more-2.yaml"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a", "main.yaml:1:1: a YAML configuration must be a map"),
        ("pipline: {}", "main.yaml:1:1: 'pipline' is not known here; did you mean 'pipeline'?"),
        ("inputs: []", "main.yaml:1:1: 'inputs' is not known here"),
        ("inputs: []", "put it below 'pipeline:'"),
        ("pipeline:\n  input: []", "main.yaml:2:3: pipeline has no 'input'; did you mean 'inputs'?"),
        ("pipeline:\n  inputs: {name: a}", "main.yaml:2:11: 'inputs' must be a list"),
        ("pipeline:\n  inputs: [a]", "main.yaml:2:12: an item of inputs must be a map"),
        ("pipeline: {inputs: [{net: {keepalive: on}}]}", "input: 'net' cannot be a map; fix: write 'net.KEY: value'"),
        ("pipeline: {inputs: [{a: [[b]]}]}", "input: 'a' cannot be a list of lists"),
        ("pipeline: {inputs: [{routes: {logs: []}}]}", "conditional routing is not supported"),
        ("pipeline: {inputs: [{processors: {traces: [{name: x}]}}]}", "processors of traces are not supported"),
        ("pipeline: {inputs: [{processors: {log: [{name: x}]}}]}", "processors have no 'log'; did you mean 'logs'?"),
        (
            "pipeline: {inputs: [{processors: {logs: [{name: x, condition: {op: and}}]}}]}",
            "main.yaml:1:52: conditions of processors are not supported",
        ),
        ("service: [a]", "main.yaml:1:10: service must be a map"),
        ("customs: [{name: x}]", "customs: custom plugins are not supported"),
        ("env: [{name: x}]", "has a name and either a value or a uri"),
        ("env: [{name: x, uri: 'http://x'}]", "cannot come from 'http://x'; fix: write file://PATH"),
        ("env: [{name: x, uri: 'file://nothere'}]", "env cannot read 'nothere': No such file"),
        ("env: [{name: x, valu: 1}]", "unknown key 'valu'; did you mean 'value'?"),
        ("env: {a: [b]}", "the variable 'a' must be a text"),
        ("includes: x.yaml", "'includes' must be a list"),
        ("includes: [x.yaml]", "main.yaml:1:12: the include 'etc/x.yaml' was not found"),
        ("includes: ['x*.yaml']", "no file matches the include 'etc/x*.yaml'"),
        ("includes: [main.yaml]", "main.yaml:1:12: Read twice: the include 'etc/main.yaml'"),
        ("multiline_parsers: [{rules: [{state: a, regex: b}]}]", "the rule has no next_state"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    assert message in refused(text)


def test_what_is_not_known_is_noted() -> None:
    found = loaded("x-own-things: {a: [1]}\nextensions: {b: 2}\nservice:\ncustoms:\n")
    assert [note.message for note in found.notes] == ["'x-own-things' is not known and ignored"]


def test_the_main_file_must_be_there() -> None:
    with pytest.raises(UserError, match="could not open configuration file 'none'"):
        load("none", MemoryFiles({}))


WORDS = st.sampled_from(
    [
        "env",
        "includes",
        "service",
        "pipeline",
        "inputs",
        "filters",
        "outputs",
        "processors",
        "logs",
        "condition",
        "routes",
        "parsers",
        "multiline_parsers",
        "rules",
        "state",
        "regex",
        "next_state",
        "name",
        "value",
        "uri",
        "plugins",
        "main.yaml",
        "*",
        "x",
        "'*.yaml'",
        "extensions",
        "customs",
        "''",
    ]
)
TREES = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(WORDS, inner), max_size=3).map(lambda pairs: f"{{{', '.join(map(': '.join, pairs))}}}")
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(st.lists(st.tuples(WORDS, TREES), max_size=4).map(lambda pairs: "\n".join(map(": ".join, pairs))) | st.text())
def test_any_text_is_loaded_or_a_user_error(text: str) -> None:
    try:
        found = loaded(text)
    except UserError:
        return
    assert {section.kind for section in found.sections} <= {"input", "filter", "output"}


def test_upstream_servers() -> None:
    (found,) = loaded(
        "upstream_servers:\n  - name: both\n    nodes:\n      - name: a\n        sharedKey: x\n      - {name: b}\n"
    ).upstreams
    assert (found.name, found.place) == ("both", Place("etc/main.yaml", 2, 5))
    assert [[(pair.key, pair.value) for pair in node.pairs] for node in found.nodes] == [
        [("name", "a"), ("shared_key", "x")],
        [("name", "b")],
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("upstream_servers: x", "main.yaml:1:19: 'upstream_servers' must be a list"),
        ("upstream_servers:\n  - nodes: []", "main.yaml:2:5: an upstream has a name and nodes"),
        ("upstream_servers:\n  - name: a", "main.yaml:2:5: an upstream has a name and nodes"),
        ("upstream_servers:\n  - {name: a, nods: []}", "upstream: unknown key 'nods'; did you mean 'nodes'?"),
        ("upstream_servers:\n  - {name: a, nodes: [b]}", "main.yaml:2:23: a node must be a map"),
    ],
)
def test_upstream_servers_that_are_wrong(text: str, expected: str) -> None:
    assert expected in refused(text)
