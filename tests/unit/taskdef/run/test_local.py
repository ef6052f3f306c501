import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.run.local import LAUNCHERS, Layout

LAYOUT = Layout("127.3.4.5", "/t/fluent.conf", "/t/launched.conf", "/t/fluent.sock", "/t/bin/fluent-bit")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("    unix_path /var/run/fluent.sock\n", "    unix_path /t/fluent.sock\n"),
        ("    Listen 127.0.0.1\n", "    Listen 127.3.4.5\n"),
        ("Host=127.0.0.1", "Host=127.3.4.5"),
        ("Host=localhost", "Host=127.3.4.5"),
        ("http://127.0.0.1:2020/x", "http://127.3.4.5:2020/x"),
        ("/fluent-bit/bin/fluent-bit", "/t/bin/fluent-bit"),
        ("--run-path=/fluent-bit/bin/fluent-bit", "--run-path=/t/bin/fluent-bit"),
        ("/fluent-bit/etc/fluent-bit.conf", "/t/fluent.conf"),
        ("/var/alertlogic/lib/fluent-bit/fluent-bit.conf", "/t/launched.conf"),
        ("/var/outrider/lib/fluent-bit/fluent-bit.conf", "/t/launched.conf"),
    ],
)
def test_what_means_something_in_the_container_means_it_here(theirs: str, ours: str) -> None:
    assert LAYOUT.here(theirs) == ours


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.10", "1127.0.0.1", "127.0.0.1.example", "localhost.localdomain", "my-localhost-2", "mylocalhost"),
        *(
            "/data/fluent-bit/bin/fluent-bit",
            "/fluent-bit/bin/fluent-bit-2",
            "/var/run/fluent.sock.old",
            "::ffff:127.0.0.1",
        ),
    ],
)
def test_what_only_resembles_it_is_left_alone(text: str) -> None:
    assert LAYOUT.here(text) == text


@given(st.text(alphabet="abc 0123=:/\n", max_size=50))
def test_other_text_stays_as_it_is(text: str) -> None:
    assert LAYOUT.here(text) == text


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_the_launcher_runs_with_the_arguments_of_the_task(launcher: str) -> None:
    command = ["-s", "Scheduler.Cap", "60", "--", "-o", "syslog", "-m", "*", "-p", "Host=127.0.0.1"]
    assert LAYOUT.router_command([launcher], command, ["launch"], ["-s", "HTTP_Server", "On"]) == [
        *(
            "launch",
            "-r",
            "/t/bin/fluent-bit",
            "-c",
            "/t/fluent.conf",
            "-m",
            "/t/launched.conf",
            "-s",
            "HTTP_Server",
            "On",
        ),
        *("-s", "Scheduler.Cap", "60", "--", "-o", "syslog", "-m", "*", "-p", "Host=127.3.4.5"),
    ]


@pytest.mark.parametrize(
    ("entry_point", "command", "expected"),
    [
        ([], [], ["-c", "/t/fluent.conf"]),
        ([], ["-c", "/fluent-bit/etc/fluent-bit.conf", "-o", "null"], ["-c", "/t/fluent.conf", "-o", "null"]),
        (["/fluent-bit/bin/fluent-bit"], ["-c", "/fluent-bit/etc/fluent-bit.conf"], ["-c", "/t/fluent.conf"]),
        (["/entrypoint.sh"], ["ignored"], ["-c", "/t/fluent.conf"]),
    ],
)
def test_without_the_launcher_the_router_runs_as_its_image_does(
    entry_point: list[str], command: list[str], expected: list[str]
) -> None:
    assert LAYOUT.router_command(entry_point, command, ["launch"], ["-s", "A", "B"]) == [LAYOUT.program, *expected]
