"""The ledger: counts balance, ids are known, what the log has and the ledger has not is caught up."""

from collections.abc import Callable
from pathlib import Path

import pytest

from outrider.model.errors import LocalError
from outrider.server.ingest.committer import catch_up
from outrider.server.ingest.ledger import HostCount, Ledger, Received
from outrider.server.ingest.log import Entry, IngestLog

A, B = b"a" * 16, b"b" * 16


def received(position: int, host: bytes = A, rows: int = 10) -> Received:
    return Received(position, position + 100, position, position.to_bytes(16, "big"), host, rows)


def counts(ledger: Ledger) -> dict[bytes, HostCount]:
    return {count.host: count for count in ledger.hosts()}


def test_a_batch_is_known_to_its_host_only(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    one = received(0)
    ledger.add([one])
    assert ledger.known(A, one.batch)
    assert not ledger.known(B, one.batch)


def test_received_is_stored_and_waiting_and_lost(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    ledger.add([received(0), received(100, B, 7), received(200), received(300)], duplicates=[B])
    ledger.stored(300, [(200, 300)])
    assert counts(ledger)[A] == HostCount(A, 3, 0, received=30, stored=10, lost=10, last_ns=300)
    assert counts(ledger)[B] == HostCount(B, 1, 1, received=7, stored=7, lost=0, last_ns=100)
    assert counts(ledger)[A].waiting == 10


def test_the_count_of_one_host(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    ledger.add([received(0), received(100, B, 7)])
    assert ledger.host(B) == counts(ledger)[B]
    assert ledger.host(b"c" * 16) == HostCount(b"c" * 16, 0, 0, 0, 0, 0, 0)


def test_a_damaged_ledger_is_explained(tmp_path: Path) -> None:
    (tmp_path / "l").write_bytes(b"damaged" * 1000)
    with pytest.raises(LocalError, match="made anew from the ingest log"):
        Ledger(tmp_path / "l")


def test_progress_is_counted_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    ledger.add([received(0), received(100)])
    for upto in (100, 100, 50, 200, 200):
        ledger.stored(upto)
    assert counts(ledger)[A].stored == 20
    ledger.close()
    again = Ledger(tmp_path / "l")
    assert (again.upto, again.stored_upto) == (200, 200)


def test_only_stored_ids_are_forgotten(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    ledger.add([received(0), received(100), received(200)])
    ledger.stored(200)
    assert ledger.forget(before_ns=10**6) == 2
    assert not ledger.known(A, received(100).batch)
    assert ledger.known(A, received(200).batch)


def test_the_ledger_catches_up_with_the_log(tmp_path: Path) -> None:
    log, ledger = IngestLog(tmp_path / "log", segment_bytes=100), Ledger(tmp_path / "l")
    for n in range(5):
        log.commit([Entry(n, n.to_bytes(16, "big"), A, 3, b"payload" * 10)])
        if n == 1:
            assert catch_up(log, ledger) == 2
    assert catch_up(log, ledger) == 3
    assert catch_up(log, ledger) == 0
    assert ledger.upto == log.committed
    assert counts(ledger)[A].received == 15
    assert ledger.known(A, (4).to_bytes(16, "big"))


@pytest.mark.parametrize(
    "make", [lambda path: path.write_bytes(b"\x93" * 5000), Path.mkdir], ids=["garbage", "directory"]
)
def test_what_is_no_ledger_is_explained(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "ledger.sqlite")
    with pytest.raises(LocalError, match="move it and what lies beside it"):
        Ledger(tmp_path / "ledger.sqlite")
