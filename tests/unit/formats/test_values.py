from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.formats import values


@pytest.mark.parametrize(
    ("text", "result"),
    [("50M", 50_000_000), ("1.5kb", 1500), (".5G", 500_000_000), ("false", 0), ("7", 7), ("1.1M", 1_100_000), ("0", 0)],
)
def test_sizes_are_decimal(text: str, result: int) -> None:
    assert values.size(text) == result


@pytest.mark.parametrize(
    ("text", "result"), [("2M", 2 << 20), ("2MiB", 2 << 20), ("2kB", 2048), ("10", 10), ("FALSE", 0)]
)
def test_binary_sizes(text: str, result: int) -> None:
    assert values.binary_size(text) == result


@pytest.mark.parametrize(("text", "result"), [("10", 10), ("10S", 10), ("1m", 60), ("2h", 7200), ("1D", 86400)])
def test_times(text: str, result: int) -> None:
    assert values.seconds(text) == result


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (values.size, "50MiB"),
        (values.size, "50 M"),
        (values.size, "M"),
        (values.size, ""),
        (values.size, "-1"),
        (values.size, "9223372036854.42M"),
        (values.size, "٣"),
        (values.binary_size, "2iB"),
        (values.binary_size, "5T"),
        (values.seconds, "10ms"),
        (values.seconds, "1.5m"),
        (values.seconds, ""),
        (values.boolean, "1"),
        (values.boolean, " on"),
        (values.integer, "12abc"),
        (values.integer, "1_000"),
        (values.number, "nan"),
        (values.number, "1,5"),
        (values.log_level, "verbose"),
    ],
)
def test_what_is_refused_names_the_text(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=r"'") as caught:
        read(text)
    assert repr(text)[1:-1] in str(caught.value)


def test_words_in_any_case() -> None:
    assert [values.boolean(text) for text in ("On", "YES", "true", "oFF", "No", "FALSE")] == [True] * 3 + [False] * 3
    assert values.log_level("Debug") == "debug"


def test_numbers() -> None:
    assert (values.integer("-12"), values.number("0.2"), values.number("-1e3")) == (-12, 0.2, -1000.0)


@pytest.mark.parametrize(
    ("text", "result", "warned"),
    [
        ("False", None, False),
        ("off", None, False),
        ("no_limits", None, False),
        ("No_Retries", 0, False),
        ("5", 5, False),
        ("0", 1, True),
        ("-3", 1, True),
        ("no", 1, True),
        ("abc", 1, True),
    ],
)
def test_retry_limit(text: str, result: int | None, warned: bool) -> None:
    told: list[str] = []
    assert values.retry_limit(text, told.append) == result
    assert bool(told) == warned


READERS = (values.size, values.binary_size, values.seconds, values.boolean, values.integer, values.number)


@given(st.sampled_from(READERS), st.text(alphabet="0123456789.kKmMgGbBiIsShHdDeE+- truefalsony", max_size=10))
def test_any_text_is_a_value_or_a_value_error(read: Callable[[str], float], text: str) -> None:
    try:
        assert read(text) == read(text.upper().lower())
    except ValueError:
        with pytest.raises(ValueError, match=r".+"):
            read(text.lower())


@given(st.integers(0, 10**9), st.sampled_from([("", 1), ("k", 10**3), ("MB", 10**6), ("g", 10**9)]))
def test_a_whole_number_with_a_unit_is_exact(number: int, unit: tuple[str, int]) -> None:
    assert values.size(f"{number}{unit[0]}") == number * unit[1]


@pytest.mark.parametrize(
    ("text", "found"),
    [("127.0.0.1", "127.0.0.1"), ("log_store.example.org.", "log_store.example.org."), ("::1", "::1"), ("[::]", "::"),
     ("fe80::1%eth0", "fe80::1%eth0"), ("x" * 63, "x" * 63), ("bücher.example", "bücher.example")],
)  # fmt: skip
def test_hosts(text: str, found: str) -> None:
    assert values.host(text) == found


@pytest.mark.parametrize(
    "text",
    ["https://127.0.0.1/bar", "127.0.0.1:18080", "my host", "a/b", "[::1]:80", "[host]", "a..b", ".", "x" * 64, "u@h",
     "a?b", "a#b", "a%b", "a\\b", "a\x00", "::g"],
)  # fmt: skip
def test_what_is_no_host(text: str) -> None:
    with pytest.raises(ValueError, match="name or an address only; write Port 9200, tls on, URI /bar"):
        values.host(text)
