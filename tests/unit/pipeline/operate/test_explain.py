"""A pipeline in words and as a drawing."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.pipeline.conftest import read, silent

from outrider.pipeline.operate import drawing, explain

TEXT = """
    [SERVICE]
        storage.path {spool}
        Grace -1
        HTTP_Server on
    [INPUT]
        Name forward
        shared_key very-secret
        storage.type filesystem
        Mem_Buf_Limit 50M
    [INPUT]
        Name dummy
        Tag app.one
    [INPUT]
        Name dummy
        Tag lost
    [FILTER]
        Name grep
        Match app.*
        Exclude log healthz
    [OUTPUT]
        Name forward
        Alias far
        Match app.*
        Host far.example
        password very-secret
        Retry_Limit False
        storage.total_limit_size 5M
    [OUTPUT]
        Name null
        Match_Regex ^app
        Retry_Limit no_retries
"""


@pytest.fixture
def picture(tmp_path: Path) -> explain.Graph:
    path = tmp_path / "r.conf"
    path.write_text(textwrap.dedent(TEXT).format(spool=tmp_path / "spool"))
    return explain.graph(read(path, silent()))


def node(nodes: list[explain.Node], name: str) -> str:
    return "\n".join(next(item for item in nodes if item.name == name).lines)


def test_what_is_buffered_where(picture: explain.Graph) -> None:
    assert "up to 50 MB of memory; full: the disk alone has them" in node(picture.inputs, "forward.0")
    assert "tags come with the records" in node(picture.inputs, "forward.0")
    assert "tag app.one" in node(picture.inputs, "dummy.1")


def test_what_becomes_of_failures(picture: explain.Graph) -> None:
    assert "retried for ever" in node(picture.outputs, "far")
    assert "above 5 MB on disk the oldest chunks are dropped" in node(picture.outputs, "far")
    assert "never retried" in node(picture.outputs, "null.1")


def test_routes(picture: explain.Graph) -> None:
    assert [(e.source, e.target, e.sure, e.filters) for e in picture.edges] == [
        ("forward.0", "far", False, ("grep.0",)),
        ("forward.0", "null.1", False, ("grep.0",)),
        ("dummy.1", "far", True, ("grep.0",)),
        ("dummy.1", "null.1", True, ("grep.0",)),
    ]
    assert "dummy.2: nothing reads it, its records are dropped" in picture.notes


def test_secrets_are_not_shown(picture: explain.Graph) -> None:
    assert "shared_key ***" in node(picture.inputs, "forward.0")
    assert "very-secret" not in explain.text(picture) + drawing.svg(picture)


def test_the_text_has_it_all(picture: explain.Graph) -> None:
    text = explain.text(picture)
    assert "  forward.0 > grep.0 > far   (records whose tag fits)\n" in text
    assert "  dummy.1 > grep.0 > null.1\n" in text
    assert "as long as it takes" in text


def test_the_drawing_is_svg(picture: explain.Graph) -> None:
    root = ElementTree.fromstring(drawing.svg(picture))
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}path")) == 4
    assert len([rect for rect in root.findall(f"{space}rect") if rect.get("class") == "box"]) == 6


@given(st.lists(st.text(max_size=300), min_size=1, max_size=4), st.text())
def test_any_text_can_be_drawn(lines: list[str], name: str) -> None:
    nodes: Any = [explain.Node("input", name, lines)]
    target = explain.Node("output", name, lines)
    found = explain.Graph(nodes, [], [target], [explain.Edge(name, name, True, ())], lines)
    ElementTree.fromstring(drawing.svg(found))


def test_nothing_to_draw() -> None:
    ElementTree.fromstring(drawing.svg(explain.Graph()))


def pictured(tmp_path: Path, text: str) -> explain.Graph:
    path = tmp_path / "p.conf"
    path.write_text(textwrap.dedent(text).format(path=tmp_path))
    return explain.graph(read(path, silent()))


def test_what_plugins_say_of_themselves_counts(tmp_path: Path) -> None:
    found = pictured(
        tmp_path,
        """
        [INPUT]
            Name tail
            Path {path}/*.log
            Tag java.*
        [OUTPUT]
            Name s3
            Match java.*
            region eu-west-1
            bucket b
            store_dir {path}/s3
        [OUTPUT]
            Name prometheus_exporter
            Match *
        """,
    )
    assert "up to 32 MB of memory; full: reading stops" in node(found.inputs, "tail.0")
    assert "retried 5 times, then set aside in store_dir" in node(found.outputs, "s3.0")
    assert "no records are routed to it" in node(found.outputs, "prometheus_exporter.1")
    assert [(edge.source, edge.target, edge.sure) for edge in found.edges] == [("tail.0", "s3.0", True)]
    assert "prometheus_exporter.1: there are no metrics for it" in found.notes


def test_the_way_of_metrics(tmp_path: Path) -> None:
    found = pictured(
        tmp_path,
        """
        [INPUT]
            Name dummy
            Tag x
        [FILTER]
            Name log_to_metrics
            Match x
            Tag met
            metric_mode counter
            metric_name n
            metric_description d
        [FILTER]
            Name grep
            Match x
        [OUTPUT]
            Name prometheus_exporter
            Match met
        """,
    )
    assert "dummy.0 > log_to_metrics.0 > prometheus_exporter.0   (metrics)\n" in explain.text(found)
    assert [edge.measured for edge in found.edges] == [True]
    assert "dummy.0: its records are measured, and then dropped: nothing reads them" in found.notes
    assert "dummy.0 &gt; log_to_metrics.0 &gt; prometheus_exporter.0" in drawing.svg(found)


def test_an_emitter_is_a_source_of_its_own(tmp_path: Path) -> None:
    found = pictured(
        tmp_path,
        """
        [INPUT]
            Name dummy
            Tag app
        [FILTER]
            Name rewrite_tag
            Match app
            Rule $log error err.$TAG false
        [FILTER]
            Name grep
            Match other.*
            Regex log x
        [FILTER]
            Name rewrite_tag
            Match nothing
            Rule $log error lost false
        [OUTPUT]
            Name null
            Match err.*
        [OUTPUT]
            Name counter
            Match app
        """,
    )
    assert [(edge.source, edge.target, edge.sure, edge.filters) for edge in found.edges] == [
        ("dummy.0", "counter.1", True, ("rewrite_tag.0",)),
        ("emitter_for_rewrite_tag.0", "null.0", True, ()),
    ]
    assert "tag err.*" in node(found.inputs, "emitter_for_rewrite_tag.0")
    assert "up to 10 MB of memory; full: filtering waits" in node(found.inputs, "emitter_for_rewrite_tag.0")
    assert "as emitter_for_rewrite_tag.0" in node(found.filters, "rewrite_tag.0")
    assert [item.name for item in found.inputs] == ["dummy.0", "emitter_for_rewrite_tag.0"]
    assert not any("nothing reads it" in note for note in found.notes)
    ElementTree.fromstring(drawing.svg(found))


def test_what_a_filter_does_not_take_is_dropped(tmp_path: Path) -> None:
    found = pictured(
        tmp_path,
        """
        [INPUT]
            Name dummy
            Tag app
        [FILTER]
            Name rewrite_tag
            Match app
            Rule $log error err false
        [OUTPUT]
            Name null
            Match err
        """,
    )
    assert "dummy.0: nothing reads it, what rewrite_tag.0 does not take is dropped" in found.notes


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "up to 10 MB of memory; full: spills to {path}/e"),
        ("    emitter_mem_buf_limit 0\n", "memory without limit"),
        ("    emitter_storage.type filesystem\n", "kept on disk in {path}/e, up to 10 MB of memory"),
    ],
)
def test_what_an_emitter_holds(tmp_path: Path, options: str, said: str) -> None:
    text = (
        "[SERVICE]\n    storage.path {path}\n[INPUT]\n    Name dummy\n[FILTER]\n    Name rewrite_tag\n    Match *\n"
        f"    Rule $log x y false\n    emitter_name e\n{options}[OUTPUT]\n    Name null\n    Match *\n"
    )
    assert said.format(path=tmp_path) in node(pictured(tmp_path, text).inputs, "e")


def test_a_word_is_broken_only_where_it_is_alone() -> None:
    long = "x" * 30
    lines = [f"path {long} {long}", "y" * 100]
    target = explain.Node("output", "out", [])
    root = ElementTree.fromstring(drawing.svg(explain.Graph([explain.Node("input", "in", lines)], [], [target])))
    shown = ["".join(item.itertext()) for item in root.iter("{http://www.w3.org/2000/svg}text")]
    assert f"path {long}" in shown
    assert f"\xa0\xa0{long}" in shown
    assert "y" * 41 in shown


def test_values_cannot_steer_a_terminal(tmp_path: Path) -> None:
    found = pictured(tmp_path, "[INPUT]\n    Name dummy\n    Tag \x1b[31mred\n")
    assert "\x1b" not in explain.text(found)
    assert "\ufffd[31mred" in explain.text(found)
