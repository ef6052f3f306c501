"""``outrider route``: Fluent Bit's command line, precedence, and what wrong usage says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from outrider import __version__, cli
from outrider.cli import route
from outrider.cli.schema import CORES
from outrider.model.errors import UserError
from outrider.pipeline import options, registry
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import Configuration
from outrider.pipeline.operate.reload import Loader
from outrider.pipeline.trial import file as trial_file

GOLDEN = Path(__file__).with_name("route_help.txt")
PAIR = "[INPUT]\n  Name dummy\n  Tag file\n[OUTPUT]\n  Name null\n  Match *\n"


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[build.Plan]:
    """What would have been run."""
    seen: list[build.Plan] = []

    def run(configuration: Configuration, plan: build.Plan, loader: Loader) -> int:
        seen.append(plan)
        return 0

    monkeypatch.setattr(route.run, "run", run)
    monkeypatch.delenv("FLB_LOG_LEVEL", raising=False)
    return seen


def sections(arguments: list[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    configuration = route.parse(arguments).configuration
    return [(s.kind, [(p.key, p.value) for p in s.properties]) for s in configuration.sections]


def test_plugins_and_their_properties() -> None:
    line = "-i dummy -t app -p Rate=2 -F grep -m app -p regex=log=x -o null -m * --input=tcp --prop=port=5 -o stdout"
    assert sections(line.split()) == [
        ("input", [("name", "dummy"), ("tag", "app"), ("rate", "2")]),
        ("filter", [("name", "grep"), ("match", "app"), ("regex", "log=x")]),
        ("output", [("name", "null"), ("match", "*")]),
        ("input", [("name", "tcp"), ("port", "5")]),
        ("output", [("name", "stdout")]),
    ]


def test_service_keys() -> None:
    line = "-f 2 -l log -b spool -R parsers.conf -H -L 0.0.0.0 -P 99 -s 5 --http_port=98 --flush 3"
    properties = [(p.key, p.value) for p in route.parse(line.split()).configuration.service]
    assert properties == [
        ("flush", "2"),
        ("log_file", "log"),
        ("storage.path", "spool"),
        ("parsers_file", "parsers.conf"),
        ("http_server", "on"),
        ("http_listen", "0.0.0.0"),
        ("http_port", "99"),
        ("coro_stack_size", "5"),
        ("http_port", "98"),
        ("flush", "3"),
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("-x", "option -x not recognized; fix: see outrider route --help"),
        ("--nosuch", "option --nosuch not recognized"),
        ("-c", "option -c requires argument"),
        ("extra", "unexpected argument 'extra'"),
        ("-p a=b", "-p a=b comes before any -i, -F or -o; fix: name the plugin first"),
        ("-t x", "-t x comes before any"),
        ("-i dummy -p rate", "-p rate is not KEY=VALUE"),
        ("-d", "use a service manager"),
        ("--supervisor", "the supervisor is not supported"),
        ("-C x", "custom plugins are not supported"),
        ("-T x", "stream processor"),
        ("-S", "support report"),
        ("-i nosuch -o null", "command line: unknown input plugin 'nosuch'"),
        ("-i dummy -p rat=1 -o null", "command line: input plugin 'dummy': unknown configuration property 'rat'"),
        ("-c /nowhere.conf", "/nowhere.conf"),
        ("-w /nowhere", "cannot change to '/nowhere': No such file"),
        ("-i dummy -o null -e x.so", "shared objects cannot be loaded"),
        ("-i dummy -o null -l /nowhere/log", "log_file '/nowhere/log' cannot be opened: No such file"),
        ("-i dummy -o null -f 0", "Flush must be more than 0"),
        ("-h -i", "requires argument"),
        ("-i nosuch -h", "unknown input plugin 'nosuch'"),
    ],
)
def test_wrong_usage_is_told_and_ends_with_1(
    planned: list[build.Plan], capsys: pytest.CaptureFixture[str], line: str, text: str
) -> None:
    assert route.main(line.split()) == 1
    error = capsys.readouterr().err
    assert error.startswith("outrider route: ")
    assert text in error
    assert "Traceback" not in error
    assert not planned


def test_sections_of_the_command_line_come_first_and_the_file_wins_for_the_service(
    planned: list[build.Plan], tmp_path: Path
) -> None:
    path = tmp_path / "main.conf"
    path.write_text("[SERVICE]\n  Flush 7\n" + PAIR)
    assert route.main(["-f", "3", "-c", str(path), "-i", "dummy", "-t", "line"]) == 0
    (plan,) = planned
    assert [item.core.tag for item in plan.of_kind("input")] == ["line", "file"]
    assert plan.service.flush == 7
    assert [item.name for item in plan.of_kind("input")] == ["dummy.0", "dummy.1"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/proc/outrider", "'/proc' is no file system to write to"),
        ("{}/file/spool", "/file' is not a directory"),
        ("{}/new/spool", "configuration test is successful"),
    ],
)
def test_a_storage_path_that_cannot_be_is_told_without_writing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str, said: str
) -> None:
    (tmp_path / "file").write_text("")
    status = route.main(["-D", "-b", path.format(tmp_path), "-i", "dummy", "-o", "null"])
    assert status == ("successful" not in said)
    assert said in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("arguments", [["-D"], []])
def test_a_configuration_without_an_input_is_told(
    planned: list[build.Plan], tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    path = tmp_path / "main.conf"
    path.write_text("")
    assert route.main([*arguments, "-c", str(path)]) == 0
    assert "there is no input: nothing will happen" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "in_file", "variable", "level"),
    [
        ([], "", "", 3),
        (["-v"], "", "", 4),
        (["-vv"], "", "", 5),
        (["-v", "-v", "-v"], "", "", 5),
        (["-q"], "", "", 0),
        (["-v"], "Log_Level error", "", 1),
        (["-q"], "Log_Level debug", "", 4),
        ([], "Log_Level off", "", 0),
        (["-q"], "Log_Level error", "trace", 5),
        ([], "", "WARN", 2),
    ],
)
def test_log_level(
    planned: list[build.Plan],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    in_file: str,
    variable: str,
    level: int,
) -> None:
    path = tmp_path / "main.conf"
    path.write_text((f"[SERVICE]\n  {in_file}\n" if in_file else "") + PAIR)
    if variable:
        monkeypatch.setenv("FLB_LOG_LEVEL", variable)
    assert route.main([*arguments, "-c", str(path)]) == 0
    assert planned[0].log.sink.level == level


def test_a_log_file(planned: list[build.Plan], tmp_path: Path) -> None:
    path = tmp_path / "router.log"
    for _ in range(2):
        assert route.main(["-i", "dummy", "-o", "null", "-l", str(path)]) == 0
        planned[-1].log.error("something happened \udcff")
    assert path.read_text().count("something happened \\udcff\n") == 2


def test_working_directory_and_relative_paths(
    planned: list[build.Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    (tmp_path / "main.conf").write_text("@INCLUDE part/*.conf\n")
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "a.conf").write_text(PAIR)
    assert route.main(["-w", str(tmp_path), "-c", "main.conf"]) == 0
    assert len(planned[0].instances) == 2


def test_dry_run(planned: list[build.Plan], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert route.main(["--dry-run", "-i", "dummy", "-o", "null"]) == 0
    assert capsys.readouterr().err == "configuration test is successful\n"
    (tmp_path / "bad.conf").write_text("[INPUT]\n  Name dummy\n  Rat 1\n")
    assert route.main(["-D", "-c", str(tmp_path / "bad.conf")]) == 1
    assert "bad.conf:3:7: " in capsys.readouterr().err
    assert route.main(["-D", "-i", "dummy", "-o", "null", "-p", "match_regex=("]) == 1
    assert "Match_Regex: not a regular expression" in capsys.readouterr().err
    assert not planned


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert route.main(["--version"]) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert (first, last) == ("Fluent Bit v5.1.1", f"Outrider v{__version__}")


def test_help_is_as_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    assert route.main(["-h"]) == 0
    assert capsys.readouterr().out == GOLDEN.read_text(), "if the change is wanted, record it in route_help.txt"


@pytest.mark.parametrize(
    ("line", "kind", "key"),
    [("-i dummy --help", "input", "start_time_sec"), ("-o syslog -h", "output", "syslog_message_key")],
)
def test_help_of_a_plugin(capsys: pytest.CaptureFixture[str], line: str, kind: str, key: str) -> None:
    assert route.main(line.split()) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{kind} plugin '")
    assert f"\n  {key} " in text


FLAGS = {"input": "-i", "filter": "-F", "output": "-o"}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in FLAGS for name in registry.PLUGINS[kind]])
def test_help_has_the_plugin_s_options_then_those_of_its_kind(
    capsys: pytest.CaptureFixture[str], kind: str, name: str
) -> None:
    assert route.main([FLAGS[kind], name, "-h"]) == 0
    own, title, common = capsys.readouterr().out.partition(f" {kind}, whatever its plugin:\n")
    assert title
    for part, declared in ((own, registry.plugin_class(kind, name).Options), (common, CORES[kind])):
        told = set(re.findall(r"^  (\S+) ", part, re.MULTILINE))
        assert told == {entry.key for entry in options.declared(declared).values()}


def test_help_says_choices_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert route.main(["-i", "forward", "-h"]) == 0
    text = capsys.readouterr().out
    assert re.search(r"^  storage\.type .*one of memory, filesystem", text, re.MULTILINE)
    assert re.search(r"^  tls\.verify .*default: on\)$", text, re.MULTILINE)
    assert re.search(r"^  net\.backlog .*default: 128\)$", text, re.MULTILINE)


def test_variables_of_the_environment(
    planned: list[build.Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_TAG", "from.environment")
    (tmp_path / "main.conf").write_text(PAIR.replace("file", "${APP_TAG}.${HOSTNAME}"))
    assert route.main(["-c", str(tmp_path / "main.conf")]) == 0
    tag = planned[0].instances[0].core.tag
    assert tag.startswith("from.environment.")
    assert not tag.endswith(".")


YAML = """\
env:
  app: web
