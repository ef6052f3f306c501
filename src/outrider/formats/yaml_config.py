"""Fluent Bit's YAML configuration with everything that it includes, as sections with properties.

Pure: files are reached through the ``Files`` that the caller gives. Source: Fluent Bit 5.1.1,
``src/config_format/flb_cf_yaml.c``, ``src/config_format/flb_config_format.c``.
"""

from __future__ import annotations

import difflib
import os.path
import re
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct, field

from outrider.formats import yaml_tree
from outrider.formats.classic import Faults, Note, raise_fault
from outrider.formats.classic_load import FILE_LIMIT, Files
from outrider.formats.words import key_name
from outrider.formats.yaml_tree import Listing, Mapping, Node, Scalar, text_of
from outrider.model.errors import Place, UserError

_FILE: Final = "file://"
_PLURALS: Final = {"inputs": "input", "filters": "filter", "outputs": "output"}
_UNSUPPORTED: Final = {
    "customs": "custom plugins are not supported",
    "stream_processor": "the stream processor is not supported",
}
_SIGNALS: Final = ("metrics", "traces", "profiles")
_TOP: Final = (
    "env", "includes", "service", "pipeline", "parsers", "multiline_parsers", "upstream_servers", "plugins",
    "extensions",
)  # fmt: skip
_RULE: Final = ("state", "regex", "next_state")


class Pair(Struct, frozen=True):
    """One property: ``key`` as ``key_name`` makes it, the text of the value, and where the value stands."""

    key: str
    value: str
    place: Place


class YamlSection(Struct):
    """An ``input``, ``filter``, ``output``, ``parser`` or ``multiline_parser``."""

    kind: str
    pairs: list[Pair]
    place: Place
    processors: list[YamlSection] = field(default_factory=list)
    faulty: bool = False
    """Whether a part of it could not be read."""


class YamlUpstream(Struct):
    """An item of ``upstream_servers``."""

    name: str
    nodes: list[YamlSection]
    place: Place


class YamlLoaded(Struct):
    """What all the files say, in the order of reading."""

    sections: list[YamlSection] = field(default_factory=list)
    parsers: list[YamlSection] = field(default_factory=list)
    upstreams: list[YamlUpstream] = field(default_factory=list)
    service: list[Pair] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    plugins: list[Pair] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


_Items = Iterator[tuple[Scalar, Node, str]]


def load(path: str, files: Files, fault: Faults = raise_fault) -> YamlLoaded:
    """Read ``path`` and what it includes. Raises UserError, whose place is in the file where the fault is.

    With a ``fault`` that returns, only for the main file; else it is given every fault, and reading goes on.
    An include is relative to the file that names it; with ``*`` it is a pattern, and no match is an error. What an
    include has comes where it is named. Each file may be read once.
    """
    return _Reader(files, fault).read(path)


