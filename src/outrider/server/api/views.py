"""Hosts, logs and the ledger as plain values: the JSON API writes them out, the pages lay them out."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from outrider.model.errors import LocalError, UserError
from outrider.protocols.uplink import Problem
from outrider.server.control import Control
from outrider.server.domain import hosts, severity
from outrider.server.domain.durations import show_moment
from outrider.server.domain.histogram import Bar, grid
from outrider.server.domain.hosts import Host
from outrider.server.domain.search import LogRecord, Search, parse_cursor, parse_search
from outrider.server.ingest.committer import Committer
from outrider.server.ingest.ledger import HostCount
from outrider.server.ports import ContainerCount, LogStore

_RECENT_NS = 24 * 3600 * 10**9
# Containers are counted again after three seconds, or after twenty times as long as the counting took.
_CACHED_NS = 3 * 10**9
_CACHED_TIMES = 20
_NO_COUNT = HostCount(b"", 0, 0, 0, 0, 0, 0)


class ContainerView(msgspec.Struct, frozen=True):
    """A container: what its agent says of it and what its records of the last 24 hours show."""

    name: str
    image: str
    state: str
    records: int
    last_ns: int


class AgentLedger(msgspec.Struct, frozen=True):
    """The agent's own count, from its last heartbeat."""

    accepted: int
    delivered: int
    buffered: int
    dropped: dict[str, int]


class HostView(msgspec.Struct, frozen=True):
    """A protected host as shown. Times in ns, 0 for never.

    ``past``: a task that ended so long ago that the page leaves it out unless it is asked for.
    """

    id: str
    name: str
    kind: str
    state: str
    reason: str
    fix: str
    version: str
    address: str
    labels: dict[str, str]
    capabilities: list[str]
    enrolled_ns: int
    seen_ns: int
    last_ns: int
    uptime_seconds: float
    revoked: bool
    past: bool
    forgotten: bool
    agent: AgentLedger
    received: int
    stored: int
    waiting: int
    lost: int
    duplicates: int
    batches: int
    containers: list[ContainerView]
    problems: list[Problem]


class RecordView(msgspec.Struct, frozen=True):
    """A log record as shown; ``host`` is the id, ``host_name`` the name.

    Where ``message`` has fewer than ``size`` bytes it is cut, and ``GET /api/v1/records/{id}`` has all of it.
    """

    time: str
    ts_ns: int
    host: str
    host_name: str
    container: str
    container_id: str
    task: str
    tag: str
    stream: str
    severity: str
    message: str
    size: int
    attrs: dict[str, str]
    id: str

    @property
    def cut(self) -> bool:
        """Is there more of the message?"""
        return len(self.message.encode()) < self.size


class LogsView(msgspec.Struct, frozen=True):
    """A page of records, newest first; ``next`` is the cursor of the page behind it."""

    records: list[RecordView]
    next: str | None
    from_ns: int
    to_ns: int


class HistogramView(msgspec.Struct, frozen=True):
    """Records over time; ``total`` is how many there are in all bars."""

    total: int
    width_ns: int
    bars: list[Bar]


