from __future__ import annotations

from pathlib import Path

import pytest

from outrider.export.output import write_files
from outrider.model.errors import LocalError, UserError


def test_one_file_goes_where_it_is_told(tmp_path: Path) -> None:
    write_files({"a.sh": "x"}, str(tmp_path / "b.sh"), force=False)
    write_files({"a.sh": "x"}, f"{tmp_path}/new/", force=False)
    assert (tmp_path / "b.sh").read_text() == (tmp_path / "new" / "a.sh").read_text() == "x"


def test_several_go_below_a_folder(tmp_path: Path) -> None:
    write_files({"a": "x", "b/c": "y"}, str(tmp_path / "new"), force=False)
    assert (tmp_path / "new" / "b" / "c").read_text() == "y"


def test_nothing_is_written_over_what_somebody_changed(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(UserError, match="overwritten"):
        write_files({"a": "x", "b": "y"}, str(tmp_path), force=False)
    assert not (tmp_path / "a").exists()
    write_files({"a": "x", "b": "y"}, str(tmp_path), force=True)
    assert (tmp_path / "b").read_text() == "y"
    write_files({"a": "x", "b": "y"}, str(tmp_path), force=False)


def test_places_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    with pytest.raises(UserError, match="is a file"):
        write_files({"a": "x", "b": "y"}, str(tmp_path / "f"), force=False)
    with pytest.raises(LocalError, match="cannot make"):
        write_files({"a": "x", "b": "y"}, str(tmp_path / "f" / "g"), force=False)
