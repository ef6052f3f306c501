"""The addresses that a server tells people to use."""

import pytest

from outrider.server.program import _reachable


@pytest.mark.parametrize(
    ("host", "names", "shown"),
    [
        ("10.0.0.1", ("logs.example",), "10.0.0.1"),
        ("0.0.0.0", ("logs.example", "b"), "logs.example"),
        ("::", (), "127.0.0.1"),
        ("::", ("2001:db8::1",), "[2001:db8::1]"),
        ("::1", (), "[::1]"),
    ],
)
def test_an_address_that_can_be_typed(host: str, names: tuple[str, ...], shown: str) -> None:
    assert _reachable(host, names) == shown
