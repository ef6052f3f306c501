"""Checks of syslog messages and their framing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.compare import Case, differs, nanoseconds

from outrider.formats import values
from outrider.protocols.syslog import framing
from outrider.protocols.syslog.format import SyslogFormat
from outrider.protocols.syslog.parse import parse


def _options(case: Case) -> dict[str, Any]:
    given = {key.removeprefix("syslog_"): value for key, value in case["options"].items() if key != "mode"}
    if "sd_key" in given:
        given["sd_keys"] = tuple(given.pop("sd_key"))
    if "maxsize" in given:
        given["maxsize"] = values.size(given["maxsize"])
    return given


def _record(pairs: list[list[Any]]) -> dict[str, Any]:
    """Pairs whose value is again a list of pairs are maps."""
    return {key: _record(value) if isinstance(value, list) else value for key, value in pairs}


def check_output(case: Case) -> str | None:
    formatter = SyslogFormat(**_options(case))
    times, records = [nanoseconds(case["time"])], [_record(case["record_pairs"])]
    line = formatter.lines(times, records)[0]
    stream = formatter.stream(times, records)
    got = line if case["options"]["mode"] == "udp" else stream
    return differs(bytes.fromhex(case["bytes_hex"]), got) or differs(line + b"\n", stream, "stream")


def check_framing(case: Case) -> str | None:
    machine = framing.framing(case["format"])
    found = machine.feed(case["bytes"].encode())
    whole = framing.complete(case["bytes"].encode())[1]
    messages = [parse(message, 0).message for message in found]
    return differs((case["messages"], case["messages"]), (len(messages), whole), "messages")


CHECKS: dict[str, Callable[[Case], str | None]] = {"syslog_output": check_output, "syslog_input_framing": check_framing}
