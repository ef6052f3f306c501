"""Upstream files, and upstream_servers of YAML: what they say, and what is wrong with them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.net.files import ConfigurationFiles
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import from_file, upstreams_from_file
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.log import Log, Sink

MAIN = """
[INPUT]
    Name dummy
[OUTPUT]
    Name         forward
    Match        *
    Upstream     {upstream}
    tls.vhost    central
    Shared_Key   of all
"""
TWO = """
[UPSTREAM]
    name  balancing

[NODE]
    name  a
    host  10.0.0.1
    port  24224

[NODE]
    Name       b
    Host       ${SECOND}
    Port       24225
    Shared_Key own
    Compress   gzip
"""
YAML = """
upstream_servers:
  - name: balancing
    nodes:
      - {name: a, host: 10.0.0.1, port: 24224, tls_verify: false}
      - name: b
        host: 10.0.0.2
        port: 24225
        sharedKey: own
"""


def forward(folder: Path, upstream: str, name: str = "main.conf", text: str = MAIN) -> tuple[Any, str]:
    """The checked plugin, and what was logged."""
    path = folder / name
    path.write_text(text.format(upstream=upstream) if text is MAIN else text)
    stream = io.StringIO()
    log = Log(Sink(stream), "test")
    configuration = from_file(str(path), ConfigurationFiles(), log.warn)
    environment = {"SECOND": "10.0.0.2"}
    service = build.read_service(configuration, environment, log)
    return build.plan(configuration, service, environment, log).instances[1].plugin, stream.getvalue()


def refused(folder: Path, text: str) -> str:
    (folder / "up.conf").write_text(text)
    with pytest.raises(UserError) as caught:
        forward(folder, "up.conf")
    return str(caught.value).replace(f"{folder}/", "")


def nodes(plugin: Any) -> list[tuple[str, str, int, str]]:
    targets = [peer.target for peer in plugin._peers]
    return [
        (peer.name, target.host, target.port, peer.options.shared_key)
        for peer, target in zip(plugin._peers, targets, strict=True)
    ]


EXPECTED = [("a", "10.0.0.1", 24224, "of all"), ("b", "10.0.0.2", 24225, "own")]


def test_a_file_beside_the_main_one(tmp_path: Path) -> None:
    (tmp_path / "up.conf").write_text(TWO)
    plugin, logged = forward(tmp_path, "up.conf")
    assert nodes(plugin) == EXPECTED
    assert [peer.options.compress for peer in plugin._peers] == ["text", "gzip"]
    assert [peer.target.server_name for peer in plugin._peers] == ["central", "central"]
    assert logged == ""


def test_a_file_in_yaml(tmp_path: Path) -> None:
    (tmp_path / "up.yaml").write_text(YAML)
    plugin, _ = forward(tmp_path, str(tmp_path / "up.yaml"))
    assert nodes(plugin) == EXPECTED
    assert [peer._core.tls_verify for peer in plugin._peers] == [False, True]


def test_upstream_servers_of_the_main_file(tmp_path: Path) -> None:
    pipeline = "pipeline:\n  inputs: [{name: dummy}]\n  outputs: [{name: forward, match: '*', upstream: balancing}]\n"
    plugin, _ = forward(tmp_path, "", "main.yaml", YAML + pipeline)
    assert [name for name, *_ in nodes(plugin)] == ["a", "b"]
    with pytest.raises(UserError, match=r"main.yaml:12:51: .* 'balance' was not found; did you mean 'balancing'"):
        forward(tmp_path, "", "main.yaml", YAML + pipeline.replace("balancing", "balance"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "up.conf: an upstream file has one [UPSTREAM], this one has none"),
        ("[UPSTREAM]\n  name x\n[UPSTREAM]\n  name y\n", "up.conf:3:1: an upstream file has one [UPSTREAM], this one"),
        ("[UPSTREAM]\n  nam x\n", "up.conf:1:1: [UPSTREAM] without Name; fix: add a line 'Name NAME'"),
        ("[UPSTREAM]\n  name x\n", "up.conf:1:1: the upstream 'up.conf' has no nodes; fix: add a node with"),
        (TWO.replace("port  24224", "prt 1"), "up.conf:8:9: node 'a': unknown configuration property 'prt'; did you"),
        (TWO.replace("    port  24224\n", ""), "up.conf:5:1: node 'a' has no port; fix: add a line 'port VALUE'"),
        (TWO.replace("    name  a\n", ""), "up.conf:5:1: node 1 has no name; fix: add a line 'name VALUE'"),
        (TWO.replace("24225", "x"), "up.conf:13:16: node 'b': invalid value 'x' for property 'port'"),
        (TWO.replace("gzip", "zip"), "up.conf:15:16: node 'b': invalid value 'zip' for property 'compress'"),
        (TWO + "    tls on\n    tls.ca_file /nowhere\n", "up.conf:17:17: node 'b': TLS files cannot be used"),
        (TWO + "    host again\n", "up.conf:16:10: node 'b': configuration property 'host' is set twice"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, text: str, expected: str) -> None:
    assert refused(tmp_path, text).startswith(expected)


def test_all_faults_are_told(tmp_path: Path) -> None:
    text = TWO.replace("24225", "x").replace("    name  a\n", "").replace("gzip", "zip")
    assert len(refused(tmp_path, text).splitlines()) == 3


def test_what_is_wrong_with_the_output(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"main.conf:7:18: .*'nowhere' was not found; fix: correct the path; '.*/nowh"):
        forward(tmp_path, "nowhere")
    (tmp_path / "up.conf").write_text(TWO)
    with pytest.raises(UserError, match=r"unix_path and upstream exclude each other"):
        forward(tmp_path, "up.conf\n    Unix_Path /x")
    (tmp_path / "up.yaml").write_text(YAML + YAML.replace("upstream_servers:\n", "").replace("balancing", "other"))
    with pytest.raises(UserError, match=r"may be any of 2, the second at .*up.yaml:11:5"):
        forward(tmp_path, "up.yaml")


def test_what_has_no_effect_is_told(tmp_path: Path) -> None:
    (tmp_path / "up.conf").write_text(TWO.replace("${SECOND}", "${UNSET}x") + "[OTHER]\n    a b\n")
    _, logged = forward(tmp_path, "up.conf\n    Host 10.0.0.9")
    assert "host has no effect beside upstream; fix: remove it" in logged
    assert "section [OTHER] is ignored in an upstream file" in logged
    assert "variable ${UNSET} is used but not set" in logged


def test_nodes_belong_to_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "main.conf").write_text(TWO)
    with pytest.raises(UserError, match=r"main.conf:2:1: section 'UPSTREAM' belongs to a file of its own; fix: move"):
        from_file(str(tmp_path / "main.conf"), ConfigurationFiles(), lambda message: None)


WORDS = [
    "[UPSTREAM]\n",
    "[NODE]\n",
    "  name x\n",
    "  host h\n",
    "  port 1\n",
    " ",
    "\t",
    "x",
    "#",
    "@INCLUDE y\n",
    "\0",
]


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_is_read_or_refused(tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / "any.conf"
    path.write_text("".join(words), errors="surrogatepass")
    with contextlib.suppress(UserError):
        assert len(upstreams_from_file(str(path), ConfigurationFiles(), Findings())) == 1
