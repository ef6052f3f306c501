"""Files of pipeline tests: what goes in and what must come out, in YAML.

.. code-block:: yaml

    config: router.conf                 # a path, from this file's folder; or the text itself, in more than one line
    env: {APP: web}                     # the only variables that are set
    tests:
      - name: health checks are dropped
        tag: app                        # default: the input's own
        records: [{log: GET /health}, '{"log": "GET /"}']
        expect: {stdout.0: [{log: GET /}]}
        dropped: {grep.0: 1}            # or one number: all that are dropped
"""

from __future__ import annotations

import json
import os.path
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from outrider.formats import yaml_tree
from outrider.formats.yaml_tree import Listing, Mapping, Node, Scalar, text_of
from outrider.model.batch import Record
from outrider.model.errors import Place, UserError
from outrider.pipeline.trial.pipeline import Given

TIME: Final = 1_767_225_600_000_000_000
"""The first record's time where none is given: 2026-01-01T00:00:00Z, in nanoseconds."""
_FILE_KEYS: Final = ("config", "env", "tests")
_SEND_KEYS: Final = ("tag", "input", "time", "records")
_TEST_KEYS: Final = ("name", "config", "env", *_SEND_KEYS, "send", "expect", "dropped")
_EXPECT_KEYS: Final = ("records", "match", "tags")


