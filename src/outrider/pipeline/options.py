"""Options declared once: a frozen dataclass field is the parser, the default, the unit, the help and the reference.

A plugin declares ``class Options(...)`` with ``option(default, "help")`` fields; ``read`` turns the properties of a
section into it and refuses what is unknown, malformed or given twice, naming file, line and what is allowed.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal, TypeVar, get_args, get_origin

from msgspec import Struct

from outrider.formats import values, words
from outrider.model.errors import Place, UserError
from outrider.pipeline.config.findings import Findings

T = TypeVar("T")

Size = Annotated[int, "size"]
"""Bytes; ``50M`` is 50,000,000."""
Duration = Annotated[int, "duration"]
"""Whole seconds; ``5m`` is 300."""
Count = Annotated[int, "count"]
"""A number that is not negative."""
Port = Annotated[int, "port"]
"""0 to 65535; 0 is the plugin's default."""
Host = Annotated[str, "host"]
"""A name or an address, an IPv6 address with brackets or without; without them when read."""
Secret = Annotated[str, "secret"]
"""Text that is never printed."""
Permission = Annotated[int, "permission"]
"""Permissions of a file, octal; None where the process's own mask decides."""
CommaList = Annotated[tuple[str, ...], "commas"]
"""``a, b, c``"""
Repeated = tuple[str, ...]
"""A key that may stand several times."""


InOrder = tuple[tuple[str, str], ...]
"""Every repeated property of the section as (key, value), in the order of the file: no key of its own."""


class Property(Struct, frozen=True):
    """One key and value of a section, variables expanded. ``key`` is lower case."""

    key: str
    value: str
    place: Place


def option(default: Any, help: str, *, name: str = "", aliases: Sequence[str] = ()) -> Any:  # noqa: A002
    """Declare an option. ``name`` is the key where it is no Python name (``net.keepalive``)."""
    return dataclasses.field(default=default, metadata={"help": help, "name": name, "aliases": tuple(aliases)})


def secret_option(default: Any, help: str, *, name: str = "") -> Any:  # noqa: A002
    """Declare an option whose value must not be printed: it is left out of the options' ``repr``."""
    return dataclasses.field(default=default, repr=False, metadata={"help": help, "name": name, "aliases": ()})


def in_order() -> Any:
    """Declare a field of type InOrder, for plugins whose repeated options work in the order of the file."""
    return dataclasses.field(default=(), metadata={"in_order": True})


class Declared(Struct, frozen=True):
    """An option as its declaration says."""

    field: str
    key: str
    kind: Any
    default: Any
    help: str
    aliases: tuple[str, ...]

    shown: bool = True
    """Whether the value may be printed."""

    @property
    def repeats(self) -> bool:
        """Whether the key may stand several times."""
        return bool(self.kind == Repeated)


@cache
def _declared(options: Hashable) -> dict[str, Declared]:
    assert isinstance(options, type)
    hints = typing.get_type_hints(options, include_extras=True)
    found: dict[str, Declared] = {}
    for item in dataclasses.fields(options):
        if hints[item.name] == InOrder:
            continue
        key = (item.metadata.get("name") or item.name).lower()
        entry = Declared(
            item.name, key, hints[item.name], item.default, item.metadata["help"], item.metadata["aliases"], item.repr
        )
        for name in (key, *entry.aliases):
            found[name.lower()] = entry
    return found


def declared(options: type[Any]) -> dict[str, Declared]:
    """Key (lower case) to declaration, in order; aliases point to the same declaration."""
    return _declared(typing.cast("Hashable", options))


def read(
    options: type[T],
    properties: Sequence[Property],
    what: str,
    *,
    last_wins: bool = False,
    also_allowed: Sequence[str] = (),
    findings: Findings | None = None,
) -> T:
    """The options that these properties set. ``what`` names the plugin in errors.

    Raises UserError with every fault; with ``findings`` they are added there, and what is wrong counts as not set.
    """
    known = declared(options)
    found = Findings() if findings is None else findings
    taken: dict[str, Any] = {}
    places: dict[str, Place] = {}
    for item in properties:
        entry = known.get(item.key)
        with found.collecting():
            if entry is None:
                import difflib  # for what is told of a mistake alone

                if item.key.removesuffix(":") in {*known, *also_allowed} and item.key.endswith(":"):
                    raise UserError(f"{what}: '{item.key}' has a colon", item.place, fix="remove the colon")
                near = difflib.get_close_matches(item.key, also_allowed, 1, 0.8)
                raise UserError(
                    f"{what}: unknown configuration property '{item.key}'",
                    item.place,
                    found=item.key,
                    allowed=sorted({*known, *near}),
                )
            if entry.repeats:
                taken[entry.field] = (*taken.get(entry.field, ()), item.value)
                continue
            if entry.field in places:
                _set_twice(item, places[entry.field], what, found, last_wins=last_wins)
            places[entry.field] = item.place
            if item.value == "":
                continue  # an empty value counts as not set, as in Fluent Bit
            taken[entry.field] = parse(entry.kind, item, what)
    for field in dataclasses.fields(typing.cast("Any", options)):
        if field.metadata.get("in_order"):
            repeated = [item for item in properties if item.key in known and known[item.key].repeats]
            taken[field.name] = tuple((item.key, item.value) for item in repeated)
    if findings is None:
        found.raise_errors()
    return options(**taken)


