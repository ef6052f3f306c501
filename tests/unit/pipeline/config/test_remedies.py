"""What a newcomer may write, and what is said to it: the right word, the right place, the right remedy."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from tests.unit.pipeline.config.test_placing import examined

from outrider.model.errors import UserError
from outrider.net.files import ConfigurationFiles
from outrider.pipeline import foreign, registry
from outrider.pipeline.config import build
from outrider.pipeline.config.configuration import from_file
from outrider.pipeline.log import Log, Sink

PAIR = "[INPUT]\n    Name dummy\n[OUTPUT]\n    Name null\n    Match *\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[INPUT]\n    Name: dummy\n",
            "r.conf:2:11: section 'input' has 'Name:' in the place of 'Name'; fix: remove the",
        ),
        (
            "[OUTPUT]\n    Name null\n    Match: *\n",
            "r.conf:3:12: output plugin 'null': 'match:' has a colon; fix: remove",
        ),
        (
            "[INPUT]\n    Name ${NONE}\n",
            "r.conf:2:10: section 'input' is missing the 'name' property ('${NONE}' is empty)",
        ),
        ("[OUTPUT]\n    Name gelf\n", "the output plugin 'gelf' is not built in; fix: Graylog's HTTP input takes"),
        ("[OUTPUT]\n    Name newrelic\n", "the output plugin 'newrelic' is not built in; fix: write 'Name nrlogs'"),
        ("[FILTER]\n    Name lua\n", "the filter plugin 'lua' is not built in; fix: run Fluent Bit itself"),
        ("[FILTER]\n    Name luo\n", "unknown filter plugin 'luo'; allowed: "),
        (
            "[FILTER]\n    Name parser\n    Match *\n    Key_Name log\n    Parser json,nginx\n",
            "r.conf:5:12: filter plugin 'parser': 'json,nginx' is one name; fix: write one Parser line for each",
        ),
        (
            "[SERVICE]\n    Parsers_File /there/is/none\n",
            "r.conf:2:18: the parsers file '/there/is/none' was not found; fix: correct the path\n",
        ),
        (
            f"{PAIR}    Alias ${{TOK\n",
            "r.conf:6:11: warning: the variable is not closed and stays as it is written; fix: add",
        ),
        (
            f"[SERVICE]\n    Scheduler.Base 20\n    Scheduler.Cap 10\n{PAIR}",
            "r.conf:2:20: warning: service: Scheduler.Base 20 is more than Scheduler.Cap 10",
        ),
        (f"[SERVICE]\n    HC_Period 0\n{PAIR}", "r.conf:2:15: warning: service: HC_Period 0 looks at no time"),
    ],
)
def test_the_remedy_fits(tmp_path: Path, text: str, said: str) -> None:
    assert said in "\n".join(examined(tmp_path, text))


def made(path: Path, text: str) -> str:
    """What the log says, and what is refused."""
    path.write_text(text)
    stream = io.StringIO()
    log = Log(Sink(stream), "test")
    try:
        configuration = from_file(str(path), ConfigurationFiles(), log.warn)
        build.plan(configuration, build.read_service(configuration, {}, log), {}, log)
    except UserError as error:
        return stream.getvalue() + str(error)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("x ${UNSET}", "is skipped: invalid record parameters, expects 'KEY VALUE': there is no value\n"),
        ('y "abc', "is skipped: the quote in 'y \"abc' at character 3 is not closed\n"),
        (
            "a b c",
            "is skipped: invalid record parameters, expects 'KEY VALUE': put a value with spaces in double quotes\n",
        ),
    ],
)
def test_a_record_that_is_skipped_has_one_remedy(tmp_path: Path, value: str, said: str) -> None:
    text = f"[FILTER]\n    Name record_modifier\n    Match *\n    Record {value}\n"
    assert said in made(tmp_path / "r.conf", text)


def test_yaml_under_another_name(tmp_path: Path) -> None:
    text = "# mine\npipeline:\n  inputs:\n    - name: dummy\n"
    assert made(tmp_path / "r.conf", text).endswith("r.conf:2:1: this looks like YAML; fix: name the file *.yaml")
    assert "YAML" not in made(tmp_path / "r.conf", "[INPUT\n")


def test_variables_in_variables_are_told(tmp_path: Path) -> None:
    said = made(tmp_path / "r.yaml", "env:\n  A: x${HOME}y\n  B: plain\n")
    assert "r.yaml:2:6: the value of 'A' has a variable in it, which is not replaced" in said
    assert "'B'" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[FILTER]\n    Name record_modifier\n    Match *\n    Record a b\n    Record product Awesome Tool\n",
            "r.conf:5:12: warning: filter plugin 'record_modifier': Record 'product Awesome Tool' is skipped: ",
        ),
        ("[FILTER]\n    Name ecs\n    Match *\n", "r.conf:1:1: warning: filter plugin 'ecs': nothing is added; fix: "),
        ("[FILTER]\n    Name expect\n    Match *\n", "r.conf:1:1: warning: filter plugin 'expect': no rules have"),
        (
            "[FILTER]\n    Name nest\n    Match *\n    Operation nest\n    Nest_under x\n",
            "r.conf:1:1: warning: filter plugin 'nest': nothing is nested without Wildcard; fix: ",
        ),
        (
            "[FILTER]\n    Name multiline\n    Match *\n    mode partial_message\n    multiline.key_content log\n"
            "    multiline.parser go\n",
            "r.conf:6:22: warning: filter plugin 'multiline': multiline.parser has no effect in mode partial_message",
        ),
        (
            "[OUTPUT]\n    Name syslog\n    Match *\n    mode udp\n    syslog_maxsize 70000\n",
            "r.conf:5:20: warning: output plugin 'syslog': syslog_maxsize 70000 is more than a datagram holds",
        ),
    ],
)
def test_what_is_right_and_does_nothing_is_a_warning_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    assert said in "\n".join(examined(tmp_path, text))


S3 = "[OUTPUT]\n    Name s3\n    Match *\n    bucket a-bucket\n"
LOGS = "[OUTPUT]\n    Name cloudwatch_logs\n    Match *\n    region eu-west-1\n"
LOGS += "    log_group_name g\n    log_stream_name s\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            S3.replace("a-bucket", "A_b!"),
            "r.conf:4:12: output plugin 's3': bucket 'A_b!' has characters that no bucket's",
        ),
        (
            S3.replace("a-bucket", "A_b"),
            "r.conf:4:12: warning: output plugin 's3': bucket 'A_b' cannot be made in S3 any",
        ),
        (
            f"{S3}    canned_acl pivate\n",
            "r.conf:5:16: warning: output plugin 's3': canned_acl 'pivate' is not known: S3",
        ),
        (f"{S3}    storage_class x\n", "r.conf:5:19: warning: output plugin 's3': storage_class 'x' is not known: S3"),
        (
            f"{S3}    region us-est-1\n",
            "r.conf:5:12: warning: output plugin 's3': 'us-est-1' does not look like a region",
        ),
        (f"{S3}    format json\n", "r.conf:5:12: warning: output plugin 's3': format json means json_lines"),
        (LOGS.replace("eu-west", "eu-wst"), "'eu-wst-1' does not look like a region of AWS: did you mean 'eu-west-1'?"),
        (
            f"{LOGS}    log_retention_days 31\n",
            "r.conf:7:24: warning: output plugin 'cloudwatch_logs': log_retention_days 31",
        ),
        (LOGS.replace("_logs", "").replace("log_group_name g", "new_log_group_tags x"), "log_group_name is required"),
        (
            LOGS.replace("_logs", "").replace("log_group_name g", "new_log_group_tags x"),
            "r.conf:5:24: output plugin 'cloudwatch': 'x' is not of the form name=value",
        ),
        (
            "[OUTPUT]\n    Name syslog\n    Match *\n    syslog_severity_preset 9\n    syslog_facility_preset 99\n",
            "r.conf:5:28: output plugin 'syslog': syslog_facility_preset 99 is not between 0 and 23\n2 problems",
        ),
        ("[OUTPUT]\n    Name datadog\n    Match *\n", "datadog needs apikey; fix: add 'apikey KEY'"),
        ("[OUTPUT]\n    Name splunk\n    Match *\n", "splunk needs splunk_token or http_user; fix: add 'splunk_token"),
        (
            "[OUTPUT]\n    Name loki\n    Match *\n    label_map_path /no/where\n",
            "r.conf:4:20: output plugin 'loki': label_map_path '/no/where' cannot be read: No such file or directory",
        ),
        ("[OUTPUT]\n    Name es\n    Match *\n    cloud_id x\n", "cloud_id is not a Cloud ID of Elastic; fix: copy"),
    ],
)
def test_values_that_cannot_work(tmp_path: Path, text: str, said: str) -> None:
    assert said in "\n".join(examined(tmp_path, text))


@pytest.mark.parametrize(
    "given", ["    region x\n    endpoint http://m:9000\n    storage_class FAST\n", "    region eu-isoe-west-1\n"]
)
def test_what_a_substitute_or_another_partition_may_take(tmp_path: Path, given: str) -> None:
    assert examined(tmp_path, f"[INPUT]\n    Name dummy\n{S3}{given}") == []


@pytest.mark.parametrize(
    ("first", "second", "collide"),
    [
        ("Name forward", "Name tcp\n    Port 24224", True),
        ("Name tcp\n    Listen 127.0.0.1\n    Port 99", "Name http\n    Port 99", True),
        ("Name tcp\n    Listen 127.0.0.1\n    Port 99", "Name http\n    Listen 127.0.0.2\n    Port 99", False),
        ("Name tcp", "Name udp", False),
        ("Name syslog\n    Mode udp\n    Port 99", "Name udp\n    Port 99", True),
        ("Name forward\n    unix_path /x", "Name forward", False),
        ("Name tcp\n    net.share_port on", "Name tcp\n    net.share_port on", False),
    ],
)
def test_two_listeners_of_one_address(tmp_path: Path, first: str, second: str, collide: bool) -> None:
    text = f"[INPUT]\n    {first}\n[INPUT]\n    {second}\n[OUTPUT]\n    Name null\n    Match *\n"
    lines = examined(tmp_path, text)
    assert any(", and so does " in line and "fix: give one of them another port" in line for line in lines) == collide


def test_a_processor_is_called_one(tmp_path: Path) -> None:
    text = "pipeline:\n  inputs:\n    - name: dummy\n      processors:\n        logs:\n          - name: {}\n"
    assert "unknown processor 'gerp'; did you mean 'grep'?" in made(tmp_path / "r.yaml", text.format("gerp"))
    assert "the processor 'sql' is not built in" in made(tmp_path / "r.yaml", text.format("sql"))
    rate = "{name: throttle, rate: -1}"
    assert "processor 'throttle': rate must be more" in made(tmp_path / "r.yaml", text.replace("name: {}", rate))


def test_no_plugin_is_both_built_in_and_foreign() -> None:
    for kind in registry.KINDS:
        assert not registry.PLUGINS[kind].keys() & set(foreign.NAMES[kind].split())
