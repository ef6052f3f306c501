"""The store process: ``python -m outrider.server.adapters.chdb.child FD DIRECTORY LOG KEEP_DAYS``.

It ends when the socket on FD does, and the kernel kills it when the server is killed: it never outlives the server.
"""

from __future__ import annotations

import ctypes
import logging
import os
import queue
import re
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from chdb.session import Session

from outrider.model.errors import LocalError
from outrider.server.adapters.chdb import wire
from outrider.server.adapters.chdb.follower import Follower
from outrider.server.adapters.chdb.schema import connection

READERS = 2
FAILED = 3
"""Exit status: the store cannot be opened; the reason was the last message."""
_PR_SET_PDEATHSIG = 1
_CODE = re.compile(r"Code: (\d+)")


def main() -> int:
    """Serve until the parent stops."""
    descriptor, directory, log, keep_days = sys.argv[1:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # Ctrl-C and a stopped group reach this process as well; the parent decides when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s store: %(message)s")
    parent = _Parent(socket.socket(fileno=int(descriptor)))
    path = Path(directory)
    database = connection(str(path / "chdb"))
    try:
        _make(path / "chdb")
        follower = Follower(
            _session(database),
            Path(log),
            path / "cursor.json",
            lambda: parent.send(wire.Progress(follower.cursor.stored, follower.cursor.gaps, follower.aside)),
            lambda text: parent.send(wire.Trouble(text)),
            lambda text: parent.send(wire.Note(text)),
            int(keep_days),
        )
        follower.open()
    except LocalError as error:
        parent.send(wire.Trouble(str(error)))
        return FAILED
    writer = threading.Thread(target=_guarded, args=(follower.run,), name="follower")
    questions: queue.SimpleQueue[wire.Query | None] = queue.SimpleQueue()
    readers = [
        threading.Thread(target=_guarded, args=(lambda: _answer(database, questions, parent),), name="reader")
        for _ in range(READERS)
    ]
    parent.send(wire.Ready(follower.cursor.stored, follower.cursor.gaps, follower.aside))
    for thread in (writer, *readers):
        thread.start()
    while (message := parent.receive()) is not None and not isinstance(message, wire.Stop):
        if isinstance(message, wire.Advance):
            follower.advance(message.committed)
        else:
            questions.put(message)
    follower.stop()
    for _ in readers:
        questions.put(None)
    for thread in (writer, *readers):
        thread.join()
    return 0


def _make(path: Path) -> None:
    """The engine's directory. Raises ``LocalError``."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LocalError(
            f"the store's directory {path} cannot be used ({error.strerror}); move {path.parent} away and start again:"
            " what the ingest log still holds is stored again"
        ) from error


def _session(database: str) -> Session:
    """The engine, opened. Raises ``LocalError`` with its words."""
    try:
        return Session(database)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise LocalError(
            f"the engine cannot open {database.partition('?')[0]}: {str(error)[:500]}; restore it from a backup, or"
            " move the store's directory away and what the ingest log still holds is stored again"
        ) from error


class _Parent:
    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._stream = connected.makefile("rb")
        self._sending = threading.Lock()

    def send(self, message: wire.FromChild) -> None:
        with self._sending:
            self._socket.sendall(wire.pack(message))

    def receive(self) -> wire.ToChild | None:
        head = self._stream.read(wire.LENGTH.size)
        if len(head) < wire.LENGTH.size:
            return None
        (length,) = wire.LENGTH.unpack(head)
        message: wire.ToChild = wire.to_child.decode(self._stream.read(length))
        return message


def _answer(database: str, questions: queue.SimpleQueue[wire.Query | None], parent: _Parent) -> None:
    session = Session(database)  # type: ignore[no-untyped-call]
    while (question := questions.get()) is not None:
        try:
            result = session.query(question.sql, "JSONCompactEachRow").bytes()  # type: ignore[no-untyped-call]
            parent.send(wire.Answer(question.id, result))
        except Exception as error:  # noqa: BLE001 - the engine's errors have no class of their own; the parent judges the code
            code = _CODE.search(str(error))
            parent.send(wire.Answer(question.id, b"", str(error)[:2000] or "unknown", int(code[1]) if code else 0))


def _guarded(work: Any) -> None:
    """A thread that fails ends the process: the parent starts a new one, and nothing hangs half alive."""
    try:
        work()
    except BaseException:
        logging.getLogger(__name__).exception("the store process failed")
        os._exit(1)


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    # The engine's own threads are of no more use; its data is on disk.
    os._exit(status)
