"""Configurations, values of options, task definitions: what users write."""

from __future__ import annotations

import io
from collections.abc import Callable, Hashable
from typing import Any, Final

from fuzz.target import steered, target
from outrider.formats import accessor, classic, env, templates, values, words, yaml_tree
from outrider.launcher import tree
from outrider.launcher.arguments import Change
from outrider.model.errors import UserError
from outrider.model.tag import matcher
from outrider.pipeline.config import build, routing
from outrider.pipeline.config.configuration import Configuration, from_file, parsers_from_file
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.library import Library
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.trial import file as trial_file
from outrider.taskdef.source import task_source

_CLASSIC: Final = (
    b"[SERVICE]\n    Flush 0.2\n@SET a=b\n"
    b"[INPUT]\n    Name dummy\n    Tag ${a}\n# x\n[OUTPUT]\n    Name null\n    Match *\n",
    b"[INPUT]\n\tName tail\n\tPath /x/*.log\n\tmultiline.parser docker, cri\n"
    b"[FILTER]\n\tName grep\n\tMatch *\n\tRegex log ^x$\n",
    b"@INCLUDE b\n[OUTPUT]\n  Name http\n  Host h\n  Retry_Limit no_limits\n  [GROUP]\n    a b\n",
)
_YAML: Final = (
    b"service:\n  flush: 1\n  log_level: info\npipeline:\n  inputs:\n    - name: dummy\n      tag: x\n"
    b"  outputs:\n    - name: null\n      match: '*'\n",
    b"env:\n  a: b\nincludes:\n  - b.yaml\nparsers:\n  - name: p\n    format: json\n"
    b"pipeline: {inputs: [{name: dummy, processors:"
    b" {logs: [{name: grep, regex: log x}]}}]}\n",
    b"multiline_parsers:\n  - name: m\n    type: regex\n    rules:\n      - state: start_state\n        regex: '/^x/'\n"
    b"        next_state: c\n      - {state: c, regex: '/^ /', next_state: c}\n",
    b"a: &x [1, *x]\n? b\n: |\n  text\n--- # two\n...\n%TAG ! x\n",
)
_PARSERS: Final = (
    b"[PARSER]\n    Name p\n    Format regex\n    Regex ^(?<time>[^ ]+) (?<m>.*)$\n"
    b"    Time_Key time\n    Time_Format %Y %z\n"
    b"    Types m:integer\n    Decode_Field_As escaped m do_next\n",
    b"[MULTILINE_PARSER]\n    name m\n    type regex\n"
    b'    rule "start_state" "/^x(?:a|b)/" "c"\n    rule "c" "/^ /" "c"\n',
    b"[PARSER]\n    Name z\n    Format logfmt\n"
    b"    Time_Format %s\n    Time_Zone Europe/Berlin\n    Time_Offset +0200\n",
)


class _Files:
    """One text under every name but a few, and another for what is included."""

    def __init__(self, text: str) -> None:
        self._text = text

    def read(self, path: str) -> str:
        if path.startswith("/nowhere"):
            raise OSError(2, "No such file or directory")
        return self._text if path.startswith("main") else "[INPUT]\n    Name dummy\n"

    def identity(self, path: str) -> Hashable | None:
        return None if path.endswith("missing") else path

    def glob(self, pattern: str) -> list[str]:
        return [pattern.replace("*", letter) for letter in "ab"]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _told(error: UserError | ValueError) -> None:
    assert str(error)


def _read(data: bytes, name: str) -> Configuration | None:
    try:
        return from_file(name, _Files(_text(data)), lambda message: None)
    except UserError as error:
        _told(error)
        return None


@target("config.classic", *_CLASSIC, recorded="config", weight=20)
def classic_text(data: bytes) -> None:
    """Classic configurations; a document is the text that was read, byte for byte."""
    try:
        document = classic.parse(_text(data), "main.conf")
    except UserError as error:
        _told(error)
    else:
        assert document.text() == _text(data)
    _read(data, "main.conf")


@target("config.yaml", *_YAML, recorded="yaml", weight=10)
def yaml_text(data: bytes) -> None:
    """YAML configurations."""
    _read(data, "main.yaml")
    try:
        root = yaml_tree.read(_text(data), "main.yaml")
    except UserError as error:
        _told(error)
        return
    if root is not None:
        repr(yaml_tree.plain(root))


