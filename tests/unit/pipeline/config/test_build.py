"""Configurations that become pipelines, and those that are refused: where, why, and what to do."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from outrider.model.errors import LocalError, UserError
from outrider.net.files import ConfigurationFiles
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import from_file
from outrider.pipeline.log import Log, Sink


def plan(tmp_path: Path, text: str, environment: dict[str, str] | None = None) -> tuple[build.Plan, str]:
    path = tmp_path / "main.conf"
    path.write_text(text)
    stream = io.StringIO()
    log = Log(Sink(stream), "test")
    configuration = from_file(str(path), ConfigurationFiles(), log.warn)
    service = build.read_service(configuration, environment or {}, log)
    return build.plan(configuration, service, environment or {}, log), stream.getvalue()


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(UserError) as caught:
        build.engine(plan(tmp_path, text)[0])
    return str(caught.value).replace(f"{tmp_path}/", "")


NULL = "[OUTPUT]\n  Name null\n  Match *\n"
PAIR = "[INPUT]\n    Name dummy\n[OUTPUT]\n    Name null\n    Match *\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[INPUT]\n    Name dummy\n    Rat 1\n",
            "main.conf:3:9: input plugin 'dummy': unknown configuration property 'rat'; did you mean 'rate'?",
        ),
        ("[INPUT]\n    Name dummy\n    Rate  many\n", "main.conf:3:11: input plugin 'dummy': invalid value 'many'"),
        (
            "[INPUT]\n    Name dummy\n    Rate 1\n    Rate 2\n",
            "main.conf:4:10: input plugin 'dummy': configuration property 'rate' is set twice, first at main.conf:3:10",
        ),
        ("[INPUT]\n    Name dumy\n", "main.conf:2:10: unknown input plugin 'dumy'; did you mean 'dummy'?"),
        ("[INPUT]\n    Tag x\n", "main.conf:1:1: section 'input' is missing the 'name' property"),
        ("[INPUT]\n    Name ${UNSET}\n", "section 'input' is missing the 'name' property"),
        ("[SERVICE]\n    Flash 1\n", "main.conf:2:11: service: unknown configuration property 'flash'"),
        ("[SERVICE]\n    Flush 0\n", "Flush must be more than 0"),
        ("[SERVICE]\n    Log_Level loud\n", "main.conf:2:15: service: invalid value 'loud'"),
        ("[SERVICE]\n    Scheduler.Base 0\n", "must be at least 1"),
        ("[SERVICE]\n    Daemon on\n", "main.conf:2:12: service: daemon is not supported"),
        ("[SERVICE]\n    Streams_File x\n", "main.conf:2:18: service: streams_file is not supported"),
        ("[SERVICE]\n    HTTP_Port 70000\n", "allowed: 0 to 65535"),
        (
            "[INPUT]\n    Name forward\n    Port 70000\n",
            "main.conf:3:10: input plugin 'forward': invalid",
        ),
        ("[INPUT]\n    Name forward\n    Port -1\n", "allowed: 0 to 65535"),
        ("[INPUT]\n    Name dummy\n    Routable off\n", "main.conf:3:14: input plugin 'dummy': routable off"),
        ("[OUTPUT]\n    Name null\n    Workers -1\n", "allowed: 0 and more"),
        ("[OUTPUT]\n    Name null\n    Match_Regex (\n", "main.conf:3:17: Match_Regex: not a regular expression"),
        ("[FILTER]\n    Name grep\n    Regex log x\n", "main.conf:1:1: no match rule for grep.0; fix: add 'Match *'"),
        ("[INPUT]\n    Name dummy\n    Mem_Buf_Limit 5X\n", "main.conf:3:19: input plugin 'dummy': invalid value '5X'"),
        ("[INPUT]\n    Name dummy\n    storage.type disk\n", "allowed: memory, filesystem"),
        ("[INPUT]\n    Name dummy\n    storage.type filesystem\n", "fix: set storage.path in [SERVICE]"),
        (
            "[INPUT]\n    Name dummy\n    Alias a\n[INPUT]\n    Name dummy\n    Alias a\n",
            "main.conf:4:1: two inputs are named 'a', first at main.conf:1:1",
        ),
        ("[PARSER]\n    Name x\n", "belongs to the 'parsers_file'"),
        ("[INPUT]\n    Name dummy\n    Dummy not json\n", "main.conf:3:11: input plugin 'dummy': dummy is not JSON"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(tmp_path, text)


def test_the_nearest_name_is_also_looked_for_among_the_keys_of_every_plugin(tmp_path: Path) -> None:
    text = "[INPUT]\n    Name dummy\n    Mem_Buf_Limt 5M\n"
    assert "did you mean 'mem_buf_limit'?" in refused(tmp_path, text)


def test_a_spool_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    text = f"[SERVICE]\n  storage.path {tmp_path}/file\n[INPUT]\n  Name dummy\n  storage.type filesystem\n"
    assert "cannot be used: Not a directory" in refused(tmp_path, text)


def test_keys_of_every_plugin_may_be_repeated_and_the_last_wins(tmp_path: Path) -> None:
    made, _ = plan(tmp_path, "[INPUT]\n  Name dummy\n  Tag a\n  TAG b\n")
    assert made.instances[0].core.tag == "b"


def test_variables_and_empty_values(tmp_path: Path) -> None:
    text = "@SET t=from.set\n[INPUT]\n  Name ${PLUGIN}\n  Tag ${t}\n  Rate ${UNSET}\n"
    made, log = plan(tmp_path, text, {"PLUGIN": "dummy"})
    assert made.instances[0].core.tag == "from.set"
    assert made.instances[0].plugin.options.rate == 1, "an empty value counts as not set"
    assert "main.conf:5:8: " in log
    assert "UNSET" in log


def test_one_input_and_one_output_need_no_match(tmp_path: Path) -> None:
    made, log = plan(tmp_path, "[INPUT]\n  Name dummy\n[OUTPUT]\n  Name null\n")
    assert made.of_kind("output")[0].core.match == "*"
    assert log == ""
    made, log = plan(tmp_path, "[INPUT]\n  Name dummy\n[OUTPUT]\n  Name null\n[OUTPUT]\n  Name null\n")
    assert made.of_kind("output")[0].core.match == ""
    assert "no Match for null.0: it gets nothing" in log


def test_instances_are_numbered_by_kind(tmp_path: Path) -> None:
    made, _ = plan(tmp_path, PAIR + "[INPUT]\n    Name tcp\n[INPUT]\n    Name dummy\n    Alias mine\n")
    assert [item.name for item in made.of_kind("input")] == ["dummy.0", "tcp.1", "mine"]


def test_a_name_may_hold_the_address(tmp_path: Path) -> None:
    made, _ = plan(tmp_path, "[INPUT]\n  Name forward://127.0.0.1:2224\n[OUTPUT]\n  Name null\n  Match *\n")
    core = made.instances[0].core
    assert (core.host, core.port) == ("127.0.0.1", 2224)


def test_match_regex_is_anchored_at_the_start_and_never_empty() -> None:
    section: Any = None
    assert build.tag_test("", "a", section)("app")
    assert not build.tag_test("", "p", section)("app")
    assert not build.tag_test("", "x*", section)("app"), "a match of nothing is none"
    assert build.tag_test("db", "a", section)("db"), "either will do"
    assert not build.tag_test("", "", section)("app")


def test_a_port_that_is_taken_is_told_at_the_start(tmp_path: Path) -> None:
    import asyncio
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = f"[INPUT]\n  Name tcp\n  Listen 127.0.0.1\n  Port {port}\n[OUTPUT]\n  Name null\n  Match *\n"
        with pytest.raises(
            LocalError, match=rf"main\.conf:1:1: could not listen on 127.0.0.1:{port}: .*fix: stop the process"
        ):
            asyncio.run(build.engine(plan(tmp_path, text)[0]).run())


@pytest.mark.parametrize("name", ["OUTPTU", "inptu", "FILTRE", "SERVCE"])
def test_a_section_whose_name_is_nearly_ours_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "main.conf"
    path.write_text(f"[INPUT]\n  Name dummy\n[{name}]\n  Name stdout\n")
    with pytest.raises(UserError, match=rf"main.conf:3:1: section \[{name}\] is not known; fix: write \["):
        from_file(str(path), ConfigurationFiles(), lambda text: None)


def test_a_section_of_somebody_else_is_told_and_left(tmp_path: Path) -> None:
    path = tmp_path / "main.conf"
    path.write_text("[COMPANY_NOTES]\n  Owner me\n[INPUT]\n  Name dummy\n")
    told: list[str] = []
    assert len(from_file(str(path), ConfigurationFiles(), told.append).sections) == 1
    assert "[COMPANY_NOTES] is not known and ignored" in told[0]


@pytest.mark.parametrize("host", ["https://127.0.0.1/bar", "127.0.0.1:18080", "my host"])
@pytest.mark.parametrize("name", ["http", "es", "opensearch", "loki", "splunk", "datadog", "forward", "syslog", "tcp"])
def test_a_host_is_a_host_only(tmp_path: Path, name: str, host: str) -> None:
    text = f"[INPUT]\n  Name dummy\n[OUTPUT]\n  Name {name}\n  Match *\n  Host {host}\n"
    with pytest.raises(
        UserError, match=rf"main.conf:6:\d+: .*invalid value '{host}' for property 'host': .*only; write Port"
    ):
        plan(tmp_path, text)


@pytest.mark.parametrize("key", ["Listen", "Host"])
def test_an_address_to_bind_is_an_address_only(tmp_path: Path, key: str) -> None:
    with pytest.raises(UserError, match=r"main.conf:3:.*name or an address only"):
        plan(tmp_path, f"[INPUT]\n  Name tcp\n  {key} 0.0.0.0:5170\n[OUTPUT]\n  Name null\n  Match *\n")
    made = plan(tmp_path, f"[INPUT]\n  Name tcp\n  {key} [::1]\n[OUTPUT]\n  Name null\n  Match *\n")[0]
    assert getattr(made.instances[0].core, key.lower()) == "::1"


def test_an_error_at_the_start_names_the_section(tmp_path: Path) -> None:
    import asyncio

    text = f"[INPUT]\n  Name dummy\n[INPUT]\n  Name tail\n  Path x\n  DB {tmp_path}/none/x.db\n{NULL}"
    with pytest.raises(LocalError, match=r"main\.conf:3:1: .*none/x\.db"):
        asyncio.run(build.engine(plan(tmp_path, text)[0]).run())
