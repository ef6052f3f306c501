"""What --watch shows, without a task."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from outrider.cli import task_watch
from outrider.cli.printer import Printer
from outrider.cli.task_watch import Lines, Screen, tables, watching
from outrider.taskdef.run.watch import ContainerRow, OutputRow, Picture, Station

WEB = ContainerRow("web", "application", "RUNNING", seconds=5, lines=7)


def shown(picture: Picture) -> str:
    console = Console(file=io.StringIO(), width=100)
    console.print(tables(picture))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_tables_have_every_number() -> None:
    rows = (
        WEB,
        ContainerRow("[red]job", "application", "STOPPED", 3, 5, 1000, 2),
        ContainerRow("x", "agent", "PENDING"),
    )
    text = shown(Picture(rows, (OutputRow("s3.0", 5000, 1, 2, 3),), Station(9, 8, 1), reason="SIGINT\nmore"))
    for part in ("RUNNING", "STOPPED (3)", "PENDING", "[red]job", "1,000", "5s", "s3.0", "5,000", "agent: 9 accepted"):
        assert part in text
    assert "stopping: SIGINT" in text
    assert "more" not in text


def test_a_task_without_router_and_agent_has_one_table() -> None:
    text = shown(Picture((WEB,)))
    assert "output" not in text
    assert "agent" not in text


def test_lines_come_when_a_state_changes_and_not_every_second(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(task_watch.time, "monotonic", lambda: now[0])
    lines = Lines(Printer())

    def look(state: str, written: int, seconds: float) -> str:
        now[0] = seconds
        lines.show(Picture((ContainerRow("web", "application", state, lines=written),)))
        return capsys.readouterr().err

    assert look("PENDING", 0, 0) == "watch: web (application): PENDING, 0 lines\n"
    assert look("RUNNING", 0, 1) == "watch: web (application): RUNNING, 0 lines\n"
    assert look("RUNNING", 5, 2) == ""
    assert look("RUNNING", 9, 11) == "watch: web (application): RUNNING, 9 lines\n"
    assert look("RUNNING", 9, 30) == ""


def test_without_a_terminal_there_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert isinstance(watching(Printer()), Lines)


def test_a_screen_leaves_standard_output_to_data(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen(Printer()) as screen:
        screen.print("web: running")
        screen.print("web | hello", error=True)
        screen.show(Picture((WEB,)))
    out, err = capsys.readouterr()
    assert out == "web: running\n"
    assert "web | hello" in err
    assert "RUNNING" in err
