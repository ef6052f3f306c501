"""The plugin contract.

Lifecycle, five verbs: *construct* with typed options (no side effects), *check* (raise UserError for what cannot
work), *start*, *send* (outputs) or *apply* (filters), *stop*. Filters that need it also have *run* and *flush*.
A plugin awaits only in its ``plugin.py``; what it does to bytes and batches lives in pure modules beside it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeAlias, TypeVar

from msgspec import Struct, field

from outrider.model.batch import Batch, Record
from outrider.model.errors import Place, UserError
from outrider.net.connect import Target
from outrider.net.listen import UnixAddress
from outrider.pipeline.common.metrics import Metrics
from outrider.pipeline.common.rounds import Rounds
from outrider.pipeline.config.library import Library
from outrider.pipeline.log import Log
from outrider.pipeline.options import FilterCore, InputCore, OutputCore

O = TypeVar("O")  # noqa: E741 - the options of a plugin

Decoder: TypeAlias = Callable[[str, Sequence[bytes], int], Batch]
"""Tag, raw pieces and the number of records in them, to a batch; records that cannot be decoded are left out."""


class Context(Struct, frozen=True):
    """What every plugin instance is given beside its options."""

    name: str
    """Instance name: alias or ``plugin.N``."""
    log: Log
    escape_unicode: bool = True
    """[SERVICE] json.escape_unicode"""
    library: Library = field(default_factory=Library)
    """The parsers of the configuration and the built-in ones, by name."""
    grace: float = 5.0
    """[SERVICE] Grace: seconds that an output with a store of its own has at the stop; negative: no limit."""
    sync: bool = False
    """[SERVICE] storage.sync full: what counts as stored has reached the disk."""
    metrics: Metrics = field(default_factory=Metrics)
    """What filters have measured, for the outputs that serve it."""
    rounds: Rounds = field(default_factory=Rounds)
    """How often records have been sent round under another tag."""
    place: Place | None = None
    """Where its section stands, for errors at the start."""


class Intake(Protocol):
    """Where an input hands in what it took; made by the engine."""

    def append(self, tag: str, codec: str, raw: bytes, count: int) -> bool:
        """Accept ``count`` raw records; ``codec`` names their form.

        Returns whether they are where ``storage.type`` says: not so while the disk refuses, and then nobody may be told
        that they are safe.
        """

    def append_records(
        self, tag: str, times: list[int], records: list[Record], metadata: list[Record] | None = None
    ) -> None:
        """Accept records that were made here rather than received."""

    def lost(self, tag: str, count: int, reason: str) -> None:
        """Account for records that were received but cannot be accepted."""

    def unfinished(self, change: int) -> bool:
        """Account for bytes of records that have not come whole; False: there are too many, refuse the connection."""

    def end(self) -> None:
        """Nothing more will come: the pipeline delivers what it has and ends."""

    @property
    def full(self) -> bool:
        """Whether the input must stop reading (``Mem_Buf_Limit``)."""

    def on_room(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        """Call these when the input must stop, and when it may go on."""


class Bound(Struct, frozen=True):
    """An address of the network that an input listens on."""

    transport: Literal["tcp", "udp"]
    host: str
    port: int


class Unfinished:
    """One connection's share of the bytes that have not come whole."""

    REASON: ClassVar[str] = "too many unfinished records of all connections"

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._bytes = 0

    def now(self, waiting: int) -> bool:
        """The connection holds so many bytes; False: it has brought the sum over the limit, refuse it."""
        change, self._bytes = waiting - self._bytes, waiting
        return not change or self._intake.unfinished(change) or change < 0


class Input(ABC, Generic[O]):
    """Something that records come from."""

    Options: ClassVar[type[Any]]
    codecs: ClassVar[Mapping[str, Decoder]] = {}
    """Name to decoder of each raw form that this plugin appends; names are global and survive in spools."""
    read_ahead: ClassVar[int] = 0
    """Mem_Buf_Limit where nothing is set, for inputs whose records can wait where they are; 0: none."""
    shared: ClassVar[bool] = False
    """Whether several processes may run it side by side; else the first one alone has it."""
    tag_is_fixed: bool = False
    """Whether every record gets the section's Tag, or the instance's name where it has none; for the dry run."""

    def __init__(self, options: O, core: InputCore, context: Context) -> None:
        self.options = options
        self.core = core
        self.context = context
        self.log = context.log

    def check(self) -> None:
        """Raise UserError where these options cannot work together."""

    def doubts(self) -> list[UserError]:
        """What is right but will hardly work on this machine as it is; warnings, after ``check``."""
        return []

    @classmethod
    def decoder(cls, codec: str, library: Library) -> Decoder | None:
        """That of a raw form of this plugin, for chunks of an input that is gone; ``library`` has their parsers.

        Raises UserError where a parser is not there.
        """
        return cls.codecs.get(codec)

    def unix_sockets(self) -> list[UnixAddress]:
        """What it will bind, for processes that share it."""
        return []

    def binds(self) -> Bound | None:
        """The address that it listens on, if that is one of the network; for the dry run."""
        return None

    def tags(self) -> str:
        """A pattern, as of Match, that all tags of its records fit; for the dry run."""
        return (self.core.tag or self.context.name) if self.tag_is_fixed else "*"

    @abstractmethod
    async def start(self, intake: Intake) -> None:
        """Open what is read from. Raise UserError or LocalError when that fails, and leave nothing open then."""

    @abstractmethod
    async def stop(self) -> None:
        """Take nothing new, hand in what has been sent already, close."""


