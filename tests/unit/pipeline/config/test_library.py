"""Parsers by name: sections, what is built in, and what cannot be."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from outrider.formats.multiline import Joiner
from outrider.model.errors import Place, UserError
from outrider.pipeline.config import stock
from outrider.pipeline.config.configuration import PluginSection
from outrider.pipeline.config.library import Library
from outrider.pipeline.options import Property

FILE = "parsers.conf"


def section(text: str, kind: str = "parser", line: int = 1) -> PluginSection:
    """One key and value a line."""
    pairs = [row.strip().partition(" ") for row in text.strip().splitlines()]
    properties = [
        Property(key.lower(), value.strip(), Place(FILE, line + n, 5)) for n, (key, _, value) in enumerate(pairs, 1)
    ]
    return PluginSection(kind, properties, Place(FILE, line))


def library(*texts: str, kind: str = "parser", warn: Callable[[str, str], None] = lambda text, about: None) -> Library:
    return Library([section(text, kind, n * 10 + 1) for n, text in enumerate(texts)], {"LEVEL": "warn"}, warn)


def test_a_section_is_a_parser() -> None:
    found = library(
        r"""
        Name        own
        Format      regex
        Regex       /^(?<time>[^ ]+) (?<level>${LEVEL}|info) (?<code>\d+) (?<empty>.*)$/
        Skip_Empty_Values off
        Time_Format %Y-%m-%d
        Time_Key    time
        Time_Keep   on
        Time_Offset +0200
        Types       code:integer
        """
    ).parser("own")
    assert found.parse("2026-01-02 warn 5 ") == (
        1_767_304_800_000_000_000,
        {"time": "2026-01-02", "level": "warn", "code": 5, "empty": ""},
    )
    assert found.parse("2026-01-02 debug 5 ") is None


def test_decoders_in_the_order_of_the_section() -> None:
    text = "Name d\nFormat json\nDecode_Field_As escaped_utf8 log do_next\nDecode_Field json log"
    assert library(text).parser("d").parse(r'{"log":"{\"a\":\"\\u00e9\"}"}') == (
        None,
        {"log": '{"a":"é"}', "a": "é"},
    )


def test_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    head = "Name z\nFormat ltsv\nTime_Format %Y-%m-%d %H:%M"
    text = "time:2026-07-02 03:04\ta:1"
    try:
        times = [
            (library(f"{head}\n{more}").parser("z").parse(text) or (0, {}))[0]
            for more in ("Time_Zone Europe/Berlin", "Time_System_Timezone on", "Time_Offset -0100", "")
        ]
    finally:
        monkeypatch.undo()
        time.tzset()
    base = 1_782_961_440
    assert times == [(base + hours * 3600) * 1_000_000_000 for hours in (-2, 4, 1, 0)]


@pytest.mark.parametrize("name", stock.PARSERS)
def test_every_built_in_parser_compiles(name: str) -> None:
    assert Library().parser(name).name == name


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        (
            "apache2",
            '1.2.3.4 - bob [21/Nov/2026:09:20:11 +0100] "GET /a HTTP/1.1" 200 12 "ref" "agent "x""',
            {"host": "1.2.3.4", "user": "bob", "method": "GET", "path": "/a", "code": "200", "size": "12"},
        ),
        (
            "nginx",
            '1.2.3.4 - bob [21/Nov/2026:09:20:11 +0100] "GET /a HTTP/1.1" 200 12 "ref" "agent"',
            {"remote": "1.2.3.4", "host": "-", "user": "bob", "path": "/a", "referer": "ref", "agent": "agent"},
        ),
        (
            "syslog-rfc3164",
            "<34>Oct 11 22:14:15 mymachine su[10]: 'su root' failed",
            {"pri": "34", "host": "mymachine", "ident": "su", "pid": "10", "message": "'su root' failed"},
        ),
        (
            "syslog-rfc5424",
            '<13>1 2026-01-02T03:04:05.678Z h app 12 ID [a b="c"] hello',
            {"pri": "13", "host": "h", "ident": "app", "pid": "12", "extradata": '[a b="c"]', "message": "hello"},
        ),
        ("cri", "2026-01-02T03:04:05.678Z stderr P part", {"stream": "stderr", "logtag": "P", "message": "part"}),
        (
            "mongodb",
            "2026-01-02T03:04:05.678+0000 I NETWORK  [conn1] end connection 12ms",
            {"severity": "I", "component": "NETWORK", "context": "conn1", "message": "end connection", "ms": "12"},
        ),
        ("logfmt", "a=1 b", {"a": "1", "b": True}),
        ("docker", '{"log":"x\\n","stream":"stdout","time":"2026-01-02T03:04:05.678Z"}', {"log": "x\n"}),
        (
            "apache_error",
            "[Fri Nov 21 09:20:11 2026] [error] [pid 5] [client 1.2.3.4] no such file",
            {"level": "error", "pid": "5", "client": "1.2.3.4", "message": "no such file"},
        ),
        ("docker-daemon", 'time="2026-01-02T03:04:05.678Z" level=info msg="hello you"', {"level": "info"}),
        (
            "envoy",
            '[2026-01-02T03:04:05.678Z] "GET /a HTTP/1.1" 200 - 0 12 3 2 "-" "curl" "id" "host" "1.2.3.4:80"',
            {"method": "GET", "path": "/a", "protocol": "HTTP/1.1", "code": "200", "upstream_host": "1.2.3.4:80"},
        ),
        (
            "istio-envoy-proxy",
            '[2026-01-02T03:04:05.678Z] "GET /a HTTP/2" 200 - via_upstream - "-" 0 12 3 2 "-" "curl" "id" "host"'
            ' "1.2.3.4:80" out|80||x 1.1.1.1:1 2.2.2.2:2 3.3.3.3:3 - default',
            {"method": "GET", "response_code": "200", "authority": "host", "route_name": "default", "duration": "3"},
        ),
        (
            "kmsg-netfilter-log",
            "<4>1 2026-01-02T03:04:05.678Z gw kernel - - - [17.5] DROP: IN=eth0 OUT="
            " MAC=00:11:22:33:44:55:66:77:88:99:aa:bb:08:00 SRC=1.1.1.1 DST=2.2.2.2 LEN=60 TOS=0x00 PREC=0x00 TTL=54"
            " ID=1 DF PROTO=TCP SPT=99 DPT=22 WINDOW=9 RES=0x00 SYN URGP=0",
            {"host": "gw", "logprefix": "DROP:", "in": "eth0", "macdst": "66:77:88:99:aa:bb", "saddr": "1.1.1.1"}
            | {"sport": "99", "dport": "22", "window": "9", "res": "0x00", "flag": "SYN", "urgp": "0"},
        ),
        (
            "k8s-nginx-ingress",
            '1.2.3.4 - - [21/Nov/2026:09:20:11 +0100] "GET /a HTTP/1.1" 200 12 "-" "curl" 10 0.1 [up] [] 5.6.7.8:80 12'
            " 0.1 200 abc",
            {"host": "1.2.3.4", "proxy_upstream_name": "up", "upstream_addr": "5.6.7.8:80", "reg_id": "abc"},
        ),
    ],
)
def test_lines_of_the_built_in_parsers(name: str, line: str, expected: dict[str, object]) -> None:
    found = Library().parser(name).parse(line)
    assert found is not None
    assert expected.items() <= found[1].items()
    assert (found[0] is None) == (name in ("logfmt", "apache_error"))


def test_an_own_definition_takes_the_place_of_a_built_in_one() -> None:
    found = library("Name json\nFormat ltsv")
    assert found.parser("json").parse("a:1") == (None, {"a": "1"})
    own = found.own_options("json")
    assert own is not None
    assert own.format == "ltsv"
    assert found.own_options("docker") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Name x", "parsers.conf:1: parser 'x': no Format"),
        ("Name x\nFormat xml", "parsers.conf:3:5: parser 'x': invalid value 'xml'"),
        ("Name x\nFormat regex", "needs Regex"),
        ("Name x\nFormat regex\nRegex (?<a", "not a regular expression"),
        ("Name x\nFormat json\nTime_Format %Q", "'%Q' in the format"),
        ("Name x\nFormat json\nTime_Format %s\nTime_Offset 2", "'2' is not an offset"),
        ("Name x\nFormat json\nTime_Format %s\nTime_Zone Mars/Base", "not a time zone"),
        ("Name x\nFormat json\nTime_Format %s\nTime_Zone UTC\nTime_Offset Z", "only one of"),
        ("Name x\nFormat ltsv\nTypes a:number", "not FIELD:TYPE"),
        ("Name x\nFormat json\nDecode_Field yaml log", "'yaml' is no decoder"),
    ],
)
def test_sections_that_cannot_work(text: str, says: str) -> None:
    made = library(text)
    with pytest.raises(UserError, match=says):
        made.parser("x")
    assert [says in str(error) for error in made.check()] == [True]


def test_names() -> None:
    faults = list(map(str, library("Format json", "Name a\nFormat json", "Name a\nFormat json").faults))
    assert faults[0].startswith("parsers.conf:1: [PARSER] without Name")
    assert faults[1].startswith("parsers.conf:21: two parsers are named 'a', first at parsers.conf:11")
    with pytest.raises(UserError, match="parser 'apach' is not known; did you mean 'apache'"):
        Library().parser("apach")
    with pytest.raises(UserError, match="multiline parser 'jav' is not known; did you mean 'java'"):
        Library().multiline("jav")


def test_keys_that_mean_nothing_are_told() -> None:
    told: list[UserError] = []
    found = Library([section("Name a\nFormat json\nTime_Kep on\nFormat ltsv", "parser", 1)], doubt=told.append)
    assert found.parser("a").parse('{"b":1}') == (None, {"b": 1})
    assert list(map(str, told)) == [
        "parsers.conf:4:5: parser 'a': key 'time_kep' is not known and ignored; did you mean 'time_keep'?",
        "parsers.conf:5:5: parser 'a': 'format' is set again; the first one counts; fix: remove one of them",
    ]


def test_bad_times_are_told_as_one_thing() -> None:
    told: list[str] = []
    parser = library("Name a\nFormat ltsv\nTime_Format %s", warn=lambda text, about: told.append(about)).parser("a")
    assert [parser.parse(f"time:{text}") for text in "xy"] == [(None, {"time": "x"}), (None, {"time": "y"})]
    assert told == ["parser 'a': a time does not fit Time_Format '%s' and stays a field"] * 2


# ---- multiline ------------------------------------------------------------------------------------------------------


def joined(joiner: Joiner, text: str) -> list[str]:
    out = [item for line in text.splitlines() for item in joiner.feed_text(0, line)] + joiner.flush_all()
    return [item.record["log"] for item in out]


@pytest.mark.parametrize(
    ("name", "trace"),
    [
        ("python", 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    boom()\nValueError: no\n'),
        (
            "java",
            'Exception in thread "main" java.lang.IllegalStateException: x\n\tat a.b(C.java:1)\n'
            "Caused by: java.lang.Error: y\n\tat d.e(F.java:2)\n\t... 3 more\n",
        ),
        (
            "go",
            "panic: oh\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/a/b.go:5 +0x1\ncreated by main.g\n\t/a/b.go:9 +0x2\n",
        ),
        ("ruby", "a.rb:1:in `f': no (RuntimeError)\n\tfrom a.rb:5:in `g'\n\tfrom a.rb:9:in `<main>'\n"),
    ],
)
def test_built_in_stack_traces(name: str, trace: str) -> None:
    joiner = Joiner([Library().multiline(name)])
    assert joined(joiner, f"before\n{trace}after\n{trace}") == ["before\n", trace, "after\n", trace]


def test_built_in_containers() -> None:
    cri = Joiner([Library().multiline("cri")])
    assert joined(cri, "2026-11-21T09:30:01.5Z stderr P part \n2026-11-21T09:30:01.6Z stderr F done") == ["part done"]
    docker = Joiner([Library().multiline("docker")])
    pieces = ['{"log":"a ","stream":"stdout","time":"x"}', '{"log":"b\\n","stream":"stdout","time":"y"}']
    assert joined(docker, "\n".join(pieces)) == ["a b\n"]


def test_own_rules_and_parser() -> None:
    made = Library(
        [
            section("Name p\nFormat regex\nRegex ^(?<n>\\d+) (?<msg>.*)$"),
            section(
                "Name m\nType regex\nParser p\nKey_Content msg\nFlush_Timeout 1500\n"
                'Rule "start_state" "/^\\[/" "cont"\nRule "cont, other" "/^\\s/" "cont"',
                "multiline_parser",
            ),
        ]
    )
    found = made.multiline("m")
    assert found.flush_timeout == 1_500_000_000
    joiner = Joiner([found])
    out = [item for text in ("1 [a", "2  b", "3 c") for item in joiner.feed_text(7, text)]
    assert [item.record for item in out] == [{"n": "1", "msg": "[a\n b"}, {"msg": "3 c"}]


def test_type_eq_is_equal() -> None:
    assert library("Name m\nType eq\nMatch_String x", kind="multiline_parser").multiline("m").kind == "equal"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Name m", "has no Type"),
        ("Name m\nType lines", "invalid value 'lines'"),
        ("Name m\nType regex", "the first rule must be for start_state"),
        ('Name m\nType regex\nRule "start_state" "/x/" "gone"', "no rule is for the state 'gone'"),
        ('Name m\nType regex\nRule "start_state" "/(/" "start_state"', "not a regular expression"),
        ('Name m\nType regex\nRule "start_state"', "must be"),
        ('Name m\nType regex\nRule "start_state" "/x', "not closed"),
        ("Name m\nType endswith", "needs match_string"),
        ("Name m\nType endswith\nMatch_String x\nParser apach", "parsers.conf:1: multiline parser 'm': parser 'apach'"),
    ],
)
def test_multiline_sections_that_cannot_work(text: str, says: str) -> None:
    made = library(text, kind="multiline_parser")
    with pytest.raises(UserError, match=r"^parsers.conf:") as caught:
        made.multiline("m")
    assert says in str(caught.value)
    assert len(list(made.check())) == 1


ACCESS = '1.2.3.4 - u [10/Oct/2000:13:55:36 -0700] "GET'
ENVOY = '[2020-01-01T00:00:00.000Z] "GET'
MONGO = "2020-01-01T00:00:00.000 I NETWORK [conn]"


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("apache", ACCESS),
        ("nginx", ACCESS),
        ("k8s-nginx-ingress", ACCESS),
        ("envoy", ENVOY),
        ("istio-envoy-proxy", ENVOY),
        ("mongodb", MONGO),
    ],
)
@pytest.mark.parametrize("filling", [" ", " 1", "1", " \\"])
def test_a_line_that_was_made_to_keep_an_expression_busy_does_not(name: str, head: str, filling: str) -> None:
    """It would for hours, and with it the whole router."""
    found = Library().parser(name).parse(f"{head} {filling * 10_000}!")
    assert (found is None) is (name != "mongodb")


@pytest.mark.parametrize(
    ("request_line", "path"),
    [("GET /x HTTP/1.1", "/x"), ("GET  /a b   HTTP/1.1", "/a b"), ("GET /x", "/x"), ("GET   ", None), ("GET", None)],
)
def test_requests_as_they_stand_in_access_logs(request_line: str, path: str | None) -> None:
    found = Library().parser("nginx").parse(f'1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] "{request_line}" 200 5')
    assert found is not None
    assert (found[1]["method"], found[1].get("path")) == ("GET", path)
