"""Sends numbered records over Forward with acknowledgements, again and again until each is acknowledged."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

import msgpack

from bench.collector import text_of

FRAME = 200
_PATIENCE = 10.0


class Sender(threading.Thread):
    """Records from 0 up to ``records``, or until ``stop``, ``rate`` a second. ``acknowledged`` of them are safe."""

    def __init__(self, port: int, rate: float, records: int | None = None) -> None:
        super().__init__(daemon=True)
        self.acknowledged = 0
        self._address = ("127.0.0.1", port)
        self._rate = rate
        self._records = records
        self._stopping = threading.Event()
        self._connection: socket.socket | None = None

    def stop(self) -> None:
        """No new frame."""
        self._stopping.set()

    def run(self) -> None:
        """See threading.Thread."""
        start, begin = 0, time.monotonic()
        while not self._stopping.is_set() and (self._records is None or start < self._records):
            stop = start + FRAME if self._records is None else min(start + FRAME, self._records)
            frame = _frame(start, stop)
            while not self._stopping.is_set() and not self._send(frame, str(start)):
                time.sleep(0.02)
            else:
                if self._stopping.is_set():
                    break
            start = self.acknowledged = stop
            ahead = start / self._rate - (time.monotonic() - begin)
            if ahead > 0:
                time.sleep(ahead)
        self._hang_up()

    def _send(self, frame: bytes, chunk: str) -> bool:
        try:
            if self._connection is None:
                self._connection = socket.create_connection(self._address, timeout=_PATIENCE)
            self._connection.sendall(frame)
            unpacker = msgpack.Unpacker()
            while data := self._connection.recv(4096):
                unpacker.feed(data)
                for answer in unpacker:
                    if answer.get("ack") == chunk:
                        return True
        except OSError:
            pass
        self._hang_up()
        return False

    def _hang_up(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None


def _frame(start: int, stop: int) -> bytes:
    time_ = msgpack.ExtType(0, struct.pack(">II", int(time.time()), 0))
    entries = b"".join(msgpack.packb([time_, {"n": n, "text": text_of(n).decode()}]) for n in range(start, stop))
    return bytes(msgpack.packb(["app", entries, {"size": stop - start, "chunk": str(start)}]))
