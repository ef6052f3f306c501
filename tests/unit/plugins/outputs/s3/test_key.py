from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.aws.objects import path
from outrider.plugins.outputs.s3.key import KEY_MAX, KeyFormat

NOON = 1_700_000_000


def key(text: str, tag: str = "a.b-c", delimiters: str = ".-") -> str:
    return KeyFormat(text, delimiters).key(tag, NOON, "UUUUUUUU", 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/$TAG/%Y/%m/%d/%H/%M/%S", "/a.b-c/2023/11/14/22/13/20"),
        ("/$TAG[2]/$TAG[0]/$UUID.gz", "/c/a/UUUUUUUU.gz"),
        ("/$INDEX-$INDEX", "/7-7"),
        ("/$TAG[3]", "/a.b-c[3]"),
        ("/$TAG[10]", "/a.b-c[10]"),
        ("/$TAGS/$TAG[x]", "/a.b-cS/a.b-c[x]"),
        ("/100%%/%Z", "/100%/GMT"),
    ],
)
def test_what_formats_come_to(text: str, expected: str) -> None:
    assert key(text) == expected


def test_only_the_format_knows_dates() -> None:
    assert key("/$TAG", "%Y") == "/%Y"


def test_objects_are_told_apart_unless_the_format_does_or_must_not() -> None:
    def made(text: str, tag: str = "t", *, static: bool = False) -> str:
        return KeyFormat(text, ".").object_key(tag, NOON, "UUUUUUUU", 7, static=static)

    assert made("/$TAG") == "/t-objectUUUUUUUU"
    assert made("/$TAG", static=True) == "/t"
    assert made("/$UUID") == "/UUUUUUUU"
    assert made("/$INDEX") == "/7"
    assert made("/$TAG", "x" * 1020) == "/" + "x" * 1020


@given(st.text(max_size=60), st.text(max_size=1500), st.text(max_size=5), st.integers(-(2**63), 2**63))
def test_any_tag_makes_a_key_that_s3_takes(text: str, tag: str, delimiters: str, second: int) -> None:
    tag = tag.encode("utf-8", "replace").decode()
    text = text.replace("\0", "").replace("%", "")
    made = KeyFormat("/" + text.encode("utf-8", "replace").decode(), delimiters).key(tag, second, "U", 1)
    assert len(made.encode()) <= KEY_MAX
    assert path("b", made).isascii()
    assert " " not in path("b", made)


def test_long_keys_differ_still() -> None:
    one, other = key("/$TAG", "x" * 2000), key("/$TAG", "x" * 2001)
    assert one != other
    assert len(one) == len(other) == KEY_MAX
