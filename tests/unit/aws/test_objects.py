from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.aws.objects import NoSuchUploadError, Objects, RefusedBodyError, completion, path, upload_id
from outrider.model.errors import PeerError
from outrider.net.http import Answer


class Scripted:
    """Answers in order; keeps what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []

    async def request(self, method: str, where: str, **more: Any) -> Answer:
        self.asked.append((method, where))
        return self.answers.pop(0)


def objects(*answers: Answer) -> tuple[Objects, Scripted]:
    client: Any = Scripted(*answers)
    return Objects(client, "b"), client


def error(status: int, code: str, **headers: str) -> Answer:
    return Answer(status, headers, f"<Error><Code>{code}</Code></Error>".encode())


BODY: Any = SimpleNamespace(size=0)


async def test_what_is_asked_for() -> None:
    made, client = objects(
        Answer(200, {}, b"<R><UploadId>a+/&amp;</UploadId></R>"),
        Answer(200, {"ETag": '"1"'}, b""),
        Answer(200, {}, b"<CompleteMultipartUploadResult/>"),
        Answer(204, {}, b""),
        Answer(200, {}, b""),
    )
    name = await made.begin("/k k", [])
    assert name == "a+/&"
    assert await made.part("/k k", name, 3, [], BODY, "00") == '"1"'
    await made.complete("/k k", name, ['"1"'])
    await made.abort("/k k", name)
    assert await made.exists("/k k") is True
    assert client.asked == [
        ("POST", "/b/k%20k?uploads="),
        ("PUT", "/b/k%20k?uploadId=a%2B%2F%26&partNumber=3"),
        ("POST", "/b/k%20k?uploadId=a%2B%2F%26"),
        ("DELETE", "/b/k%20k?uploadId=a%2B%2F%26"),
        ("HEAD", "/b/k%20k"),
    ]


@pytest.mark.parametrize(
    ("answer", "kind", "after"),
    [
        (error(404, "NoSuchUpload"), NoSuchUploadError, 0),
        (error(400, "BadDigest"), RefusedBodyError, 0),
        (error(503, "SlowDown", **{"Retry-After": "7"}), PeerError, 7),
        (Answer(200, {}, b""), PeerError, 0),
    ],
)
async def test_parts_that_are_not_taken(answer: Answer, kind: type[PeerError], after: float) -> None:
    made, _ = objects(answer)
    with pytest.raises(PeerError) as raised:
        await made.part("/k", "id", 1, [], BODY, "00")
    assert type(raised.value) is kind
    assert raised.value.retry
    assert raised.value.after == after


async def test_a_completion_that_begins_well_may_end_badly() -> None:
    made, _ = objects(Answer(200, {}, b" \n <Error><Code>InternalError</Code></Error>"))
    with pytest.raises(PeerError, match="InternalError"):
        await made.complete("/k", "id", ['"1"'])


@pytest.mark.parametrize(("status", "there"), [(200, True), (404, False), (403, None)])
async def test_whether_an_object_is_there(status: int, there: bool | None) -> None:
    made, _ = objects(Answer(status, {}, b""))
    assert await made.exists("/k") is there


@given(st.binary(max_size=300))
def test_any_answer_has_an_id_or_is_an_error(body: bytes) -> None:
    with pytest.raises(PeerError):
        upload_id(body)


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")), max_size=4))
def test_completions_are_xml(etags: list[str]) -> None:
    tree = ElementTree.fromstring(completion(etags))
    assert [part[1].text or "" for part in tree] == etags
    assert [part[0].text for part in tree] == [str(n) for n in range(1, len(etags) + 1)]


def test_paths_are_encoded_as_s3_wants_them() -> None:
    assert path("b.x", "/a b/ü+&=~*'().log") == "/b.x/a%20b/%C3%BC%2B%26%3D~%2A%27%28%29.log"
    assert path("b", "/\udcff") == "/b/%EF%BF%BD"
