from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.classic import LINE_LIMIT, Document, parse, section_kind
from outrider.model.errors import UserError

EXAMPLE = """\
# made by hand
@SET region=eu-west-1
[SERVICE]
    Flush 1
    # keep
    LOG_LEVEL  info

[INPUT]  taken as a comment
    Name  forward
    Tag   x # y

@INCLUDE more.conf
[OUTPUT]
    Name stdout
    Match *
    [GROUP 1]
        inner value
    After group
"""


def entries(document: Document) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(s.name, [(e.key, e.value) for e in s.entries]) for s in document.sections]


def test_sections_properties_and_places() -> None:
    document = parse(EXAMPLE, "a.conf")
    assert entries(document) == [
        ("SERVICE", [("flush", "1"), ("log_level", "info")]),
        ("INPUT", [("name", "forward"), ("tag", "x # y")]),
        ("OUTPUT", [("name", "stdout"), ("match", "*"), ("after", "group")]),
    ]
    level = document.sections[0].entries[1]
    assert (level.spelling, str(level.place), str(level.value_place)) == ("LOG_LEVEL", "a.conf:6:5", "a.conf:6:16")
    assert str(document.sections[1].place) == "a.conf:8:1"
    assert [(m.name, m.parameter, m.place.line) for m in document.metas] == [("SET", "region=eu-west-1", 2)]
    assert [(i.path, str(i.place)) for i in document.includes] == [("more.conf", "a.conf:12:10")]
    group = document.sections[2].groups[0]
    assert (group.name, [(e.key, e.value) for e in group.entries]) == ("GROUP 1", [("inner", "value")])
    assert document.indent == "    "


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_text_is_what_was_read(ending: str) -> None:
    text = EXAMPLE.replace("\n", ending)
    assert parse(text, "a.conf").text() == text
    assert parse(text.rstrip(), "a.conf").text() == text.rstrip()


def test_an_include_path_is_verbatim() -> None:
    assert parse("@include  a b.conf \n", "a.conf").includes[0].path == " a b.conf "


@pytest.mark.parametrize(
    ("text", "where", "message", "fix"),
    [
        ("[A]\n    K v\n  K v\n", "a:3:1", "indentation level is too low", "exactly 4 spaces, as line 2"),
        ("[A]\n    K v\n\tK v\n", "a:3:1", "inconsistent use of tab and space", "exactly 4 spaces"),
        ("[A]\n\tK v\n\t\t\tK v\n", "a:3:1", "extra indentation level found", "exactly 1 tab"),
        ("[A]\n    K v\n  # note\n", "a:3:1", "invalid indentation level", "begin this comment"),
        ("[A]\n    K v\n  \n", "a:3:1", "invalid indentation level", "begin this blank line"),
        ("[A]\n    K\n", "a:2:5", "undefined value", "write 'K VALUE'"),
        ("[A]\n    K\tv\n", "a:2:5", "undefined value", "a tab does not separate"),
        ("[A]\n    K \n", "a:2:6", "key has an empty value", "remove the line"),
        ("[A]\n    K  \n", "a:2:6", "could not allocate key value pair", "write a value"),
        ("    K v\n", "a:1:5", "could not allocate key value pair", "header such as [INPUT]"),
        ("  [INPUT]\n", "a:1:3", "undefined value", "begins in the first column"),
        ("[A\n", "a:1:1", "bad header definition", "write '[A]'"),
        ("@SETa=1\n", "a:1:1", "invalid meta command", "@SET key=value"),
        ("[A]\n    [G 1\n", "a:2:5", "a group has no ']'", "close it"),
        ("    [G 1]\n", "a:1:5", "group stands before any section", "inside a section"),
    ],
)
def test_errors_name_place_and_remedy(text: str, where: str, message: str, fix: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(text, "a")
    assert str(caught.value.place) == where
    assert message in caught.value.message
    assert fix in caught.value.fix


def test_a_line_longer_than_the_limit_is_refused() -> None:
    with pytest.raises(UserError, match="characters"):
        parse("#" * (LINE_LIMIT + 1), "a")


def test_notes_for_what_is_accepted_but_odd() -> None:
    document = parse("[INPUT]\nName dummy\n[OUTPUT]\n", "a")
    assert entries(document)[0] == ("INPUT", [("ame", "dummy")])
    assert [str(note.place) for note in document.notes] == ["a:2:1", "a:3:1"]
    assert "its first letter 'N'" in document.notes[0].message


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Input", "input"),
        ("INPUTS", "input"),
        ("I", "input"),
        ("F", "filter"),
        ("OUT", "output"),
        ("S", "service"),
        ("P", "parser"),
        ("PLUGINS", "plugins"),
        ("customs", "custom"),
        ("INPUTX", "other"),
        ("UNKNOWN", "other"),
    ],
)
def test_section_kinds_and_their_abbreviations(name: str, kind: str) -> None:
    assert section_kind(name) == kind
    assert [s.name for s in parse(f"[{name}]\n", "a").of_kind(kind)] == [name]


def test_set_overwrites_in_any_case_and_keeps_spelling_spacing_and_comments() -> None:
    document = parse(EXAMPLE, "a.conf")
    document.sections[0].set("log_level", "debug")
    assert document.text() == EXAMPLE.replace("LOG_LEVEL  info", "LOG_LEVEL  debug")


