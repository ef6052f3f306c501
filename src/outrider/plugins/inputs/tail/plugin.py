"""The tail input.

Everything happens in short steps on the event loop: one block of one file, then whoever else has something to do, then
the next file. A file that is read to its end costs nothing until the kernel says that it has changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from outrider.formats.regex import Regex
from outrider.model.errors import LocalError, UserError
from outrider.net.tail.file import Descriptors, TailFile
from outrider.net.tail.found import Found
from outrider.net.tail.gzip import GzipFile
from outrider.net.tail.offsets import Offsets
from outrider.net.tail.positions import Positions
from outrider.net.tail.watch import TICK, Watch, has_more
from outrider.pipeline.config.library import Library
from outrider.pipeline.plugin import Decoder, Input, Intake
from outrider.plugins.inputs.tail.config import Options
from outrider.plugins.inputs.tail.decode import CODEC, decode
from outrider.plugins.inputs.tail.reader import ROOM, Reader, Stream
from outrider.plugins.inputs.tail.tag import check_tag, tag_of

if TYPE_CHECKING:
    from outrider.formats.parser import Parser
    from outrider.plugins.inputs.tail.joining import Joins

BLOCK: Final = 256 * 1024
"""Bytes that are read at a time; more, where lines may be longer."""

DESCRIPTORS_SPARE: Final = 256
"""Descriptors that are left for everything else."""
_DESCRIPTORS_MAX: Final = 1 << 16


class Tail(Input[Options]):
    """Follows files and reads their lines."""

    Options = Options
    read_ahead: ClassVar[int] = 32_000_000
    codecs: ClassVar[Mapping[str, Decoder]] = {CODEC: decode}

    def check(self) -> None:
        """See Input."""
        options = self.options
        if not options.path:
            raise UserError("path is missing", fix="set Path to the files to follow")
        if options.unicode_encoding or options.generic_encoding:
            raise UserError("unicode.encoding and generic.encoding are not supported", fix="write the files as UTF-8")
        if options.buffer_max_size <= ROOM:
            raise UserError(f"buffer_max_size must be more than {ROOM}")
        library = self.context.library
        if options.parser:
            library.parser(options.parser)
        self._joiner: Callable[[], Joins] | None = None
        self._in_groups = False
        if options.multiline_parser or options.multiline or options.docker_mode or options.docker_mode_parser:
            from outrider.plugins.inputs.tail.joining import joining  # most files need no multiline parsers

            self._joiner, self._in_groups = joining(options, library)
        # The form is the class's, the parsers that chunks name are those of the configuration.
        self.codecs = {CODEC: partial(decode, parser_of=self._parser)}  # type: ignore[misc]
        self._tag = self.core.tag or self.context.name
        self._regex: Regex | None = None
        if options.tag_regex:
            try:
                self._regex = Regex(options.tag_regex)
            except ValueError as error:
                raise UserError(f"tag_regex: {error}") from error
        check_tag(self._tag, has_regex=self._regex is not None)

    def doubts(self) -> list[UserError]:
        """See Input."""
        where = os.path.dirname(self.options.db)
        if not where or os.path.isdir(where):
            return []
        return [UserError(f"the directory '{where}' of the database is not there", key="db", fix="make it")]

    def tags(self) -> str:
        """See Input."""
        return self._tag if self._regex is None else f"{self._tag.partition('<')[0]}*"

    @classmethod
    def decoder(cls, codec: str, library: Library) -> Decoder | None:
        """See Input. Lines whose parser is gone are left as they stand."""

        def parser_of(name: str) -> Parser | None:
            try:
                return library.parser(name)
            except UserError:
                return None

        return partial(decode, parser_of=parser_of) if codec == CODEC else None

    def _parser(self, name: str) -> Parser | None:
        """The parser of that name; None where a chunk of an earlier configuration names one that is gone."""
        try:
            return self.context.library.parser(name)
        except UserError as error:
            self.log.warn(f"lines are left as they stand: {error}")
            return None

    # -- life

    async def start(self, intake: Intake) -> None:
        """See Input."""
        options = self.options
        self._intake = intake
        self._loop = asyncio.get_running_loop()
        self._reader = Reader(options, intake, self.log.warn, self._joiner, in_groups=self._in_groups)
        self._found = Found(options.path, options.exclude_path, options.ignore_older)
        self._descriptors = Descriptors(_descriptors())
        self._positions = Positions(self._database(), self.log.warn)
        self._ready: deque[TailFile] = deque()
        self._holding: set[TailFile] = set()
        self._block = max(BLOCK, options.buffer_max_size + 1)
        self._running, self._turning = True, False
        self._from_head = options.read_from_head
        self._watch = Watch(
            self._found,
            self,
            self.log.warn,
            inotify=options.inotify_watcher,
            refresh=options.refresh_interval,
            names=options.watcher_interval,
        )
        self._watch.scan()
        self._from_head = options.read_newly_discovered_files_from_head
        self._follow_rotated_while_away()
        self._timer = self._loop.call_later(TICK, self._tick)
        intake.on_room(lambda: None, self._go_on)
        rotated = sum(file.rotated is not None for file in self._found.files.values())
        named = len(self._found.files) - rotated
        more = f" and {rotated} rotated away" if rotated else ""
        self.log.info(f"following {named} file{'s' * (named != 1)} of {', '.join(options.path)}{more}")

    async def stop(self) -> None:
        """See Input. What is in the files and was not read yet is read after a restart."""
        self._running = False
        self._timer.cancel()
        for file in list(self._holding):
            self._handed_in(file, safe=self._reader.give_all(file.state))
        self._watch.close()
        self._positions.close()
        self._descriptors.close_all()

    def _database(self) -> Offsets | None:
        options = self.options
        if not options.db:
            return None
        database = Offsets(
            options.db,
            sync=options.db_sync,
            journal=options.db_journal_mode,
            locking=options.db_locking,
            by_name=options.db_compare_filename,
        )
        if database.set_aside:
            self.log.error(database.set_aside)
        return database

    # -- which files

    def found(self, file: TailFile) -> None:
        """See Follower: follow it."""
        tag = tag_of(self._tag, self._regex, file.path)
        if tag is None:
            self.log.error(f"{file.path} is not followed: tag_regex does not fit its name")
            self._found.given_up.add(file.identity)
            return
        try:
            self._descriptors.open(file)
            self._begin(file)
        except (LocalError, OSError) as error:
            self.log.error(f"{file.path} is not followed: {error}")
            self._descriptors.close(file)
            return
        self.log.debug(f"{file.path} is followed from byte {file.offset}, tag {tag}")
        file.state = self._reader.stream(tag, file.path)
        self._found.take_up(file)
        self._positions.changed(file)
        self.grown(file)

    def _begin(self, file: TailFile) -> None:
        """Where reading begins: where it has stopped before, at the head, or at the end."""
        left = self._found.left.get(file.identity)
        saved = self._positions.of(file)
        if left is not None:
            if file.holds(*left):
                file.go_to(left[0])
        elif saved is not None:
            if file.holds(saved.offset, saved.check):
                file.go_to(saved.offset)
            else:
                self.log.info(f"{file.path} was truncated meanwhile: it is read from its head")
        elif not self._from_head:
            file.go_to(file.size())

    def _follow_rotated_while_away(self) -> None:
        """A file that was renamed while no process was there, to a name that fits no pattern, has lines left."""
        for file, saved in self._positions.left_over(self._found.files.keys()):
            with contextlib.suppress(LocalError, OSError):  # nobody has asked for this file by its name
                self._descriptors.open(file)
                if not file.holds(saved.offset, saved.check):
                    self._descriptors.close(file)
                    continue
                file.go_to(saved.offset)
                file.rotated = self._loop.time()
                tag = tag_of(self._tag, self._regex, saved.name) or self._tag
                file.state = self._reader.stream(tag, saved.name)
                self._positions.adopt(file, saved)
                self._found.take_up(file)
                self.grown(file)

    # -- what wakes it up

    def grown(self, file: TailFile) -> None:
        """See Follower: read it when it is its turn."""
        if not file.state.queued:
            file.state.queued = True
            self._ready.append(file)
            self._go_on()

    def rotated(self, file: TailFile) -> None:
        """See Follower: read it to its end."""
        self._positions.changed(file)
        self.grown(file)

    def _tick(self) -> None:
        rest = self._watch.tick()
        due = self._loop.time() - self.options.rotate_wait
        for file in list(self._found.files.values()):
            if file.rotated is not None and (file.rotated <= due or has_more(file)):
                self.grown(file)
        now = time.time_ns()
        for file in list(self._holding):
            self._handed_in(file, safe=self._reader.give_idle(file.state, now))
        self._positions.save()
        self._timer = self._loop.call_later(rest, self._tick)

    def _go_on(self) -> None:
        if self._ready and self._running and not self._turning and not self._intake.full:
            self._turning = True
            self._loop.call_soon(self._turn)

    # -- reading

    def _turn(self) -> None:
        """One block of the file whose turn it is."""
        self._turning = False
        if not self._running or self._intake.full or not self._ready:
            return
        file = self._ready.popleft()
        file.state.queued = False
        try:
            self._descriptors.open(file)
            if self._read(file):
                self.grown(file)
        except (LocalError, OSError) as error:
            self.log.warn(f"{file.path} is followed no more: {error}")
            self._let_go(file)
        if self.options.exit_on_eof and not self._ready:
            self._end()
        self._go_on()

    def _read(self, file: TailFile) -> bool:
        """Read a block; returns whether there is more. Raises OSError."""
        block, truncated = file.read(self._block)
        stream: Stream = file.state
        if truncated:
            self.log.info(f"{file.path} was truncated: it is read from its head")
            stream.inside = False
            self._handed_in(file, safe=self._reader.give_all(stream))
        done = self._reader.block(stream, block, file.offset, time.time_ns())
        if done.used:
            file.advance(block, done.used)
            self._handed_in(file, safe=done.safe)
        if done.stopped:
            self.log.error(
                f"{file.path} requires a larger buffer size, lines are too long. Skipping file."
                f" It has a line longer than {self.options.buffer_max_size} bytes;"
                " fix: raise Buffer_Max_Size, or set Truncate_Long_Lines or Skip_Long_Lines"
            )
            self._found.given_up.add(file.identity)
            self._let_go(file)
            return False
        if len(block) == self._block:
            return True
        self._all_read(file)
        return False

    def _all_read(self, file: TailFile) -> None:
        if isinstance(file, GzipFile):
            if file.trouble:
                self.log.error(file.trouble)
            if file.done:
                self._last_line(file)
                self._let_go(file)
                return
        if file.rotated is not None:
            if self._loop.time() - file.rotated >= self.options.rotate_wait:
                self._last_line(file)
                self._let_go(file)
        elif self._too_old(file):
            self._let_go(file)
        elif self.options.file_cache_advise and file.offset > BLOCK:
            file.forget_cache()

    def _last_line(self, file: TailFile) -> None:
        block, _ = file.read(self._block)
        safe = self._reader.last(file.state, block, file.offset, time.time_ns())
        file.advance(block, len(block))
        self._handed_in(file, safe=safe)

    def _handed_in(self, file: TailFile, *, safe: bool) -> None:
        """Lines of the file, as far as no joiner holds them, are where ``storage.type`` says, if it is safe."""
        file.safe = safe
        file.held = file.state.held
        if file.held is None:
            self._holding.discard(file)
        else:
            self._holding.add(file)
        self._positions.changed(file)

    def _too_old(self, file: TailFile) -> bool:
        options = self.options
        if not options.ignore_older or not options.ignore_active_older_files:
            return False
        return os.fstat(file.descriptor).st_mtime < time.time() - options.ignore_older

    def _let_go(self, file: TailFile) -> None:
        self.log.debug(f"{file.path} is followed no more")
        self._handed_in(file, safe=self._reader.give_all(file.state) and file.safe)
        self._positions.let_go(file)
        self._found.let_go(file)
        self._descriptors.close(file)
        if file.state.queued:
            file.state.queued = False
            self._ready.remove(file)

    def _end(self) -> None:
        """Exit_On_Eof: nothing more is wanted than what was there."""
        self._running = False
        for file in list(self._found.files.values()):
            try:
                self._descriptors.open(file)
                self._last_line(file)
            except (LocalError, OSError) as error:
                self.log.warn(f"the end of {file.path} cannot be read: {error}")
        self._positions.save(at_once=True)
        self.log.info("every file has been read to its end")
        self._intake.end()


def _descriptors() -> int:
    """How many files may be open at once; the limit is raised as far as this process may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS_MAX if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS_MAX)
    if soft < wanted and soft != resource.RLIM_INFINITY:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return max(16, min(soft, _DESCRIPTORS_MAX) - DESCRIPTORS_SPARE)
