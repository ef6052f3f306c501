from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.protocols.syslog.format import SyslogFormat
from outrider.protocols.syslog.structured import read


@pytest.mark.parametrize(
    ("text", "elements", "rest"),
    [
        ("- msg", {}, " msg"),
        ('[a@1 k="v" l="w"][b] msg', {"a@1": {"k": "v", "l": "w"}, "b": {}}, " msg"),
        (r'[a k="\"\]\\\n"]', {"a": {"k": '"]\\\\n'}}, ""),
        ('[a ip="1" ip="2"]', {"a": {"ip": "1,2"}}, ""),
        ('[a k=""]x', {"a": {"k": ""}}, "x"),
    ],
)
def test_elements(text: str, elements: dict[str, dict[str, str]], rest: str) -> None:
    found = read(text, 0)
    assert found is not None
    assert (found[0], text[found[1] :]) == (elements, rest)


@pytest.mark.parametrize("text", ["", "x", "[", "[a", "[a k]", '[a k="v]', '[a k="v"', "[]", '[a k="v"]['])
def test_what_is_none(text: str) -> None:
    found = read(text, 0)
    assert found is None or text[found[1] :] == "["


names = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='=]"'), min_size=1, max_size=6)


@given(st.dictionaries(names, st.dictionaries(names, st.text(max_size=8), max_size=3), min_size=1, max_size=3))
def test_what_the_output_writes_is_read_back(elements: dict[str, dict[str, str]]) -> None:
    formatter = SyslogFormat(sd_keys=tuple(elements), maxsize=10**6)
    line = formatter.lines([0], [dict(elements)])[0].decode("utf-8")
    assert read(line, line.index("[")) == (elements, len(line))