def _set_twice(item: Property, first: Place, what: str, found: Findings, *, last_wins: bool) -> None:
    message = f"{what}: configuration property '{item.key}' is set twice, first at {first}"
    if not last_wins:
        raise UserError(message, item.place, fix="remove one of them")
    if item.place.line and item.place.file == first.file:  # one of another file is meant to overrule
        found.warn(f"{message}; the last one counts", item.place, fix="remove one of them")


def parse(kind: Any, item: Property, what: str) -> Any:
    """A value of one of the declared kinds. Raises UserError."""
    try:
        return _reader(kind)(item.value)
    except ValueError as error:
        literals = [part for part in (kind, *get_args(kind)) if get_origin(part) is Literal]
        choices = [choice for literal in literals for choice in get_args(literal) if choice]
        said = f"invalid value '{item.value}' for property '{item.key}'"
        if bool in (kind, *get_args(kind)):
            said = f"invalid value for boolean property '{item.key}={item.value}'"  # Fluent Bit's words
        raise UserError(
            f"{what}: {said}: {error}",
            item.place,
            found=item.value if choices else "",
            allowed=[str(choice) for choice in choices],
        ) from error


def _reader(kind: Any) -> Callable[[str], Any]:
    if get_origin(kind) is Literal:
        return lambda text: _choice(text, get_args(kind))
    readers = _READERS
    if kind in readers:
        return readers[kind]
    optional = [part for part in get_args(kind) if part is not type(None)]
    if type(None) in get_args(kind) and len(optional) == 1:
        return _reader(optional[0])
    raise TypeError(f"options cannot be of type {kind}")


def _choice(text: str, choices: tuple[Any, ...]) -> Any:
    for choice in choices:
        if str(choice).lower() == text.lower():
            return choice
    raise ValueError("not one of the allowed values")


def _within(number: int, highest: int | None) -> int:
    if number < 0 or (highest is not None and number > highest):
        raise ValueError(f"allowed: 0 to {highest}" if highest is not None else "allowed: 0 and more")
    return number


_READERS: Final[Mapping[Any, Callable[[str], Any]]] = {
    str: str,
    Secret: str,
    bool: values.boolean,
    int: values.integer,
    float: values.number,
    Size: values.size,
    Count: lambda text: _within(values.integer(text), None),
    Host: values.host,
    Port: lambda text: _within(values.integer(text), 65535),
    Duration: values.seconds,
    Permission: values.permission,
    CommaList: lambda text: tuple(words.comma_list(text)),
}


# ---- keys that every plugin understands -----------------------------------------------------------------------------

# Nobody prints these, and a reload alone compares those of inputs: the code for it would take a third of the time that
# these classes take at each start.

