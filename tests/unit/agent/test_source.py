"""The pipeline of an agent that has a configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from outrider.agent import preset, settings
from outrider.agent.settings import Settings
from outrider.agent.source import Source
from outrider.model.errors import UserError, UserErrors
from outrider.pipeline.config import build
from outrider.pipeline.log import LEVELS, Log, Sink

FIRELENS = """
[INPUT]
    Name forward
    Mem_Buf_Limit 25MB
    unix_path {folder}/fluent.sock
[INPUT]
    Name forward
    Listen 127.0.0.1
    Port 24224
[INPUT]
    Name tcp
    Tag firelens-healthcheck
    Listen 127.0.0.1
    Port 8877
[FILTER]
    Name record_modifier
    Match *
    Record ecs_cluster default
[OUTPUT]
    Name null
    Match firelens-healthcheck
[OUTPUT]
    Name stdout
    Match web-firelens*
"""


def agent(folder: Path, text: str, name: str = "fluent-bit.conf", **environment: str) -> Settings:
    file = folder / name
    file.write_text(text)
    return settings.read({"OUTRIDER_STATE": str(folder / "state"), "OUTRIDER_CONFIG": str(file), **environment}, {})


def first(found: Settings) -> tuple[Source, build.Plan]:
    source = Source(found, Log(Sink(), "agent"))
    return source, source.first()[1]


def names(plan: build.Plan, kind: str) -> list[str]:
    return [item.name for item in plan.of_kind(kind)]


def test_what_ecs_generates_runs_in_the_agent(tmp_path: Path) -> None:
    _, plan = first(agent(tmp_path, FIRELENS.format(folder=tmp_path)))
    inputs = plan.of_kind("input")
    assert names(plan, "input") == ["forward.0", "forward.1", "tcp.2", "syslog-tcp", "syslog-udp"]
    assert names(plan, "output") == ["null.0", "stdout.1", "uplink"]
    assert {item.core.storage_type for item in inputs} == {"filesystem"}
    assert [item.core.mem_buf_limit for item in inputs] == [25_000_000, *[20_000_000] * 4]
    assert {item.core.storage_limit_size for item in inputs} == {500_000_000}
    assert {item.core.storage_memory_fallback for item in inputs} == {False}
    assert plan.service.storage_path == str(tmp_path / "state" / "spool")
    assert (plan.service.scheduler_base, plan.service.scheduler_cap) == (5, 60)


def test_the_server_gets_everything_but_health_checks(tmp_path: Path) -> None:
    _, plan = first(agent(tmp_path, FIRELENS.format(folder=tmp_path)))
    uplink = plan.of_kind("output")[-1]
    takes = build.tag_test(uplink.core.match, uplink.core.match_regex, uplink.section)
    found = {tag: takes(tag) for tag in ("web-firelens-1", "syslog.tcp", "a\nb", "\udcff", preset.HEALTH_TAG)}
    assert found == {"web-firelens-1": True, "syslog.tcp": True, "a\nb": True, "\udcff": True, preset.HEALTH_TAG: False}


def test_what_the_file_says_counts(tmp_path: Path) -> None:
    text = """
[SERVICE]
    Flush 2
    Grace 30
    log_level debug
    Scheduler.Cap 7
    storage.path {folder}/elsewhere
[INPUT]
    Name dummy
    storage.type memory
    storage.limit_size 5M
    storage.memory_fallback on
"""
    source, plan = first(agent(tmp_path, text.format(folder=tmp_path)))
    assert (plan.service.flush, plan.service.grace, plan.service.scheduler_cap) == (2, 30, 7)
    assert plan.service.storage_path == str(tmp_path / "elsewhere")
    core = plan.of_kind("input")[0].core
    assert (core.storage_type, core.storage_limit_size, core.storage_memory_fallback) == ("memory", 5_000_000, True)
    assert source._log.sink.level == LEVELS["debug"]


def test_a_log_level_that_is_asked_for_counts_more(tmp_path: Path) -> None:
    text = "[SERVICE]\n    log_level debug\n[INPUT]\n    Name dummy\n"
    source, _ = first(agent(tmp_path, text, OUTRIDER_LOG_LEVEL="error"))
    assert source._log.sink.level == LEVELS["error"]


def test_yaml_and_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE", "dummy")
    text = "pipeline:\n  inputs:\n    - name: ${SOURCE}\n      tag: a\n"
    _, plan = first(agent(tmp_path, text, "fluent-bit.yaml"))
    assert names(plan, "input")[0] == "dummy.0"


def test_a_reload_reads_the_file_anew_and_goes_on_counting(tmp_path: Path) -> None:
    found = agent(tmp_path, "[INPUT]\n    Name dummy\n")
    source, before = first(found)
    Path(found.config).write_text("[INPUT]\n    Name random\n")
    after = source.loader.plan(source.loader.load())
    assert (names(before, "input")[0], names(after, "input")[0]) == ("dummy.0", "random.0")
    assert {id(plan.of_kind("output")[-1].plugin.seen) for plan in (before, after)} == {id(source.seen)}
    Path(found.config).write_text("[INPUT]\n    Name randon\n")
    with pytest.raises(UserError, match="did you mean 'random'"):
        source.loader.plan(source.loader.load())


def test_without_a_file_there_is_nothing_to_read_anew(tmp_path: Path) -> None:
    source, _ = first(settings.read({"OUTRIDER_STATE": str(tmp_path)}, {}))
    with pytest.raises(UserError, match="nothing to read anew; fix: restart the agent"):
        source.loader.load()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[OUTPUT]\n    Name uplink\n    Match *\n", "uplink needs identity; fix: remove it"),
        ("[SERVICE]\n    processes 2\n", ":2:15: an agent is one process; fix: remove 'processes'"),
        ("[INPUT]\n    Name syslog\n    Mode tcp\n    Port 1514\n", "and so does"),
        ("[INPUT]\n    Name nonesuch\n", "nonesuch"),
    ],
)
def test_what_cannot_be(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        first(agent(tmp_path, text))
    assert told in str(caught.value)


def test_every_fault_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserErrors) as caught:
        first(agent(tmp_path, "[INPUT]\n    Name dummy\n    nonesuch 1\n[OUTPUT]\n    Name nil\n"))
    assert len(caught.value.errors) == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    values: dict[str, Any] = {"OUTRIDER_STATE": str(tmp_path), "OUTRIDER_CONFIG": str(tmp_path / "none.conf")}
    with pytest.raises(UserError, match=r"none\.conf"):
        first(settings.read(values, {}))
