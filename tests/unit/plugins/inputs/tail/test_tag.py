"""Tags of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats.regex import Regex
from outrider.model.errors import UserError
from outrider.plugins.inputs.tail.tag import check_tag, tag_of

KUBE = r"(?<pod>[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)_(?<namespace>[^_]+)_(?<container>.+)-(?<id>[a-z0-9]{4})\.log$"


@pytest.mark.parametrize(
    ("tag", "path", "wanted"),
    [
        ("plain", "/var/log/a.log", "plain"),
        ("tail.*", "/var/log/a.log", "tail.var.log.a.log"),
        ("*", "/var/log/a.log", "var.log.a.log"),
        ("*.x", "/a//b/", "a.b.x"),
        ("t.*", r"C:\logs\*.log", "t.C.logs.log"),
        ("t.*", "../a.", "t.a"),
    ],
)
def test_the_name_stands_for_the_star(tag: str, path: str, wanted: str) -> None:
    assert tag_of(tag, None, path) == wanted


def test_groups_of_the_name() -> None:
    path = "/var/log/containers/web-1_prod_app-ab12.log"
    assert tag_of("kube.<namespace>.<pod>.<container>.<other>", Regex(KUBE), path) == "kube.prod.web-1.app._"
    assert tag_of("kube.<namespace>", Regex(KUBE), "/var/log/other.log") is None


def test_a_bracket_that_is_open() -> None:
    check_tag("a<b>c", has_regex=True)
    check_tag("a<b", has_regex=False)
    with pytest.raises(UserError, match="not closed"):
        check_tag("a<b", has_regex=True)


@given(st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=30))
def test_any_name_has_a_tag(path: str) -> None:
    made = tag_of("t.*", None, "/" + path)
    assert made is not None
    assert "/" not in made
    assert ".." not in made