class Views:
    """Reads; changes nothing."""

    def __init__(self, control: Control, committer: Committer, store: LogStore, heartbeat_seconds: int) -> None:
        self.control, self.committer, self.store = control, committer, store
        self._beat_seconds = heartbeat_seconds
        self._containers: tuple[int, list[ContainerCount]] = (0, [])
        """Good until that moment."""

    async def hosts(self) -> list[HostView]:
        """All hosts that were not forgotten, those that want attention first, then by name."""
        return [view for view in await self._every() if not view.forgotten]

    async def _every(self) -> list[HostView]:
        now = self.control.clock()
        counts = {count.host.hex(): count for count in await self.committer.hosts()}
        seen = await self._recent_containers(now)
        views = [
            self._host(host, counts.get(host.id, _NO_COUNT), seen.get(host.id, []), now)
            for host in self.control.hosts.all()
        ]
        order = {state.value: n for n, state in enumerate(hosts.State)}
        return sorted(views, key=lambda view: (order[view.state], view.name.lower(), view.enrolled_ns))

    async def host(self, host_id: str) -> HostView | None:
        """One host, if need be a forgotten one."""
        return next((view for view in await self._every() if view.id == host_id), None)

    async def logs(self, parameters: Mapping[str, str]) -> LogsView:
        """Records. Raises ``UserError`` for wrong parameters, ``LocalError`` while there is no store."""
        search = parse_search(parameters, self.control.clock())
        names = {host.id: host.name for host in self.control.hosts.all()}
        page = await self.store.search(search, _chosen(search, names))
        records = [_record(record, names) for record in page.records]
        more = str(page.records[-1].cursor) if page.more else None
        return LogsView(records, more, search.from_ns, search.to_ns)

    async def record(self, record_id: str) -> RecordView | None:
        """One record, whole. Raises ``UserError`` for what is no id."""
        found = await self.store.record(parse_cursor(record_id))
        names = {host.id: host.name for host in self.control.hosts.all()}
        return _record(found, names) if found else None

    async def histogram(self, parameters: Mapping[str, str]) -> HistogramView:
        """How many records a search finds over time. Raises as ``logs``."""
        search = parse_search(parameters, self.control.clock())
        names = {host.id: host.name for host in self.control.hosts.all()}
        over = grid(search.from_ns, search.to_ns)
        found = await self.store.histogram(search, _chosen(search, names), over)
        return HistogramView(sum(bar.records for bar in found), over.width_ns, found)

    async def container_names(self) -> set[str]:
        """Every container with a record of the last 24 hours; none while there is no store."""
        seen = await self._recent_containers(self.control.clock())
        return {count.container for counts in seen.values() for count in counts if count.container}

    async def ledger(self) -> dict[str, object]:
        """What was received, stored, waits and was lost, in records, in sum and by host."""
        # With the forgotten ones, or the sums would not be those of the store.
        views = await self._every()
        there = await self.store.rows()
        state = self.store.state
        sums = {name: sum(getattr(view, name) for view in views) for name in ("received", "stored", "waiting", "lost")}
        return {
            **sums,
            "in_store": sum(there.values()),
            "batches": sum(view.batches for view in views),
            "duplicates": sum(view.duplicates for view in views),
            "hosts": [
                {
                    "id": view.id,
                    "name": view.name,
                    "received": view.received,
                    "stored": view.stored,
                    "waiting": view.waiting,
                    "lost": view.lost,
                    "in_store": there.get(view.id, 0),
                    "batches": view.batches,
                    "duplicates": view.duplicates,
                    "agent": view.agent,
                }
                for view in views
            ],
            "store": {"up": state.up, "problem": state.problem, "restarts": state.restarts, "aside": state.aside},
        }

    async def _recent_containers(self, now: int) -> dict[str, list[ContainerCount]]:
        until, found = self._containers
        if now >= until:
            # Those who come while it is counted get the last count.
            self._containers = (now + _CACHED_NS, found)
            try:
                found = await self.store.containers("", now - _RECENT_NS)
            except (LocalError, UserError):
                # Hosts are shown all the same; the store's own trouble is shown beside them.
                found = []
            took = self.control.clock() - now
            self._containers = (now + max(_CACHED_NS, _CACHED_TIMES * took), found)
        by_host: dict[str, list[ContainerCount]] = {}
        for count in found:
            by_host.setdefault(count.host, []).append(count)
        return by_host

    def _host(self, host: Host, count: HostCount, seen: list[ContainerCount], now: int) -> HostView:
        verdict = hosts.judge(host, count.received, now, self._beat_seconds, self.committer.problem)
        beat = host.beat
        last = max([count.last_ns, *(c.last_ns for c in seen)]) if seen else count.last_ns
        return HostView(
            id=host.id,
            name=host.name,
            kind=host.kind,
            state=verdict.state.value,
            reason=verdict.reason,
            fix=verdict.fix,
            version=host.version,
            address=host.address,
            labels=host.labels,
            capabilities=beat.capabilities,
            enrolled_ns=host.enrolled_ns,
            seen_ns=host.seen_ns,
            last_ns=last,
            uptime_seconds=beat.uptime_seconds,
            revoked=bool(host.revoked_ns),
            past=hosts.past(host, verdict.state, now),
            forgotten=bool(host.forgotten_ns),
            agent=AgentLedger(beat.ledger.accepted, beat.ledger.delivered, beat.ledger.buffered, beat.ledger.dropped),
            received=count.received,
            stored=count.stored,
            waiting=count.waiting,
            lost=count.lost,
            duplicates=count.duplicates,
            batches=count.batches,
            containers=_containers(host, seen),
            problems=beat.problems,
        )


def _chosen(search: Search, names: Mapping[str, str]) -> list[str] | None:
    """The ids of the hosts that the search is about; None for all."""
    if not search.host:
        return None
    return [id_ for id_, name in names.items() if search.host in (id_, name)]


def _containers(host: Host, seen: list[ContainerCount]) -> list[ContainerView]:
    counted = {count.container: count for count in seen if count.container}
    views = []
    for said in host.beat.containers:
        count = counted.pop(said.name, None)
        records, last = (count.records, count.last_ns) if count else (said.records, said.last_log_ns)
        views.append(ContainerView(said.name, said.image, said.state, records, last))
    views += [ContainerView(name, "", "", count.records, count.last_ns) for name, count in counted.items()]
    return sorted(views, key=lambda view: view.name)


def _record(record: LogRecord, names: Mapping[str, str]) -> RecordView:
    return RecordView(
        show_moment(record.ts_ns),
        record.ts_ns,
        record.host,
        names.get(record.host, record.host),
        record.container,
        record.container_id,
        record.task,
        record.tag,
        record.stream,
        severity.normal(record.severity),
        record.message,
        record.size,
        record.attrs,
        str(record.cursor),
    )
