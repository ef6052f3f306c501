"""What ``--print``, ``--diff`` and ``--check`` say of a result that is not written. Pure."""

from __future__ import annotations

import difflib

from outrider.launcher.tree import Written


def print_text(written: list[Written]) -> str:
    """The main file, the last one; if there are others, all of them, each after a comment with its path."""
    if len(written) == 1:
        return written[0].text
    return "\n".join([f"# {one.path}\n{one.text}" for one in reversed(written)])


def diff_text(written: list[Written]) -> str:
    """What changes, as a unified diff from each original to what is made of it, the main file first."""
    return "".join([_diff(one) for one in reversed(written)])


def _diff(one: Written) -> str:
    lines = difflib.unified_diff(_lines(one.original), _lines(one.text), one.original_path, one.path)
    # A last line without an end gets one here, and the sign that says so.
    return "".join([line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines])


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def check_text(path: str, count: int, written: int) -> str:
    """That all is well, in one line."""
    included = f", with {count - 1} included" if count > 1 else ""
    copies = f"; changed copies of {written - 1}" if written > 1 else ""
    return f"{path} is sound{included}{copies}\n"
