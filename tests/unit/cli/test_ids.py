from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from tests.unit.ids.craft import conversation, frames

from outrider.cli.operator import main

RULES = 'alert tcp any any -> any any (msg:"m"; content:"secret"; sid:9;)\nalert smtp any any -> any any (sid:10;)\n'


def capture(path: Path, *, cut: int | None = None) -> None:
    made = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 101)
    for frame in frames(conversation([(0, b"my secret")])):
        seconds, part = divmod(frame.time, 1_000_000)
        made += struct.pack("<IIII", seconds, part, len(frame.data), len(frame.data)) + frame.data
    path.write_bytes(made[:cut])


def run(tmp_path: Path, *more: str, cut: int | None = None) -> int:
    capture(tmp_path / "c.pcap", cut=cut)
    (tmp_path / "r.rules").write_text(RULES)
    return main(
        ["ids", "run", "-r", str(tmp_path / "c.pcap"), "-S", str(tmp_path / "r.rules"), "-l", str(tmp_path), *more]
    )


def events(tmp_path: Path, kind: str) -> list[dict[str, object]]:
    found = [json.loads(line) for line in (tmp_path / "eve.json").read_text().splitlines()]
    return [event for event in found if event["event_type"] == kind]


def test_a_capture_becomes_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 0
    assert [event["alert"]["signature_id"] for event in events(tmp_path, "alert")] == [9]  # type: ignore[index]
    assert len(events(tmp_path, "flow")) == len(events(tmp_path, "stats")) == 1
    told = capsys.readouterr().err
    assert "left out" in told
    assert "8 packets, 1 alerts, 1 rules" in told


def test_a_damaged_capture_counts_up_to_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, cut=-5) == 1
    assert len(events(tmp_path, "alert")) == 1
    assert "frame 8 is cut off" in capsys.readouterr().err


def test_what_alerts_show_is_configured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configuration = tmp_path / "s.yaml"
    shown = "payload-printable: yes\n            packet: yes"
    configuration.write_text(f"outputs:\n  - eve-log:\n      types:\n        - alert:\n            {shown}\n")
    assert run(tmp_path, "-c", str(configuration), "-k", "none") == 0
    alert = events(tmp_path, "alert")[0]
    assert alert["payload_printable"] == "my secret"
    assert "packet" in alert
    capsys.readouterr()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["-k", "some"], "-k some"),
        (["--set", "stream.reassembly.depth=big"], "is no size"),
        (["--set", "vars.address-groups.HOME_NET=300.0.0.1"], ""),
        (["-c", "missing.yaml"], "cannot read missing.yaml"),
        (["--set", "outputs=7"], "no list of outputs"),
    ],
)
def test_faults_of_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], told: str
) -> None:
    assert run(tmp_path, *more) == (2 if told else 0)
    assert told in capsys.readouterr().err


def test_an_expression_that_cannot_be_compiled_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture(tmp_path / "c.pcap")
    bad = 'alert tcp any any -> any any (pcre:"/(/"; sid:11;)\n'
    (tmp_path / "r.rules").write_text(bad + RULES)
    words = ["ids", "run", "-r", str(tmp_path / "c.pcap"), "-S", str(tmp_path / "r.rules"), "-l", str(tmp_path)]
    assert main(words) == 0
    assert "sid 11: pcre" in capsys.readouterr().err
    assert len(events(tmp_path, "alert")) == 1


def test_tables_are_those_of_the_files_that_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture(tmp_path / "c.pcap")
    (tmp_path / "c.config").write_text("config classification: own,My Class,2\nnonsense\n")
    (tmp_path / "r.config").write_text("config reference: mine https://mine.example/\n")
    rule = 'alert tcp any any -> any any (content:"secret"; classtype:own; reference:mine,7; sid:9;)\n'
    (tmp_path / "r.rules").write_text(rule)
    words = ["ids", "run", "-r", str(tmp_path / "c.pcap"), "-S", str(tmp_path / "r.rules"), "-l", str(tmp_path)]
    words += ["--set", f"classification-file={tmp_path / 'c.config'}", "--set", "nosuch.key=1"]
    words += ["--set", f"reference-file={tmp_path / 'r.config'}"]
    assert main(words) == 0
    alert = events(tmp_path, "alert")[0]["alert"]
    assert isinstance(alert, dict)
    assert (alert["category"], alert["severity"], alert["references"]) == ("My Class", 2, ["https://mine.example/7"])
    told = capsys.readouterr().err
    assert "c.config:2" in told
    assert "--set nosuch.key means nothing here" in told


def test_what_is_no_capture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.rules").write_text(RULES)
    rules = str(tmp_path / "r.rules")
    assert main(["ids", "run", "-r", rules, "-S", rules, "-l", str(tmp_path)]) == 1
    assert "no capture" in capsys.readouterr().err
    assert main(["ids", "run", "-r", str(tmp_path / "none"), "-S", rules, "-l", str(tmp_path)]) == 2
    assert "cannot read" in capsys.readouterr().err
