import struct

from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.run.docker.frames import LineCounter


def stream(frames: list[tuple[int, bytes]]) -> bytes:
    return b"".join(struct.pack(">BxxxI", output, len(text)) + text for output, text in frames)


def test_lines_of_both_outputs_count_and_parts_of_one_count_once() -> None:
    said: list[str] = []
    counter = LineCounter(said.append)
    counter.feed(stream([(1, b"a" * 16384), (1, b"a\n"), (2, b"e\n"), (1, b"tail"), (2, b"other tail"), (1, b" more")]))
    assert counter.lines == 4
    assert said == ["a" * 16384, "a", "e"]
    counter.end()
    assert said[3:] == ["tail more", "other tail"]


def test_a_second_look_at_the_same_stream_tells_only_what_is_new() -> None:
    said: list[str] = []
    first = LineCounter(said.append)
    first.feed(stream([(1, b"one\n"), (2, b"two\n"), (1, b"thr")]))
    again = LineCounter(said.append, first.told)
    again.feed(stream([(1, b"one\n"), (2, b"two\n"), (1, b"thr"), (1, b"ee\n"), (2, b"four")]))
    again.end()
    assert said == ["one", "two", "three", "four"]


frames = st.lists(st.tuples(st.sampled_from((1, 2)), st.binary(max_size=20) | st.just(b"line\n")), max_size=10)


@given(frames, st.data())
def test_any_split_gives_the_same_count(given_frames: list[tuple[int, bytes]], data: st.DataObject) -> None:
    raw = stream(given_frames)
    counter = LineCounter([].append)
    while raw:
        size = data.draw(st.integers(1, len(raw)))
        counter.feed(raw[:size])
        raw = raw[size:]
    outputs = [b"".join(text for output, text in given_frames if output == n) for n in (1, 2)]
    assert counter.lines == sum(text.count(b"\n") + (text != b"" and not text.endswith(b"\n")) for text in outputs)
