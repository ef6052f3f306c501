from __future__ import annotations

import gzip

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.conftest import RECORDED

from outrider.ids.expressions import probe
from outrider.ids.rules.choice import choose
from outrider.ids.rules.conditions import Field, FlowBits, FlowNumber, SharedBits, TcpFlags, Threshold, Versions
from outrider.ids.rules.load import RuleSet, load
from outrider.ids.rules.numbers import Numbers
from outrider.ids.rules.signature import Signature
from outrider.ids.rules.steps import (
    Base64Decode,
    ByteExtract,
    ByteJump,
    ByteMath,
    ByteTest,
    Content,
    IsDataAt,
    Pcre,
    Read,
    Size,
)
from outrider.ids.rules.tables import Tables
from outrider.ids.rules.variables import Variables


def read(text: str) -> RuleSet:
    return load([(text, "test.rules")], Variables(), Tables(), probe)


def rule(options: str, header: str = "alert tcp any any -> any any") -> Signature:
    found = read(f"{header} ({options} sid:1;)")
    assert [str(one) for one in found.refusals] == []
    return found.signatures[0]


def refused(options: str, header: str = "alert tcp any any -> any any") -> str:
    found = read(f"{header} ({options} sid:1;)")
    assert found.signatures == []
    return str(found.refusals[0])


def steps(options: str, header: str = "alert http any any -> any any") -> dict[str, tuple[object, ...]]:
    return {one.buffer.name: one.steps for one in rule(options, header).inspections}


def test_a_rule_whole() -> None:
    found = read(
        'alert http $EXTERNAL_NET any -> $HOME_NET 8080 (msg:"a \\; \\"b\\" \\\\ c"; flow:established,to_server; '
        'content:"x"; classtype:web-application-attack; reference:cve,2021-1; metadata:a b, a c, d; '
        "target:dest_ip; sid:7; rev:3; gid:2; priority:4;)"
    ).signatures[0]
    assert found.message == 'a ; "b" \\ c'
    assert (found.sid, found.rev, found.gid, found.priority) == (7, 3, 2, 4)
    assert (found.flow.established, found.flow.direction) == (True, "to_server")
    assert found.category == "Web Application Attack"
    assert found.references == ("https://cve.mitre.org/cgi-bin/cvename.cgi?name=2021-1",)
    assert found.metadata == (("a", ("b", "c")), ("d", ("",)))
    assert found.header is not None
    assert 8080 in found.header.destination_ports
    assert not found.header.source.has(4, 0x0A000001)


def test_lines_are_continued_and_places_kept() -> None:
    found = read('# a comment\n\nalert tcp any any -> any any (msg:"x"; \\\n  contnt:"y"; \\\n sid:5;)\n')
    assert [str(one) for one in found.refusals] == ["test.rules:4:3: sid 5: 'contnt' is no keyword"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('content:"a|0d 0A|b";', Content(b"a\r\nb")),
        ('content:"a\\;\\"\\:\\\\";', Content(b'a;":\\')),
        ('content:!"a"; nocase;', Content(b"a", negated=True, nocase=True)),
        ('content:"abc"; offset:1; depth:5;', Content(b"abc", offset=1, depth=5)),
        ('content:"abc"; startswith;', Content(b"abc", startswith=True)),
        ('content:"abc"; fast_pattern:1,2;', Content(b"abc", fast=True, fast_part=(1, 2))),
        ('pcre:"/a\\/b/iR";', Pcre("a\\/b", "i", relative=True)),
        ('pcre:!"/a/";', Pcre("a", negated=True)),
        ('pcre:"/(a)/, flow:x";', Pcre("(a)", captures=(("flow", "x"),))),
        ("isdataat:!10,relative;", IsDataAt(10, relative=True, negated=True)),
        ("bsize:3<>9;", Size(Numbers(4, 8))),
        ("byte_test:2,!>,0x10,-2,relative,little;", ByteTest(Read(2, -2, True, True), ">", 16, True)),
        ("byte_test:0,=,0,0,string,dec;", ByteTest(Read(0, 0, base=10), "=", 0)),
        ("byte_test:1,!&,8,0,bitmask 0xf8;", ByteTest(Read(1, 0, bitmask=0xF8), "&", 8, True)),
        (
            "byte_jump:4,2,relative,multiplier 2,align,from_end,post_offset -3;",
            ByteJump(Read(4, 2, True), 2, True, "end", -3),
        ),
        ("byte_extract:2,1,size,string,hex,align 4;", ByteExtract(Read(2, 1, base=16), "size", 1, 4)),
        ("byte_math:bytes 1, offset 2, oper *,rvalue 3, result n;", ByteMath(Read(1, 2), "*", 3, "n")),
        ("base64_decode:bytes 10, offset 1, relative;", Base64Decode(10, 1, True)),
    ],
)
def test_what_is_looked_for(text: str, wanted: object) -> None:
    assert rule(text).inspections[0].steps[0] == wanted


