import pytest
from hypothesis import given
from hypothesis import strategies as st

from outrider.taskdef.run.docker.listening import all_open, listening
from outrider.taskdef.run.ready import Door

TEXT = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:05EA 00000000:0000 0A 00000000:00000000 00:00000000 00000000 10001        0 30761 1 0000000000000000 100
   1: 0100007F:C350 0100007F:05EA 01 00000000:00000000 00:00000000 00000000     0        0 30762 1 0000000000000000 20
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when
   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 0
Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 31410 /var/run/fluent.sock
0000000000000000: 00000003 00000000 00000000 0001 03 31411 /var/run/other.sock
0000000000000000: 00000002 00000000 00010000 0001 01 31412 /tmp/with a blank
0000000000000000: 00000002 00000000 00010000 0001 01 31413
"""


def test_only_who_listens_counts() -> None:
    found, paths = listening(TEXT)
    assert [port for _, port in found] == [1514, 8080]
    assert paths == {"/var/run/fluent.sock", "/tmp/with a blank"}


@pytest.mark.parametrize(
    ("doors", "there"),
    [
        ([("127.0.0.1", 1514), "/task/fluent.sock"], True),
        ([("127.0.0.1", 8080)], False),  # somebody else's: it is open on ::1
        ([("127.0.0.9", 1514)], False),
        ([("127.0.0.1", 24224)], False),
        ([], True),
    ],
)
def test_doors_are_open_at_their_address(doors: list[Door], there: bool) -> None:
    assert all_open(TEXT, doors, {"/task/fluent.sock", "/var/run/fluent.sock"}) is there
    assert not all_open(TEXT, [*doors, "/task/fluent.sock"], {"/task/fluent.sock", "/var/run/other.sock"})


@given(st.text() | st.lists(st.sampled_from([*TEXT.split(), "\n", "0A", "x:"])).map(" ".join))
def test_any_text_is_read(text: str) -> None:
    found, paths = listening(text)
    assert all(0 <= port < 65536 for _, port in found)
    assert all(paths)
