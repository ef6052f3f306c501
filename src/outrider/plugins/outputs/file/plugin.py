"""The file output."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from outrider.formats import compress, text
from outrider.model.batch import Batch
from outrider.model.errors import LocalError, UserError
from outrider.net.threads import detached
from outrider.pipeline.plugin import Delivery, Encoded, EncodingOutput
from outrider.plugins.outputs.file.config import Options
from outrider.plugins.outputs.file.format import delimiter, encode, file_name


class File(EncodingOutput[Options]):
    """Appends to files; a batch is written whole or, when the disk is full, taken back and tried again."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        if self.options.enable_strftime:
            raise UserError("enable_strftime is not supported yet", fix="use a fixed Path and File")
        if self.options.rotate_max_files < 1 or self.options.rotate_max_size < 1:
            raise UserError("rotate_max_files and rotate_max_size must be at least 1")
        self._turn = threading.Lock()

    def doubts(self) -> list[UserError]:
        """See Output."""
        path = self.options.path
        if not path or self.options.mkdir or Path(path).is_dir():
            return []
        return [UserError(f"the directory '{path}' is not there", key="path", fix="make it, or add 'Mkdir on'")]

    def encode(self, batch: Batch) -> tuple[bytes, bytes]:
        """What an empty file begins with, and the text of the records."""
        head = b""
        if batch.records and self.options.format == "csv" and self.options.csv_column_names:
            head = text.csv_header(batch.records[0], delimiter(self.options))
        return head, encode(batch, self.options, escape_unicode=self.context.escape_unicode)

    async def send_encoded(self, encoded: Encoded) -> Delivery:
        """See EncodingOutput."""
        data = b"".join([data for _, data in encoded.parts])
        path = Path(self.options.path or ".") / (self.options.file or file_name(encoded.tag))
        head = next((head for head, _ in encoded.parts if head), b"")
        await detached(self._append_alone, path, data, head)
        return Delivery(encoded.count)

    def _append_alone(self, path: Path, data: bytes, head: bytes) -> None:
        with self._turn:  # several workers may have batches for one file
            self._append(path, data, head)

    def _append(self, path: Path, data: bytes, head: bytes) -> None:
        try:
            if self.options.mkdir:
                path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "ab", buffering=0) as file:
                start = file.seek(0, os.SEEK_END)
                if not start and head:
                    data = head + data
                written = file.write(data)
                if written != len(data):
                    file.truncate(start)
                    raise LocalError(f"{path}: the disk is full")
            if self.options.rotate and start + len(data) >= self.options.rotate_max_size:
                self._rotate(path)
        except OSError as error:
            raise LocalError(f"{path}: {error.strerror}") from error

    def _rotate(self, path: Path) -> None:
        """``file`` becomes ``file.1`` (``.gz``), older ones move up, the oldest goes."""
        suffix = ".gz" if self.options.rotate_gzip else ""
        names = [
            path.with_name(f"{path.name}.{number}{suffix}") for number in range(1, self.options.rotate_max_files + 1)
        ]
        names[-1].unlink(missing_ok=True)
        for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
            if newer.exists():
                newer.rename(older)
        if self.options.rotate_gzip:
            names[0].write_bytes(compress.gzip(path.read_bytes()))
            path.unlink()
        else:
            path.rename(names[0])
