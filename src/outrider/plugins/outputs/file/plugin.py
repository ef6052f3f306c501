"""The file output."""

from __future__ import annotations

import asyncio
import errno
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
from outrider.plugins.outputs.file.names import UNSAFE, Names, are_made_of_records
from outrider.spool import disk

_NEVER = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.EILSEQ)


class File(EncodingOutput[Options]):
    """Appends to files; a batch is written whole or, when the disk is full, taken back and tried again."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        if self.options.rotate_max_files < 1 or self.options.rotate_max_size < 1:
            raise UserError("rotate_max_files and rotate_max_size must be at least 1")
        self._turn = threading.Lock()
        self._names: Names | None = None
        if are_made_of_records(self.options):
            try:
                self._names = Names(self.options)
            except ValueError as error:
                raise UserError(str(error)) from error
            self.encodes = False

    def doubts(self) -> list[UserError]:
        """See Output."""
        path = self._names.directory if self._names else self.options.path
        if self.options.mkdir:
            return []
        if self._names and (path != self.options.path or (self.options.enable_strftime and "%" in path)):
            said = f"the directories that '{self.options.path}' names are not made"
            return [UserError(said, key="path", fix="add 'Mkdir on'")]
        if not path or Path(path).is_dir():
            return []
        return [UserError(f"the directory '{path}' is not there", key="path", fix="make it, or add 'Mkdir on'")]

    def encode(self, batch: Batch) -> tuple[bytes, bytes]:
        """What an empty file begins with, and the text of the records."""
        head = b""
        if batch.records and self.options.format == "csv" and self.options.csv_column_names:
            head = text.csv_header(batch.records[0], delimiter(self.options))
        return head, encode(batch, self.options, escape_unicode=self.context.escape_unicode)

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        names = self._names
        if names is None:
            return await super().send(batch)
        found = names.sort(batch, asyncio.get_running_loop().time())
        failed: list[int] = []
        fault = ""
        while found.files:
            path, places = found.files.popitem()
            head, data = self.encode(batch.part(sorted(places)))
            try:
                await detached(self._append_alone, Path(path), data, head)
            except LocalError as error:
                if path != names.fallback and _never_a_file(error):
                    names.refuse(found, UNSAFE, places)
                else:
                    failed += places
                    fault = str(error)
        if fault and len(failed) == len(batch):
            raise LocalError(fault)
        dropped = sum(map(len, found.without.values()))
        refused = [at for why, places in found.without.items() if names.action(why) == "error" for at in places]
        reason = "; ".join([*found.without, *([fault] if fault else [])])
        delivered = len(batch) - dropped - len(failed)
        return Delivery(delivered, dropped, reason, rest=sorted(failed), refused=sorted(refused))

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
        except OSError as error:
            raise LocalError(f"{path}: {error.strerror}") from error
        if self.options.rotate and start + len(data) >= self.options.rotate_max_size:
            try:
                self._rotate(path)
            except OSError as error:  # the records are in the file
                self.log.warn(f"{path} is not rotated: {error.strerror}; fix: {disk.advice(error)}", about="rotate")

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
            packed = names[0].with_name(f"{names[0].name}.tmp")
            try:
                packed.write_bytes(compress.gzip(path.read_bytes()))
                packed.rename(names[0])
            except OSError:
                packed.unlink(missing_ok=True)
                raise
            path.unlink()
        else:
            path.rename(names[0])


def _never_a_file(error: LocalError) -> bool:
    """Whether trying again is in vain: what the record names is something else."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in _NEVER
