"""The nodes of an upstream: their options, and whose turn it is."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from outrider.model.errors import PeerError, UserError
from outrider.pipeline import options
from outrider.pipeline.config.configuration import PluginSection, UpstreamServers
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.config.placing import placed
from outrider.pipeline.log import Log
from outrider.pipeline.options import Host, OutputCore, Port, Property, Tls, option
from outrider.pipeline.plugin import O

M = TypeVar("M")
R = TypeVar("R")

_PAUSE: Final = 10.0
_PAUSE_MAX: Final = 60.0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class NodeCore(Tls):
    """Keys of every node."""

    name: str = option("", "what logs call it")
    host: Host = option("", "host to connect to")
    port: Port = option(0, "port to connect to")


def each_node(
    servers: UpstreamServers, core: OutputCore, own: O, keys: type[Any], make: Callable[[str, OutputCore, O], M]
) -> list[M]:
    """What ``make`` makes of each node: of its name, and of the output's options with those that the node sets.

    ``keys`` declares which of ``own`` a node may set. Raises UserError with every fault of every node.
    """
    found, made = Findings(), []
    for number, section in enumerate(servers.nodes, 1):
        with found.collecting():
            made.append(_node(section, number, core, own, keys, make))
    found.raise_errors()
    return made


def _node(
    section: PluginSection,
    number: int,
    core: OutputCore,
    own: O,
    keys: type[Any],
    make: Callable[[str, OutputCore, O], M],
) -> M:
    properties = [Property(_dotted(item.key), item.value, item.place) for item in section.properties]
    named = next((item.value for item in properties if item.key == "name"), "")
    what = f"node '{named}'" if named else f"node {number}"
    found, known = Findings(), {**options.declared(NodeCore), **options.declared(keys)}
    for item in properties:
        if item.key not in known:
            message = f"{what}: unknown configuration property '{item.key}'"
            found.error(UserError(message, item.place, found=item.key, allowed=sorted(known)))
    common, rest = options.split([item for item in properties if item.key in known], NodeCore)
    node = options.read(NodeCore, common, what, findings=found)
    chosen = options.read(keys, rest, what, findings=found)
    missing = [key for key in ("name", "host", "port") if not any(item.key == key and item.value for item in common)]
    if missing:
        fix = f"add a line '{missing[0]} VALUE'"
        found.error(UserError(f"{what} has no {' and no '.join(missing)}", section.place, fix=fix))
    found.raise_errors()
    changes = _set(node, common)
    del changes["name"]
    try:
        return make(
            named,
            dataclasses.replace(core, **changes),
            dataclasses.replace(own, **_set(chosen, rest)),  # type: ignore[type-var]  # options are a dataclass, which O cannot say
        )
    except UserError as error:
        found.errors += placed(error, what, properties, section.properties, known, section.place)
        found.raise_errors()
        raise


def _dotted(key: str) -> str:
    """``tls_verify``, as Fluent Bit's documentation writes it in YAML, for ``tls.verify``."""
    return key.replace("tls_", "tls.", 1) if key.startswith("tls_") else key


def _set(read: Any, properties: Sequence[Property]) -> dict[str, Any]:
    """The fields that these properties set, with their values."""
    known = options.declared(type(read))
    return {(name := known[item.key].field): getattr(read, name) for item in properties if item.value}


def beside_upstream(core: OutputCore) -> list[UserError]:
    """What an output with an upstream says in vain."""
    return [
        UserError(f"{key} has no effect beside upstream", key=key, fix="remove it, or remove upstream")
        for key, given in (("host", core.host), ("port", core.port))
        if given
    ]


class Turns(Generic[M]):
    """Members take turns. One that has failed is passed over for a while, as long as there are others. Pure."""

    def __init__(self, members: Sequence[M]) -> None:
        self._members = members
        self._turn = 0
        self._failures: dict[M, int] = {}
        self._until: dict[M, float] = {}

    def order(self, now: float) -> list[M]:
        """All members, the one whose turn it is first, those that are passed over last. ``now`` in seconds."""
        resting = [member for member in self._members if self._until.get(member, now) > now]
        ready = [member for member in self._members if member not in resting]
        first = self._turn % len(ready) if ready else 0
        self._turn += 1
        return ready[first:] + ready[:first] + sorted(resting, key=lambda member: self._until[member])

    def failed(self, member: M, now: float) -> float:
        """For how many seconds it is passed over: longer each time."""
        pause = min(_PAUSE * 2.0 ** self._failures.get(member, 0), _PAUSE_MAX)
        self._failures[member] = min(self._failures.get(member, 0) + 1, 10)
        self._until[member] = now + pause
        return pause

    def worked(self, member: M) -> bool:
        """Whether it had failed before."""
        self._until.pop(member, None)
        return self._failures.pop(member, None) is not None


async def in_turn(turns: Turns[M], send: Callable[[M], Awaitable[R]], log: Log) -> R:
    """What ``send`` gives for the first member that does not fail. Raises PeerError when all of them have failed."""
    clock = asyncio.get_running_loop().time
    order, faults, after = turns.order(clock()), list[str](), list[float]()
    for member in order:
        try:
            result = await send(member)
        except PeerError as error:
            if not error.retry:
                raise
            faults.append(str(error))
            after.append(error.after)
        else:
            if turns.worked(member) and len(order) > 1:
                log.info(f"{member} takes records again")
            return result
        pause = turns.failed(member, clock())
        if len(order) > 1:
            log.warn(f"{member}: {faults[-1]}; passed over for {pause:g} seconds", f"{member}: passed over")
    raise PeerError("; ".join(faults), after=min(after))
