from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.demo.sheet import Row, Sheet, dropped_by, routed_by_tag

LEDGER = {
    "inputs": {
        "forward.0": {"accepted": 9, "dropped": {"malformed": 1}, "refused": {"too big": 2}},
        "forward.1": {"accepted": 0, "dropped": {"malformed": 3}, "refused": {}},
    },
    "outputs": {"syslog.0": {"routed": 8, "dropped": {"no retry left": 4}}},
    "tags": [
        {"input": "forward.0", "tag": "web-firelens-0a", "accepted": 6, "passed": 5},
        {"input": "forward.1", "tag": "web-firelens-0a", "accepted": 1, "passed": 1},
        {"input": "forward.0", "tag": "my-firelens-x-firelens-0a", "accepted": 3, "passed": 3},
        {"input": "tcp.2", "tag": "firelens-healthcheck", "accepted": 7, "passed": 7},
    ],
}


def test_a_container_is_what_stands_before_the_last_firelens_of_the_tag() -> None:
    assert routed_by_tag(LEDGER) == {"web": 6, "my-firelens-x": 3}
    assert routed_by_tag({}) == {}


def test_every_drop_has_a_station_and_a_reason() -> None:
    assert dropped_by("router", LEDGER) == {"router: malformed": 4, "router: too big": 2, "router: no retry left": 4}
    assert dropped_by("agent", {}) == {}


def test_a_sheet_with_the_same_number_everywhere_balances() -> None:
    sheet = Sheet((Row("web", 3, 3, 3, 3), Row("worker", 4, 4, 4, 4)), 7, 7)
    assert sheet.balanced
    assert sheet.summary("docker") == {
        "written": 7,
        "routed": 7,
        "received": 7,
        "stored": 7,
        "lost": 0,
        "backend": "docker",
        "balanced": True,
        "containers": {
            "web": {"written": 3, "routed": 3, "received": 3, "stored": 3},
            "worker": {"written": 4, "routed": 4, "received": 4, "stored": 4},
        },
        "dropped": {},
    }


def test_one_container_does_not_make_up_for_another() -> None:
    assert not Sheet((Row("web", 3, 3, 3, 4), Row("worker", 4, 4, 4, 3)), 7, 7).balanced


numbers = st.integers(0, 5)


@given(numbers, numbers, numbers, numbers, numbers)
def test_a_difference_anywhere_is_no_balance(written: int, routed: int, received: int, stored: int, drops: int) -> None:
    sheet = Sheet(
        (Row("web", written, routed, received, stored),), received, stored, {"agent: x": drops} if drops else {}
    )
    assert sheet.balanced is (written == routed == received == stored and not drops)
    assert sheet.summary("process")["lost"] == max(written - stored, drops, 0)