def test_set_appends_after_the_last_property_with_the_files_indentation() -> None:
    document = parse("[INPUT]\n\tName dummy\n\n# end\n[OUTPUT]", "a.conf")
    document.sections[0].set("Mem_Buf_Limit", "50M")
    document.sections[1].set("Name", "stdout")
    assert document.text() == "[INPUT]\n\tName dummy\n\tMem_Buf_Limit 50M\n\n# end\n[OUTPUT]\n\tName stdout\n"


def test_set_of_a_repeated_key_leaves_one() -> None:
    document = parse("[FILTER]\n  Record a 1\n  Match *\n  record b 2\n", "a.conf")
    document.sections[0].set("RECORD", "c 3")
    assert document.text() == "[FILTER]\n  Match *\n  record c 3\n"
    found = document.sections[0].get("Record")
    assert found is not None
    assert found.value == "c 3"
    assert document.sections[0].get("nothing") is None


def test_add_section_follows_the_files_style() -> None:
    document = parse("[INPUT]\r\n  Name dummy", "a.conf")
    document.add_section("SERVICE", [("Flush", "1"), ("Grace", " 30 ")])
    assert document.text() == "[INPUT]\r\n  Name dummy\r\n\r\n[SERVICE]\r\n  Flush 1\r\n  Grace 30\r\n"
    empty = parse("", "a.conf")
    empty.add_section("SERVICE", [("Flush", "1")])
    assert empty.text() == "[SERVICE]\n    Flush 1\n"


@pytest.mark.parametrize(
    ("key", "value"), [("", "x"), ("a b", "x"), ("#a", "x"), ("[a", "x"), ("a", " "), ("a", "x\ny")]
)
def test_what_cannot_be_written_is_refused(key: str, value: str) -> None:
    document = parse("[A]\n  K v\n", "a")
    with pytest.raises(ValueError, match=r"key|value"):
        document.sections[0].set(key, value)
    with pytest.raises(ValueError, match=r"key|value"):
        document.add_section("B", [(key, value)])
    with pytest.raises(ValueError, match="section"):
        document.add_section("B]", [])
    assert document.text() == "[A]\n  K v\n"


def test_no_property_can_be_written_where_it_would_be_a_command() -> None:
    document = parse("[A]\n@\n", "f")
    with pytest.raises(ValueError, match="read as a command"):
        document.sections[0].set("K", "v")
    with pytest.raises(ValueError, match="read as a command"):
        document.add_section("B", [("K", "v")])
    assert document.text() == "[A]\n@\n"


def test_replace_gives_one_property_another_value() -> None:
    document = parse("[A]\n    K  a \n    K b\n", "f")
    document.sections[0].replace(document.sections[0].entries[0], "new")
    assert document.text() == "[A]\n    K  new \n    K b\n"
    with pytest.raises(ValueError, match="empty value"):
        document.sections[0].replace(document.sections[0].entries[0], "")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_redirect_names_other_files(end: str) -> None:
    document = parse(f"@include a{end}# note{end}@INCLUDE b ", "f")
    document.redirect(document.includes[0], ["/x", "/y"])
    document.redirect(document.includes[1], ["/z"])
    assert document.text() == f"@include /x{end}@include /y{end}# note{end}@INCLUDE /z"
    with pytest.raises(ValueError, match="line end"):
        document.redirect(document.includes[0], ["a\nb"])


line = st.text(alphabet="[]@#\t \r abcKS=\u00e9\x00", max_size=12) | st.sampled_from(
    ["[INPUT]", "    Name x", "    Name y z ", "        deep 1", "    [G 1]", "@SET a=b", "@INCLUDE x", "", "# c"]
)


@given(st.lists(line, max_size=12).map("\n".join))
def test_any_text_is_read_losslessly_or_refused_with_a_place(text: str) -> None:
    found: Document | UserError
    try:
        found = parse(text, "a")
    except UserError as error:
        found = error
    if isinstance(found, Document):
        assert found.text() == text
        return
    assert found.place is not None
    assert 1 <= found.place.line <= text.count("\n") + 1
    assert found.fix


word = st.text(alphabet="abcXYZ_.é0#[]$", min_size=1, max_size=6).filter(lambda w: w[0] not in "#[")
pairs = st.tuples(word, st.text(alphabet="abc #[]\té", min_size=1, max_size=8).filter(lambda v: v.strip(" \t") != ""))


@given(
    st.sampled_from(["  ", "\t", "    "]),
    st.sampled_from(["\n", "\r\n"]),
    st.lists(st.lists(pairs, max_size=4), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), pairs), max_size=5),
    st.booleans(),
)
def test_edits_read_back_as_they_were_made(
    indent: str,
    ending: str,
    sections: list[list[tuple[str, str]]],
    edits: list[tuple[int, tuple[str, str]]],
    final_newline: bool,
) -> None:
    text = ending.join([f"[S{n}]{''.join(f'{ending}{indent}{k} {v}' for k, v in ps)}" for n, ps in enumerate(sections)])
    document = parse(text + ending * final_newline, "a")
    for number, (key, value) in edits:
        section = document.sections[number % len(sections)]
        section.set(key, value)
        assert [e.value for e in section.entries if e.key == key.lower()] == [value.strip(" \t")]
    assert entries(parse(document.text(), "a")) == entries(document)
