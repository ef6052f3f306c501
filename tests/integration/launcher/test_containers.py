"""The launcher in the volume of an agent, run in a router's image that has nothing: the task of the documents."""

import re

import pytest

pytestmark = [pytest.mark.docker, pytest.mark.compiler]

CLASSIC = "\n[INPUT]\n    Name forward\n    unix_path /var/run/fluent.sock\n\n[OUTPUT]\n    Name null\n    Match *\n"
COMMAND = ["-s", "Scheduler.Cap", "60", "-i", "Mem_Buf_Limit", "50M", "--", "-o", "syslog", "-m", "*"]
CHANGED = CLASSIC.replace(".sock\n", ".sock\n    Mem_Buf_Limit 50M\n") + "\n[SERVICE]\n    Scheduler.Cap 60\n"
LOCKED = ("--read-only", "--user", "1000:1000", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


@pytest.fixture
def config(tmp_path):
    """What ECS mounts at /fluent-bit/etc."""
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "fluent-bit.conf").write_text(CLASSIC)
    return folder


def test_the_documented_task(containers, config):
    said = containers.run(config, *COMMAND)
    out = "/var/alertlogic/lib/fluent-bit/fluent-bit.conf"
    words = ["/fluent-bit/bin/fluent-bit", "-c", out, "-o", "syslog", "-m", "*"]
    assert said == ["pid 1", *(f"argument {word}" for word in words), *CHANGED.splitlines()]
    assert (config / "fluent-bit.conf").read_text() == CLASSIC


def test_nothing_can_be_written_and_nobody_is_root(containers, config):
    said = containers.run(config, *COMMAND, options=LOCKED, volume=":ro")
    out = re.fullmatch(r"argument (/dev/shm/fluent-bit-1000-[0-9a-f]{16}\.conf)", said[3])
    assert out
    assert said[8 : 8 + len(CHANGED.splitlines())] == CHANGED.splitlines()
    assert said[-1].endswith(f": Read-only file system; the changed configuration is {out[1]}")


def test_yaml_that_includes(containers, config):
    (config / "fluent-bit.yaml").write_text("includes:\n  - in/*.yaml\nservice:\n  flush: 1 # s\n")
    (config / "in").mkdir()
    (config / "in" / "a.yaml").write_text("pipeline:\n  inputs:\n    - name: dummy\n")
    command = ["-c", "/fluent-bit/etc/fluent-bit.yaml", *COMMAND[:7]]
    said = containers.run(config, *command, options=LOCKED, volume=":ro")
    copy = re.fullmatch(r'  - "(/dev/shm/a-1000-[0-9a-f]{16}\.yaml)"', said[5])
    assert copy
    assert said[6:9] == ["service:", "  Scheduler.Cap: 60", "  flush: 1 # s"]
    shown = containers.run(config, "--print", *command, options=LOCKED, volume=":ro")
    assert '    - Mem_Buf_Limit: "50M"' in shown


def test_a_mistake_is_said(containers, config):
    (config / "fluent-bit.conf").write_text("[INPUT]\n    Name\n")
    with pytest.raises(Exception, match="status 2") as caught:
        containers.run(config, *COMMAND)
    assert "fluent-launch: /fluent-bit/etc/fluent-bit.conf:2:5: undefined value" in caught.value.stderr