class _Reader:
    def __init__(self, files: Files, fault: Faults) -> None:
        self.files = files
        self.fault = fault
        self.faults = 0
        self.loaded = YamlLoaded()
        self.seen: set[Hashable] = set()
        self.takers: dict[str, Callable[[Node, str], None]] = {
            "env": self._env,
            "service": self._service,
            "pipeline": self._pipeline,
            "parsers": self._parsers,
            "multiline_parsers": self._multiline_parsers,
            "upstream_servers": self._upstream_servers,
            "plugins": self._plugins,
        }

    def read(self, path: str) -> YamlLoaded:
        waiting: list[_Items] = [self._open(path, None)]
        while waiting:
            item = next(waiting[-1], None)
            if item is None:
                waiting.pop()
                continue
            key, value, file = item
            if key.text.lower() == "includes":
                waiting.append(self._includes(value, file))
                continue
            with self._collecting():
                self._top(key, value, file)
        return self.loaded

    @contextmanager
    def _collecting(self) -> Iterator[None]:
        """Around a part that the rest can do without."""
        try:
            yield
        except UserError as error:
            self.faults += 1
            self.fault(error)

    def _open(self, path: str, place: Place | None) -> _Items:
        identity = self.files.identity(path)
        if identity is None:
            message = f"could not open configuration file '{path}': there is no such file"
            raise UserError(message, place or Place(path))
        if identity in self.seen:
            fix = "include each file once; a file may not include itself"
            raise UserError(f"Read twice: the include '{path}'", place, fix=fix)
        self.seen.add(identity)
        if len(self.seen) > FILE_LIMIT:
            raise UserError(f"too many files are included, at '{path}'", place, allowed=[f"{FILE_LIMIT} files"])
        try:
            text = self.files.read(path)
        except OSError as error:
            raise UserError(f"could not read '{path}': {error.strerror or error}", place or Place(path)) from error
        self.loaded.files.append(path)
        root = yaml_tree.read(text, path)
        if root is None:
            self.loaded.notes.append(Note("the file is empty", Place(path)))
            return iter(())
        pairs = _mapping(root, "a YAML configuration", "write keys such as 'service:' and 'pipeline:'").pairs
        return iter([(key, value, path) for key, value in pairs])

    def _includes(self, value: Node, file: str) -> _Items:
        included: list[Node] = []
        with self._collecting():
            included = _listing(value, "includes", "write '- PATH' lines below it")
        for item in included:
            paths: list[str] = []
            with self._collecting():
                paths = self._paths(os.path.join(os.path.dirname(file), text_of(item, "an include")), item.place)
            for path in paths:
                items: _Items = iter(())
                with self._collecting():
                    items = self._open(path, item.place)
                yield from items

    def _paths(self, pattern: str, place: Place) -> list[str]:
        """The files that an include names."""
        paths = sorted(self.files.glob(pattern)) if "*" in pattern else [pattern]
        if not paths:
            raise UserError(f"no file matches the include '{pattern}'", place, fix="correct the path")
        if self.files.identity(paths[0]) is None:
            raise UserError(f"the include '{pattern}' was not found", place, fix="correct the path")
        return paths

    def _top(self, key: Scalar, value: Node, file: str) -> None:
        name = key.text.lower()
        if name in self.takers:
            if not _is_empty(value):
                self.takers[name](value, file)
        elif name in _UNSUPPORTED:
            if not _is_empty(value):
                raise UserError(f"{name}: {_UNSUPPORTED[name]}", key.place, fix="remove it")
        elif name != "extensions":
            near = difflib.get_close_matches(name, [*_TOP, *_UNSUPPORTED, *_PLURALS], 1, 0.7)
            if near:
                fix = f"put it below 'pipeline:', as '{near[0]}:'" if near[0] in _PLURALS else ""
                raise UserError(f"'{key.text}' is not known here", key.place, found=name, allowed=_TOP, fix=fix)
            self.loaded.notes.append(Note(f"'{key.text}' is not known and ignored", key.place))

    # -- the parts

    def _env(self, value: Node, file: str) -> None:
        if isinstance(value, Mapping):
            for key, item in value.pairs:
                with self._collecting():
                    self._variable(key.text, item)
            return
        for item in _listing(value, "env", "write 'NAME: value' lines below it"):
            with self._collecting():
                self._item_of_env(item)

    def _item_of_env(self, item: Node) -> None:
        entry = {key.text.lower(): (key, node) for key, node in _mapping(item, "an item of env").pairs}
        _known(entry, ("name", "value", "uri", "refresh_interval"), "env")
        if "name" not in entry or ("value" in entry) == ("uri" in entry):
            raise UserError("an item of env has a name and either a value or a uri", item.place)
        if "refresh_interval" in entry:
            place = entry["refresh_interval"][0].place
            self.loaded.notes.append(Note("refresh_interval has no effect: the value is read once", place))
        name = text_of(entry["name"][1], "the name of a variable")
        if "uri" in entry:
            self.loaded.variables[name] = self._fetch(entry["uri"][1])
        else:
            self._variable(name, entry["value"][1])

    def _variable(self, name: str, node: Node) -> None:
        value = self.loaded.variables[name] = text_of(node, f"the variable '{name}'")
        if "${" in value:
            message = f"the value of '{name}' has a variable in it, which is not replaced"
            self.loaded.notes.append(Note(message, node.place))

    def _fetch(self, node: Node) -> str:
        uri = text_of(node, "the uri of a variable")
        if not uri.startswith(_FILE):
            raise UserError(f"a variable cannot come from '{uri}'", node.place, fix=f"write {_FILE}PATH")
        path = uri.removeprefix(_FILE)
        try:
            text = self.files.read(path)
        except OSError as error:
            raise UserError(f"env cannot read '{path}': {error.strerror or error}", node.place) from error
        return text.removesuffix("\n").removesuffix("\r")

    def _service(self, value: Node, file: str) -> None:
        self.loaded.service += self._pairs(_mapping(value, "service"), "service")

    def _plugins(self, value: Node, file: str) -> None:
        for item in _listing(value, "plugins", "write '- PATH' lines below it"):
            with self._collecting():
                self.loaded.plugins.append(Pair("path", text_of(item, "a plugin's path"), item.place))

    def _pipeline(self, value: Node, file: str) -> None:
        for key, part in _mapping(value, "pipeline").pairs:
            with self._collecting():
                kind = _PLURALS.get(key.text.lower())
                if kind is None:
                    raise UserError(f"pipeline has no '{key.text}'", key.place, found=key.text, allowed=_PLURALS)
                if not _is_empty(part):
                    self._plugins_of(kind, key.text, part)

    def _plugins_of(self, kind: str, what: str, part: Node) -> None:
        for item in _listing(part, what, "write '- name: PLUGIN' lines below it"):
            with self._collecting():
                self.loaded.sections.append(self._plugin(kind, _mapping(item, f"an item of {what}")))

    def _plugin(self, kind: str, node: Mapping) -> YamlSection:
        section, before = YamlSection(kind, [], node.place), self.faults
        rest = Mapping(node.place)
        for key, value in node.pairs:
            name = key.text.lower()
            with self._collecting():
                if name == "processors" and kind != "filter":
                    section.processors += self._processors(value)
                elif name == "routes" and kind == "input":
                    fix = "route by tag and match"
                    raise UserError("routes: conditional routing is not supported", key.place, fix=fix)
                else:
                    rest.pairs.append((key, value))
        section.pairs = self._pairs(rest, kind)
        section.faulty = self.faults > before
        return section

    def _processors(self, node: Node) -> list[YamlSection]:
        found: list[YamlSection] = []
        for key, value in _mapping(node, "processors", "write 'logs:' with a list of filters below it").pairs:
            with self._collecting():
                found += [] if _is_empty(value) else self._processors_of(key, value)
        return found

    def _processors_of(self, key: Scalar, value: Node) -> list[YamlSection]:
        found: list[YamlSection] = []
        signal = key.text.lower()
        if signal in _SIGNALS:
            raise UserError(f"processors of {signal} are not supported: the pipeline carries logs", key.place)
        if signal != "logs":
            raise UserError(f"processors have no '{key.text}'", key.place, found=signal, allowed=["logs"])
        for item in _listing(value, "logs", "write '- name: FILTER' lines below it"):
            with self._collecting():
                found.append(self._processor(_mapping(item, "a processor")))
        return found

    def _processor(self, item: Mapping) -> YamlSection:
        before = self.faults
        for name, _ in item.pairs:
            if name.text.lower() == "condition":
                fix = "write the condition as options of the filter, or use a filter such as grep"
                raise UserError("conditions of processors are not supported", name.place, fix=fix)
        pairs = self._pairs(item, "processor")
        return YamlSection("filter", pairs, item.place, faulty=self.faults > before)

    def _parsers(self, value: Node, file: str) -> None:
        for item in _listing(value, "parsers", "write '- name: NAME' lines below it"):
            with self._collecting():
                before, pairs = self.faults, self._pairs(_mapping(item, "a parser"), "parser")
                faulty = self.faults > before
                self.loaded.parsers.append(YamlSection("parser", pairs, item.place, faulty=faulty))

    def _multiline_parsers(self, value: Node, file: str) -> None:
        for item in _listing(value, "multiline_parsers", "write '- name: NAME' lines below it"):
            with self._collecting():
                self.loaded.parsers.append(self._multiline_parser(_mapping(item, "a multiline parser")))

    def _multiline_parser(self, item: Mapping) -> YamlSection:
        section, before = YamlSection("multiline_parser", [], item.place), self.faults
        rest = Mapping(item.place)
        for key, node in item.pairs:
            if key.text.lower() != "rules":
                rest.pairs.append((key, node))
                continue
            with self._collecting():
                for rule in _listing(node, "rules", "write '- state: …' below it"):
                    with self._collecting():
                        section.pairs.append(_rule(rule))
        section.pairs = self._pairs(rest, "multiline parser") + section.pairs
        section.faulty = self.faults > before
        return section

    def _upstream_servers(self, value: Node, file: str) -> None:
        for item in _listing(value, "upstream_servers", "write '- name: NAME' and 'nodes:' lines below it"):
            with self._collecting():
                self.loaded.upstreams.append(self._upstream(item))

    def _upstream(self, item: Node) -> YamlUpstream:
        entry = {key.text.lower(): (key, node) for key, node in _mapping(item, "an upstream").pairs}
        _known(entry, ("name", "nodes"), "upstream")
        if "name" not in entry or "nodes" not in entry:
            raise UserError("an upstream has a name and nodes", item.place, fix="write both keys")
        nodes = [
            YamlSection("node", self._pairs(_mapping(node, "a node"), "node"), node.place)
            for node in _listing(entry["nodes"][1], "nodes", "write '- name: NAME' lines below it")
        ]
        return YamlUpstream(text_of(entry["name"][1], "the name of an upstream"), nodes, item.place)

    def _pairs(self, node: Mapping, what: str) -> list[Pair]:
        """A map's properties; a list gives one for each of its items."""
        found: list[Pair] = []
        for key, value in node.pairs:
            name = key_name(key.text)
            for item in value.items if isinstance(value, Listing) else [value]:
                with self._collecting():
                    found.append(Pair(name, _value(item, key.text, what), item.place))
        return found


