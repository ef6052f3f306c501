"""The file output."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from outrider.formats import compress, text
from outrider.model.batch import Batch
from outrider.model.errors import LocalError, UserError
from outrider.net.threads import detached
from outrider.pipeline.plugin import Delivery, Output
from outrider.plugins.outputs.file.config import Options
from outrider.plugins.outputs.file.format import delimiter, encode, file_name


class File(Output[Options]):
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

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        data = encode(batch, self.options, escape_unicode=self.context.escape_unicode)
        path = Path(self.options.path or ".") / (self.options.file or file_name(batch.tag))
        await detached(self._append_alone, path, data, batch)
        return Delivery(len(batch))

    def _append_alone(self, path: Path, data: bytes, batch: Batch) -> None:
        with self._turn:  # several workers may have batches for one file
            self._append(path, data, batch)

    def _append(self, path: Path, data: bytes, batch: Batch) -> None:
        try:
            if self.options.mkdir:
                path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "ab", buffering=0) as file:
                start = file.seek(0, os.SEEK_END)
                if not start and self.options.format == "csv" and self.options.csv_column_names:
                    data = text.csv_header(batch.records[0], delimiter(self.options)) + data
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
