"""The s3 output."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import random
import string
import time
import traceback
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from outrider.aws.client import AwsClient
from outrider.aws.credentials import Credentials, Identity
from outrider.aws.endpoints import endpoint_of, tls_towards_aws
from outrider.aws.objects import NoSuchUploadError, Objects, RefusedBodyError
from outrider.formats import values
from outrider.model.batch import Batch
from outrider.model.errors import LocalError, PeerError, UserError
from outrider.net.connect import Target
from outrider.net.http import http_client
from outrider.net.threads import detached
from outrider.pipeline.common.aws_output import region_doubts
from outrider.pipeline.plugin import Delivery, Encoded, EncodingOutput
from outrider.plugins.outputs.s3 import format as form
from outrider.plugins.outputs.s3 import limits, plan
from outrider.plugins.outputs.s3.config import Options
from outrider.plugins.outputs.s3.files import StoreFile
from outrider.plugins.outputs.s3.key import KeyFormat
from outrider.plugins.outputs.s3.store import QUARANTINE, Store, Upload

_AT_ONCE: Final = 4
"""Requests under way."""
_RANDOM: Final = string.ascii_letters + string.digits
_SECOND: Final = 1_000_000_000


class S3(EncodingOutput[Options]):
    """Appends to one file a tag and sends what is full or old in the background.

    Records count as delivered when they are in store_dir; what becomes of the files there is in the log. A dead S3
    fills the store and delays nobody; what is left at the end is sent by the next start.
    """

    Options = Options
    retry_limit = "5"  # Fluent Bit's MAX_UPLOAD_ERRORS

    def check(self) -> None:
        """See Output."""
        options = self.options
        limits.check(options)
        self.given_up = "deleted" if options.retry_exhausted_action.lower() == "delete" else "set aside in store_dir"
        self.limits = limits.limits(options)
        self._keys = KeyFormat(options.s3_key_format, options.s3_key_format_tag_delimiters)
        self._endpoint = endpoint_of("s3", options.region, options.endpoint, self.core.port)
        tls = tls_towards_aws(self.core) if self._endpoint.tls else None
        who = Identity(options.region, options.profile, options.role_arn, options.external_id, options.sts_endpoint)
        self._credentials = Credentials(who)
        self._credentials.check()
        self._http = http_client(self.core, self._endpoint.host, self._endpoint.port, tls)
        self._retries = values.retry_limit(self.core.retry_limit or self.retry_limit, lambda _: None)
        if self.limits.whole and not options.use_put_object:
            self.log.info("total_file_size is less than 10 MB, will use PutObject API")

    def peers(self) -> list[Target]:
        """See Output."""
        return self._http.peers()

    def doubts(self) -> list[UserError]:
        """See Output."""
        return [*region_doubts(self.options), *limits.doubts(self.options, self.core)]

    async def start(self) -> None:
        """See Output. Raises LocalError when the store cannot be made."""
        _load()
        options = self.options
        self.store = Store(
            Path(options.store_dir) / options.bucket / quote(self.context.name, safe=""),
            self.limits.compression,
            self.log.warn,
            sync=self.context.sync,
            md5=options.send_content_md5,
        )
        self.store.open()
        client = AwsClient(
            self._http, self._endpoint, "s3", options.region, self._credentials, resend=options.auto_retry_requests
        )
        self._s3 = Objects(client, options.bucket)
        self._files: dict[str, StoreFile] = {}
        self._uploads: dict[str, Upload] = {}
        self._recent: set[bytes] = set()
        self._lanes: dict[object, deque[StoreFile | Upload]] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._again = asyncio.Event()
        self._idle = asyncio.Event()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._stack = AsyncExitStack()
        self._group = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._watcher = self._group.create_task(self._watch())
        self._take_up()

    # -- taking records

    def encode(self, batch: Batch) -> tuple[bytes, int, int]:
        """Lines, how many there are, and the first time among the records in seconds; 0 where none has any."""
        data, count = form.encode(batch, self.options, escape_unicode=self.context.escape_unicode)
        return data, count, next((ns // _SECOND for ns in batch.times if ns >= _SECOND), 0)

    async def send_encoded(self, encoded: Encoded) -> Delivery:
        """See EncodingOutput."""
        name = form.batch_name(encoded.id)
        if name and name in self._recent:
            return Delivery(encoded.count)  # in the store already: the process died before it could say so
        data = b"".join([data for data, _, _ in encoded.parts])
        count = sum(count for _, count, _ in encoded.parts)
        missing = encoded.count - count
        reason = f"log_key '{self.options.log_key}' is not in the record" if missing else ""
        if data:
            self._append(encoded, data, count)
        return Delivery(count, missing, reason)

    def _append(self, encoded: Encoded, data: bytes, count: int) -> None:
        """Raises LocalError and has then taken nothing."""
        limit = self.options.store_dir_limit_size
        if limit and self.store.used + len(data) > limit:
            raise LocalError(
                f"the store holds {self.store.used} bytes, store_dir_limit_size is {limit};"
                " fix: raise it, or see why S3 takes nothing"
            )
        now = time.time()
        file = self._files.get(encoded.tag)
        if file is None:
            first = next((first for _, _, first in encoded.parts if first), int(now))
            file = self.store.create(encoded.tag, first, now, "".join(random.choices(_RANDOM, k=8)))
            self._files[encoded.tag] = file
        self.store.add(file, data, count, form.batch_name(encoded.id))
        upload = self._uploads.get(encoded.tag)
        late = now > file.opened + self.options.upload_timeout
        if late or file.state.raw > self.limits.file or (upload and upload.size + file.size > self.limits.total):
            self._close(file, timed_out=late)

    def _close(self, file: StoreFile, *, timed_out: bool) -> None:
        """A file is full or old: it is sent from here on."""
        file.timed_out = timed_out
        del self._files[file.tag]
        with contextlib.suppress(LocalError):  # then it is finished when its turn comes
            self.store.finish(file)
        self._queue(file)

    # -- the clock

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self.limits.tick)
            try:
                self._look(time.time())
                self._take_up()
            except Exception as error:  # noqa: BLE001 - what fails here must not end the pipeline
                self.log.error(_described(error))

    def _look(self, now: float) -> None:
        """Send what is old."""
        timeout = self.options.upload_timeout
        for file in [file for file in self._files.values() if now > file.opened + timeout]:
            self._close(file, timed_out=True)
        for tag, upload in list(self._uploads.items()):
            if now > upload.begun + timeout and tag not in self._lanes:
                self._end(upload)

    def _take_up(self) -> None:
        """What an earlier process has left is sent; the records that come now need not wait for it."""
        try:
            found = list(self.store.take_up())
        except LocalError as error:
            self.log.error(str(error))
            return
        files = [item for item in found if isinstance(item, StoreFile)]
        uploads = [item for item in found if isinstance(item, Upload)]
        for upload in uploads:
            if self.limits.whole or upload.completing or upload.tag in self._uploads:
                self._queue(upload)
            else:
                self._uploads[upload.tag] = upload
        self._recent.update(file.state.last for file in files if any(file.state.last))
        for file in files:
            self._queue(file)
        for upload in uploads:
            if self._uploads.get(upload.tag) is upload and upload.tag not in self._lanes:
                self._end(upload)
        if found:
            self.log.info(
                f"taken up from {self.store.directory}: {len(files)} files with"
                f" {sum(file.state.records for file in files)} records, {len(uploads)} uploads in parts"
            )

    # -- lanes: what belongs together is sent one after another

    def _queue(self, job: StoreFile | Upload) -> None:
        alone = isinstance(job, StoreFile) and self.limits.whole and not self.options.preserve_data_ordering
        name: object = job if alone else job.tag
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = deque()
            lane.append(job)
            task = self._group.create_task(self._send_lane(name, lane))
            self._tasks.append(task)
            task.add_done_callback(self._tasks.remove)
        else:
            lane.append(job)

    def _end(self, upload: Upload) -> None:
        """No more parts: later files of the tag begin another upload."""
        if self._uploads.get(upload.tag) is upload:
            del self._uploads[upload.tag]
        self._queue(upload)

    async def _send_lane(self, name: object, lane: deque[StoreFile | Upload]) -> None:
        try:
            while lane:
                job = lane[0]
                error: Exception | None = None
                try:
                    async with self._turns:
                        if await self._send(job):
                            lane.popleft()
                except Exception as raised:  # noqa: BLE001 - whatever one file meets must not end the others
                    error = raised
                if error is None:
                    job.failures = 0
                    self._wake()
                elif await self._failed(job, error):
                    lane.popleft()
        finally:
            del self._lanes[name]
            for job in lane:
                if isinstance(job, StoreFile):
                    job.data.close()  # whoever comes after us may take it up
            self._idle.set()

    def _wake(self) -> None:
        """S3 answers: nobody needs to wait any longer."""
        self._again.set()
        self._again = asyncio.Event()

    async def _failed(self, job: StoreFile | Upload, error: Exception) -> bool:
        """Wait for the next try; whether there is none."""
        what = f"{len(job.etags)} parts of {job.key}" if isinstance(job, Upload) else f"file {job.id}"
        if isinstance(job, StoreFile):
            job.data.close()
        if not self._stopping:
            job.failures += 1
            if self._retries is not None and job.failures > self._retries:
                self._give_up(job, error)
                return True
        low, high = plan.wait_bounds(job.failures, self.limits, limited=self._retries is not None)
        seconds = max(float(random.randint(low, high)), error.after if isinstance(error, PeerError) else 0.0)
        if self._stopping:
            seconds = 1.0
        self.log.warn(f"{what} of tag {job.tag} not sent, next try in {seconds:g} seconds: {_described(error)}", "send")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._again.wait()
        return False

    def _give_up(self, job: StoreFile | Upload, error: Exception) -> None:
        tries = f"after {self._retries} retries: {_described(error)}"
        fix = "fix: see the cause, and set Retry_Limit False to try for ever"
        if isinstance(job, Upload):
            self.log.error(
                f"upload in parts of {job.key} ({job.records} records) not completed {tries}; it stays in"
                f" {self.store.directory} and is tried again at the next start; {fix}"
            )
            return
        what = f"file {job.id} of tag {job.tag} with {job.state.records} records not sent {tries}"
        try:
            if self.options.retry_exhausted_action.lower() == "delete":
                self.store.delete(job)
                self.log.error(f"{what}; deleted, as retry_exhausted_action says; {fix}")
            elif self.store.quarantine(job, self.options.quarantine_dir_limit_size):
                place = self.store.directory / QUARANTINE
                self.log.error(f"{what}; kept in {place}: move it back and restart to send it; {fix}")
            else:
                self.log.error(f"{what}; deleted, quarantine_dir_limit_size is reached; {fix}")
        except LocalError as refused:
            self.log.error(f"{what}; {refused}; it stays in the store until the next start")

    # -- requests

    async def _send(self, job: StoreFile | Upload) -> bool:
        """One step towards the end of a job; whether it is at its end. Raises PeerError, LocalError."""
        if isinstance(job, Upload):
            await self._complete(job)
            return True
        self.store.finish(job)
        upload = self._uploads.get(job.tag)
        match plan.step(job, upload, self.limits):
            case "begin":
                await self._begin(job)
                return False
            case "part" if upload is not None:
                return await self._part(upload, job)
            case _:
                await self._put(job)
                return True

    async def _put(self, file: StoreFile) -> None:
        self._number(file)
        static = self.options.static_file_path
        key = self._keys.object_key(file.tag, file.first, file.random, file.state.index, static=static)
        async with self._body(file) as (checked, sha256):
            await self._s3.put(key, form.object_headers(self.options, file.compression) + checked, file.data, sha256)
        self.store.delete(file)
        self.log.info(f"Successfully uploaded object {key}: {file.state.records} records, {file.size} bytes")

    def _number(self, file: StoreFile) -> None:
        if self._keys.has_index and file.state.index < 0:
            file.number(self.store.next_index())

    async def _begin(self, file: StoreFile) -> None:
        self._number(file)
        key = self._keys.key(file.tag, file.first, file.random, file.state.index)
        name = await self._s3.begin(key, form.object_headers(self.options, file.compression))
        upload = Upload(name, key, file.tag, time.time(), file.compression)
        self.store.save(upload)
        self._uploads[file.tag] = upload

    async def _part(self, upload: Upload, file: StoreFile) -> bool:
        """Whether the file is in the upload."""
        if file.id not in upload.files:
            number = len(upload.etags) + 1
            try:
                async with self._body(file) as (checked, sha256):
                    etag = await self._s3.part(upload.key, upload.id, number, checked, file.data, sha256)
            except NoSuchUploadError:
                self._lost(upload)
                return False
            self.store.add_part(upload, file, etag)
        self.store.delete(file)
        lane = self._lanes[upload.tag]
        late = time.time() > upload.begun + self.options.upload_timeout or (self._stopping and len(lane) == 1)
        if plan.is_last(file.size, upload, self.limits, late=late):
            del self._uploads[upload.tag]
            lane.insert(1, upload)  # before the files that came in the meantime
        return True

    async def _complete(self, upload: Upload) -> None:
        if not upload.etags:
            await self._s3.abort(upload.key, upload.id)
            self.store.drop(upload)
            return
        upload.completing = True
        self.store.save(upload)
        try:
            await self._s3.complete(upload.key, upload.id, upload.etags)
        except NoSuchUploadError:  # somebody ended it, or our own request did, whose answer was lost
            there = await self._s3.exists(upload.key)
            if there is False:
                self._lost(upload)
                return
            if there is None:
                self.log.warn(f"{upload.key} was put together before, it seems; GetObject is needed to look")
        self.store.drop(upload)
        self.log.info(
            f"Successfully uploaded object {upload.key}: {upload.records} records in {len(upload.etags)} parts"
        )

    def _lost(self, upload: Upload) -> None:
        """Somebody has ended the upload: its parts are gone."""
        self.log.error(
            f"the upload of {upload.key} is gone, and with it {upload.records} records in {len(upload.etags)} parts"
            " that S3 had taken; fix: let no lifecycle rule end uploads that are younger than upload_timeout"
        )
        self._uploads.pop(upload.tag, None)
        self.store.drop(upload)

    @asynccontextmanager
    async def _body(self, file: StoreFile) -> AsyncIterator[tuple[list[tuple[str, str]], str]]:
        """The headers and the hash that vouch for a file; counted anew when S3 has refused it."""
        wanted = self.options.send_content_md5
        if file.sha256 is None or (wanted and file.md5 is None):
            await detached(file.digest)
        md5 = base64.b64encode(file.md5.digest()).decode() if wanted else ""
        try:
            yield ([("Content-MD5", md5)] if wanted else []), file.sha256.hexdigest()
        except RefusedBodyError:
            file.sha256 = file.md5 = None
            raise

    # -- the end

    def waiting(self) -> dict[str, int]:
        """What is not sent yet: files, their records and bytes, and uploads in parts that are not complete."""
        jobs = [job for lane in self._lanes.values() for job in lane]
        files = [*self._files.values(), *(job for job in jobs if isinstance(job, StoreFile))]
        uploads = [*self._uploads.values(), *(job for job in jobs if isinstance(job, Upload))]
        return {
            "files": len(files),
            "records": sum(file.state.records for file in files),
            "bytes": sum(file.size for file in files),
            "uploads": len(uploads),
        }

    async def stop(self) -> None:
        """See Output: what cannot be sent in a few seconds stays in the store."""
        self._stopping = True
        self._watcher.cancel()
        for file in list(self._files.values()):
            self._close(file, timed_out=True)
        for upload in [upload for upload in self._uploads.values() if upload.tag not in self._lanes]:
            self._end(upload)
        self._wake()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.context.grace if self.context.grace >= 0 else None):
                while self._lanes:
                    self._idle.clear()
                    await self._idle.wait()
        left = self.waiting()
        for task in list(self._tasks):
            task.cancel()
        await self._stack.aclose()
        await self._s3.close()
        self.store.close()
        if left["files"] or left["uploads"]:
            self.log.warn(
                f"{left['files']} files with {left['records']} records and {left['uploads']} uploads in parts stay in"
                f" {self.store.directory} for the next start"
            )


def _load() -> None:
    """Import what requests need before the inputs open: half a second that would else hold up the first records."""
    import aiohttp  # noqa: F401
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials  # noqa: F401


def _described(error: Exception) -> str:
    """An error of a declared kind in its own words; of any other, which is a bug, the traceback."""
    if isinstance(error, PeerError | LocalError):
        return str(error)
    return f"bug: {''.join(traceback.format_exception(error))}"