def test_variables_of_numbers_can_be_used_behind_them() -> None:
    found = rule('byte_extract:1,0,n; content:"a"; distance:n; within:5;').inspections[0].steps[1]
    assert found == Content(b"a", distance="n", within=5)
    assert "names 'n'" in refused('content:"a"; distance:n;')


def test_sticky_buffers_hold_until_another() -> None:
    found = steps('http.uri; content:"a"; pcre:"/b/"; http.method; content:"GET"; http.uri; content:"c"; distance:0;')
    assert [type(one) for one in found["http.uri"]] == [Content, Pcre, Content]
    assert found["http.method"] == (Content(b"GET"),)
    assert list(steps('file_data; content:"a"; pkt_data; content:"b";')) == ["file.data", "payload"]


def test_older_keywords_move_the_content_before_them() -> None:
    found = steps('content:"a"; nocase; http_uri; content:"b"; http_header; pcre:"/c/HR"; content:"d";')
    assert found["http.uri"] == (Content(b"a", nocase=True),)
    assert found["http.header"] == (Content(b"b"), Pcre("c", relative=True))
    assert found["payload"] == (Content(b"d"),)
    assert list(steps('uricontent:"x";')) == ["http.uri"]


def test_several_queries_are_looked_at_one_by_one() -> None:
    found = rule('dns.query; content:"a"; dns.query; content:"b";', "alert dns any any -> any any")
    assert [one.steps for one in found.inspections] == [(Content(b"a"),), (Content(b"b"),)]


def test_transforms_come_before_what_is_looked_for() -> None:
    found = rule('http.uri; url_decode; content:"a"; http.uri; content:"b";', "alert http any any -> any any")
    assert [[t.name for t in one.transforms] for one in found.inspections] == [["url_decode"], []]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("dsize:100<>200;", Field("dsize", Numbers(101, 199))),
        ("ttl:<5;", Field("ttl", Numbers(0, 4))),
        ("itype: <= 8;", Field("itype", Numbers(0, 8))),
        ("icode:!2;", Field("icode", Numbers(2, 2, negated=True))),
        ("flags:SA,CE;", TcpFlags(18, 192)),
        ("flags:+SF;", TcpFlags(3, mode="+")),
        ("ip_proto:!udp;", Field("ip_proto", Numbers(17, 17, negated=True))),
        ("urilen:<70;", Field("urilen", Numbers(0, 69))),
        ("ssl_version:!tls1.3,tls1.2;", Versions("ssl_version", frozenset({0x303}), frozenset({0x304}))),
    ],
)
def test_conditions(text: str, wanted: object) -> None:
    assert rule(text).conditions == (wanted,)


