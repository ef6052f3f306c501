"""Files of pipeline tests: what they may say, and that any text is read or refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.pipeline.trial.file import TIME, read

TEST = "config: a.conf\ntests:\n  - {name: x, tag: t, records: [{a: 1}], expect: {o: []}"


def refused(text: str) -> str:
    with pytest.raises(UserError) as caught:
        read(text, "dir/f.yaml")
    return str(caught.value)


def test_what_a_file_says() -> None:
    first, second = read(
        "config: a.conf\nenv: {A: 1, B: 2}\ntests:\n"
        "  - name: one\n    env: {B: 3}\n    tag: t\n    time: 2026-11-21T09:30:00.5+01:00\n"
        "    records: ['{\"a\": [1]}']\n"
        "    expect:\n      out: [{b: x}]\n      more: {match: subset, tags: [u], records: [{}]}\n    dropped: 2\n"
        "  - name: two\n    config: |\n      [INPUT]\n          Name dummy\n"
        "    send: [{input: i, records: [{}]}]\n    dropped: {grep.0: 1}\n",
        "dir/f.yaml",
    )
    assert (first.name, first.source.path, first.source.text) == ("one", "dir/a.conf", None)
    assert first.environment == {"A": "1", "B": "3"}
    assert [(item.tag, item.time, item.records) for item in first.given] == [
        ("t", 1_795_249_800_500_000_000, [{"a": [1]}])
    ]
    out, more = first.expected
    assert (out.output, out.records, out.subset, out.tags) == ("out", [{"b": "x"}], False, None)
    assert (more.output, more.records, more.subset, more.tags) == ("more", [{}], True, ["u"])
    assert (first.dropped, second.dropped) == (2, {"grep.0": 1})
    assert second.source.path == "dir/f.yaml#config.conf"
    assert second.source.text is not None
    assert second.source.text.splitlines()[14:] == ["[INPUT]", "    Name dummy"]
    assert (second.given[0].input, second.given[0].tag, second.given[0].time) == ("i", "", TIME)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f.yaml: there are no tests"),
        ("config: a", "f.yaml:1:1: there are no tests"),
        ("test: []", "a file of tests: unknown key 'test'; did you mean 'tests'?"),
        ("tests: {}", "f.yaml:1:8: tests must be a list"),
        ("tests: [{name: x, records: [], dropped: 1}]", "f.yaml:1:9: the test has no config"),
        ("config: a\ntests: [{records: [], dropped: 1}]", "the test has no name"),
        ("config: a\ntests: [{name: x, dropped: 1}]", "the test sends nothing"),
        ("config: a\ntests: [{name: x, records: []}]", "the test expects nothing"),
        (TEST + "}\n  - {name: x, records: [], dropped: 1}", "f.yaml:4:5: two tests are called 'x', first at"),
        (TEST + ", nam: y}", "a test: unknown key 'nam'; did you mean 'name'?"),
        (TEST + ", tag: y}", "a test: 'tag' stands twice"),
        (TEST + ", time: noon}", "'noon' is not a time; fix: write it as 2026"),
        (TEST + ", time: 1900-01-01}", "is before 1970"),
        (TEST + ", send: [{tag: t}]}", "records are missing"),
        (TEST + ", dropped: -1}", "dropped is a number of records"),
        (TEST.replace("{a: 1}", "'[1]'") + "}", "the record is no map"),
        (TEST.replace("{a: 1}", "'{'") + "}", "the record is neither a map nor JSON"),
        (TEST.replace("{o: []}", "{o: {}}") + "}", "records are missing"),
        (TEST.replace("{o: []}", "{o: {match: sub}}") + "}", "match cannot be 'sub'; did you mean 'subset'?"),
        (TEST.replace("{o: []}", "{o: x}") + "}", "what 'o' gets must be a map; fix: or write the list of records"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    assert message in refused(text)


VOCABULARY = (
    "config env tests name tag input time records send expect dropped match tags subset x 1 -1 2026-11-21 '[]' '{}'"
    " 9999-12-31T23:59:59+00:00 0001-01-01"
)
WORDS = st.sampled_from(VOCABULARY.split())
TREES = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(WORDS, inner), max_size=5).map(lambda pairs: f"{{{', '.join(map(': '.join, pairs))}}}")
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(TREES.map(lambda tree: f"config: x\ntests: [{tree}]") | TREES | st.text())
def test_any_text_is_read_or_a_user_error(text: str) -> None:
    try:
        cases = read(text, "f.yaml")
    except UserError:
        return
    assert all(case.given for case in cases)