parsers:
  - {name: lines, format: regex, regex: '^(?<text>.*)$'}
pipeline:
  inputs:
    - {name: dummy, tag: '${app}', processors: {logs: [{name: record_modifier, record: [a 1, b 2]}]}}
  outputs:
    - name: 'null'
      match: '*'
      retryLimit: 7
"""


def test_a_yaml_configuration_is_known_by_its_name(planned: list[build.Plan], tmp_path: Path) -> None:
    (tmp_path / "main.YAML").write_text(YAML)
    assert route.main(["-c", str(tmp_path / "main.YAML")]) == 0
    source, sink = planned[0].instances
    assert (source.core.tag, source.processors[0].plugin.options.record) == ("web", ("a 1", "b 2"))
    assert sink.core.retry_limit == "7"


def test_faults_of_a_yaml_configuration_have_their_place(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "main.yml"
    path.write_text(YAML.replace("retryLimit", "retryLimt").replace("{name: dummy,", "{name: dumy,"))
    assert route.main(["-c", str(path)]) == 1
    first, second, count = capsys.readouterr().err.splitlines()
    assert first.startswith(f"outrider route: {path}:7:14: unknown input plugin 'dumy'; did you mean 'dummy'?")
    assert f"{path}:11:18: output plugin 'null': unknown configuration property 'retry_limt'" in second
    assert "did you mean 'retry_limit'?" in second
    assert count == "outrider route: 2 problems"


def dry_run(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    path = tmp_path / "main.conf"
    path.write_text(text)
    status = route.main(["--dry-run", "-c", str(path)])
    return status, capsys.readouterr().err.replace(f"{tmp_path}/", "").splitlines()


def test_a_mark_of_the_byte_order_is_skipped(
    planned: list[build.Plan], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "parsers.conf").write_text("\ufeff[PARSER]\n  Name mine\n  Format json\n")
    text = "\ufeff[SERVICE]\n Parsers_File parsers.conf\n[INPUT]\n Name tcp\n Parser mine\n[OUTPUT]\n Name null\n"
    assert dry_run(tmp_path, text, capsys) == (0, ["configuration test is successful"])


def test_a_dry_run_tells_of_directories_that_are_not_there(
    planned: list[build.Plan], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = f"""\