def _rule(node: Node) -> Pair:
    """A rule in the classic form: ``"state" "/regex/" "next_state"``."""
    entry = {key.text.lower(): (key, value) for key, value in _mapping(node, "a rule").pairs}
    _known(entry, _RULE, "rule")
    missing = [key for key in _RULE if key not in entry]
    if missing:
        raise UserError(f"the rule has no {' and no '.join(missing)}", node.place, fix="write all three keys")
    words = [text_of(entry[key][1], key) for key in _RULE]
    return Pair("rule", " ".join(f'"{_escape(word)}"' for word in words), node.place)


def _escape(word: str) -> str:
    """The text as it stands between double quotes; a quote that has its backslash keeps it."""
    return re.sub(r'(\\.)|"', lambda match: match[1] or '\\"', word, flags=re.DOTALL)


def _value(item: Node, key: str, what: str) -> str:
    if isinstance(item, Scalar):
        return item.text
    fix = f"write '{key}.KEY: value'" if isinstance(item, Mapping) else "write texts"
    kind = "a map" if isinstance(item, Mapping) else "a list of lists"
    raise UserError(f"{what}: '{key}' cannot be {kind}", item.place, fix=fix)


def _known(entry: dict[str, tuple[Scalar, Node]], allowed: tuple[str, ...], what: str) -> None:
    for name, (key, _) in entry.items():
        if name not in allowed:
            raise UserError(f"{what}: unknown key '{key.text}'", key.place, found=name, allowed=allowed)


def _is_empty(node: Node) -> bool:
    if isinstance(node, Scalar):
        return node.plain and node.text in ("", "~", "null")
    return node.size == 1


def _mapping(node: Node, what: str, fix: str = "write 'key: value' lines") -> Mapping:
    if not isinstance(node, Mapping):
        raise UserError(f"{what} must be a map", node.place, fix=fix)
    return node


def _listing(node: Node, what: str, fix: str) -> list[Node]:
    if not isinstance(node, Listing):
        raise UserError(f"'{what}' must be a list", node.place, fix=fix)
    return node.items
