"""Whatever a configuration says of whichever plugin: it becomes a plan, or every fault is told as one of the user."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.model.errors import Place, UserError
from outrider.pipeline import options, registry
from outrider.pipeline.config import build, routing
from outrider.pipeline.config.configuration import Configuration, PluginSection
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.log import Log, Sink
from outrider.pipeline.options import Property
from outrider.pipeline.service import Service

PLUGINS = [(kind, name) for kind in registry.KINDS for name in registry.PLUGINS[kind]]
CORES = {"input": options.InputCore, "filter": options.FilterCore, "output": options.OutputCore}
PLACE = Place("any.conf", 1, 1)
VOCABULARY = (
    "on off true 0 1 -1 2 70000 99999999999999999999 1e9 1.5 5M 10s x a,b * ** $a $a['b'][0] $TAG[9] ${X} %Y-%m %Q ( "
    "(?<a>.*) ^.*$ /x/ /nowhere/file http://h:1/p https:// json msgpack regex gzip zstd tcp udp a:b k=v [::1] 0660 é"
)
PHRASES = [
    "a b",
    "a b c",
    "log ^x$ new.$TAG true",
    '"a" "/b/" "c"',
    "A=b",
    "$a ^(x)$ $1 false",
    '{"a": 1}',
    "[1]",
    "{",
    " ",
]
VALUES = st.sampled_from([*VOCABULARY.split(), *PHRASES, "\0"]) | st.text(max_size=12)


def keys(kind: str, name: str) -> list[str]:
    own = registry.plugin_class(kind, name).Options
    return sorted({*options.declared(own), *options.declared(CORES[kind])})


@st.composite
def sections(draw: st.DrawFn) -> PluginSection:
    kind, name = draw(st.sampled_from(PLUGINS))
    pairs = draw(st.lists(st.tuples(st.sampled_from(keys(kind, name)), VALUES), max_size=6))
    properties = [Property(key, value, PLACE) for key, value in [("name", name), *pairs]]
    if kind != "input":
        properties.append(Property("match", "*", PLACE))
    return PluginSection(kind, properties, PLACE)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(sections(), min_size=1, max_size=3),
    st.lists(st.tuples(st.sampled_from(sorted(options.declared(Service))), VALUES), max_size=3),
)
def test_a_plan_or_faults_of_the_user(found: list[PluginSection], service: list[tuple[str, str]]) -> None:
    log, findings = Log(Sink(io.StringIO(), 0), "test"), Findings()
    configuration = Configuration(found, [Property(key, value, PLACE) for key, value in service])
    read = build.read_service(configuration, {}, log, findings)
    plan = build.plan(configuration, read, {}, log, findings)
    if not findings.errors:
        routing.examine(plan, findings)
    assert all(isinstance(error, UserError) and str(error) for error in findings.errors)
    assert all("any.conf" in str(error) or "service" in str(error) for error in findings.errors)


@pytest.mark.parametrize(("kind", "name"), PLUGINS)
def test_every_plugin_takes_or_refuses_nothing_but_its_name(kind: str, name: str) -> None:
    properties = [Property("name", name, PLACE), *([Property("match", "*", PLACE)] if kind != "input" else [])]
    log, findings = Log(Sink(io.StringIO(), 0), "test"), Findings()
    before = set(os.listdir("."))
    build.plan(Configuration([PluginSection(kind, properties, PLACE)]), Service(), {}, log, findings)
    assert len({str(error) for error in findings.errors}) == len(findings.errors) <= 3
    assert set(os.listdir(".")) == before


@pytest.mark.parametrize(("kind", "name"), PLUGINS)
def test_no_value_of_any_key_is_a_bug(kind: str, name: str) -> None:
    log = Log(Sink(io.StringIO(), 0), "test")
    match = [Property("match", "*", PLACE)] if kind != "input" else []
    for key in keys(kind, name):
        for value in ("", "(", "[", "*", "-1", "0", "x", "$a['b'][0]", "a b c", "99999999999999999999"):
            properties = [Property("name", name, PLACE), *match, Property(key, value, PLACE)]
            findings = Findings()
            build.plan(Configuration([PluginSection(kind, properties, PLACE)]), Service(), {}, log, findings)
            assert all("any.conf" in str(error) for error in findings.errors), (key, value)