@dataclass(frozen=True, slots=True)
class Expected:
    """What one output must get. ``subset``: each record may have more keys than are named."""

    output: str
    records: list[Record]
    place: Place
    subset: bool = False
    tags: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A configuration: the path of a file, and its text where it stands in the test file."""

    path: str
    text: str | None
    place: Place


@dataclass(slots=True)
class Case:
    """One test."""

    name: str
    place: Place
    source: Source
    environment: dict[str, str]
    given: list[Given]
    expected: list[Expected] = field(default_factory=list)
    dropped: dict[str, int] | int | None = None
    dropped_at: dict[str, Place] = field(default_factory=dict)
    """Where the keys of ``dropped`` stand."""


def read(text: str, file: str) -> list[Case]:
    """The tests of a file. Raises UserError with file, line and column."""
    root = yaml_tree.read(text, file)
    if root is None:
        raise UserError("there are no tests", Place(file), fix="write 'config:' and 'tests:'")
    top = _keys(root, "a file of tests", _FILE_KEYS)
    if "tests" not in top:
        raise UserError("there are no tests", root.place, fix="write 'tests:' with a list below it")
    cases = [_case(item, top, file) for item in _listing(top["tests"], "tests")]
    if not cases:
        raise UserError("there are no tests", top["tests"].place, fix="write '- name: NAME' below 'tests:'")
    seen: dict[str, Place] = {}
    for case in cases:
        first = seen.setdefault(case.name, case.place)
        if first is not case.place:
            raise UserError(f"two tests are called '{case.name}', first at {first}", case.place)
    return cases


def _case(node: Node, top: dict[str, Node], file: str) -> Case:
    keys = _keys(node, "a test", _TEST_KEYS)
    config = keys.get("config", top.get("config"))
    if "name" not in keys or config is None:
        what = "name" if "name" not in keys else "config"
        raise UserError(f"the test has no {what}", node.place, fix=f"add '{what}:'")
    own = {key: value for key, value in keys.items() if key in _SEND_KEYS}
    given = [_given(node, own)] if "records" in own else []
    own.pop("records", None)
    if "send" in keys:
        given += [_given(item, {**own, **_keys(item, "send", _SEND_KEYS)}) for item in _listing(keys["send"], "send")]
    if not given:
        raise UserError("the test sends nothing", node.place, fix="add 'records:'")
    if "expect" not in keys and "dropped" not in keys:
        raise UserError("the test expects nothing", node.place, fix="add 'expect:' or 'dropped:'")
    return Case(
        text_of(keys["name"], "a name"),
        node.place,
        _source(config, file),
        {**_environment(top.get("env")), **_environment(keys.get("env"))},
        given,
        [_expected(key, value) for key, value in _pairs(keys.get("expect"), "expect")],
        _dropped(keys.get("dropped")),
        _places(keys.get("dropped")),
    )


def _source(node: Node, file: str) -> Source:
    text = text_of(node, "config")
    folder = os.path.dirname(file)
    if "\n" not in text.strip():
        return Source(os.path.join(folder, text.strip()), None, node.place)
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    name = "config.conf" if lines and lines[0].startswith(("[", "@")) else "config.yaml"
    # Empty lines in front make the line numbers of faults those of the test file, where the text is a block.
    return Source(f"{file}#{name}", "\n" * node.place.line + text, node.place)


def _environment(node: Node | None) -> dict[str, str]:
    return {key.text: text_of(value, f"the variable '{key.text}'") for key, value in _pairs(node, "env")}


def _given(node: Node, keys: dict[str, Node]) -> Given:
    if "records" not in keys:
        raise UserError("records are missing", node.place, fix="add 'records:'")
    return Given(
        text_of(keys["tag"], "a tag") if "tag" in keys else "",
        [_record(item) for item in _listing(keys["records"], "records")],
        _time(keys["time"]) if "time" in keys else TIME,
        text_of(keys["input"], "an input's name") if "input" in keys else "",
        keys["input"].place if "input" in keys else node.place,
    )


def _time(node: Node) -> int:
    text = text_of(node, "a time")
    try:
        moment = datetime.fromisoformat(text)
        since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise UserError(f"'{text}' is not a time", node.place, fix="write it as 2026-11-21T09:30:00Z") from error
    if since.days < 0:
        raise UserError(f"the time '{text}' is before 1970", node.place)
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def _record(node: Node) -> Record:
    if isinstance(node, Mapping):
        found: Record = yaml_tree.plain(node)
        return found
    text = text_of(node, "a record")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"the record is neither a map nor JSON: {error}", node.place) from error
    if not isinstance(value, dict):
        raise UserError("the record is no map", node.place)
    return value


def _expected(key: Scalar, node: Node) -> Expected:
    if isinstance(node, Listing):
        return Expected(key.text, [_record(item) for item in node.items], key.place)
    keys = _keys(node, f"what '{key.text}' gets", _EXPECT_KEYS, "or write the list of records")
    match = text_of(keys["match"], "match") if "match" in keys else "exact"
    if match not in ("exact", "subset"):
        raise UserError(f"match cannot be '{match}'", keys["match"].place, found=match, allowed=["exact", "subset"])
    if "records" not in keys:
        raise UserError("records are missing", node.place, fix="add 'records:'")
    tags = [text_of(item, "a tag") for item in _listing(keys["tags"], "tags")] if "tags" in keys else None
    records = [_record(item) for item in _listing(keys["records"], "records")]
    return Expected(key.text, records, key.place, match == "subset", tags)


def _dropped(node: Node | None) -> dict[str, int] | int | None:
    if node is None:
        return None
    if isinstance(node, Mapping):
        return {key.text: _count(value) for key, value in node.pairs}
    return _count(node)


def _places(node: Node | None) -> dict[str, Place]:
    return {key.text: key.place for key, _ in node.pairs} if isinstance(node, Mapping) else {}


def _count(node: Node) -> int:
    value: Any = yaml_tree.plain(node)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UserError("dropped is a number of records, or a map of such", node.place)
    return value


def _keys(node: Node, what: str, allowed: Iterable[str], fix: str = "") -> dict[str, Node]:
    found: dict[str, Node] = {}
    for key, value in _pairs(node, what, fix):
        if key.text not in allowed:
            raise UserError(f"{what}: unknown key '{key.text}'", key.place, found=key.text, allowed=allowed)
        if key.text in found:
            raise UserError(f"{what}: '{key.text}' stands twice", key.place, fix="remove one of them")
        found[key.text] = value
    return found


def _pairs(node: Node | None, what: str, fix: str = "") -> list[tuple[Scalar, Node]]:
    if node is None:
        return []
    if not isinstance(node, Mapping):
        raise UserError(f"{what} must be a map", node.place, fix=fix)
    return node.pairs


def _listing(node: Node, what: str) -> list[Node]:
    if not isinstance(node, Listing):
        raise UserError(f"{what} must be a list", node.place)
    return node.items
