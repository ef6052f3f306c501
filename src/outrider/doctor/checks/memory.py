"""Memory."""

from __future__ import annotations

import msgspec

from outrider.doctor.check import Check
from outrider.doctor.verdict import Verdict, fail, ok, warn
from outrider.formats.kernel import memory_kills, memory_limit, memory_of_machine

_MIB = 1 << 20
_LEAST = 64 * _MIB
"""The agent takes 51 MiB, the router 41 to 119. Source: docs/performance.md."""
_ENOUGH = 128 * _MIB
_OWN = 32 * _MIB
_SENT_TO = frozenset({"Forward", "Http", "Syslog", "Tcp", "Udp", "UnixSocket"})
_V2 = "/sys/fs/cgroup"
_V1 = "/sys/fs/cgroup/memory"


class Memory(msgspec.Struct, frozen=True):
    """Bytes. ``limit``: of the container, else of the machine; ``kills``: processes that were killed for want of it."""

    limit: int | None
    of_container: bool
    used: int
    kills: int


class MemoryLimit(Check[Memory]):
    """Whether there is as much memory as agent and router need."""

    id = "memory"
    fix = "raise memory of this container, and of the task, in the task definition (--memory in Docker)"

    async def look(self) -> Memory:
        """See Check."""
        read = self.subject.text
        limit = memory_limit(read(f"{_V2}/memory.max") or read(f"{_V1}/memory.limit_in_bytes"))
        used = memory_limit(read(f"{_V2}/memory.current") or read(f"{_V1}/memory.usage_in_bytes"))
        kills = memory_kills(read(f"{_V2}/memory.events") or read(f"{_V1}/memory.oom_control"))
        machine = memory_of_machine(read("/proc/meminfo"))
        return Memory(limit or machine, limit is not None, used or 0, kills)

    def needed(self) -> int:
        """Twice the sum of Mem_Buf_Limit, and the router itself. Source: debugging.md of aws-for-fluent-bit."""
        return max(_ENOUGH, 2 * sum(self._buffers().values()) + _OWN)

    def _buffers(self) -> dict[str, int]:
        """Mem_Buf_Limit of each input that others send to; 0: none."""
        if self.subject.router is None:
            return {}
        inputs = self.subject.router.plan.of_kind("input")
        return {item.name: item.core.mem_buf_limit or 0 for item in inputs}

    def _unbounded(self) -> list[str]:
        """Inputs that take what others send into memory without a bound."""
        router = self.subject.router
        inputs = [] if router is None else router.plan.of_kind("input")
        return [
            item.name
            for item in inputs
            if type(item.plugin).__name__ in _SENT_TO
            and item.core.storage_type != "filesystem"
            and not item.core.mem_buf_limit
        ]

    def judge(self, seen: Memory) -> Verdict:
        """See Check."""
        if seen.limit is None:
            return ok("no limit is known")
        limit, needed = seen.limit // _MIB, self.needed() // _MIB
        what = f"{'the container' if seen.of_container else 'the machine'} has {limit} MiB"
        if seen.limit < _LEAST:
            return fail(f"{what}, and agent or router alone need {_LEAST // _MIB}", self.fix)
        if seen.kills:
            return warn(f"{what}, and {seen.kills} processes were killed for want of memory", self.fix)
        if seen.limit < self.needed():
            buffers = " with this Mem_Buf_Limit" if self._buffers() else ""
            return warn(f"{what}, and {needed}{buffers} are safe", self.fix)
        unbounded = self._unbounded() if seen.of_container else []
        if unbounded:
            text = f"{what}, and {', '.join(unbounded)} would fill it while a destination is away"
            return warn(text, "set Mem_Buf_Limit: fluent-launch -i Mem_Buf_Limit 50M")
        if seen.of_container and seen.used > 0.95 * seen.limit:
            return warn(f"{what}, and {seen.used // _MIB} are in use", self.fix)
        return ok(f"{what}, {needed} are enough")
