from __future__ import annotations

from pathlib import Path

import pytest

from outrider.export.description import describe
from outrider.model.errors import UserError


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "d.yaml"
    path.write_text(text, "utf-8")
    return str(path)


def test_what_is_given_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "name: shop\nmemory: 300\n")
    made = describe({"memory": "400"}, file)
    assert (made.name, made.memory) == ("shop", 400)


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("a: 1\n", ":1:1", "'a' is no key"),
        ("name: shop\nservr: https://x\n", ":2:1", "did you mean 'server'"),
        ("name: [a]\n", ":1:1", "takes one value"),
        ("memory: many\n", ":1:1", "no number"),
        ("name: '-x'\n", ":1:1", "not possible"),
        ("- a\n", ":1:1", "a map"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, text: str, place: str, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        describe({}, written(tmp_path, text))
    assert place in str(caught.value)


def test_a_value_cannot_leave_the_text_it_stands_in() -> None:
    for text in ("x; rm -rf /", "a b", "$(id)", "a\nb", "`id`"):
        for name in ("image", "base", "name", "server", "token_secret", "cluster"):
            with pytest.raises(UserError):
                describe({name: text})


def test_no_more_memory_is_reserved_than_there_may_be() -> None:
    with pytest.raises(UserError, match="memory_reservation: 100 MiB are more than memory, 99 MiB"):
        describe({"memory": "99"})


@pytest.mark.parametrize("text", ["12345678901", "0", "-1", "1.5", "", "\u0663"])
def test_a_number_is_taken_whole_or_refused(text: str) -> None:
    assert describe({"memory": "123456789"}).memory == 123456789
    with pytest.raises(UserError, match="no number from 1 to 999999999"):
        describe({"memory": text})


def test_the_runtime_s_socket_which_is_root_on_the_host_is_no_key() -> None:
    with pytest.raises(UserError, match="'runtime_socket' is no key"):
        describe({"runtime_socket": "/var/run/docker.sock"})


@pytest.mark.parametrize(
    ("name", "text", "fix"),
    [
        ("server", "logs.example.com", "write https://HOST:PORT"),
        ("image", "a b", "write REGISTRY/NAME:TAG, or with @sha256:DIGEST"),
        ("account", "1", "write the account's 12 digits"),
        ("memory", "many", "write a whole number above 0, of MiB"),
        ("memory", "5", "set memory to 100 or more, or a smaller memory_reservation too"),
    ],
)
def test_a_remedy_is_what_to_write(name: str, text: str, fix: str) -> None:
    with pytest.raises(UserError) as caught:
        describe({name: text})
    assert caught.value.fix == fix