class Emitter(Protocol):
    """Where a filter hands in records under other tags; they go through every filter, from the first one on."""

    name: str
    """What ``batch.source`` says of them."""

    def emit(self, tag: str, times: list[int], records: list[Record], metadata: list[Record] | None = None) -> None:
        """Accept records. The filter must have taken them out of its batch, unless both are wanted."""

    def lost(self, tag: str, count: int, reason: str) -> None:
        """Account for records that the filter took out of its batch and cannot emit."""


class Filter(ABC, Generic[O]):
    """Something that changes or drops records.

    One that ``emits`` has Options that inherit ``options.EmitterOptions``; it may use ``self.emitter`` in ``apply``,
    ``flush`` and ``run``. What it takes out of a batch counts as moved to the emitter, not as dropped.
    """

    Options: ClassVar[type[Any]]
    emits: ClassVar[bool] = False
    drops_on_bug: ClassVar[bool] = False
    """Whether a chunk is dropped that ``apply`` fails on with an exception; else it goes on as ``apply`` left it."""
    repeatable: bool = False
    """Whether ``apply`` does the same to the same records each time, and nothing else: no counters, no memory.

    May be set in ``check``, where it depends on the options.
    """
    keeps_tags: ClassVar[bool] = False
    """Whether what it emits has the tag that it had before; for the dry run."""
    emitter: Emitter

    def __init__(self, options: O, core: FilterCore, context: Context) -> None:
        self.options = options
        self.core = core
        self.context = context
        self.log = context.log
        self.end: Callable[[], None] = lambda: None
        """Asks the pipeline to deliver what it has and to end; the engine's once it runs."""

    def check(self) -> None:
        """Raise UserError where these options cannot work together."""

    def doubts(self) -> list[UserError]:
        """See Input."""
        return []

    def metrics_tag(self) -> str:
        """The tag of what it measures, by which outputs that serve metrics choose; empty: nothing. For the dry run."""
        return ""

    def new_tags(self) -> list[str]:
        """Patterns that the tags fit which a filter that emits gives; for the dry run, after ``check``."""
        return ["*"]

    @abstractmethod
    def apply(self, batch: Batch) -> None:
        """Change or drop records in place, never add any.

        Called once for each chunk, never for a retry; where ``repeatable``, perhaps for slices of a chunk, and again.
        """

    def flush(self, now: int, *, last: bool) -> None:
        """Emit what has been held long enough; with ``last`` everything. Called every Flush seconds; ``now`` in ns."""

    async def start(self) -> None:
        """Get ready; wait for no peer."""

    async def run(self) -> None:
        """Work beside the pipeline until cancelled, or return."""

    async def stop(self) -> None:
        """Close what ``start`` opened."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a batch: ``delivered + dropped + len(rest) = len(batch)``."""

    delivered: int
    dropped: int = 0
    reason: str = ""
    """Why records were dropped or must be retried."""
    rest: Sequence[int] = ()
    """The places in the batch, in order, of the records to be tried again."""
    after: float = 0.0
    """Seconds that the peer has asked to wait before anything more is sent; 0: it has said nothing."""
    refused: Sequence[int] = ()
    """The places, in order, of those dropped records that the peer or a limit refused: they become dead letters."""


class Output(ABC, Generic[O]):
    """Somewhere that records go."""

    Options: ClassVar[type[Any]]
    shared: ClassVar[bool] = True
    """Whether several processes may have one each."""
    concurrency: ClassVar[int] = 1
    """How many batches may be under way at once, unless ``Workers`` says otherwise."""
    retry_limit: ClassVar[str] = "1"
    """Where ``Retry_Limit`` is not set."""
    given_up: str = "dropped"
    """What becomes of records that were tried so often; for ``--explain``."""
    takes_records: ClassVar[bool] = True
    """Whether records whose tag matches are routed here; an output that serves metrics takes none."""

    def __init__(self, options: O, core: OutputCore, context: Context) -> None:
        self.options = options
        self.core = core
        self.context = context
        self.log = context.log

    def check(self) -> None:
        """Raise UserError where these options cannot work together."""

    def doubts(self) -> list[UserError]:
        """See Input."""
        return []

    def peers(self) -> list[Target]:
        """What it connects to, after ``check``, by streams; for ``outrider doctor``."""
        return []

    async def start(self) -> None:
        """Get ready; a peer that is not there yet is no error."""

    @abstractmethod
    async def send(self, batch: Batch) -> Delivery:
        """Deliver a batch. PeerError and LocalError mean: none of it, try again (or not: ``PeerError.retry``)."""

    async def stop(self) -> None:
        """Close connections; what ``send`` reported is already safe."""


class Encoded(Struct):
    """The records of a chunk as an output sends them: what ``encode`` made of each part, in order."""

    tag: str
    count: int
    parts: list[Any]
    id: str = ""
    """As ``Batch.id``."""


class EncodingOutput(Output[O]):
    """An output that turns records to bytes before it sends them.

    The pipeline encodes a chunk part by part, right behind decoding and filtering, while a part's records are still in
    the processor's caches, and lets go of them at once: a quarter to a third less CPU than to do each step for the
    whole chunk.
    """

    encodes: bool = True
    """May be set to False in ``check``, for options with which ``encode`` needs the whole batch."""

    @abstractmethod
    def encode(self, batch: Batch) -> Any:
        """What ``send_encoded`` needs of these records. No side effects: it may be made again."""

    @abstractmethod
    async def send_encoded(self, encoded: Encoded) -> Delivery:
        """As ``send``; places count from the first record of the first part."""

    async def send(self, batch: Batch) -> Delivery:
        """See Output."""
        return await self.send_encoded(Encoded(batch.tag, len(batch), [self.encode(batch)], batch.id))
