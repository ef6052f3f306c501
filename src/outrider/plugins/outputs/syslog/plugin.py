"""The syslog output: one connection, large writes; a batch counts as delivered when the kernel has all of it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable
from itertools import chain

from outrider.model.batch import Batch
from outrider.model.errors import PeerError, UserError
from outrider.net.connect import Datagrams, Target, connect_datagrams
from outrider.net.tls import client_context
from outrider.net.upstream import Upstream, target
from outrider.pipeline.config.findings import Findings
from outrider.pipeline.plugin import Delivery, Encoded, EncodingOutput
from outrider.plugins.outputs.syslog.config import Options
from outrider.protocols.syslog.format import SyslogFormat

_DATAGRAMS_A_TURN = 256
_DATAGRAM_MAX = 65_000
"""UDP over IP holds a little more, by address family and options."""


class Syslog(EncodingOutput[Options]):
    """Sends syslog messages. A broken connection means that the whole batch is sent again, so duplicates can occur."""

    Options = Options

    def check(self) -> None:
        """See Output."""
        options = self.options
        found = Findings()
        if options.mode == "dtls":
            found.error(UserError("mode dtls is not supported", fix="use mode tls"))
        if options.mode == "udp" and self.core.tls:
            found.error(UserError("mode udp has no TLS", fix="use mode tls"))
        for key, value, most in (
            ("syslog_severity_preset", options.syslog_severity_preset, 7),
            ("syslog_facility_preset", options.syslog_facility_preset, 23),
        ):
            if not 0 <= value <= most:
                found.error(UserError(f"{key} {value} is not between 0 and {most}", key=key))
        found.raise_errors()
        if self._is_too_large():
            options = dataclasses.replace(options, syslog_maxsize=_DATAGRAM_MAX)
        self._format = syslog_format(options)
        tls = client_context(self.core) if self.core.tls or options.mode == "tls" else None
        host = self.core.host or "127.0.0.1"
        self._target = target(self.core, host, self.core.port or 514, tls)
        self._upstream = Upstream(
            self._target, keepalive=self.core.net_keepalive, idle_timeout=self.core.net_keepalive_idle_timeout
        )
        self._datagrams: Datagrams | None = None

    def peers(self) -> list[Target]:
        """See Output."""
        return [] if self.options.mode == "udp" else [self._target]

    def doubts(self) -> list[UserError]:
        """See Output."""
        if not self._is_too_large():
            return []
        size = self.options.syslog_maxsize
        said = f"syslog_maxsize {size} is more than a datagram holds: {_DATAGRAM_MAX} is used"
        return [UserError(said, fix=f"set it to {_DATAGRAM_MAX} or less, or use mode tcp")]

    def _is_too_large(self) -> bool:
        return self.options.mode == "udp" and self.options.syslog_maxsize > _DATAGRAM_MAX

    def encode(self, batch: Batch) -> list[bytes]:
        """Datagrams, or blocks of lines."""
        make = self._format.lines if self.options.mode == "udp" else self._format.blocks
        return make(batch.times, batch.records)

    async def send_encoded(self, encoded: Encoded) -> Delivery:
        """See EncodingOutput."""
        parts = chain.from_iterable(encoded.parts)
        if self.options.mode == "udp":
            await self._send_datagrams(parts)
            return Delivery(encoded.count)
        async with self._upstream.connection() as (connection, is_new):
            if is_new:
                self.log.info(f"connected to {self._target}")
            await connection.write(*parts)
        return Delivery(encoded.count)

    async def _send_datagrams(self, lines: Iterable[bytes]) -> None:
        if self._datagrams is None:
            self._datagrams = await connect_datagrams(self._target)
        datagrams = self._datagrams
        try:
            for number, line in enumerate(lines, 1):
                datagrams.send(line)
                if number % _DATAGRAMS_A_TURN == 0:
                    await asyncio.sleep(0)
            await datagrams.settle()
        except PeerError:
            datagrams.close()
            if self._datagrams is datagrams:
                self._datagrams = None  # the next batch looks the name up anew
            raise

    async def stop(self) -> None:
        """See Output."""
        await self._upstream.close()
        if self._datagrams is not None:
            self._datagrams.close()


def syslog_format(options: Options) -> SyslogFormat:
    """The pure formatter that these options ask for."""
    return SyslogFormat(
        format=options.syslog_format,
        maxsize=options.syslog_maxsize,
        severity_key=options.syslog_severity_key or None,
        severity_preset=options.syslog_severity_preset,
        facility_key=options.syslog_facility_key or None,
        facility_preset=options.syslog_facility_preset,
        hostname_key=options.syslog_hostname_key or None,
        hostname_preset=options.syslog_hostname_preset or None,
        appname_key=options.syslog_appname_key or None,
        appname_preset=options.syslog_appname_preset or None,
        procid_key=options.syslog_procid_key or None,
        procid_preset=options.syslog_procid_preset or None,
        msgid_key=options.syslog_msgid_key or None,
        msgid_preset=options.syslog_msgid_preset or None,
        sd_keys=options.syslog_sd_key,
        message_key=options.syslog_message_key or None,
        allow_longer_sd_id=options.allow_longer_sd_id,
    )