def test_states_and_thresholds() -> None:
    found = rule(
        "flowbits:isset,a|b; flowbits:set,c; flowint:n,+,1; flowint:m,>,n; "
        "xbits:set,x,track ip_src,expire 5; hostbits:isset,h,dst; "
        "threshold:type limit, track by_src, count 1, seconds 60;"
    )
    assert found.states == (
        FlowBits("isset", ("a", "b")),
        FlowBits("set", ("c",)),
        FlowNumber("n", "+", 1),
        FlowNumber("m", ">", "n"),
        SharedBits("set", "x", "ip_src", 5),
        SharedBits("isset", "h", "ip_dst", 300),
    )
    assert found.thresholds == (Threshold("limit", "by_src", 1, 60),)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ('content:"";', "empty"),
        ('content:"|0|";', "whole bytes"),
        ('content:"a\\d";', "backslash"),
        ("content:a;", "double quotes"),
        ('content:"a"; offset:1; distance:2;', "neither"),
        ('content:"abc"; depth:2;', "below the 3 bytes"),
        ('content:"abc"; within:2;', "below the 3 bytes"),
        ("nocase;", "stands after no content"),
        ('content:"a"; nocase:1;', "takes no value"),
        ("content;", "needs a value"),
        ('pcre:"/(/";', "pcre"),
        ('pcre:"/a/UP";', "second buffer"),
        ("dsize:9<>10;", "nothing lies between"),
        ("flow:to_server,to_client;", "contradicts"),
        ("threshold:type limit, track by_src, count 1;", "no seconds"),
        ('http.uri; content:"a"; dns.query; content:"b";', "of dns and of http"),
        ("http.uri;", "nothing is looked for"),
        ('flow:to_client; http.uri; content:"a";', "never travels to_client"),
        ('base64_data; content:"a";', "without base64_decode"),
        ('content:"a"; fast_pattern; content:"b"; fast_pattern;', "twice"),
        ('lua:x.lua; content:"a";', "not supported"),
        ('smb.share; content:"a";', "not taken apart"),
    ],
)
def test_what_is_wrong_is_told(options: str, told: str) -> None:
    assert told in refused(options)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("alert tcp any any -> any any", "no options in parentheses"),
        ("alert tcp any any -> any any (sid:1;", "parenthesis"),
        ("alert tcp any any -> any any (sid:1)", "semicolon"),
        ("alert tcp any any > any any (sid:1;)", "no direction"),
        ("alert tcp any any -> any (sid:1;)", "no destination ports"),
        ("alarm tcp any any -> any any (sid:1;)", "no action"),
        ("alert tpc any any -> any any (sid:1;)", "no protocol"),
        ("alert tcp $X any -> any any (sid:1;)", "no variable"),
        ('alert tcp any any -> any any (msg:"x";)', "no sid"),
    ],
)
def test_rules_that_are_none(text: str, told: str) -> None:
    found = read(text)
    assert told in str(found.refusals[0])


def test_the_higher_revision_counts() -> None:
    found = read(
        'alert ip any any -> any any (msg:"one"; sid:1; rev:1;)\n'
        'alert ip any any -> any any (msg:"two"; sid:1; rev:2;)\n'
        'alert ip any any -> any any (msg:"old"; sid:1; rev:2;)\n'
    )
    assert [one.message for one in found.signatures] == ["two"]
    assert len(found.refusals) == 2


def test_the_pattern_that_is_looked_for_first() -> None:
    def best(options: str) -> bytes:
        found = choose(rule(options, "alert http any any -> any any"))
        assert found is not None
        return found.pattern

    assert best('content:"longer pattern"; http.uri; content:"short";') == b"short"
    assert best('http.method; content:"OPTIONS"; http.uri; content:"/a";') == b"/a"
    assert best('content:"abcd"; content:"abcdef"; fast_pattern:2,3; content:"abcdefghi";') == b"cde"
    assert best('content:!"abcdefgh"; content:"ab";') == b"ab"
    assert choose(rule('content:!"ab";')) is None


@given(st.text(max_size=200))
@example('alert tcp any any -> any any (content:"|";sid:1;)')
@example("alert tcp [[[[ any -> any any (sid:1;)")
@example("(((;;;)))")
def test_garbage_is_refused_in_words(text: str) -> None:
    found = read(text)
    assert all(one.reason for one in found.refusals)


KEYWORDS = ["content", "pcre", "byte_test", "byte_jump", "byte_math", "byte_extract", "flow", "flowbits", "threshold"]
KEYWORDS += ["isdataat", "bsize", "urilen", "flags", "xbits", "flowint", "ssl_version", "metadata", "reference"]
KEYWORDS += ["requires"]


@given(st.sampled_from(KEYWORDS), st.text(alphabet='abz0193,<>=!-:|"\\/ $%^()x;', max_size=40))
def test_values_of_keywords_are_read_or_refused(keyword: str, value: str) -> None:
    found = read(f"alert tcp any any -> any any ({keyword}:{value}; sid:1;)")
    assert len(found.signatures) + len(found.refusals) == 1


@pytest.mark.golden
def test_a_set_of_the_field_loads() -> None:
    with gzip.open(RECORDED / "ids-verify" / "emerging-open-2024-04.rules.gz", "rt", encoding="utf-8") as stream:
        found = load([(stream.read(), "emerging")], Variables(), Tables(), probe)
    total = len(found.signatures) + len(found.refusals)
    assert total == 24_827
    assert len(found.signatures) >= 0.99 * total
    assert [str(one) for one in found.refusals if one.supported] == []