[INPUT]
    Name tail
    Path {tmp_path}/*.log
    DB {tmp_path}/none/x.db
[OUTPUT]
    Name file
    Match *
    Path {tmp_path}/out
[OUTPUT]
    Name file
    Match *
    Path {tmp_path}/out2
    Mkdir on
"""
    _, lines = dry_run(tmp_path, text, capsys)
    assert lines[:-1] == [
        "main.conf:4:8: warning: input plugin 'tail': the directory 'none' of the database is not there; fix: make it",
        "main.conf:8:10: warning: output plugin 'file': the directory 'out' is not there; fix: make it,"
        " or add 'Mkdir on'",
        "2 problems",
    ]
    (tmp_path / "none").mkdir()
    (tmp_path / "out").mkdir()
    assert "problem" not in "".join(dry_run(tmp_path, text, capsys)[1])


def test_a_dry_run_tells_every_fault(
    planned: list[build.Plan], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = """\
[SERVICE]
    Flsh 1
    Grace x
    Parsers_File nothere.conf
[INPUT]
    Name dumy
[INPUT]
    Name dummy
    Rat 1
    Rate many
[FILTER]
    Name grep
    Match *
    Regex (
[FILTER]
    Name parser
    Match *
    Key_Name log
    Parser jsn
[OUTPUT]
    Name null
    Match_Regex (
[INPT]
    Name x
"""
    status, lines = dry_run(tmp_path, text, capsys)
    assert status == 1
    assert [line.partition(";")[0].partition(" (")[0] for line in lines] == [
        "main.conf:23:1: section [INPT] is not known",
        "main.conf:4:18: the parsers file 'nothere.conf' was not found",
        "main.conf:2:10: service: unknown configuration property 'flsh'",
        "main.conf:3:11: service: invalid value 'x' for property 'grace': 'x' is not a whole number",
        "main.conf:6:10: unknown input plugin 'dumy'",
        "main.conf:9:9: input plugin 'dummy': unknown configuration property 'rat'",
        "main.conf:10:10: input plugin 'dummy': invalid value 'many' for property 'rate': 'many' is not a whole number",
        "main.conf:14:11: filter plugin 'grep': regex '(' must be 'KEY PATTERN'",
        "main.conf:19:12: filter plugin 'parser': parser 'jsn' is not known",
        "main.conf:22:17: Match_Regex: not a regular expression: end pattern with unmatched parenthesis",
        "10 problems",
    ]
    assert not planned


def test_a_dry_run_warns_of_what_is_hardly_meant(
    planned: list[build.Plan], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    text = """\
[INPUT]
    Name dummy
    Tag app.web
    Tag app.db
    Host ${NOT_SET}
[FILTER]
    Name grep
    Match app_db
    Regex log x
[OUTPUT]
    Name null
    Match other
[OUTPUT]
    Name stdout
"""
    status, lines = dry_run(tmp_path, text, capsys)
    assert lines == [
        "main.conf:5:10: warning: [env] variable ${NOT_SET} is used but not set; fix: set it, or write"
        " ${NAME:-DEFAULT}",
        "main.conf:4:9: warning: input plugin 'dummy': configuration property 'tag' is set twice, first at"
        " main.conf:3:9; the last one counts; fix: remove one of them",
        "main.conf:13:1: warning: no Match for stdout.1: it gets nothing; fix: add 'Match *'",
        "main.conf:8:11: warning: grep.0 filters nothing: its Match 'app_db' fits no input's tag;"
        " did you mean 'app.db'?; allowed: app.db",
        "main.conf:12:11: warning: null.0 gets nothing: its Match 'other' fits no input's tag; allowed: app.db",
        "main.conf:4:9: warning: no output matches the tag 'app.db' of dummy.0: its records are dropped;"
        " fix: add an [OUTPUT] with 'Match app.db'",
        "6 problems",
        "configuration test is successful",
    ]
    assert status == 0
    assert not planned


@pytest.mark.parametrize("name", ["forward", "tail\n    Path /x\n    Tag app.*"])
def test_routes_that_cannot_be_known_give_no_warning(
    planned: list[build.Plan], capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    text = f"[INPUT]\n    Name {name}\n[INPUT]\n    Name dummy\n    Tag a\n[OUTPUT]\n    Name null\n    Match app*\n"
    status, lines = dry_run(tmp_path, text + "[OUTPUT]\n    Name null\n    Match a\n", capsys)
    assert (status, lines) == (0, ["configuration test is successful"])


def test_a_dry_run_warns_of_parsers_that_nobody_could_use(
    planned: list[build.Plan], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "own.conf").write_text(
        "[PARSER]\n    Name a\n    Format regex\n[PARSER]\n    Name b\n    Format json\n"
    )
    text = "[SERVICE]\n    Parsers_File own.conf\n[INPUT]\n    Name dummy\n[OUTPUT]\n    Name null\n    Match *\n"
    status, lines = dry_run(tmp_path, text, capsys)
    assert status == 0
    assert lines[0] == "own.conf:1:1: warning: parser 'a': Format regex needs Regex"
    used = "[FILTER]\n    Name parser\n    Match *\n    Key_Name log\n    Parser a\n"
    status, lines = dry_run(tmp_path, text + used, capsys)
    assert (status, lines) == (1, ["own.conf:1:1: parser 'a': Format regex needs Regex", "1 problem"])
    assert not planned


def test_plugins_that_others_load_are_built_in(planned: list[build.Plan], capsys: pytest.CaptureFixture[str]) -> None:
    line = "-e /fluent-bit/firehose.so -e ./cloudwatch.so -e kinesis.so -i dummy -o null"
    assert route.main(line.split()) == 0
    assert planned
    assert capsys.readouterr().err.count("is built in") == 3


def test_parsers_files(planned: list[build.Plan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARSERS", "own.conf")
    (tmp_path / "own.conf").write_text("[PARSER]\n    Name own\n    Format json\n")
    (tmp_path / "more.yaml").write_text("parsers:\n  - {name: more, format: logfmt}\n")
    (tmp_path / "main.conf").write_text(
        "[SERVICE]\n    Parsers_File ${PARSERS}\n    Parsers_File more.yaml\n"
        "    Parsers_File /fluent-bit/etc/parsers.conf\n"
        "[INPUT]\n    Name dummy\n[OUTPUT]\n    Name null\n    Match *\n"
        "[FILTER]\n    Name parser\n    Match *\n    Key_Name log\n    Parser own\n    Parser more\n    Parser third\n"
    )
    (tmp_path / "third.conf").write_text("[PARSER]\n    Name third\n    Format ltsv\n")
    assert route.main(["-c", str(tmp_path / "main.conf"), "-R", str(tmp_path / "third.conf")]) == 0
    assert planned
    assert route.main(["-i", "dummy", "-o", "null", "-R", str(tmp_path / "fourth.conf")]) == 1


def test_a_reload_reads_everything_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loaders: list[Loader] = []

    def run(configuration: Configuration, plan: build.Plan, loader: Loader) -> int:
        loaders.append(loader)
        return 0

    monkeypatch.setattr(route.run, "run", run)
    parsers = tmp_path / "parsers.conf"
    parsers.write_text("[PARSER]\n  Name own\n  Format json\n")
    assert route.main(["-i", "dummy", "-o", "null", "-R", str(parsers)]) == 0
    assert [len(loaders[0].load().parsers) for _ in range(3)] == [1, 1, 1]
    parsers.write_text("[PARSER]\n  Nme\n")
    with pytest.raises(UserError, match="undefined value"):
        loaders[0].load()


def test_the_schema_has_every_plugin_and_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert route.main(["-J"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["fluent-bit"]["version"] == "5.1.1"
    for kind, names in registry.PLUGINS.items():
        assert [plugin["name"] for plugin in document[f"{kind}s"]] == sorted(names)
    (dummy,) = [plugin for plugin in document["inputs"] if plugin["name"] == "dummy"]
    found = {item["name"]: item for group in dummy["properties"].values() for item in group}
    assert found["rate"]["type"] == "integer"
    assert found["mem_buf_limit"]["type"] == "size"
    assert found["tls"]["default"] == "false"
    assert found["log_level"]["allowed"][:2] == ["off", "error"]


def test_the_name_that_others_have(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["fluent-bit", "--version"])
    assert cli.fluent_bit() == 0
    assert capsys.readouterr().out.startswith("Fluent Bit v5.1.1\nGit commit: ")


def test_the_yaml_of_the_documents_works(
    planned: list[build.Plan], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "router.md").read_text()
    configuration, tests = re.findall(r"```yaml\n(env:.*?|config:.*?)```", page, re.DOTALL)
    (tmp_path / "main.yaml").write_text(configuration)
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "one.yaml").write_text("pipeline: {inputs: [{name: dummy}]}")
    (tmp_path / "parsers.conf").write_text("[PARSER]\n  Name own\n  Format json\n")
    assert route.main(["-D", "-c", str(tmp_path / "main.yaml")]) == 0
    assert capsys.readouterr().err == "configuration test is successful\n"
    (case,) = trial_file.read(tests, "page")
    assert {expected.output for expected in case.expected} == {"central", "stdout"}


def test_parse_raises_only_user_errors() -> None:
    cases: list[Any] = [["-i"], ["--conf"], ["-"], ["--"], ["-i", ""], ["-fff"], ["--http"], ["-o", "null", "-p", "="]]
    for arguments in cases:
        try:
            route.parse(arguments)
        except UserError:
            continue
