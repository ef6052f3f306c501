from __future__ import annotations

import pytest

from outrider.protocols.syslog.names import FACILITIES, SEVERITIES, facility_number, severity_number


def test_every_number_and_name_is_read_in_any_case() -> None:
    for number, name in enumerate(SEVERITIES):
        assert (severity_number(str(number)), severity_number(name), severity_number(name.upper())) == (number,) * 3
    for number, name in enumerate(FACILITIES):
        assert facility_number(str(number)) == number
        if name != "clock":
            assert facility_number(name.title()) == number
    assert (len(SEVERITIES), len(FACILITIES)) == (8, 24)


@pytest.mark.parametrize("text", ["", "8", "-1", "24", "007", "error", "warn", "clock", "٣", "²", " 1"])
def test_anything_else_is_no_number(text: str) -> None:
    assert severity_number(text) is None or text == "1"
    assert facility_number(text) in (None, 8)
