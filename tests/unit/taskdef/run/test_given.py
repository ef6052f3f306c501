import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.model.errors import UserError
from outrider.taskdef.run.given import Secrets, environment_file

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
TEXT = """\
# of the database
PASSWORD=common
web:PASSWORD = 'of web'
export TOKEN="a=b"
EMPTY=
"""


def test_lines_name_a_value_for_all_or_for_one_container() -> None:
    secrets = Secrets.parse(TEXT, "secrets.env")
    found = [secrets.find(*who, "arn:x") for who in (("web", "PASSWORD"), ("worker", "PASSWORD"), ("web", "TOKEN"))]
    assert found == ["of web", "common", "a=b"]
    assert secrets.find("web", "EMPTY", "arn:x") == ""
    assert secrets.find("web", "NOBODY", "arn:x") is None


def test_json_names_a_value_by_where_ecs_fetches_it() -> None:
    secrets = Secrets.parse(json.dumps({ARN: {"user": "u", "port": 5432}, "/app/key": "k"}), "secrets.json")
    assert secrets.find("web", "KEY", "/app/key") == "k"
    assert secrets.find("web", "USER", f"{ARN}:user::") == "u"
    assert secrets.find("web", "PORT", f"{ARN}:port:AWSCURRENT:") == "5432"
    assert json.loads(secrets.find("web", "ALL", ARN) or "") == {"user": "u", "port": 5432}
    assert secrets.find("web", "X", f"{ARN}:nothing::") is None


@pytest.mark.parametrize(("text", "place"), [("A=b\nhush\n", "s:2:1"), ("=hush", "s:1:1"), ('{"A": hush', "s:1:7")])
def test_what_is_neither_is_told_with_its_place_and_without_its_text(text: str, place: str) -> None:
    with pytest.raises(UserError) as caught:
        Secrets.parse(text, "s")
    assert place in str(caught.value)
    assert "hush" not in str(caught.value)


def test_values_are_never_printed() -> None:
    assert "common" not in repr(Secrets.parse(TEXT, "s"))


@given(st.text(), st.text(), st.text(), st.text())
def test_any_text_is_read_or_refused(text: str, container: str, name: str, value_from: str) -> None:
    try:
        secrets = Secrets.parse(text, "s")
    except UserError:
        return
    assert isinstance(secrets.find(container, name, value_from), str | None)


@given(st.text())
def test_any_environment_file_is_read(text: str) -> None:
    assert all(name == name.strip() for name in environment_file(text))


def test_an_environment_file_is_read_as_ecs_reads_it() -> None:
    assert environment_file('# no\nA="1"\nA=2\n\nB = 3 \nwords\n') == {"A": '"1"', "B": " 3 "}
