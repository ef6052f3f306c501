from __future__ import annotations

import fnmatch

import pytest

from outrider.formats.classic_load import FILE_LIMIT, Loaded, load
from outrider.model.errors import UserError


class Files:
    """A file system of names; ``same`` maps names to the file they are links to."""

    def __init__(self, texts: dict[str, str], same: dict[str, str] | None = None, broken: str = "") -> None:
        self.texts = texts
        self.same = same or {}
        self.broken = broken

    def read(self, path: str) -> str:
        if path == self.broken:
            raise PermissionError(13, "Permission denied")
        return self.texts[path]

    def identity(self, path: str) -> str | None:
        return self.same.get(path, path) if path in self.texts else None

    def glob(self, pattern: str) -> list[str]:
        return fnmatch.filter(self.texts, pattern)


def shape(loaded: Loaded) -> list[tuple[str, str, list[tuple[str, str]]]]:
    return [(s.name, s.place.file, [(e.key, e.value) for e in s.entries]) for s in loaded.sections]


def test_an_include_stands_where_it_is_written_and_does_not_end_the_section() -> None:
    files = Files(
        {
            "/etc/main.conf": "@SET a=1\n[INPUT]\n  Name dummy\n@INCLUDE in/*.conf\n  Tag x\n[OUTPUT]\n  Name null\n",
            "/etc/in/b.conf": "[FILTER]\n\tName grep\n@SET a=2\n",
        }
    )
    loaded = load("/etc/main.conf", files)
    assert shape(loaded) == [
        ("INPUT", "/etc/main.conf", [("name", "dummy"), ("tag", "x")]),
        ("FILTER", "/etc/in/b.conf", [("name", "grep")]),
        ("OUTPUT", "/etc/main.conf", [("name", "null")]),
    ]
    assert [meta.parameter for meta in loaded.metas] == ["a=1", "a=2"]
    assert [document.file for document in loaded.documents] == ["/etc/main.conf", "/etc/in/b.conf"]


def test_a_nested_include_is_looked_for_as_it_stands_then_beside_the_main_file() -> None:
    files = Files(
        {
            "/etc/main.conf": "@INCLUDE sub/a.conf\n",
            "/etc/sub/a.conf": "@INCLUDE b.conf\n",
            "/etc/b.conf": "@INCLUDE c.conf\n[B]\n",
            "c.conf": "[FROM_WORKING_DIRECTORY]\n",
            "/etc/c.conf": "[FROM_MAIN]\n",
        }
    )
    assert [s.name for s in load("/etc/main.conf", files).sections] == ["FROM_WORKING_DIRECTORY", "B"]


@pytest.mark.parametrize(
    ("texts", "where", "message"),
    [
        ({}, "m", "could not open configuration file"),
        ({"m": "\n@INCLUDE none.conf\n"}, "m:2:10", "was not found"),
        ({"m": "@INCLUDE none.conf \n"}, "m:1:10", "blanks included"),
        ({"m": "@INCLUDE x*\n"}, "m:1:10", "no file matches"),
        ({"m": "@INCLUDE m\n"}, "m:1:10", "Read twice"),
        ({"m": "@INCLUDE a\n@INCLUDE b\n", "a": "", "b": ""}, "m:2:10", "Read twice"),
        ({"m": "@INCLUDE k\n", "k": "[A]\n K\n"}, "k:2:2", "undefined value"),
        ({"m": "@INCLUDE broken\n", "broken": ""}, "m:1:10", "Permission denied"),
    ],
)
def test_faults_are_placed_where_they_are(texts: dict[str, str], where: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        load("m", Files(texts, same={"b": "a"}, broken="broken"))
    assert str(caught.value.place) == where
    assert message in str(caught.value)


def test_a_chain_may_be_as_long_as_the_limit_and_no_longer() -> None:
    texts = {str(n): f"@INCLUDE {n + 1}\n" for n in range(FILE_LIMIT - 1)} | {str(FILE_LIMIT - 1): "[LAST]\n"}
    assert [s.name for s in load("0", Files(texts)).sections] == ["LAST"]
    texts[str(FILE_LIMIT - 1)] = f"@INCLUDE {FILE_LIMIT}\n"
    texts[str(FILE_LIMIT)] = ""
    with pytest.raises(UserError, match="too many files"):
        load("0", Files(texts))