LogLevel = Literal["off", "error", "warn", "warning", "info", "debug", "trace"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Tls:
    """TLS of a connection or listener."""

    tls: bool = option(False, "speak TLS")
    tls_verify: bool = option(True, "check the peer's certificate", name="tls.verify")
    tls_verify_hostname: bool = option(
        True, "check that the certificate names the host (Fluent Bit: off)", name="tls.verify_hostname"
    )
    tls_verify_client_cert: bool = option(
        False, "ask senders for a certificate signed by tls.ca_file", name="tls.verify_client_cert"
    )
    tls_debug: int = option(1, "accepted for compatibility; TLS errors are always logged", name="tls.debug")
    tls_vhost: str = option("", "host name to ask for and to check instead of Host", name="tls.vhost")
    tls_ca_path: str = option("", "directory of CA certificates", name="tls.ca_path")
    tls_ca_file: str = option("", "file of CA certificates; else the system's", name="tls.ca_file")
    tls_crt_file: str = option("", "own certificate (PEM)", name="tls.crt_file")
    tls_key_file: str = option("", "own private key (PEM)", name="tls.key_file")
    tls_key_passwd: Secret = secret_option("", "password of the private key", name="tls.key_passwd")
    tls_min_version: str = option("", "oldest version: TLSv1.2 (default) or TLSv1.3", name="tls.min_version")
    tls_max_version: str = option("", "newest version: TLSv1.2 or TLSv1.3", name="tls.max_version")
    tls_ciphers: str = option("", "OpenSSL cipher list", name="tls.ciphers")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Named:
    """What every instance has."""

    alias: str = option("", "name in logs and metrics instead of plugin.N")
    log_level: LogLevel | None = option(None, "most talkative level of this instance")
    log_suppress_interval: Duration = option(0, "accepted; repeated messages are always held back")


@dataclass(frozen=True, kw_only=True, repr=False)
class InputCore(Named, Tls):
    """Keys of every [INPUT]."""

    tag: str = option("", "tag of the records; default: the instance name")
    mem_buf_limit: Size | None = option(
        None, "bytes in memory at which the input spills or stops reading; 0: no limit; default: that of [SERVICE]"
    )
    listen: Host = option("", "address to bind")
    host: Host = option("", "address to bind, when Listen is not given")
    port: Port = option(0, "port to bind")
    ipv6: bool = option(False, "accepted; addresses decide the family")
    storage_type: Literal["memory", "filesystem"] | None = option(
        None,
        "where accepted records are kept until delivered; default: storage.default_type of [SERVICE], else memory",
        name="storage.type",
    )
    storage_pause_on_chunks_overlimit: bool = option(
        False,
        "stop reading when the spool holds storage.max_chunks_up chunks of 2 MB, rather than fill the disk",
        name="storage.pause_on_chunks_overlimit",
    )
    storage_limit_size: Size = option(
        0,
        "bytes in the spool at which the input stops reading; 0: no limit (Outrider's own)",
        name="storage.limit_size",
    )
    storage_memory_fallback: bool = option(
        True,
        "keep records in memory while the spool cannot be written; off: stop reading instead (Outrider's own)",
        name="storage.memory_fallback",
    )
    routable: bool = option(True, "off is not supported; remove the input instead")
    threaded: bool = option(False, "accepted; one event loop serves every input")
    net_backlog: Count = option(128, "connections that wait to be accepted", name="net.backlog")
    net_io_timeout: Duration = option(
        0, "accepted; connections stay open as long as senders want", name="net.io_timeout"
    )
    net_keepalive: bool = option(True, "accepted; senders decide", name="net.keepalive")
    net_share_port: bool = option(False, "SO_REUSEPORT", name="net.share_port")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class FilterCore(Named):
    """Keys of every [FILTER]."""

    match: str = option("", "tag pattern; * stands for any run of characters")
    match_regex: str = option("", "tag pattern as a Ruby regular expression, anchored at the start")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class EmitterOptions:
    """Keys of a filter that emits records."""

    emitter_name: str = option("", "name of the emitter in logs and metrics; default: emitter_for_NAME")
    emitter_storage_type: Literal["", "memory", "filesystem"] = option(
        "",
        "where emitted records are kept until delivered; default: in the file system if any input keeps them there"
        " (Fluent Bit: memory)",
        name="emitter_storage.type",
    )
    emitter_mem_buf_limit: Size = option(
        10_000_000, "bytes of emitted records in memory at which no more are taken out of chunks; 0: no limit"
    )


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class OutputCore(Named, Tls):
    """Keys of every [OUTPUT]."""

    match: str = option("", "tag pattern; * stands for any run of characters")
    match_regex: str = option("", "tag pattern as a Ruby regular expression, anchored at the start")
    host: Host = option("", "host to connect to")
    port: Port = option(0, "port to connect to")
    ipv6: bool = option(False, "connect by IPv6 only")
    retry_limit: str = option("", "retries of a chunk, default 1 (s3: of a file, 5); False: for ever; no_retries: none")
    workers: Count = option(0, "batches under way at once; 0: the plugin's default")
    storage_total_limit_size: Size = option(
        0,
        "bytes on disk that may wait for this output; beyond, its oldest chunks are dropped; 0: no limit",
        name="storage.total_limit_size",
    )
    net_keepalive: bool = option(True, "keep connections open between batches", name="net.keepalive")
    net_keepalive_idle_timeout: Duration = option(
        30, "close a connection that is unused for so long", name="net.keepalive_idle_timeout"
    )
    net_keepalive_max_recycle: int = option(
        2000, "accepted; connections are reused while they work", name="net.keepalive_max_recycle"
    )
    net_connect_timeout: Duration = option(10, "give up connecting after", name="net.connect_timeout")
    net_connect_timeout_log_error: bool = option(
        True, "accepted; connection errors are always logged", name="net.connect_timeout_log_error"
    )
    net_io_timeout: Duration = option(
        0,
        "give up a write that makes no progress after; 0: when the peer's machine has been silent for 20 seconds",
        name="net.io_timeout",
    )
    net_source_address: str = option("", "address to connect from", name="net.source_address")
    net_tcp_keepalive: bool = option(False, "TCP keep-alive probes", name="net.tcp_keepalive")
    net_dns_mode: str = option("", "accepted; the system's resolver decides", name="net.dns.mode")
    net_dns_resolver: str = option("", "accepted; the system's resolver decides", name="net.dns.resolver")
    net_dns_prefer_ipv4: bool = option(False, "accepted", name="net.dns.prefer_ipv4")
    net_max_worker_connections: int = option(0, "accepted; one connection a worker", name="net.max_worker_connections")


def split(properties: Sequence[Property], core: type[Any]) -> tuple[list[Property], list[Property]]:
    """The properties that every plugin of a kind understands, and the plugin's own."""
    known = declared(core)
    common = [item for item in properties if item.key in known]
    return common, [item for item in properties if item.key not in known]
