"""What is not sent yet: a directory with one growing file a tag, and the uploads in parts that are under way.

``<store_dir>/<bucket>/<instance>/``
    ``*.data``      see ``outrider.spool.growing``; compressed as the object will be, so nothing is done twice
    ``*.upload``    an upload in parts: its id, key and the parts that S3 has
    ``index``       the next ``$INDEX``
    ``lock``        held while a process uses the directory; who gets it takes up what others left behind
    ``quarantine/`` files that were given up

A part's file is deleted only when the upload's own file names the part, and an object's key is in its file before it
is sent, so a process that dies sends the same bytes under the same key again, which changes nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from outrider.formats import msgpack
from outrider.model.errors import LocalError
from outrider.plugins.outputs.s3.files import State, StoreFile, described
from outrider.plugins.outputs.s3.pack import Compression
from outrider.spool import growing
from outrider.spool.growing import GrowingFile

DATA: Final = ".data"
UPLOAD: Final = ".upload"
BROKEN: Final = ".broken"
QUARANTINE: Final = "quarantine"
_AWAKE_MAX: Final = 32
"""Files with a descriptor and a compressor; of the others only numbers are in memory."""
_UPLOAD_FILE_MAX: Final = 4_000_000


@dataclass(slots=True)
class Upload:
    """An upload in parts. ``files`` names the file of each part, ``etags`` what S3 answered."""

    id: str
    key: str
    tag: str
    begun: float
    compression: str
    etags: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    size: int = 0
    records: int = 0
    completing: bool = False
    """S3 was asked to put the parts together."""
    failures: int = 0
    name: str = ""


class Store:
    """The directory. Every method raises LocalError when the disk refuses."""

    def __init__(
        self, directory: Path, compression: Compression, warn: Callable[[str], None], *, sync: bool, md5: bool
    ) -> None:
        self.directory = directory
        self.used = 0
        """Bytes in files, quarantine apart."""
        self._compression = compression
        self._warn = warn
        self._sync = sync
        self._md5 = md5
        self._awake: OrderedDict[StoreFile, None] = OrderedDict()
        self._own: set[str] = set()
        self._lock: int | None = None
        self._index: int | None = None

    def open(self) -> None:
        """Make the directory."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise LocalError(
                f"cannot make the store {self.directory}: {error.strerror}; fix: set store_dir to a directory that can"
                " be written"
            ) from error

    # -- files

    def create(self, tag: str, first: int, now: float, random: str) -> StoreFile:
        """A new file for records of a tag."""
        about = {"tag": tag, "first": first, "opened": now, "random": random, "compression": self._compression}
        path = self.directory / f"{int(now * 1e6):020d}-{random}{DATA}"
        state = State()
        data = GrowingFile.create(path, msgpack.encode(about), state.encode(), sync=self._sync)
        self._own.add(path.name)
        md5 = hashlib.md5(usedforsecurity=False) if self._md5 else None
        return StoreFile(tag, first, now, random, self._compression, data, state, sha256=hashlib.sha256(), md5=md5)

    def add(self, file: StoreFile, data: bytes, records: int, batch: bytes = b"") -> None:
        """Append the lines of a batch to a file."""
        before = file.size
        self._wake(file)
        file.add(data, records, batch)
        self.used += file.size - before

    def finish(self, file: StoreFile) -> None:
        """The file takes no more."""
        before = file.size
        self._awake.pop(file, None)
        file.finish()
        self.used += file.size - before

    def delete(self, file: StoreFile) -> None:
        """The file is where it should be."""
        file.data.delete()
        self._forget(file)

    def quarantine(self, file: StoreFile, limit: int) -> bool:
        """Set a file aside; False: there is no room for it, and it is deleted."""
        directory = self.directory / QUARANTINE
        if limit and _size_of(directory) + file.size > limit:
            self.delete(file)
            return False
        file.data.move(directory)
        file.data.close()
        self._forget(file)
        return True

    def _forget(self, file: StoreFile) -> None:
        self.used -= file.size
        self._own.discard(file.id)

    def _wake(self, file: StoreFile) -> None:
        self._awake[file] = None
        self._awake.move_to_end(file)
        while len(self._awake) > _AWAKE_MAX:
            oldest, _ = self._awake.popitem(last=False)
            oldest.packer = None
            oldest.data.close()

    # -- what others left behind

    def take_up(self) -> Iterator[StoreFile | Upload]:
        """What lies in the directory and is not ours, oldest first: nothing while another process has the lock.

        To be called again until ``owner``; a damaged file is set aside with a warning.
        """
        if self.owner or not self._take_lock():
            return
        readers: tuple[tuple[str, Callable[[Path], StoreFile | Upload | None]], ...]
        readers = (UPLOAD, self._read_upload), (DATA, self._read_file)
        for suffix, read in readers:
            for path in sorted(self.directory.glob(f"*{suffix}")):
                if path.name in self._own:
                    continue
                try:
                    found = read(path)
                except LocalError as error:
                    self._warn(f"{error}; {path.name} stays where it is until the next start")
                    continue
                if found is not None:
                    yield found
        for leftover in self.directory.glob("*.tmp"):
            with contextlib.suppress(OSError):
                leftover.unlink()

    @property
    def owner(self) -> bool:
        """Whether the directory is this process's."""
        return self._lock is not None

    def _take_lock(self) -> bool:
        try:
            fd = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LocalError(f"cannot write {self.directory}: {error.strerror}") from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return False
        self._lock = fd
        return True

    def _read_file(self, path: Path) -> StoreFile | None:
        try:
            found = growing.take_up(path, sync=self._sync)
            if found is None:
                return None
            data, about = found
            file = described(data, msgpack.decode(about))
        except (ValueError, msgpack.MalformedError) as error:
            self._set_aside(path, str(error))
            return None
        self._own.add(path.name)
        self.used += file.size
        if not file.state.records:
            self.delete(file)
            return None
        self.finish(file)
        return file

    def _read_upload(self, path: Path) -> Upload | None:
        try:
            if path.stat().st_size > _UPLOAD_FILE_MAX:
                raise ValueError("too large")
            upload = _upload(json.loads(path.read_bytes()))
        except OSError as error:
            raise LocalError(f"cannot read {path}: {error.strerror}") from error
        except (ValueError, TypeError, RecursionError) as error:
            self._set_aside(path, str(error))
            return None
        upload.name = path.name
        self._own.add(path.name)
        return upload

    def _set_aside(self, path: Path, why: str) -> None:
        self._warn(f"{path} is damaged ({why}) and set aside as {path.stem}{BROKEN}")
        try:
            path.rename(path.with_suffix(BROKEN))
        except OSError as error:
            raise LocalError(f"cannot set {path} aside: {error.strerror}") from error

    # -- uploads in parts

    def save(self, upload: Upload) -> None:
        """Write down what S3 has of an upload."""
        upload.name = upload.name or f"{int(upload.begun * 1e6):020d}-{len(self._own)}{UPLOAD}"
        self._own.add(upload.name)
        self._replace(self.directory / upload.name, json.dumps(asdict(upload)).encode())

    def add_part(self, upload: Upload, file: StoreFile, etag: str) -> None:
        """S3 has a file as the next part; written down before the file may go."""
        before = len(upload.etags), upload.size, upload.records
        upload.etags.append(etag)
        upload.files.append(file.id)
        upload.size += file.size
        upload.records += file.state.records
        try:
            self.save(upload)
        except LocalError:
            parts, upload.size, upload.records = before
            del upload.etags[parts:], upload.files[parts:]
            raise

    def drop(self, upload: Upload) -> None:
        """The upload is over."""
        try:
            (self.directory / upload.name).unlink(missing_ok=True)
        except OSError as error:
            raise LocalError(f"cannot delete {upload.name}: {error.strerror}") from error
        self._own.discard(upload.name)

    # -- $INDEX

    def next_index(self) -> int:
        """A number that no object has had."""
        if self._index is None:
            self._index = self._read_index()
        index = self._index
        self._replace(self.directory / "index", str(index + 1).encode())
        self._index = index + 1
        return index

    def _read_index(self) -> int:
        """Where there is none yet, Fluent Bit's own goes on."""
        others = self.directory.parent.glob("sequence/index_metadata/seq_index_*")
        own = self.directory / "index"
        if own.exists():
            number = _number(own)
            if number is None:
                raise LocalError(f"{own} is damaged; fix: write the number of the next object into it")
            return number
        return max([number for path in others if (number := _number(path)) is not None], default=0)

    def _replace(self, path: Path, content: bytes) -> None:
        temporary = path.with_suffix(".tmp")
        try:
            with open(temporary, "wb", buffering=0) as file:
                if file.write(content) != len(content):
                    raise LocalError(f"cannot write {path}: the disk is full")
                if self._sync:
                    os.fsync(file.fileno())
            temporary.replace(path)
            if self._sync:
                growing.sync_directory(path.parent)
        except OSError as error:
            raise LocalError(f"cannot write {path}: {error.strerror}") from error

    def close(self) -> None:
        """Let go of everything; what is in the directory stays."""
        for file in self._awake:
            file.data.close()
        self._awake.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _upload(fields: Any) -> Upload:
    """Raises ValueError, TypeError."""
    upload = Upload(**fields)
    texts = [upload.id, upload.key, upload.tag, upload.compression, *upload.etags, *upload.files]
    numbers = [upload.begun, upload.size, upload.records]
    if (
        not all(isinstance(text, str) for text in texts)
        or not all(isinstance(number, int | float) for number in numbers)
        or len(upload.etags) != len(upload.files)
    ):
        raise ValueError("not an upload of ours")
    upload.failures = 0
    return upload


def _number(path: Path) -> int | None:
    try:
        text = path.read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    return int(text) if text.isdigit() and len(text) <= 20 else None


def _size_of(directory: Path) -> int:
    try:
        return sum(entry.stat().st_size for entry in os.scandir(directory))
    except OSError:
        return 0