_CHANGES: Final = [Change("service", "Scheduler.Cap", "60"), Change("input", "Mem_Buf_Limit", "50M")]


@target("config.launcher", *(b"\0" + text for text in _CLASSIC), *(b"\1" + text for text in _YAML), weight=10)
def launcher(data: bytes) -> None:
    """What the launcher makes of a configuration can be read, and the same changes change nothing more."""
    way, text = steered(data)
    main = f"main.{'yaml' if way % 2 else 'conf'}"
    try:
        changed = _launched(main, _text(text))
    except UserError as error:
        _told(error)
        return
    assert _launched(main, changed) == changed


def _launched(main: str, text: str) -> str:
    files = _Files(text)
    members = tree.read(main, text, files)
    tree.change(members, _CHANGES)
    return tree.settle(members, "", lambda member, number, text: member.path, files)[-1].text


@target("config.parsers", *_PARSERS, weight=10)
def parsers_text(data: bytes) -> None:
    """Parsers files; every definition is compiled."""
    try:
        sections = parsers_from_file("main.conf", _Files(_text(data)), lambda message: None)
        for error in Library(sections).check():
            _told(error)
    except UserError as error:
        _told(error)


@target("config.plan", *_CLASSIC, recorded="config", weight=4)
def plan(data: bytes) -> None:
    """A configuration becomes a plan, or every fault is told as one of the user."""
    configuration = _read(data, "main.conf")
    if configuration is None or len(configuration.sections) > 8:
        return
    log, findings = Log(Sink(io.StringIO(), 0), "fuzz"), Findings()
    service = build.read_service(configuration, {}, log, findings)
    made = build.plan(configuration, service, {}, log, findings)
    if not findings.errors:
        routing.examine(made, findings)
    for error in findings.errors:
        _told(error)


@target(
    "config.tests",
    b"config: x.conf\ntests:\n  - name: a\n    records: [{a: 1}]\n    expect: {out: [{a: 1}]}\n",
    weight=5,
)
def trial(data: bytes) -> None:
    """Files of pipeline tests."""
    try:
        trial_file.read(_text(data), "main.yaml")
    except UserError as error:
        _told(error)


_ENV: Final = {"A": "x", "B": ""}


@target("value.env", b"${A}${B:-d}.${C}.${", b"$${A${A}}", longest=512)
def variables(data: bytes) -> None:
    """Variables in values."""
    assert isinstance(env.expand(_text(data), _ENV, lambda message: None), str)


_VALUES: Final[tuple[Callable[[str], Any], ...]] = (
    values.size,
    values.binary_size,
    values.seconds,
    values.boolean,
    values.integer,
    values.number,
    values.log_level,
    values.permission,
    words.pair,
    words.split_quoted,
    lambda text: words.split_quoted(text, 1),
    lambda text: words.tokens(text, 2),
    accessor.accessor,
    lambda text: templates.Template(text).bind("a.b")({"a": {"b": [1]}}, None),
)


@target(
    "value.options",
    b"1.5M",
    b"10s",
    b"-1",
    b"0660",
    b'"a b" c',
    b"$a['b'][0]",
    b"$TAG[1].$0.$key",
    b"1e999",
    longest=512,
)
def option_values(data: bytes) -> None:
    """Sizes, times, numbers, words, accessors, templates."""
    text = _text(data)
    for read in _VALUES:
        try:
            read(text)
        except ValueError as error:
            _told(error)
    assert values.retry_limit(text, lambda message: None) is None or True
    words.comma_list(text)


@target("value.match", b"*.a*b\x00x.axb", b"a*" * 12 + b"\x00" + b"a" * 60, longest=128)
def match(data: bytes) -> None:
    """Patterns of tags."""
    pattern, _, tag = _text(data).partition("\0")
    matcher(pattern)(tag)


@target(
    "task.definition",
    b'{"family": "f", "containerDefinitions": [{"name": "a", "image": "i", "logConfiguration": {"logDriver":'
    b' "awsfirelens", "options": {"Name": "x"}}, "environment": []}]}',
    b'{"taskDefinition": {"containerDefinitions": []}}',
    weight=5,
)
def task(data: bytes) -> None:
    """Task definitions."""
    _, raw = steered(data)
    for text in (_text(data), _text(raw)):
        try:
            task_source(text, "task.json")
        except UserError as error:
            _told(error)
