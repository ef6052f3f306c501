"""Relative paths of a configuration that moves."""

import pytest

from outrider.formats.classic import parse
from outrider.launcher.paths import keep_paths


def kept(text, *existing):
    return keep_paths(text, parse(text, "f"), "/etc/fb", set(existing).__contains__)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_files_beside_the_original_get_their_full_path(end):
    lines = ["@INCLUDE more.conf", "[SERVICE]", "    Parsers_File parsers.conf", "    plugins_file  p.conf", ""]
    text, moved = kept(end.join(lines), "/etc/fb/more.conf", "/etc/fb/parsers.conf", "/etc/fb/p.conf")
    first, last = "    Parsers_File /etc/fb/parsers.conf", "    plugins_file  /etc/fb/p.conf"
    assert text == end.join(["@INCLUDE /etc/fb/more.conf", "[SERVICE]", first, last, ""])
    assert moved == ["/etc/fb/more.conf", "/etc/fb/parsers.conf", "/etc/fb/p.conf"]


def test_patterns_count_from_the_originals_folder_only():
    assert kept("@INCLUDE conf.d/*.conf\n", "conf.d/*.conf")[0] == "@INCLUDE /etc/fb/conf.d/*.conf\n"


@pytest.mark.parametrize(
    ("path", "existing"),
    [
        ("/abs.conf", ["/etc/fb//abs.conf"]),
        ("here.conf", ["here.conf", "/etc/fb/here.conf"]),
        ("nowhere.conf", []),
        ("${DIR}/x.conf", ["/etc/fb/${DIR}/x.conf"]),
    ],
)
def test_other_paths_stay(path, existing):
    text = f"@INCLUDE {path}\n[SERVICE]\n    Parsers_File {path}\n[INPUT]\n    Path {path}\n"
    assert kept(text, *existing) == (text, [])
