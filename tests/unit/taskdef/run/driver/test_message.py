import msgpack
from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.run.driver.message import Encoder
from outrider.taskdef.run.driver.pieces import Part, Piece

ID = "9f" * 32


def test_the_bytes_are_those_of_docker() -> None:
    """The recorded message of ``echo hello`` (keys in one of Docker's random orders)."""
    message = Encoder("app-firelens-xyz", ID, "/n1", "stdout").encode(Piece(b"hello", 0x6B017544 * 10**9 + 0x25BF4474))
    assert message.hex() == (
        "94b06170702d666972656c656e732d78797a"
        "d7006b01754425bf4474"
        "84ac636f6e7461696e65725f6964d940" + ID.encode().hex() + "ae636f6e7461696e65725f6e616d65a32f6e31"
        "a6736f75726365a67374646f7574"
        "a36c6f67a568656c6c6f"
        "80"
    )


@given(
    st.binary(max_size=300) | st.integers(250, 70000).map(lambda n: b"x" * n),
    st.integers(0, 4 * 10**18),
    st.none() | st.builds(Part, st.just("ab" * 32), st.integers(1, 10**6), st.booleans()),
)
def test_any_line_comes_back(text: bytes, time: int, part: Part | None) -> None:
    raw = Encoder("web-firelens-1", ID, "/ecs-web-1-web-0a", "stderr").encode(Piece(text, time, part))
    tag, when, record, option = msgpack.unpackb(raw, raw=True)
    assert (tag, option) == (b"web-firelens-1", {})
    assert (when.code, int.from_bytes(when.data[:4]) * 10**9 + int.from_bytes(when.data[4:])) == (0, time)
    expected = {
        b"container_id": ID.encode(),
        b"container_name": b"/ecs-web-1-web-0a",
        b"source": b"stderr",
        b"log": text,
    }
    if part:
        expected |= {
            b"partial_message": b"true",
            b"partial_id": part.id.encode(),
            b"partial_ordinal": b"%d" % part.ordinal,
            b"partial_last": b"true" if part.last else b"false",
        }
    assert record == expected
