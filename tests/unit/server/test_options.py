"""Addresses and names given at start."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.server.options import Address, Options, certificate_names, make_directory, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8443", Address("127.0.0.1", 8443)),
        ("[::1]:0", Address("::1", 0)),
        ("logs.example:443", Address("logs.example", 443)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse_address(text, "--listen") == address
    assert str(address) == text


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_names_the_option(text: str) -> None:
    try:
        assert parse_address(text, "--listen").port <= 65_535
    except UserError as error:
        assert "--listen" in error.message  # noqa: PT017 - either outcome is right


def test_a_directory_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="--data DIR"):
        make_directory(tmp_path / "file" / "data")
    make_directory(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o077 == 0


def test_loopback() -> None:
    assert [Address(host, 1).loopback for host in ("127.9.9.9", "::1", "localhost")] == [True] * 3
    assert [Address(host, 1).loopback for host in ("0.0.0.0", "::", "10.0.0.1", "example")] == [False] * 4


def test_names_are_once_each_and_addresses_that_mean_all_are_none() -> None:
    options = Options(Path("/x"), Address("0.0.0.0", 1), Address("10.0.0.1", 2), names=("logs.example", "localhost"))
    names = certificate_names(options)
    assert names[:2] == ["logs.example", "localhost"]
    assert "10.0.0.1" in names
    assert "0.0.0.0" not in names
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["", "a b", "ümlaut.example"])
def test_names_that_no_certificate_can_hold(name: str) -> None:
    with pytest.raises(UserError, match="--name"):
        certificate_names(Options(Path("/x"), names=(name,)))
